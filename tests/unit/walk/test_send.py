"""Sending what is due: claims, outcomes, faults of the service and of the store, and the sender's threads."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from support.mail.mails import MANAGER, VISITOR, settings
from support.mail.story import Story
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Kind, Permanence, Reason, Status
from todoke.model.errors import SendDeferred, SendRefused, SendUnknown, StoreUnavailable
from todoke.model.mail import Mail
from todoke.model.message import Note, Outcome, Role
from todoke.ports.journal import FollowUp
from todoke.ports.mailer import Accepted
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.send.circuit import Circuit
from todoke.walk.send.round import send_round
from todoke.walk.send.sender import Sender
from todoke.walk.send.window import Window


def wait_for(found: Callable[[], object], seconds: float = 10) -> None:
    """Wait until `found` is true."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


class TestOneRound:
    def test_what_is_due_is_handed_over(self) -> None:
        """Each message once, with the attempt's token; the service's id is kept."""
        story = Story()
        sent = story.add()
        assert len(send_round(story.app, 10).outcomes) == 2
        told = story.told(sent)
        assert (told.standing.status, told.due_at) == (Status.ACCEPTED, None)
        (event,) = told.attempts[0].events
        assert f"id-{told.attempts[0].attempt.token}" == event.service_id
        assert {VISITOR, MANAGER} == {mail.recipient for mail in story.mailer.sent}
        assert len(send_round(story.app, 10).outcomes) == 0

    def test_ids_choose(self) -> None:
        """A hint that names messages sends these alone."""
        story = Story()
        first, second = story.add(), story.add()
        assert len(send_round(story.app, 10, ids=[f"{second}-confirmation"]).outcomes) == 1
        assert story.kinds(first) == []

    def test_a_refusal_is_final(self) -> None:
        """Rejected, with its reading, and nothing left to do."""
        story = Story(
            answers={
                VISITOR: [
                    SendRefused(
                        "no", code="550", status_code="5.1.1", diagnostic="550 5.1.1 no such user"
                    )
                ]
            }
        )
        sent = story.add(Role.CONFIRMATION)
        send_round(story.app, 10)
        standing = story.told(sent).standing
        assert (
            standing.status,
            standing.permanence,
            standing.reason,
            standing.status_code,
        ) == (Status.REJECTED, Permanence.HARD, Reason.UNKNOWN_ADDRESS, "5.1.1")
        assert story.told(sent).due_at is None

    def test_a_deferral_is_tried_again_with_the_same_message_id(self) -> None:
        """Soon, as a new attempt, until it is taken."""
        later = SendDeferred("later", code="451", status_code="4.7.1")
        story = Story(answers={VISITOR: [later, later, Accepted()]})
        sent = story.add(Role.CONFIRMATION)
        for _ in range(3):
            send_round(story.app, 10)
            story.clock.move(minutes=20)
        assert story.kinds(sent) == [[Kind.DEFERRED], [Kind.DEFERRED], [Kind.ACCEPTED]]
        assert len({mail.message_id for mail in story.mailer.asked}) == 1
        assert len({mail.token for mail in story.mailer.asked}) == 3

    def test_retry_after_is_obeyed(self) -> None:
        """The service's wish is the least pause."""
        story = Story(answers={VISITOR: [SendDeferred("slow", retry_after_seconds=7200)]})
        sent = story.add(Role.CONFIRMATION)
        send_round(story.app, 10)
        due = story.told(sent).due_at
        assert due is not None
        assert due >= story.clock.now + timedelta(hours=2)

    def test_it_is_given_up_in_the_end(self) -> None:
        """After four days of trying it is failed, with the last answer."""
        story = Story(answers={VISITOR: [SendDeferred("busy", code="451", diagnostic="451 busy")]})
        sent = story.add(Role.CONFIRMATION)
        rounds = 0
        while story.told(sent).due_at is not None:
            due = story.told(sent).due_at
            assert due is not None
            story.clock.now = max(story.clock.now, due)
            send_round(story.app, 10)
            rounds += 1
        standing = story.told(sent).standing
        assert (standing.status, standing.reason) == (Status.FAILED, Reason.TIMED_OUT)
        assert "451 busy" in standing.diagnostic
        assert story.clock.now - story.told(sent).message.created_at == timedelta(days=4)
        assert 20 < rounds < 200

    def test_a_message_that_waited_too_long_still_gets_one_try(self) -> None:
        """We were down for a week: it is sent, late."""
        story = Story()
        sent = story.add(Role.CONFIRMATION)
        story.clock.move(days=7)
        send_round(story.app, 10)
        assert Status.ACCEPTED is story.told(sent).standing.status

    def test_a_message_that_kills_us_is_given_up(self) -> None:
        """Past its time, an interrupted message is not tried again."""
        story = Story()
        sent = story.add(Role.CONFIRMATION)
        now = story.clock.now
        story.store.claim(
            now=now,
            lease_until=now + timedelta(minutes=5),
            limit=9,
            service="fake",
            ceiling=Ceiling.DELIVERED,
        )
        story.clock.move(days=5)
        send_round(story.app, 10)
        assert Status.FAILED is story.told(sent).standing.status
        assert story.mailer.asked == []

    def test_an_interrupted_attempt_is_made_again(self) -> None:
        """At least once: the process died after claiming."""
        story = Story()
        sent = story.add(Role.CONFIRMATION)
        now = story.clock.now
        story.store.claim(
            now=now,
            lease_until=now + timedelta(minutes=5),
            limit=9,
            service="fake",
            ceiling=Ceiling.DELIVERED,
        )
        assert len(send_round(story.app, 10).outcomes) == 0
        story.clock.move(minutes=6)
        assert len(send_round(story.app, 10).outcomes) == 1
        assert story.kinds(sent) == [[Kind.INTERRUPTED], [Kind.ACCEPTED]]

    def test_a_gateway_s_answer_costs_one_mail_and_the_others_wait(self) -> None:
        """What it was given may have been taken; what it was not given is handed over when it is back."""
        gone = SendUnknown(diagnostic="HTTP 502", stop_all=True)
        story = Story(answers={VISITOR: [gone]}, ceiling=Ceiling.DELIVERED)
        sent = story.add(Role.CONFIRMATION)
        found = send_round(story.app, 10)
        assert story.kinds(sent) == [[Kind.ANSWER_LOST]]
        assert found.fault is not None
        assert (found.fault.stop_all, found.fault.reason) == (True, Reason.OTHER)

    @pytest.mark.parametrize("ceiling", [Ceiling.HANDED_OVER, Ceiling.DELIVERED])
    def test_a_lost_answer_never_repeats_a_confirmation(self, ceiling: Ceiling) -> None:
        """It reads unknown; a manager's is repeated where nothing else can tell."""
        lost = SendUnknown("lost")
        story = Story(ceiling=ceiling, answers={VISITOR: [lost], MANAGER: [lost, Accepted()]})
        sent = story.add()
        for _ in range(5):
            send_round(story.app, 10)
            story.clock.move(hours=5)
        assert story.kinds(sent) == [[Kind.ANSWER_LOST]]
        again = (
            [[Kind.ANSWER_LOST], [Kind.ACCEPTED]]
            if ceiling is Ceiling.HANDED_OVER
            else [[Kind.ANSWER_LOST]]
        )
        assert again == story.kinds(sent, Role.NOTIFICATION)

    def test_a_manager_gets_three_copies_at_most_and_then_an_alert_is_written(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Where every answer is lost: the mails' ends stay unknown, somebody is told, and a line at error says so."""
        other = "other@example.org"
        answers = {who: [SendUnknown("lost")] for who in (VISITOR, MANAGER, other)}
        story = Story(answers=answers, ceiling=Ceiling.HANDED_OVER)
        site = replace(story.app.settings.site, alert_to=(MANAGER, Address(other)))
        app = replace(story.app, settings=replace(story.app.settings, site=site))
        sent = story.add()
        for _ in range(40):
            send_round(app, 10)
            story.clock.move(hours=5)
        copies = Counter(mail.recipient for mail in story.mailer.asked)
        timeline = story.store.timeline(sent)
        assert timeline
        alerts = [m.message for m in timeline.messages if m.message.role is Role.ALERT]
        assert {(a.note, a.about[7:], str(a.recipient)) for a in alerts} == {
            (Note.UNKNOWN, "confirmation", MANAGER),
            (Note.UNKNOWN, "confirmation", other),
            (Note.UNKNOWN, "notification", other),
        }
        assert copies == {VISITOR: 1, MANAGER: 3 + 3, other: 3 + 3}
        lines = [r.message for r in caplog.records if r.levelname == "ERROR"]
        assert len([line for line in lines if "left_unknown" in line]) == 5

    def test_no_alert_where_events_will_tell(self) -> None:
        """A service that reports deliveries settles what its answer did not."""
        story = Story(answers={VISITOR: [SendUnknown("lost")]}, ceiling=Ceiling.DELIVERED)
        sent = story.add()
        send_round(story.app, 10)
        timeline = story.store.timeline(sent)
        assert timeline
        assert len(timeline.messages) == 2

    def test_a_mail_that_cannot_be_composed_stops_no_other(self) -> None:
        """It is deferred, visibly; the others go."""
        story = Story()
        form = story.app.settings.forms["contact"]
        broken = replace(form, fields=("x",))  # type: ignore[arg-type]
        app = replace(story.app, settings=settings(forms={"contact": broken}))
        sent = story.add()
        send_round(app, 10)
        assert story.kinds(sent, Role.NOTIFICATION) == [[Kind.DEFERRED]]
        standing = story.told(sent, Role.NOTIFICATION).standing
        assert "could not be composed (AttributeError)" in standing.diagnostic
        assert story.kinds(sent) == [[Kind.ACCEPTED]]

    def test_a_mailer_that_breaks_may_have_sent(self) -> None:
        """An error nobody foresaw is a lost answer."""
        story = Story(answers={VISITOR: [RuntimeError("bug")]})
        sent = story.add(Role.CONFIRMATION)
        send_round(story.app, 10)
        assert story.kinds(sent) == [[Kind.ANSWER_LOST]]

    def test_a_fault_of_the_service_puts_the_round_off(self) -> None:
        """One mail is tried and deferred; the others wait untried, and leave when it is over."""
        story = Story(answers={MANAGER: [SendDeferred("down", stop_all=True), Accepted()]})
        sent = [story.add(Role.NOTIFICATION) for _ in range(5)]
        send_round(story.app, 10)
        assert len(story.mailer.asked) == 1
        assert sum(story.kinds(s, Role.NOTIFICATION) == [[]] for s in sent) == 4
        story.clock.move(minutes=3)
        send_round(story.app, 10)
        assert len(story.mailer.sent) == 5

    def test_an_alert_tells_of_its_message(self) -> None:
        """It is composed with what became of the message it is about."""
        story = Story(
            answers={
                VISITOR: [
                    SendRefused(
                        "no", code="550", status_code="5.1.1", diagnostic="550 5.1.1 unknown user"
                    )
                ]
            }
        )
        story.add()
        send_round(story.app, 10)
        send_round(story.app, 10)
        alerts = [mail for mail in story.mailer.sent if "did not arrive" in mail.subject]
        assert len(alerts) == 1
        assert alerts[0].recipient == MANAGER
        assert VISITOR in alerts[0].text
        assert "550 5.1.1 unknown user" in alerts[0].text


@contextmanager
def sending(story: Story, **circuit: Any) -> Iterator[Sender]:
    """A sender that runs."""
    sender = Sender(story.app, circuit=Circuit(**circuit) if circuit else None)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop(5)


class TestSender:
    def test_sends_what_comes(self) -> None:
        """What was there before, and what a hint tells of."""
        story = Story(real_time=True)
        story.add()
        with sending(story) as sender:
            wait_for(lambda: len(story.mailer.sent) == 2)
            for _ in range(50):
                story.add()
                sender.wake()
            wait_for(lambda: len(story.mailer.sent) == 102)
            wait_for(lambda: story.store.counts()["due"] == 0)
        assert len({mail.message_id for mail in story.mailer.sent}) == 102

    def test_outcomes_are_stored_in_groups(self) -> None:
        """Many mails cost few writes."""
        story = Story(real_time=True)
        for _ in range(200):
            story.add()
        groups: list[int] = []
        finish = story.store.finish

        class Counting(_Wrapped):
            def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
                groups.append(len(outcomes))
                time.sleep(0.005)
                finish(outcomes, follow_up)

        story.app = replace(story.app, store=Counting(story.store))
        with sending(story):
            wait_for(lambda: story.store.counts()["due"] == 0)
        assert 400 == sum(groups) == len(story.mailer.sent)
        assert len(groups) < 200

    def test_stop_finishes_what_is_in_flight(self) -> None:
        """Nothing that was handed over is forgotten, and what was not stays due."""
        story = Story(real_time=True)
        for _ in range(30):
            story.add(Role.CONFIRMATION)
        slow = _Slow(story.mailer)
        story.app = replace(story.app, mailer=slow)
        with sending(story):
            wait_for(lambda: slow.begun > 0)
        accepted = sum(story.kinds(f"s{n:05}")[-1:] == [[Kind.ACCEPTED]] for n in range(1, 31))
        assert accepted == len(story.mailer.sent) > 0
        assert story.store.counts()["due"] == 30 - accepted

    def test_an_outcome_that_cannot_be_stored_is_held(self) -> None:
        """The store is away after the hand-over: the mail is not sent again, and its outcome is kept."""
        story = Story(real_time=True)
        for _ in range(5):
            story.add(Role.CONFIRMATION)
        failing = _Failing(story.store, StoreUnavailable(), 2)
        story.app = replace(story.app, store=failing)
        with sending(story):
            wait_for(lambda: story.store.counts()["due"] == 0)
        assert len(story.mailer.asked) == 5
        assert failing.left == 0

    def test_a_bug_in_the_alerts_loses_no_outcome(self) -> None:
        """A group that breaks the write is stored one by one, without alerts if need be."""
        story = Story(real_time=True)
        for _ in range(3):
            story.add(Role.CONFIRMATION)
        story.app = replace(story.app, store=_Failing(story.store, ValueError("bug"), 2))
        with sending(story):
            wait_for(lambda: story.store.counts()["due"] == 0)
        assert len(story.mailer.asked) == 3

    def test_an_outage_is_waited_out(self) -> None:
        """While the service is down few mails are tried; when it is back all leave, once."""
        story = Story(real_time=True, concurrency=2)
        for _ in range(40):
            story.add(Role.NOTIFICATION)
        down = _Down(story.mailer)
        story.app = replace(story.app, mailer=down)
        with sending(story, draw=lambda _low, _high: 0.1):
            wait_for(lambda: down.asked >= 3)
            assert down.asked < 12
            down.is_down = False
            wait_for(lambda: len(story.mailer.sent) == 40)
            wait_for(lambda: story.store.counts()["due"] == 0)
        assert len({mail.message_id for mail in story.mailer.sent}) == 40

    def test_a_bug_in_the_store_does_not_end_it(self) -> None:
        """An error nobody foresaw is logged, and the sender goes on."""
        story = Story(real_time=True)
        story.add()

        class Odd(_Wrapped):
            faults = 1

            def next_due(self) -> Any:
                if self.faults:
                    self.faults -= 1
                    raise RuntimeError("bug")
                return self.store.next_due()

        story.app = replace(story.app, store=Odd(story.store))
        with sending(story) as sender:
            wait_for(lambda: len(story.mailer.sent) == 2)
            time.sleep(0.1)
            story.add()
            sender.wake()
            wait_for(lambda: len(story.mailer.sent) == 4)

    def test_without_work_it_sleeps(self) -> None:
        """An idle sender asks the store rarely."""
        story = Story(real_time=True)
        asked = []

        class Asked(_Wrapped):
            def next_due(self) -> Any:
                asked.append(1)
                return self.store.next_due()

        story.app = replace(story.app, store=Asked(story.store))
        with sending(story):
            time.sleep(0.5)
        assert len(asked) <= 3


class _Wrapped:
    """A store with one method of its own."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class _Failing(_Wrapped):
    """A store whose `finish` fails for a while."""

    def __init__(self, store: MemoryStore, error: Exception, times: int) -> None:
        super().__init__(store)
        self.error = error
        self.left = times

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """Fail, then store."""
        if self.left:
            self.left -= 1
            raise self.error
        self.store.finish(outcomes, follow_up)


class _Slow:
    """A mailer that takes its time."""

    name, ceiling, concurrency = "fake", Ceiling.DELIVERED, 4

    def __init__(self, mailer: FakeMailer) -> None:
        self.mailer = mailer
        self.begun = 0

    def send(self, mail: Mail) -> Accepted:
        """Take a tenth of a second."""
        self.begun += 1
        time.sleep(0.1)
        return self.mailer.send(mail)

    def close(self) -> None:
        """Nothing to close."""


class _Down(_Slow):
    """A mailer whose service is down until it is not."""

    concurrency = 2

    def __init__(self, mailer: FakeMailer) -> None:
        super().__init__(mailer)
        self.is_down = True
        self.asked = 0
        self._lock = threading.Lock()

    def send(self, mail: Mail) -> Accepted:
        """Fail for everybody, or pass it on."""
        if self.is_down:
            with self._lock:
                self.asked += 1
            raise SendDeferred("down", stop_all=True)
        return self.mailer.send(mail)


class TestCircuit:
    def test_rests_longer_each_time_up_to_a_bound(self) -> None:
        """2, 4, 8, 16, 25 seconds at most, and none after an answer."""
        now = [0.0]
        circuit = Circuit(monotonic=lambda: now[0], draw=lambda _low, high: high)
        rests = []
        for _ in range(6):
            rests.append(circuit.note_fault(SendDeferred(stop_all=True)))
            now[0] += rests[-1]
            assert circuit.rest_seconds() == 0
        assert rests == [2, 4, 8, 16, 25, 25]
        circuit.note_answer()
        assert not circuit.is_open
        assert circuit.note_fault(SendDeferred(stop_all=True)) == 2

    def test_faults_met_together_count_once(self) -> None:
        """Eight workers that fail at once do not make the rest eight times as long."""
        circuit = Circuit(monotonic=lambda: 0.0, draw=lambda _low, high: high)
        assert [circuit.note_fault(SendDeferred(stop_all=True)) for _ in range(8)] == [2.0] * 8

    def test_the_services_wish_is_heard_and_bounded(self) -> None:
        """At most a quarter of an hour."""
        circuit = Circuit(monotonic=lambda: 0.0)
        assert circuit.note_fault(SendDeferred(stop_all=True, retry_after_seconds=1e6)) == 900


def test_the_pace_is_bounded() -> None:
    """A slow service gets few claims, a fast one many, never more than a crash may cost."""
    window = Window(4)
    assert window.most_in_hand() == 8
    for _ in range(50):
        window.note(10_000)
    assert window.most_in_hand() == 256


class TestASetUpFault:
    @pytest.mark.parametrize("is_certain", [True, False])
    def test_given_up_its_reason_stays(self, is_certain: bool) -> None:
        """A login that was wrong for days is not "timed out": nobody is told to look at the address."""
        fault = SendDeferred(
            diagnostic="535 5.7.8 wrong",
            reason=Reason.MISCONFIGURED,
            stop_all=is_certain,
            suspects_set_up=not is_certain,
        )
        story = Story(answers={who: [fault] for who in (VISITOR, MANAGER)})
        sent = story.add()
        for _ in range(100):
            send_round(story.app, 10)
            story.clock.move(hours=2)
        for role in (Role.CONFIRMATION, Role.NOTIFICATION):
            told = story.told(sent, role)
            assert told.due_at is None
            assert told.attempts[-1].standing.status is Status.FAILED
            assert told.attempts[-1].standing.reason is Reason.MISCONFIGURED

    def test_one_poisoned_mail_waits_and_the_others_go(self) -> None:
        """What a server says of us to one recipient alone stops nobody else's mail."""
        doubt = SendDeferred(diagnostic="relay", reason=Reason.MISCONFIGURED, suspects_set_up=True)
        story = Story(real_time=True, answers={"poison@example.net": [doubt]})
        sender = Sender(story.app)
        first = story.add(Role.CONFIRMATION, visitor="poison@example.net")
        sender.start()
        wait_for(lambda: story.kinds(first) == [[Kind.DEFERRED]])
        others = [story.add() for _ in range(20)]
        sender.wake()
        wait_for(lambda: all(story.told(o, Role.NOTIFICATION).due_at is None for o in others))
        assert sender.rest() is None
        sender.stop(5)


class SlowMailer(FakeMailer):
    """Answers a recipient only when told to, or when its connections are ended: then nobody knows."""

    def __init__(self, slow: str, *, ends_connections: bool = True) -> None:
        super().__init__(ceiling=Ceiling.HANDED_OVER)
        self.slow, self.release = slow, threading.Event()
        self.ends_connections, self.was_closed = ends_connections, False

    def send(self, mail: Mail) -> Accepted:
        """Wait, for the slow one."""
        if mail.recipient == self.slow:
            self.asked.append(mail)
            assert self.release.wait(20)
            if self.was_closed:
                raise SendUnknown("lost")
        return FakeMailer.send(self, mail)

    def close(self) -> None:
        """End what waits."""
        if self.ends_connections:
            self.was_closed = True
            self.release.set()


class TestASlowServer:
    def story(self, mailer: FakeMailer) -> Story:
        """A story whose mailer this is, in real time."""
        story = Story(real_time=True)
        story.app = replace(story.app, mailer=mailer)
        return story

    def test_its_mail_is_nobody_elses_and_the_others_go_on(self) -> None:
        """However short the lease: it is renewed until the answer comes, and one copy is handed over."""
        mailer = SlowMailer(VISITOR)
        story = self.story(mailer)
        mail = replace(story.app.settings.mail, lease=timedelta(seconds=1.5))
        story.app = replace(story.app, settings=replace(story.app.settings, mail=mail))
        sender = Sender(story.app)
        first = story.add()
        sender.start()
        wait_for(lambda: story.told(first, Role.NOTIFICATION).due_at is None)
        claimed = story.told(first).attempts[0].attempt.started_at
        wait_for(lambda: (story.store.next_due() or claimed) - claimed > timedelta(seconds=4))
        second = story.add(Role.NOTIFICATION)
        sender.wake()
        wait_for(lambda: story.told(second, Role.NOTIFICATION).due_at is None)
        mailer.release.set()
        wait_for(lambda: story.told(first).due_at is None)
        sender.stop(5)
        assert story.kinds(first) == [[Kind.ACCEPTED]]

    @pytest.mark.parametrize("ends_connections", [True, False])
    def test_at_the_end_its_mail_is_unknown(self, ends_connections: bool) -> None:
        """Stopping does not wait for it, and a visitor's mail is not handed over again at the next start."""
        mailer = SlowMailer(VISITOR, ends_connections=ends_connections)
        story = self.story(mailer)
        sender = Sender(story.app)
        sent = story.add(Role.CONFIRMATION)
        sender.start()
        wait_for(lambda: mailer.asked)
        sender.stop(0.4)
        assert story.kinds(sent) == [[Kind.ANSWER_LOST]]
        assert story.told(sent).due_at is None
        mailer.release.set()
