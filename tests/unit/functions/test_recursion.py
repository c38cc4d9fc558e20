"""How often one mail's hints go around through the queue, counted as Lambda counts: it stops a chain of more than 16.

Each message that a function sends carries the chain of its invocation (the trace header that botocore passes on), so
a hint that is put off again and again is one chain. The template allows it (`RecursiveLoop`); here it is seen that it
must, that each turn waits, and that every chain ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import support.mail.mails as mails
from support.aws.lambda_events import (
    Invocation,
    MemoryQueues,
    queue_record,
    read_plain,
    stream_record,
)
from todoke.aws.functions.hint import Hint, write_hint
from todoke.aws.functions.relay import Relay
from todoke.model.address import Address
from todoke.model.delivery import Status
from todoke.model.errors import SendDeferred
from todoke.model.mail import Mail
from todoke.model.message import Message, Role
from todoke.model.submission import Entry, Submission
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.send.circuit import Circuit

MOST_INVOCATIONS = 16
"""Lambda stops a chain after about so many (its developer guide, "recursive loop detection")."""
BATCH = 10
"""The queue's mapping hands over so many at once."""


@dataclass
class Chains(MemoryQueues):
    """The queue, noting of each message how many invocations its chain has seen, and how long it waits."""

    turn: int = 0
    waiting: list[tuple[datetime, int, Hint]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def later(self, hint: Hint, now: datetime) -> bool:
        """See Queues."""
        if not super().later(hint, now):
            return False
        wait = math.ceil(hint.seconds_until_due(now))  # SQS knows whole seconds
        self.waiting.append((now + timedelta(seconds=wait), self.turn, self.delayed.pop()))
        self.waits.append(wait)
        return True

    def batch(self, now: datetime) -> list[tuple[int, Hint]]:
        """Up to BATCH messages whose delay is over, each with the length of its chain."""
        due = sorted((w for w in self.waiting if w[0] <= now), key=lambda w: w[0])[:BATCH]
        self.waiting = [w for w in self.waiting if w not in due]
        return [(turn, hint) for _, turn, hint in due]


@dataclass(slots=True)
class Flaky(FakeMailer):
    """A mail service that is away until a time."""

    clock: FakeClock = field(default_factory=FakeClock)
    back_at: datetime = mails.NOW

    def send(self, mail: Mail) -> Any:
        """See Mailer."""
        if self.clock() < self.back_at:
            raise SendDeferred("down", diagnostic="no connection", stop_all=True)
        return FakeMailer.send(self, mail)


@dataclass
class World:
    """Submissions of one mail each, and the sender, whose environment lives all the time."""

    away: timedelta
    count: int
    longest: int = 0

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.mailer = Flaky(clock=self.clock, back_at=self.clock() + self.away)
        self.store = MemoryStore()
        self.queues = Chains()
        self.app = App(
            settings=mails.settings(), store=self.store, mailer=self.mailer, clock=self.clock
        )
        circuit = Circuit(monotonic=lambda: self.clock().timestamp())
        self.relay = Relay(self.app, self.queues, read_plain, circuit=circuit)
        self._invoke(1, [*self._submissions()])

    def _submissions(self) -> Iterator[Any]:
        for number in range(self.count):
            submission = Submission(
                id=f"s{number:05}",
                form="contact",
                received_at=self.clock(),
                entries=(Entry("message", "hello"),),
                language="en",
                visitor=Address(f"v{number}@example.net"),
                token_hash=f"h{number}",
            )
            message = Message(
                id=f"{submission.id}-1",
                submission_id=submission.id,
                role=Role.CONFIRMATION,
                recipient=submission.visitor,
                language="en",
                message_id=f"<{submission.id}@example.org>",
                created_at=self.clock(),
            )
            self.store.add(submission, [message], None).result()
            yield stream_record(number, {message.id: message.created_at})

    def _invoke(self, turn: int, records: list[Any]) -> None:
        self.queues.turn = turn
        self.longest = max(self.longest, turn)
        assert self.relay.handle({"Records": records}, Invocation()) == {"batchItemFailures": []}

    def run(self) -> None:
        """Bring each hint when it is due, until there is none."""
        while self.queues.waiting:
            self.clock.now = max(self.clock.now, min(w[0] for w in self.queues.waiting))
            due = self.queues.batch(self.clock())
            records = [queue_record(write_hint(hint), f"m{n}") for n, (_, hint) in enumerate(due)]
            self._invoke(max(turn for turn, _ in due) + 1, records)

    def statuses(self) -> set[Status]:
        """What became of the mails."""
        timelines = [self.store.timeline(f"s{n:05}") for n in range(self.count)]
        return {m.standing.status for t in timelines if t for m in t.messages}


def test_an_outage_of_ten_minutes_makes_chains_that_lambda_would_stop_unless_it_is_told() -> None:
    """So the sender must be allowed to go around; then all mails leave, and no hint is left."""
    world = World(away=timedelta(minutes=10), count=50)
    world.run()
    assert world.longest > MOST_INVOCATIONS
    assert world.statuses() == {Status.ACCEPTED}
    assert len(world.mailer.sent) == 50


def test_each_turn_waits_so_a_chain_costs_no_more_than_its_outage_is_long() -> None:
    """The guard that Lambda's own would be: a hint that is put off comes back after a second at the earliest."""
    world = World(away=timedelta(minutes=10), count=50)
    world.run()
    assert min(world.queues.waits) >= 1
    assert world.longest <= timedelta(minutes=10).total_seconds() + 2


def test_a_chain_ends_where_the_service_never_comes_back() -> None:
    """A mail's pauses grow, and beyond what a queue can delay it is the sweep's: nothing goes around for ever."""
    world = World(away=timedelta(days=365), count=20)
    world.run()
    assert world.statuses() == {Status.DEFERRED}
    assert world.mailer.sent == []
    assert world.clock() - mails.NOW < mails.settings().mail.give_up_after
