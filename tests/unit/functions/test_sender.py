"""The function `sender` over fakes: records that come again, poison, outages, ends between any two steps."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import support.mail.mails as mails
from support.aws.lambda_events import (
    Invocation,
    MemoryQueues,
    StreamMapping,
    as_lambda,
    passes_filter,
    queue_record,
    read_plain,
    stream_record,
)
from support.variants import replace
from todoke.aws.functions import time_left
from todoke.aws.functions.hint import Hint, hints_in, read_hint, write_hint
from todoke.aws.functions.relay import Relay
from todoke.aws.functions.secrets import NEEDED
from todoke.aws.functions.upkeep import UNDER_WAY, make_sweep
from todoke.model.address import Address
from todoke.model.admission import Invitation
from todoke.model.delivery import Status
from todoke.model.errors import (
    ConfigError,
    Malformed,
    SendDeferred,
    SendError,
    SendRefused,
    SendUnknown,
    StoreUnavailable,
)
from todoke.model.mail import Mail
from todoke.model.message import Message, Outcome, Role
from todoke.model.person import DeskSettings
from todoke.model.submission import Entry, Submission
from todoke.model.webhook import Webhook
from todoke.model.webhook_key import WEBHOOK_SECRETS
from todoke.ports.journal import FollowUp
from todoke.services.table import SERVICES, chosen_in
from todoke.stores.dynamodb.notices import notice_item
from todoke.stores.dynamodb.wire import wire
from todoke.testing import FakeClock, FakeCourier, FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.notices.cause import of_pause
from todoke.walk.tally import Counted

LEASE = timedelta(minutes=6)
SETTINGS = replace(mails.settings(), desk=DeskSettings(owners=(Address(mails.MANAGER),)))


class Killed(BaseException):
    """The environment ends here: nothing after it runs."""


class Story:
    """A store with submissions, their stream records, and the sender's function over them."""

    def __init__(self, **mailer: Any) -> None:
        self.clock = FakeClock()
        self.mailer = FakeMailer(**mailer)
        self.store: MemoryStore = MemoryStore()
        self.queues = MemoryQueues()
        self.records: list[dict[str, Any]] = []
        self.relay = self.make_relay()

    @property
    def app(self) -> App:
        """The app as it is now."""
        return App(settings=SETTINGS, store=self.store, mailer=self.mailer, clock=self.clock)

    def make_relay(self, store: MemoryStore | None = None) -> Relay:
        """A new environment of the function."""
        app = (
            self.app
            if store is None
            else App(settings=SETTINGS, store=store, mailer=self.mailer, clock=self.clock)
        )
        return Relay(app, self.queues, read_plain)

    def add(self, count: int = 1) -> None:
        """Store submissions of two messages each, and note their records in the stream."""
        for _ in range(count):
            number = len(self.records)
            submission = Submission(
                id=f"s{number:05}",
                form="contact",
                received_at=self.clock(),
                entries=(Entry("message", "hello"),),
                language="en",
                visitor=Address(f"v{number}@example.net"),
                token_hash=f"h{number}",
            )
            messages = [
                Message(
                    id=f"{submission.id}-{role.value}",
                    submission_id=submission.id,
                    role=role,
                    recipient=submission.visitor if role is Role.CONFIRMATION else mails.MANAGER,
                    language="en",
                    message_id=f"<{submission.id}-{role.value}@example.org>",
                    created_at=self.clock(),
                )
                for role in (Role.CONFIRMATION, Role.NOTIFICATION)
            ]
            self.store.add(submission, messages, None).result()
            due = {message.id: message.created_at for message in messages}
            self.records.append(stream_record(number, due))

    def handle(self, records: Sequence[Any]) -> list[str]:
        """Invoke the function once; which records it wants again."""
        answer = self.relay.handle({"Records": records}, Invocation())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def sweep(self) -> None:
        """Invoke the function `sweep` once."""
        make_sweep(self.app, {})({}, Invocation())

    def sent(self) -> list[str]:
        """The Message-IDs of the mails that were taken, in order of their names."""
        return sorted(mails.stem(mail.message_id) for mail in self.mailer.sent)

    def wanted(self) -> list[str]:
        """The Message-IDs of all messages."""
        return sorted(
            f"<s{n:05}-{role}@example.org>"
            for n in range(len(self.records))
            for role in ("confirmation", "notification")
        )

    def statuses(self) -> set[Status]:
        """The statuses of all messages."""
        timelines = [self.store.timeline(f"s{n:05}") for n in range(len(self.records))]
        return {m.standing.status for t in timelines if t for m in t.messages}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=12), min_size=1, max_size=6))
def test_records_that_come_again_do_nothing_again(batches: list[list[int]]) -> None:
    """Whatever records come, in whatever order, one to many times: each message leaves once, and none is left."""
    story = Story()
    story.add(6)
    for batch in [*batches, range(6)]:
        assert story.handle([story.records[place] for place in batch]) == []
    assert story.sent() == story.wanted()
    assert story.statuses() == {Status.ACCEPTED}


def test_an_unreadable_record_is_a_dead_letter_and_holds_nothing_up() -> None:
    """Poison in the middle of a batch: the others leave in the same invocation, it lies with the dead letters."""
    story = Story()
    story.add(3)
    poison = stream_record(99, {}, image={"nobody": "knows"})
    assert story.handle([story.records[0], poison, *story.records[1:]]) == []
    assert story.sent() == story.wanted()
    [letter] = story.queues.buried
    assert letter.record == "event-99"
    assert "cannot be read" in letter.fault
    assert "nobody" not in write_hint(letter)


def test_poison_that_cannot_be_buried_comes_again_alone() -> None:
    """While the dead letters' queue takes nothing, Lambda keeps the record; its own destination is the last net."""
    story = Story()
    story.add(4)
    story.queues.broken = True
    poison = stream_record(50, {}, image="?")
    mapping = StreamMapping(story.relay.handle)
    mapping.deliver([*story.records[:2], poison, *story.records[2:]])
    assert story.sent() == story.wanted()
    assert [record["eventID"] for record in mapping.discarded] == ["event-50"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        '{"to": "x"}',
        '{"ids": 3}',
        "\x00",
        '{"due_at": "2026-01-01T00:00:00"}',
    ],
)
def test_a_message_that_is_no_hint_fails_alone(body: str) -> None:
    """The queue moves it to its dead letters after some tries; the rest of its batch is handled."""
    story = Story()
    story.add(1)
    good = queue_record(
        write_hint(Hint(ids=("s00000-confirmation", "s00000-notification"))), "good"
    )
    assert story.handle([queue_record(body, "bad"), good]) == ["bad"]
    assert story.sent() == story.wanted()


def test_a_hint_without_ids_means_whatever_is_due() -> None:
    """So a dead letter can be replayed that tells no message by name."""
    story = Story()
    story.add(2)
    assert (
        story.handle([queue_record(write_hint(Hint(fault="unreadable", record="event-1")))]) == []
    )
    assert story.sent() == story.wanted()


@given(
    ids=st.lists(st.text(max_size=20), max_size=5).map(tuple),
    due_at=st.none() | st.datetimes(timezones=st.just(mails.NOW.tzinfo)),
    fault=st.text(max_size=20),
)
def test_a_hint_survives_the_queue(ids: tuple[str, ...], due_at: Any, fault: str) -> None:
    """What is written is read again."""
    hint = Hint(ids=ids, due_at=due_at, fault=fault)
    assert read_hint(write_hint(hint)) == hint


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
    )
)
def test_no_record_does_worse_than_be_unreadable(image: Any) -> None:
    """Whatever the new image holds, reading it gives hints or Malformed, nothing else."""
    with contextlib.suppress(Malformed):
        hints_in(stream_record(1, {}, image=image), read_plain)


def test_a_deferred_mail_comes_back_through_the_queue_when_it_is_due() -> None:
    """The service says not now: the hint waits in the queue for as long as the policy does, and then it is taken."""
    later = SendDeferred("busy", diagnostic="450 busy")
    story = Story(answers={"v0@example.net": [later, mails.ACCEPTED]})
    story.add(1)
    assert story.handle(story.records) == []
    [hint] = story.queues.delayed
    assert hint.ids == ("s00000-confirmation",)
    assert story.handle(story.queues.take_due(story.clock())) == []
    assert len(story.mailer.sent) == 1
    story.clock.now = hint.due_at or story.clock.now
    assert story.handle(story.queues.take_due(story.clock())) == []
    assert story.sent() == story.wanted()


def test_a_hint_that_comes_too_early_goes_back() -> None:
    """A queue may deliver early: then nothing is claimed, and the hint waits for the rest of its time."""
    story = Story()
    due_at = story.clock() + timedelta(minutes=5)
    assert story.handle([queue_record(write_hint(Hint(ids=("x",), due_at=due_at)))]) == []
    assert story.queues.delayed == [Hint(ids=("x",), due_at=due_at)]


def test_while_the_service_is_down_it_is_asked_seldom_and_all_leaves_afterwards() -> None:
    """One mail meets the fault; the rest of the batch is put off untried, and when the service is back all leave."""
    down = SendDeferred("down", diagnostic="no connection", stop_all=True)
    story = Story(answers={f"v{n}@example.net": [down, mails.ACCEPTED] for n in range(1)})
    story.add(20)
    assert story.handle(story.records) == []
    assert len(story.mailer.asked) == 1
    for _ in range(200):
        if story.sent() == story.wanted():
            break
        story.clock.move(seconds=30)
        story.relay = (
            story.make_relay()
        )  # the circuit's own clock is real: another environment takes over
        assert story.handle(story.queues.take_due(story.clock())) == []
        story.sweep()
    assert story.sent() == story.wanted()


def test_without_time_left_nothing_is_begun() -> None:
    """Near the function's timeout a record is put off, not begun: a mail handed over must have time to be noted."""
    story = Story()
    story.add(2)
    answer = story.relay.handle({"Records": story.records}, Invocation(seconds=20))
    assert answer == {"batchItemFailures": []}
    assert story.mailer.asked == []
    assert len(story.queues.delayed) == 2
    story.handle(story.queues.take_due(story.clock()))
    assert story.sent() == story.wanted()


@pytest.mark.parametrize("function", ["sender", "sweep"])
def test_a_round_stops_when_the_time_for_another_mail_is_over(function: str) -> None:
    """Each mail takes a minute: what was claimed beside it stays due, untried, and leaves in the next invocation."""

    class Slow(FakeMailer):
        def send(self, mail: Mail) -> Any:
            invocation.seconds -= 60
            return super().send(mail)

    story = Story()
    story.mailer = Slow()
    story.relay = story.make_relay()
    story.add(3)
    invocation = Invocation(seconds=mails.settings().mail.own.slowest_seconds + 80)
    if function == "sender":
        assert story.relay.handle({"Records": story.records}, invocation)["batchItemFailures"] == []
    else:
        make_sweep(story.app, {})({}, invocation)
    assert len(story.mailer.asked) == 2
    assert invocation.seconds > 0
    assert story.statuses() == {Status.ACCEPTED, Status.QUEUED}
    invocation.seconds = 900
    make_sweep(story.app, {})({}, invocation)
    assert story.sent() == story.wanted()


@pytest.mark.parametrize("service", SERVICES)
def test_a_timeout_that_leaves_no_time_for_a_mail_is_a_fault_of_the_start(service: str) -> None:
    """Else every mail would wait for ever; the usual timeout is short enough."""
    _, own = chosen_in({"mail": {"service": service}}, on_aws=True) or pytest.fail("there is none")
    usual = replace(mails.settings().mail, service=service, own=own)
    time_left.require_time(usual)
    long = replace(usual, own=replace(usual.own, timeout_seconds=150.0))
    with pytest.raises(ConfigError, match="too long"):
        time_left.require_time(long)


def test_a_lease_outlasts_the_invocation() -> None:
    """What a function still has in hand when it is killed at its timeout, nobody else has begun."""
    story = Story()
    story.add(1)
    seen: list[timedelta] = []

    class Watching(MemoryStore):
        def claim(self, **words: Any) -> Any:
            seen.append(words["lease_until"] - words["now"])
            return super().claim(**words)

    relay = story.make_relay(Watching())
    relay.handle({"Records": story.records}, Invocation(seconds=890))
    assert seen
    assert min(seen) > timedelta(seconds=890)


class Ending(MemoryStore):
    """A store at one of whose steps the environment is killed, once: before it or after it."""

    def __init__(self, step: str, when: str) -> None:
        super().__init__()
        self.step = step
        self.when = when

    def _around(self, step: str, do: Any) -> Any:
        is_here = self.step == step
        if is_here and self.when == "before":
            self.step = ""
            raise Killed
        done = do()
        if is_here:
            self.step = ""
            raise Killed
        return done

    def claim(self, **words: Any) -> Any:
        """See Store."""
        claim = super().claim
        return self._around("claim", lambda: claim(**words))

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Store."""
        finish = super().finish
        self._around("finish", lambda: finish(outcomes, follow_up))


class EndingMailer(FakeMailer):
    """A mailer at which the environment is killed once, after the service took the mail."""

    def send(self, mail: Mail) -> Any:
        """See Mailer."""
        answer = FakeMailer.send(self, mail)
        if len(self.sent) == 1:
            raise Killed
        return answer


@pytest.mark.parametrize(
    ("step", "when", "repeats"),
    [
        ("claim", "before", 0),
        ("claim", "after", 0),
        ("mail", "after", 1),
        ("finish", "before", 2),
        ("finish", "after", 0),
    ],
)
def test_killed_between_two_steps_nothing_is_lost(step: str, when: str, repeats: int) -> None:
    """Lambda brings the record again, and when the lease is over the sweep finds the rest.

    Only what was handed over and not yet noted is repeated, under the same Message-ID.
    """
    story = Story()
    story.store = Ending(step, when)
    if step == "mail":
        story.mailer = EndingMailer()
    story.add(1)
    relay = story.make_relay()
    with pytest.raises(Killed):
        relay.handle({"Records": story.records}, Invocation())
    story.relay = story.make_relay()
    assert story.handle(story.records) == []
    story.sweep()
    story.clock.move(minutes=6)
    story.sweep()
    assert sorted(set(story.sent())) == story.wanted()
    assert len(story.sent()) == len(story.wanted()) + repeats
    assert story.statuses() == {Status.ACCEPTED}


class Throttled(MemoryStore):
    """A store of which every third call fails, having done nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def _breathe(self) -> None:
        self.calls += 1
        if self.calls % 3 == 1:
            raise StoreUnavailable

    def claim(self, **words: Any) -> Any:
        """See Store."""
        self._breathe()
        return super().claim(**words)


def test_a_throttled_store_holds_up_no_shard_and_loses_nothing() -> None:
    """Stream records whose claims are throttled come back through the queue; the queue's own come again."""
    story = Story()
    story.store = Throttled()
    story.relay = story.make_relay()
    story.add(12)
    assert story.handle(story.records) == []
    again: list[Any] = []
    for _ in range(50):
        story.clock.move(seconds=30)
        batch = [*again, *story.queues.take_due(story.clock())]
        batch = [{**record, "messageId": str(n)} for n, record in enumerate(batch)]
        failed = story.handle(batch)
        again = [record for record in batch if record["messageId"] in failed]
        if not again and not story.queues.delayed:
            break
    assert story.sent() == story.wanted()
    assert story.queues.buried == []


def test_a_store_and_a_queue_that_are_both_gone_make_the_record_come_again() -> None:
    """Then, and only then, the stream waits."""
    story = Story()
    story.store = Throttled()
    story.add(1)
    story.relay = story.make_relay()
    story.queues.broken = True
    assert story.handle(story.records) == [story.records[0]["dynamodb"]["SequenceNumber"]]
    assert story.handle(story.records) == []
    assert story.sent() == story.wanted()


def test_a_lost_hint_is_found_by_the_sweep() -> None:
    """No record comes at all: the schedule's function hands over what is due."""
    story = Story()
    story.add(30)
    story.sweep()
    assert story.sent() == story.wanted()


def swept(story: Story, **more: Any) -> dict[str, int]:
    """Invoke the function `sweep` once, with a queue; what it answers."""
    answer: dict[str, int] = make_sweep(story.app, {}, queues=story.queues, **more)(
        {}, Invocation()
    )
    return answer


def test_after_an_outage_the_sweep_leaves_the_many_to_the_sender() -> None:
    """It hands over a handful and hints at the rest, for all connections to share; told twice, each leaves once."""
    story = Story()
    story.add(60)
    assert swept(story) == {"erased": 0, "messages": 4, "hinted": 116}
    hints = story.queues.take_due(story.clock())
    assert max(len(read_hint(hint["body"]).ids) for hint in hints) <= 20
    assert story.handle([*hints, *hints]) == []
    assert story.sent() == story.wanted()
    assert story.statuses() == {Status.ACCEPTED}
    assert swept(story) == {"erased": 0, "messages": 0, "hinted": 0}


def test_what_one_run_hints_at_is_bounded_and_the_next_one_goes_on() -> None:
    """However long the outage was."""
    story = Story()
    story.add(60)
    for left in (116, 72, 28, 0):
        assert swept(story, most_hinted=40)["hinted"] == min(40, left)
        story.handle(story.queues.take_due(story.clock()))
    assert story.sent() == story.wanted()


class Asked(MemoryStore):
    """A store that counts how often it is asked what is due."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """See Store."""
        self.asked += 1
        return super().due(now, limit)


def test_at_rest_and_while_the_service_is_down_the_sweep_asks_for_no_more_than_one_claim() -> None:
    """So nothing is added to what a stack costs that nobody uses, and no hint goes round in an outage."""
    down = SendDeferred("down", diagnostic="no connection", stop_all=True)
    story = Story(answers={"v0@example.net": [down], mails.MANAGER: [down]})
    story.store = store = Asked()
    assert swept(story)["hinted"] == 0
    story.add(30)
    assert swept(story) == {"erased": 0, "messages": 4, "hinted": 0}
    assert store.asked == 0
    assert story.queues.delayed == []


def test_without_its_queue_the_sweep_does_it_all_itself() -> None:
    """More slowly, as long as there is time."""
    story = Story()
    story.add(30)
    story.queues.broken = True
    assert swept(story) == {"erased": 0, "messages": 60, "hinted": 0}
    assert story.sent() == story.wanted()


def test_two_sweeps_at_once_are_one() -> None:
    """The schedule calls twice, or a late call meets the next: the second does nothing, and says so."""
    story = Story()
    story.add(1)
    answers: list[dict[str, int]] = []

    class Calling(FakeMailer):
        def send(self, mail: Mail) -> Any:
            if not self.asked:
                answers.append(swept(story))
            return FakeMailer.send(self, mail)

    story.mailer = Calling()
    assert swept(story)["messages"] == 2
    assert answers == [{"erased": 0, "messages": 0, "hinted": 0}]
    assert story.sent() == story.wanted()
    story.add(1)
    assert swept(story)["messages"] == 2


def test_a_sweep_that_was_killed_keeps_the_next_out_no_longer_than_it_might_have_run() -> None:
    """Lambda ends it at its timeout, and it takes nothing back; the schedule's next call finds the way free."""
    story = Story()
    story.add(1)
    story.store.put_mark(UNDER_WAY, story.clock() + timedelta(seconds=280))
    assert swept(story)["messages"] == 0
    story.clock.move(minutes=5)
    assert swept(story)["messages"] == 2


def test_a_sweep_that_fails_lets_the_next_one_in() -> None:
    """Its store was away; five minutes later all is done."""
    story = Story()
    story.store = Throttled()
    story.add(1)
    with pytest.raises(StoreUnavailable):
        swept(story)
    assert swept(story)["messages"] == 2


@pytest.mark.parametrize(("tries", "seconds"), [(1, 30), (2, 60), (5, 480), (7, 1800), (10, 1800)])
def test_a_message_of_the_queue_that_failed_comes_again_soon_at_first(
    tries: int, seconds: int
) -> None:
    """The queue would hide it for half an hour, which is six times what a function may take."""
    story = Story()
    story.add(1)
    story.store = Throttled()
    story.relay = story.make_relay()
    hint = queue_record(write_hint(Hint(ids=("s00000-confirmation",))), "m7", tries=tries)
    assert story.handle([hint]) == ["m7"]
    assert story.queues.hidden == {"handle-m7": seconds}
    assert story.handle([hint]) == []


def test_where_the_queue_cannot_be_reached_a_failed_message_comes_all_the_same() -> None:
    """Half an hour later, by itself; a record of the stream is the stream's."""
    story = Story()
    story.store = Throttled()
    story.add(1)
    story.relay = story.make_relay()
    story.queues.broken = True
    hint = queue_record(write_hint(Hint(ids=("s00000-confirmation",))), "m7")
    assert story.handle([hint]) == ["m7"]
    assert story.queues.hidden == {}


@pytest.mark.parametrize("function", ["sender", "sweep"])
def test_hand_overs_are_counted(function: str) -> None:
    """For the figures that each call writes (embedded_metrics.py)."""
    story = Story()
    story.add(2)
    app = story.app
    if function == "sender":
        Relay(app, story.queues, read_plain).handle({"Records": story.records}, Invocation())
    else:
        make_sweep(app, {})({}, Invocation())
    assert app.tally.counts(Counted.HAND_OVERS) == {("accepted",): 4}


class TestInvitations:
    """Links into the desk, which the function `web` carries here."""

    def take(self, story: Story, tries: int = 1, **changes: Any) -> dict[str, Any]:
        """What becomes of one in the queue."""
        invitation = Invitation(
            person=mails.MANAGER,
            code="ABCDE-FGHJK",
            language="ja",
            until=story.clock() + timedelta(minutes=10),
        )
        hint = Hint(errand=replace(invitation, **changes))
        assert read_hint(write_hint(hint)) == hint
        record = queue_record(write_hint(hint), "m1")
        return story.relay.handle({"Records": [record]}, Invocation())

    def test_are_mailed(self) -> None:
        """To the person, with the code, in the language that they asked in."""
        story = Story()
        assert self.take(story) == {"batchItemFailures": []}
        [mail] = story.mailer.sent
        assert mail.recipient == mails.MANAGER
        assert "ABCDE-FGHJK" in mail.text
        assert 'lang="ja"' in str(mail.html)

    def test_come_again_while_the_service_rests(self) -> None:
        """Soon; but not once the code is too old to be of use."""
        story = Story(answers={mails.MANAGER: [SendDeferred(diagnostic="not now")]})
        assert self.take(story)["batchItemFailures"] == [{"itemIdentifier": "m1"}]
        story = Story()
        assert self.take(story, until=story.clock()) == {"batchItemFailures": []}
        assert not story.mailer.sent

    @pytest.mark.parametrize(
        "changes",
        [
            {"person": Address("x@evil.example")},
            {"person": Address("")},
            {"code": "Call 0123 and tell them your password"},
            {"code": ""},
            {"code": "abcde-fghjk"},
        ],
        ids=str,
    )
    def test_that_were_made_up_are_not_mailed(
        self, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        """To no stranger, and with nothing in place of a code."""
        story = Story()
        assert self.take(story, **changes) == {"batchItemFailures": []}
        assert story.mailer.asked == []
        assert "desk_link_not_mailed" in caplog.text
        assert "evil" not in caplog.text

    @pytest.mark.parametrize("error", [SendRefused, SendUnknown])
    def test_that_are_refused_are_in_the_log(
        self, error: type[SendError], caplog: pytest.LogCaptureFixture
    ) -> None:
        """They do not come again: one whose answer was lost may be there already."""
        story = Story(answers={mails.MANAGER: [error(diagnostic="no")]})
        assert self.take(story) == {"batchItemFailures": []}
        assert "desk_link_not_mailed" in caplog.text


def test_the_sweep_tells_webhooks() -> None:
    """After mails; what is told is told in the run, and no notice wakes the sender."""
    story, courier = Story(), FakeCourier()
    webhook = Webhook(name="crm", url="https://crm.example/", keys=(b"k" * 24,))
    app = replace(story.app, settings=replace(SETTINGS, webhooks={"crm": webhook}), courier=courier)
    notices = of_pause({"crm": webhook}, "contact", story.clock(), reason="complaints")
    app.notices.put_notices(notices, story.clock())
    make_sweep(app, {}, queues=story.queues)({}, Invocation())
    assert courier.ids == [notices[0].id]
    item = as_lambda(wire(notice_item(notices[0], story.clock())))
    for event in ("INSERT", "MODIFY"):
        assert not passes_filter({"eventName": event, "dynamodb": {"NewImage": item}})
    assert [name for name, needed in NEEDED.items() if WEBHOOK_SECRETS in needed] == ["sweep"]
