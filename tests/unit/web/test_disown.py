""" "This was not me": GET shows, POST tells the managers once, and no more confirmations go to that addressee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from starlette.applications import Starlette

from support.mail.mails import MANAGER, settings
from support.mail.story import Story
from support.web.stories import Answer, call, post
from todoke.model.address import Address
from todoke.model.delivery import Kind, Reason, Status
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Message, Note, Role, Timeline
from todoke.report.attention import failures
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.send.round import send_round
from todoke.web import disown

VISITOR = "anna.lee@example.org"


@dataclass
class Site:
    """A site whose confirmations are mailed, and its pages."""

    story: Story
    app: App

    def mail(self, visitor: str = VISITOR) -> tuple[str, str]:
        """A submission's id, and the path that stands in its confirmation."""
        id_ = self.story.add(visitor=visitor)
        send_round(self.app, 10)
        return id_, self.path(id_)

    def path(self, id_: str) -> str:
        """Where the confirmation of a submission that was mailed last leads to."""
        about = self.story.mailer.sent[-1]
        texts = [m.text for m in self.story.mailer.sent if f"/s/{id_}" in m.text]
        assert texts, about
        [line] = [line for line in texts[-1].splitlines() if line.endswith("/not-me")]
        return line.removeprefix("https://door.example.org")

    def ask(self, path: str, **options: object) -> Answer:
        """GET a page."""
        return call(self.routes(), path, **options)  # type: ignore[arg-type]

    def tell(self, path: str, **headers: str) -> Answer:
        """Press its button."""
        return post(self.routes(), path, "", **headers)

    def routes(self) -> Starlette:
        """Its pages alone."""
        return Starlette(routes=disown.routes(self.app))

    def timeline(self, id_: str) -> Timeline:
        """What became of a submission."""
        timeline = self.app.archive.timeline(id_)
        assert timeline
        return timeline

    def alerts(self, id_: str) -> list[Message]:
        """The alerts about a submission."""
        messages = [m.message for m in self.timeline(id_).messages]
        return [m for m in messages if m.role is Role.ALERT]


def site_of(most: int = 3, store: MemoryStore | None = None) -> Site:
    """A site that sends one addressee so many confirmations at once."""
    story = Story()
    if store:
        story.store = store
    site = story.app.settings.site
    app = App(
        settings=settings(site=site, max_confirmations=most),
        store=story.store,
        mailer=story.mailer,
        clock=story.clock,
    )
    story.app = app
    return Site(story, app)


def test_to_open_the_link_changes_nothing() -> None:
    """Programs open links before people do: nothing is journaled, and the page holds nothing of the visitor."""
    site = site_of()
    id_, path = site.mail()
    before = site.timeline(id_)
    for _ in range(3):
        answer = site.ask(path)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert '<form method="post">' in answer.text
        assert "It was not me" in answer.text
        for secret in (VISITOR, "anna", "hello", str(MANAGER)):
            assert secret not in answer.text
    assert site.timeline(id_) == before


def test_the_button_tells_the_managers_once_and_stops_more() -> None:
    """Whoever reads the mailbox is asked once; however often they press, it is told once."""
    site = site_of()
    id_, path = site.mail()
    for _ in range(3):
        answer = site.tell(path)
        assert (answer.status, answer.headers["location"]) == (303, path)
        site.story.clock.move(seconds=5)
    page = site.ask(path).text
    assert "Thank you for telling us" in page
    assert "<form" not in page
    [confirmation] = [m for m in site.timeline(id_).messages if m.message.role is Role.CONFIRMATION]
    kinds = [e.kind for e in confirmation.attempts[-1].events]
    assert kinds == [Kind.ACCEPTED, Kind.COMPLAINED]
    assert confirmation.standing.complained
    assert confirmation.is_disowned
    [alert] = site.alerts(id_)
    assert (alert.note, alert.recipient) == (Note.DISOWNED, MANAGER)
    [group] = failures([site.timeline(id_)], "en")
    assert "not them who filled in the form" in group["cause"]
    other, same = (
        site.story.add(visitor="else@example.org"),
        site.story.add(visitor="AnnaLee+1@example.org"),
    )
    send_round(site.app, 10)
    assert site.story.told(other).standing.status is Status.ACCEPTED
    assert site.story.told(same).standing.status is Status.WITHHELD
    assert site.story.told(same).standing.reason is Reason.TOO_MANY
    to = [mail.recipient for mail in site.story.mailer.sent]
    assert to.count(MANAGER) == 4, "three notifications and an alert"


def test_it_is_remembered_for_long() -> None:
    """Some mails were free before; none is for 400 days, and then one."""
    site = site_of(3)
    _, path = site.mail()
    site.tell(path)
    for days, status in ((1, Status.WITHHELD), (398, Status.WITHHELD), (2, Status.ACCEPTED)):
        site.story.clock.now += timedelta(days=days)
        id_ = site.story.add(Role.CONFIRMATION, visitor=VISITOR)
        send_round(site.app, 10)
        assert site.story.told(id_).standing.status is status


def test_an_alert_says_what_was_said() -> None:
    """In words of its own: it was no complaint at a mail service."""
    site = site_of()
    id_, path = site.mail()
    site.tell(path)
    send_round(site.app, 10)
    alert = site.story.mailer.sent[-1]
    assert alert.recipient == MANAGER
    assert "Somebody asked for no confirmation and was sent one" in alert.subject
    assert "said that it was not them" in alert.text
    assert site.alerts(id_)


@pytest.mark.parametrize("change", ["altered", "another's", "a receipt's", "short", "long", "odd"])
def test_any_other_token_is_not_found(change: str) -> None:
    """Altered, unknown, of another submission or addressee: one and the same page, and nothing comes of it."""
    site = site_of()
    id_, path = site.mail()
    other, others = site.mail("bert@example.org")
    token = path.split("/")[2]
    bad = {
        "altered": token[:-1] + ("A" if token[-1] != "A" else "B"),
        "another's": id_ + others.split("/")[2].removeprefix(other),
        "a receipt's": id_ + "A" * 32,
        "short": "x",
        "long": token + "A" * 500,
        "odd": "%F0%9F%98%80" * 20,
    }[change]
    unknown = site.ask("/s/nosuchthing/not-me")
    assert unknown.status == 404
    for answer in (site.ask(f"/s/{bad}/not-me"), site.tell(f"/s/{bad}/not-me")):
        assert (answer.status, answer.body) == (404, unknown.body)
    assert site.alerts(id_) == site.alerts(other) == []


def test_what_was_erased_is_not_found() -> None:
    """A link is good as long as the submission is kept."""
    site = site_of()
    id_, path = site.mail()
    site.app.erasure.erase(submission_id=id_)
    assert site.ask(path).status == 404
    assert site.tell(path).status == 404


def test_a_corrected_address_has_a_link_of_its_own() -> None:
    """Each addressee speaks for themselves alone: the first one's word stops no mail of the second's."""
    site = site_of()
    id_, first = site.mail("typo@example.org")
    site.app.outbox.resend(
        site.story.told(id_).message.id,
        now=site.story.clock(),
        recipient=Address("right@example.org"),
        max_corrections=3,
        follow_up=lambda *_: (),
    )
    send_round(site.app, 10)
    second = site.path(id_)
    assert first != second
    site.tell(first)
    attempts = site.story.told(id_).attempts
    disowned = [e.reason is Reason.DISOWNED for a in attempts for e in a.events]
    assert disowned == [False, True, False]
    assert "Thank you" not in site.ask(second).text
    stopped, free = (
        site.story.add(Role.CONFIRMATION, visitor=f"{who}@example.org") for who in ("typo", "right")
    )
    send_round(site.app, 10)
    assert site.story.told(stopped).standing.status is Status.WITHHELD
    assert site.story.told(free).standing.status is Status.ACCEPTED


def test_no_other_site_can_press_it() -> None:
    """A page of another origin makes no browser say so."""
    site = site_of()
    id_, path = site.mail()
    assert site.tell(path, sec_fetch_site="cross-site").status == 403
    assert site.alerts(id_) == []


def test_where_nothing_is_counted_nothing_is_promised() -> None:
    """Without a bound the managers are told all the same, and the page does not say that no more are sent."""
    site = site_of(0)
    id_, path = site.mail()
    assert "400" not in site.ask(path).text
    site.tell(path)
    assert "400" not in site.ask(path).text
    assert len(site.alerts(id_)) == 1


def test_in_the_mails_language() -> None:
    """The page speaks as the mail did."""
    site = site_of()
    _, path = site.mail()
    assert 'lang="en"' in site.ask(path, headers={"accept-language": "ja"}).text
    assert 'lang="ja"' in site.ask("/s/no/not-me", headers={"accept-language": "ja"}).text


class _Away(MemoryStore):
    """A store that cannot count now."""

    def use_up(self, name: str, ration: object, until: datetime) -> None:
        """Raise."""
        raise StoreUnavailable("throttled")


def test_what_cannot_be_kept_is_not_said_to_be() -> None:
    """Then nothing is journaled, and the same link works later."""
    site = site_of(store=_Away())
    id_, path = site.mail()
    answer = site.tell(path)
    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert site.alerts(id_) == []
