"""Hands to use a store with in tests: makers of the values it keeps, on a clock of their own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.variants import replace
from todoke.model import ids
from todoke.model.address import Address, mailbox_key
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind
from todoke.model.message import Claim, Message, MessageTimeline, Outcome, Role, Timeline
from todoke.model.submission import Entry, EntryList, RepeatKey, Submission
from todoke.ports.journal import Journaled
from todoke.ports.outbox import Added, Duplicate
from todoke.ports.store import Store
from todoke.stores.sqlite.store import SqliteStore
from todoke.testing import MemoryStore

START = datetime(2026, 3, 4, 5, 6, 7, 89, tzinfo=UTC)
LEASE = timedelta(minutes=5)
VISITOR = Address("hanako@visitor.example")
MANAGER = Address("manager@site.example")
SECRET = b"s" * 32
ENTRIES = (Entry("name", "花子"), Entry("text", "Hello"))


def _on_aws(emulator: str) -> Store:
    from support.aws import emulators  # noqa: PLC0415 - not for who has no botocore

    return emulators.new_store(getattr(emulators, emulator))


STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "todoke.db"),
    "dynamodb-local": lambda _: _on_aws("dynamodb_local"),
    "ministack": lambda _: _on_aws("ministack"),
}
"""Every store under the contract, made in an empty folder. A new adapter joins by one line."""
ON_AWS = {"dynamodb-local", "ministack"}
STORE_NAMES = [
    pytest.param(kind, marks=pytest.mark.aws) if kind in ON_AWS else pytest.param(kind)
    for kind in STORES
]
"""Their names, for a test that takes each."""


def nothing_follows(
    submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> tuple[Message, ...]:
    """A follow-up that causes no message."""
    return ()


@dataclass
class Desk:
    """Uses a store as the rooms of todoke do, on a clock of its own."""

    store: Store
    now: datetime = START
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def move(self, **units: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(**units)
        return self.now

    def submission(
        self,
        *,
        form: str = "contact",
        visitor: str = VISITOR,
        entries: EntryList = ENTRIES,
        retain_until: datetime | None = None,
        received_at: datetime | None = None,
        signals: tuple[str, ...] = (),
        repeat: RepeatKey | None = None,
    ) -> Submission:
        """A submission that is not kept yet, for `repeat` if it will be kept under one."""
        received_at = received_at or self.now
        place = ids.place(
            SECRET,
            visitor=mailbox_key(visitor) if visitor else "",
            repeat_key=repeat.key if repeat else "",
            of_visitor=bool(repeat and repeat.of_visitor),
        )
        id_ = ids.submission_id(received_at, place)
        return Submission(
            id=id_,
            form=form,
            received_at=received_at,
            entries=entries,
            language="ja",
            visitor=Address(visitor),
            token_hash=ids.receipt_hash(ids.receipt_token(SECRET, id_)),
            retain_until=retain_until,
            signals=signals,
        )

    def message(
        self, submission: Submission, role: Role = Role.CONFIRMATION, recipient: str = ""
    ) -> Message:
        """A message of a submission."""
        return Message(
            id=ids.message_id(submission.id, next(self.numbers)),
            submission_id=submission.id,
            role=role,
            recipient=Address(recipient or (VISITOR if role is Role.CONFIRMATION else MANAGER)),
            language="ja",
            message_id=f"<{submission.id}.{role}@site.example>",
            created_at=submission.received_at,
        )

    def pair(self, submission: Submission) -> tuple[Message, Message]:
        """The usual two: to the visitor and to a manager."""
        return (
            self.message(submission, recipient=submission.visitor),
            self.message(submission, Role.NOTIFICATION),
        )

    def add(
        self, submission: Submission | None = None, *messages: Message, **options: object
    ) -> Timeline:
        """Keep a submission with its messages (the pair, if none are given)."""
        kept = submission or self.submission(**options)  # type: ignore[arg-type]
        added = self.store.add(kept, messages or self.pair(kept), None).result()
        assert added == Added(kept.id)
        return self.timeline(kept.id)

    def add_one(self, **options: object) -> Message:
        """Keep a submission with one message, a confirmation."""
        kept = self.submission(**options)  # type: ignore[arg-type]
        return self.add(kept, self.message(kept, recipient=kept.visitor)).messages[0].message

    def repeat(self, key: str, fingerprint: str = "same", **lives: float) -> RepeatKey:
        """A repeat key that lives for ten minutes or as told."""
        expires_at = self.now + timedelta(**(lives or {"minutes": 10}))
        return RepeatKey(key=key, fingerprint=fingerprint, expires_at=expires_at)

    def add_with(
        self, repeat: RepeatKey, submission: Submission | None = None
    ) -> Added | Duplicate:
        """Try to keep a submission under a repeat key."""
        kept = submission or self.submission(repeat=repeat)
        return self.store.add(kept, self.pair(kept), repeat).result()

    def claim(
        self,
        *ids: str,
        limit: int = 100,
        lease: timedelta = LEASE,
        ceiling: Ceiling = Ceiling.DELIVERED,
    ) -> list[Claim]:
        """Claim what is due."""
        claims = self.store.claim(
            now=self.now,
            lease_until=self.now + lease,
            limit=limit,
            service="post",
            ceiling=ceiling,
            ids=ids,
        )
        return list(claims)

    def claim_one(self) -> Claim:
        """Claim the only message that is due."""
        (claim,) = self.claim()
        return claim

    def event(self, kind: Kind, **stated: object) -> DeliveryEvent:
        """An event of now."""
        event = DeliveryEvent(kind=kind, at=self.now, received_at=self.now, service="post")
        return replace(event, **stated)  # type: ignore[arg-type]

    def finish(
        self,
        claim: Claim,
        *kinds: Kind,
        retry_at: datetime | None = None,
        service_id: str = "",
        follow_up: object = nothing_follows,
    ) -> None:
        """End a claim with events of these kinds."""
        token = claim.attempt.token
        events = tuple(self.event(k, token=token, service_id=service_id) for k in kinds)
        outcome = Outcome(claim=claim, events=events, retry_at=retry_at)
        self.store.finish([outcome], follow_up)  # type: ignore[arg-type]

    def journal(
        self, *events: DeliveryEvent, follow_up: object = nothing_follows
    ) -> list[Journaled]:
        """Journal events from outside."""
        return list(self.store.journal(events, follow_up))  # type: ignore[arg-type]

    def resend(
        self,
        message_id: str,
        recipient: str = "",
        *,
        most: int = 3,
        seen: MessageTimeline | None = None,
        follow_up: object = nothing_follows,
    ) -> bool:
        """Ask for a new attempt."""
        return self.store.resend(
            message_id,
            now=self.now,
            recipient=Address(recipient),
            max_corrections=most,
            seen=seen,
            follow_up=follow_up,  # type: ignore[arg-type]
        )

    def timeline(self, submission_id: str) -> Timeline:
        """A submission that must be there."""
        found = self.store.timeline(submission_id)
        assert found is not None
        return found

    def told(self, message: Message) -> MessageTimeline:
        """What became of a message that must be there."""
        messages = self.timeline(message.submission_id).messages
        return next(m for m in messages if m.message.id == message.id)
