"""Which notices a fact makes, for whom, and how often."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from support.web.doors import KeepingStore, make_app
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Reason
from todoke.model.message import Attempt, Message, MessageTimeline, Role
from todoke.model.notice import Notice, NoticeType
from todoke.model.submission import Entry, Submission
from todoke.model.webhook import Webhook
from todoke.stores.rules.work import attempt_timeline
from todoke.walk.accept import Context, prepare
from todoke.walk.alert import follow_up
from todoke.walk.notices.cause import of_message, of_pause, of_submission, with_notices

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
VISITOR = Address("aoi@example.net")
CRM = Webhook(name="crm", url="https://crm.example/hook")
ALERTS = Webhook(
    name="alerts",
    url="https://alerts.example/",
    types=frozenset({NoticeType.FAILED, NoticeType.PAUSED}),
    forms=frozenset({"orders"}),
)
BOTH = {"crm": CRM, "alerts": ALERTS}
SUBMISSION = Submission(
    id=ids.submission_id(NOW, "0" * 16),
    form="orders",
    received_at=NOW,
    entries=(Entry("email", VISITOR), Entry("secret", "a word of the visitor")),
    language="en",
    visitor=VISITOR,
    token_hash="",
)
MESSAGE = Message(
    id=f"{SUBMISSION.id}-1",
    submission_id=SUBMISSION.id,
    role=Role.CONFIRMATION,
    recipient=VISITOR,
    language="en",
    message_id="<1@example.org>",
    created_at=NOW,
)


def after(*kinds: Kind, attempts: int = 1) -> MessageTimeline:
    """The message when these have been heard of its latest attempt."""
    tried = []
    for number in range(1, attempts + 1):
        at = NOW + timedelta(minutes=number)
        attempt = Attempt(
            token=f"t{number}",
            message_id=MESSAGE.id,
            number=number,
            recipient=VISITOR,
            service="post",
            ceiling=Ceiling.DELIVERED,
            started_at=at,
        )
        events = tuple(
            DeliveryEvent(
                kind=kind,
                at=at,
                received_at=at + timedelta(seconds=n),
                service="post",
                token=attempt.token,
                diagnostic="<aoi@example.net> is unknown here",
                reason=Reason.UNKNOWN_ADDRESS if kind is Kind.BOUNCED else None,
            )
            for n, kind in enumerate(kinds)
        )
        tried.append(attempt_timeline(attempt, events if number == attempts else ()))
    return MessageTimeline(message=MESSAGE, attempts=tuple(tried), due_at=None)


QUEUED = MessageTimeline(message=MESSAGE, attempts=(), due_at=NOW)
TAKEN = after(Kind.ACCEPTED)
DELIVERED = after(Kind.ACCEPTED, Kind.DELIVERED)
BOUNCED = after(Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED)


def types(before: MessageTimeline, now: MessageTimeline) -> list[tuple[str, str]]:
    """Whom a change tells, of what."""
    return [(n.webhook, n.type.value) for n in of_message(BOTH, SUBMISSION, before, now)]


def test_each_webhook_that_listens() -> None:
    """By what happened, and by the form."""
    told = of_submission(BOTH, SUBMISSION.id, "orders", NOW)
    assert [(n.webhook, n.type, n.at, n.form) for n in told] == [
        ("crm", NoticeType.ACCEPTED, NOW, "orders")
    ]
    assert types(TAKEN, DELIVERED) == [("crm", "message.delivered")]
    assert types(DELIVERED, BOUNCED) == [("crm", "message.failed"), ("alerts", "message.failed")]
    other = of_message(BOTH, replace(SUBMISSION, form="contact"), DELIVERED, BOUNCED)
    assert [n.webhook for n in other] == ["crm"]


def test_what_tells_nothing() -> None:
    """A hand-over, a deferral, the same again, and an answer that was lost: nobody knows of that one."""
    assert types(QUEUED, TAKEN) == []
    assert types(TAKEN, after(Kind.ACCEPTED, Kind.DEFERRED)) == []
    assert types(DELIVERED, DELIVERED) == []
    assert types(BOUNCED, after(Kind.ACCEPTED, Kind.BOUNCED, Kind.DELIVERED)) == []
    assert types(TAKEN, after(Kind.ANSWER_LOST, Kind.FAILED)) == []


def test_a_failure_says_why() -> None:
    """In our words: no address and no word of another mail server."""
    notice = of_message({"crm": CRM}, SUBMISSION, TAKEN, BOUNCED)[0]
    assert notice.message is not None
    told = notice.message
    assert (told.id, told.role, told.status) == (MESSAGE.id, "confirmation", "bounced")
    assert (told.reason, told.attempt) == ("unknown_address", 1)
    assert "aoi" not in repr(notice)
    assert "word" not in repr(notice)


def test_ids_are_of_the_fact() -> None:
    """The same fact makes the same id; another webhook, attempt or status another one."""
    [first], [again] = (of_message({"crm": CRM}, SUBMISSION, TAKEN, BOUNCED) for _ in range(2))
    assert first == again
    assert first.id.startswith(SUBMISSION.id)
    second = of_message({"crm": CRM}, SUBMISSION, QUEUED, after(Kind.BOUNCED, attempts=2))
    delivered = of_message({"crm": CRM}, SUBMISSION, TAKEN, DELIVERED)
    other = of_message({"b": replace_name("b")}, SUBMISSION, TAKEN, BOUNCED)
    accepted = of_submission({"crm": CRM}, SUBMISSION.id, "orders", NOW)
    every = [first, *second, *delivered, *other, *accepted]
    assert len({n.id for n in every}) == len(every) == 5


def replace_name(name: str) -> Webhook:
    """A webhook of this name that listens to all."""
    return Webhook(name=name, url="https://b.example/")


def test_a_pause() -> None:
    """Of a form, by those that listen; each pause of its own moment is another."""
    until = NOW + timedelta(hours=6)
    told = of_pause(BOTH, "orders", NOW, reason="hard_bounces", until=until)
    assert [(n.webhook, n.form, n.reason, n.until) for n in told] == [
        ("crm", "orders", "hard_bounces", until),
        ("alerts", "orders", "hard_bounces", until),
    ]
    later = of_pause(BOTH, "orders", until, reason="complaints")
    assert len({n.id for n in [*told, *later]}) == 4
    assert [n.webhook for n in of_pause(BOTH, "contact", NOW, reason="complaints")] == ["crm"]


def test_without_webhooks_nothing_is_asked() -> None:
    """The decision is the very same one, and what is accepted brings no notice."""
    decide = follow_up(make_app().settings)
    assert with_notices(decide, {}) is decide
    app = make_app()
    entries = (Entry("text", "hello"),)
    prepared = prepare(app, app.settings.form("any"), entries, Context(language="en"))
    assert not isinstance(prepared, tuple)
    assert prepared.notices == ()


def test_what_is_accepted_brings_its_notice() -> None:
    """With the submission's own id and moment."""
    app = make_app(webhooks={"crm": CRM})
    form = app.settings.forms["any"]
    prepared = prepare(app, form, (Entry("text", "hello"),), Context(language="en"))
    assert not isinstance(prepared, tuple)
    (notice,) = prepared.notices
    submission = prepared.submission
    assert (notice.submission_id, notice.at) == (submission.id, submission.received_at)
    store = KeepingStore()
    store.add(*prepared.write)
    assert store.notices == [notice]


def test_alerts_and_notices_come_together() -> None:
    """What managers are told and what webhooks are told is one decision."""
    app = make_app(webhooks={"crm": CRM})
    caused = follow_up(app.settings)(SUBMISSION, TAKEN, BOUNCED)
    assert [type(one) for one in caused][-1] is Notice


@given(st.lists(st.sampled_from([Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED, Kind.DEFERRED])))
def test_in_whatever_order_events_come_each_end_is_told_once(kinds: list[Kind]) -> None:
    """Delivered at most once, failed at most once, and failed if it ends so."""
    states = [QUEUED, *(after(*kinds[:n]) for n in range(1, len(kinds) + 1))]
    told = [
        n.id
        for before, now in itertools.pairwise(states)
        for n in of_message({"crm": CRM}, SUBMISSION, before, now)
    ]
    assert len(told) == len(set(told))
    assert len(told) <= 2
    assert (Kind.BOUNCED in kinds) == any(
        n.type is NoticeType.FAILED
        for before, now in itertools.pairwise(states)
        for n in of_message({"crm": CRM}, SUBMISSION, before, now)
    )
