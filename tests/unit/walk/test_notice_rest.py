"""That all mail rests is told once, and that it leaves again."""

from __future__ import annotations

from dataclasses import replace

from support.web.stories import NOW, make_app
from todoke.model.delivery import Reason
from todoke.model.notice import Notice, NoticeType
from todoke.model.webhook import Webhook
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.notices.rest import TOLD_AFTER_SECONDS, tell_of_rest
from todoke.walk.send.circuit import MailRest

TEAM = Webhook(name="team", url="json://127.0.0.1/", language="en")
LONG = MailRest(TOLD_AFTER_SECONDS, Reason.TIMED_OUT)


def office(*webhooks: Webhook) -> App:
    """An app with these."""
    return make_app(MemoryStore(), webhooks={w.name: w for w in webhooks})


def told(app: App, webhook: str = "team") -> list[Notice]:
    """What was told to it, or is to be, the newest first."""
    return [kept.notice for kept in app.notices.notices(webhook, limit=50).notices]


def test_a_rest_is_told_once_and_its_end_once() -> None:
    """However often somebody looks; and each outage anew."""
    app = office(TEAM)
    for _ in range(3):
        tell_of_rest(app, LONG)
    [rests] = told(app)
    assert (rests.type, rests.reason, rests.form) == (NoticeType.RESTS, "timed_out", "")
    assert (NOW - rests.at).total_seconds() == TOLD_AFTER_SECONDS
    app = replace(app, clock=lambda: NOW.replace(hour=7))
    assert tell_of_rest(app, None)
    assert not tell_of_rest(app, None)
    assert [n.type for n in told(app)] == [NoticeType.WORKS, NoticeType.RESTS]
    later = replace(app, clock=lambda: NOW.replace(hour=8))
    assert tell_of_rest(later, LONG)
    assert len(told(app)) == 3


def test_a_short_rest_mends_itself() -> None:
    """Neither it nor its end is told."""
    app = office(TEAM)
    assert not tell_of_rest(app, LONG._replace(seconds=TOLD_AFTER_SECONDS - 1))
    assert not tell_of_rest(app, None)
    assert told(app) == []


def test_a_restart_tells_nothing_twice_and_forgets_no_end() -> None:
    """The store remembers what was told."""
    store = MemoryStore()
    webhooks = {"team": TEAM}
    assert tell_of_rest(make_app(store, webhooks=webhooks), LONG)
    again = make_app(store, webhooks=webhooks)
    assert not tell_of_rest(again, LONG)
    assert tell_of_rest(replace(again, clock=lambda: NOW.replace(hour=7)), None)


def test_who_does_not_listen_is_not_told() -> None:
    """And where nobody does, nothing is kept."""
    deaf = replace(TEAM, types=frozenset({NoticeType.FAILED}))
    app = office(deaf)
    assert not tell_of_rest(app, LONG)
    other = replace(TEAM, name="other")
    both = office(deaf, other)
    assert tell_of_rest(both, LONG)
    assert told(both) == []
    assert len(told(both, "other")) == 1
