"""How many confirmations one addressee is sent: few, whoever asks; all is stored, the managers hear of all."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from support.mail.mails import MANAGER, settings
from support.mail.story import Story
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Reading, Reason, Status
from todoke.model.errors import SendDeferred, StoreUnavailable
from todoke.model.message import Role
from todoke.model.retry import RetryPolicy
from todoke.ports.allowance import Ration
from todoke.ports.mailer import Accepted
from todoke.report.status import is_final, read_status
from todoke.testing import MemoryStore
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.send.restraint import give_back, withhold
from todoke.walk.send.round import claim_allowed, claim_due, put_off, send_round
from todoke.walk.track import track

VICTIM = Address("anna.lee@example.org")
SPELLINGS = [
    f"{local}@{domain}"
    for local in ("anna.lee", "Anna.Lee", "ANNALEE", "a.n.n.a.l.e.e", "annalee+1", "anna.lee+Shop")
    for domain in ("example.org", "EXAMPLE.ORG", "Example.Org")
]


def story_of(most: int = 3, **options: object) -> Story:
    """An app that sends one addressee so many confirmations at once."""
    story = Story(**options)  # type: ignore[arg-type]
    app = story.app
    story.app = App(
        settings=settings(site=app.settings.site, max_confirmations=most, max_alerts=10),
        store=story.store,
        mailer=story.mailer,
        clock=app.clock,
    )
    return story


def statuses(story: Story, ids: list[str]) -> list[Status]:
    """How their confirmations stand."""
    return [story.told(id_).standing.status for id_ in ids]


class TestAtOneVictim:
    def test_few_are_sent_and_all_is_kept(self) -> None:
        """Of very many in all spellings three are handed over; the manager is told of each, and each says so."""
        story = story_of()
        ids = [story.add(visitor=SPELLINGS[n % len(SPELLINGS)]) for n in range(500)]
        while send_round(story.app, 200).outcomes:
            pass
        to = [mail.recipient for mail in story.mailer.sent]
        assert len(to) == 500 + 3
        assert to.count(MANAGER) == 500
        assert statuses(story, ids) == [Status.ACCEPTED] * 3 + [Status.WITHHELD] * 497
        told = story.told(ids[-1])
        assert (told.standing.reason, told.due_at) == (Reason.TOO_MANY, None)
        assert read_status(told, story.app.settings, story.clock()) is Reading.WITHHELD
        assert is_final(told, story.app.settings, story.clock())

    def test_nobody_is_alarmed(self) -> None:
        """What we withhold is no failure: there is no alert, and nothing that needs somebody."""
        story = story_of(1)
        ids = [story.add() for _ in range(5)]
        send_round(story.app, 100)
        assert send_round(story.app, 100).outcomes == ()
        for id_ in ids:
            timeline = story.store.timeline(id_)
            assert timeline
            assert {m.message.role for m in timeline.messages} == {
                Role.CONFIRMATION,
                Role.NOTIFICATION,
            }
        assert not any(s.is_failure for s in statuses(story, ids))

    def test_one_a_day_comes_back(self) -> None:
        """After the first ones a day brings one more, and no day more than that."""
        story = story_of()
        sent = []
        for _ in range(6 * 24):
            story.add(Role.CONFIRMATION)
            send_round(story.app, 10)
            sent.append(len(story.mailer.sent))
            story.clock.now += timedelta(hours=1)
        assert sent[23] == 3
        assert sent[-1] == 3 + 5
        a_day = [later - earlier for earlier, later in zip(sent, sent[24:], strict=False)]
        assert max(a_day) <= 3

    def test_others_are_not_hindered(self) -> None:
        """Each addressee is counted alone."""
        story = story_of(1)
        [story.add(visitor="victim@example.org") for _ in range(50)]
        honest = [story.add(visitor=f"person{n}@example.org") for n in range(50)]
        send_round(story.app, 500)
        assert statuses(story, honest) == [Status.ACCEPTED] * 50

    def test_no_bound(self) -> None:
        """0 counts nothing, and asks nothing of an address."""
        story = story_of(0)
        ids = [story.add(visitor="postmaster@example.org") for _ in range(20)]
        send_round(story.app, 100)
        assert statuses(story, ids) == [Status.ACCEPTED] * 20


class TestWhatCounts:
    def test_a_later_try_does_not(self) -> None:
        """A mail that is tried ten times is one mail."""
        busy = SendDeferred("later", code="451", diagnostic="451 greylisted")
        story = story_of(1, answers={"anna@example.org": [*[busy] * 9, Accepted()]})
        id_ = story.add(Role.CONFIRMATION, visitor="anna@example.org")
        for _ in range(10):
            send_round(story.app, 10)
            story.clock.now += timedelta(hours=5)
        assert story.kinds(id_)[-1] == [Kind.ACCEPTED]
        assert len(story.kinds(id_)) == 10

    def test_an_outage_opens_no_way_around_it(self) -> None:
        """An outage opens no way around it: of many that waited for the service few leave."""
        down = SendDeferred("down", diagnostic="no connection", stop_all=True)
        story = story_of(2, answers={"anna@example.org": [down, Accepted()]})
        ids = [story.add(Role.CONFIRMATION, visitor="anna@example.org") for _ in range(10)]
        send_round(story.app, 100)
        story.clock.now += timedelta(hours=1)
        send_round(story.app, 100)
        assert statuses(story, ids).count(Status.ACCEPTED) == 2
        assert statuses(story, ids).count(Status.WITHHELD) == 8

    def test_an_outage_costs_nobody_a_mail(self) -> None:
        """What is put off untried, over and over, is counted once, when it leaves."""
        story = story_of(1)
        id_ = story.add(Role.CONFIRMATION)
        app, policy = story.app, RetryPolicy(give_up_after=timedelta(days=4))
        for _ in range(10):
            claims = claim_due(app, 10)
            assert withhold(app, claims) == {}
            outcomes = [put_off(app, c, policy, timedelta(minutes=5), None) for c in claims]
            app.outbox.finish(outcomes, lambda *_: ())
            give_back(app, outcomes)
            story.clock.move(minutes=6)
        send_round(app, 10)
        assert story.kinds(id_) == [[]] * 10 + [[Kind.ACCEPTED]]
        assert statuses(story, [story.add(Role.CONFIRMATION)]) == [Status.QUEUED]
        send_round(app, 10)
        assert len(story.mailer.sent) == 1, "it counted"

    def test_what_died_with_the_process_again_and_again_is_counted_once(self) -> None:
        """A machine that falls over is nothing that an addressee did."""
        story = story_of(1)
        id_ = story.add(Role.CONFIRMATION)
        for _ in range(5):
            claim_allowed(story.app, 10, follow_up(story.app.settings))
            story.clock.now += story.app.settings.mail.lease + timedelta(seconds=1)
        send_round(story.app, 10)
        assert story.kinds(id_) == [[Kind.INTERRUPTED]] * 5 + [[Kind.ACCEPTED]]
        later = story.add(Role.CONFIRMATION)
        send_round(story.app, 10)
        assert story.kinds(later) == [[Kind.WITHHELD]]

    def test_a_correction_counts_for_its_address(self) -> None:
        """Whoever corrects addresses over and over fills nobody's mailbox."""
        story = story_of(2)
        ids = [story.add(Role.CONFIRMATION, visitor=f"typo{n}@example.org") for n in range(5)]
        send_round(story.app, 100)
        before = len(story.mailer.sent)
        for id_ in ids:
            story.app.outbox.resend(
                story.told(id_).message.id,
                now=story.clock(),
                recipient=VICTIM,
                max_corrections=3,
                follow_up=lambda *_: (),
            )
        send_round(story.app, 100)
        to_victim = [m for m in story.mailer.sent[before:] if m.recipient == VICTIM]
        assert len(to_victim) == 2

    @pytest.mark.parametrize(
        "address", ["postmaster@example.org", "no-reply@example.org", "5551234567@vtext.com"]
    )
    def test_where_no_person_reads(self, address: str) -> None:
        """None at all is sent."""
        story = story_of()
        id_ = story.add(visitor=address)
        send_round(story.app, 10)
        assert story.told(id_).standing.reason is Reason.NO_PERSON
        assert [mail.recipient for mail in story.mailer.sent] == [MANAGER]


def fail(story: Story, ids: list[str]) -> None:
    """Their confirmations come back."""
    events = [
        DeliveryEvent(
            kind=Kind.BOUNCED,
            at=story.clock(),
            received_at=story.clock(),
            service="fake",
            token=story.told(id_).attempts[-1].attempt.token,
        )
        for id_ in ids
    ]
    track(story.app, events)


class TestAlerts:
    def test_nobody_is_flooded_by_alerts(self) -> None:
        """Of a hundred that fail ten are told of at once, and ten in an hour; the others are kept and say why."""
        story = story_of()
        ids = [story.add(Role.CONFIRMATION, visitor=f"v{n}@example.org") for n in range(100)]
        send_round(story.app, 500)
        fail(story, ids[:80])
        send_round(story.app, 500)
        to = [mail.recipient for mail in story.mailer.sent]
        assert to.count(MANAGER) == 10
        alerts = [story.told(id_, Role.ALERT).standing for id_ in ids[:80]]
        held = [a for a in alerts if a.status is Status.WITHHELD]
        assert len(held) == 70
        assert {a.reason for a in held} == {Reason.ENOUGH_ALERTS}
        story.clock.now += timedelta(minutes=30)
        fail(story, ids[80:])
        send_round(story.app, 500)
        assert [mail.recipient for mail in story.mailer.sent].count(MANAGER) == 15

    def test_what_is_put_off_does_not_count(self) -> None:
        """An outage costs nobody an alert."""
        story = story_of()
        id_ = story.add(Role.CONFIRMATION)
        send_round(story.app, 10)
        fail(story, [id_])
        policy = RetryPolicy(give_up_after=timedelta(days=4))
        for _ in range(15):
            claims = claim_due(story.app, 10)
            assert withhold(story.app, claims) == {}
            outcomes = [put_off(story.app, c, policy, timedelta(seconds=5), None) for c in claims]
            story.app.outbox.finish(outcomes, lambda *_: ())
            give_back(story.app, outcomes)
            story.clock.move(seconds=6)
        send_round(story.app, 10)
        assert story.told(id_, Role.ALERT).standing.status is Status.ACCEPTED


class _Uncounted(MemoryStore):
    """A store that cannot count now."""

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """Raise."""
        raise StoreUnavailable("throttled")


def test_what_cannot_be_counted_waits() -> None:
    """It is neither sent uncounted nor lost; the manager's mail goes out."""
    story = story_of()
    counting = story.app
    story.app = App(
        settings=counting.settings, store=_Uncounted(), mailer=story.mailer, clock=counting.clock
    )
    story.store = story.app.store  # type: ignore[assignment]
    id_ = story.add()
    send_round(story.app, 10)
    assert story.told(id_).standing.status is Status.QUEUED
    assert story.told(id_).due_at is not None
    assert [mail.recipient for mail in story.mailer.sent] == [MANAGER]
