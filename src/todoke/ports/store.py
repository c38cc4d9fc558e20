"""The seams: what the use cases need from a store, a mailer and a service's events. Protocols only.

Each docstring states what is guaranteed, what is not, and the condition of every error. Fakes for all of them
are in todoke.testing and pass the same contract suite (tests/contract).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.kept import Movable
from todoke.model.message import Claim, Message, MessageTimeline, Outcome, Timeline
from todoke.model.submission import File, RepeatKey, Submission
from todoke.ports.records import Suppression, SuppressionList


class Added(msgspec.Struct, frozen=True):
    """The submission and its messages are durable."""

    submission_id: str


class Duplicate(msgspec.Struct, frozen=True):
    """The same request was accepted before, as `submission_id`; nothing was written.

    `same_content` is False when the key was used before for other content.
    """

    submission_id: str
    same_content: bool


class Recorded(StrEnum):
    """What became of a delivery event. In each case it is durable when `record` returns."""

    NEW = "new"
    REPEATED = "repeated"
    ORPHAN = "orphan"


FollowUp = Callable[[Submission, MessageTimeline, MessageTimeline], Sequence[Message]]
"""Decides, purely, which messages a change of one message (before, after) causes. The store calls it inside the
write that makes the change and keeps its messages in that same write. It may be called more than once for one
change; ids must be derived, so that the same change causes the same messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which submissions to list: newest first, all given conditions together.

    `status` is a word that `reading` may give for any of its messages except "unknown"; `address` is a visitor's
    or recipient's; from `received_from` on and before `received_to`; `before` is a cursor from the page before.
    """

    form: str = ""
    status: str = ""
    address: str = ""
    received_from: datetime | None = None
    received_to: datetime | None = None
    before: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; `next` is the cursor of the page after it, or "".

    A page may hold fewer than asked for, even none, while `next` is set: a store looks at a bounded number.
    """

    timelines: tuple[Timeline, ...]
    next: str = ""


class Store(Movable, Protocol):
    """Keeps submissions, messages, attempts and events. The truth; safe to call from any thread.

    Every write is atomic and durable (it survives a power loss) before it returns, or before its future resolves.
    `finish`, `record` and `erase` about several submissions may be atomic for each of them only; when such a call
    raises, a part may be kept, and to repeat it completes it.
    Any method may raise StoreUnavailable: if the store cannot do it now (disk full, I/O error, throttled); a
    write that raised it left nothing behind. StoreCorrupt: if the data cannot be trusted.
    """

    def add(
        self, submission: Submission, messages: Sequence[Message], repeat: RepeatKey | None
    ) -> Future[Added | Duplicate]:
        """Keep a submission with its files and its messages, all due now, in one atomic write.

        With `repeat`, of any number of concurrent calls with one live key exactly one adds; the others get its
        submission's id as Duplicate. A key is live until its `expires_at`, by the submission's `received_at`. The
        submission's id was made of the key (ids.place), and its messages' ids begin with it. The future fails with
        StoreUnavailable or StoreCorrupt, with TooLarge if files are more than the store takes; never cancelled by it.
        """
        ...

    def claim(
        self,
        *,
        now: datetime,
        lease_until: datetime,
        limit: int,
        service: str,
        ceiling: Ceiling,
        ids: Sequence[str] = (),
    ) -> Sequence[Claim]:
        """Claim due messages, the longest due first (or only those of `ids` that are due), as new attempts.

        A message is due when `due_at` <= now and no lease on it is live. No two callers get the same message
        while a lease lives; a lapsed lease makes it due again, and the new claim is `interrupted` if the lapsed
        attempt has no event. An attempt is durable before it is returned.
        """
        ...

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """Journal each outcome's events and end its claim: due at `retry_at`, or no longer due.

        A claim that is stale (its lease lapsed and another took over, or a resend was asked since) keeps its events
        and changes no work. Follow-ups are kept in the same write.
        """
        ...

    def record(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Recorded]:
        """Journal events from outside, in one write; the answer has one word for each, in order.

        An event is matched by `token`, else by `service` with `service_id` (that an `accepted` event stated). An
        unmatched one is kept as an orphan, and is joined to its attempt if an `accepted` event that comes later
        states its service_id; without `orphans` it is let go, and answered ORPHAN all the same. A repetition (same
        key on the same attempt) changes nothing. Once an event other than ANSWER_LOST, INTERRUPTED, DEFERRED,
        UNCONFIRMED, SILENT or OTHER is known for the latest attempt, the message is not due.
        """
        ...

    def resend(
        self,
        message_id: str,
        *,
        now: datetime,
        recipient: str = "",
        max_corrections: int = 0,
        follow_up: FollowUp,
    ) -> bool:
        """Make a message due now for a new attempt; with `recipient`, to a corrected address.

        False, and nothing is changed: if there is no such message, or a `recipient` is given and the message was
        corrected `max_corrections` times already.
        """
        ...

    def next_due(self) -> datetime | None:
        """When the next message becomes due or a lease lapses; None when there is no work."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """The ids of messages that are due at `now`, the longest due first, up to `limit`; nothing is claimed.

        A hint for `claim`: what it names another may have taken meanwhile, and it may miss what came just now.
        """
        ...

    def receipt(self, token_hash: str) -> Timeline | None:
        """The submission whose receipt token has this hash, with all that became of it."""
        ...

    def timeline(self, submission_id: str) -> Timeline | None:
        """One submission with all that became of it."""
        ...

    def page(self, query: Query) -> Page:
        """A page of submissions, newest first. A page never takes longer because more is stored."""
        ...

    def file(self, submission_id: str, position: int) -> File | None:
        """The file at this position of the submission's entry list. Listings and timelines carry files empty."""
        ...

    def file_link(self, submission_id: str, position: int) -> str | None:
        """An address that gives such a file to whoever has it, for some minutes, only ever as a download.

        None where the store has no such address, or there is no such file: then `file` tells.
        """
        ...

    def orphans(self, limit: int) -> Sequence[DeliveryEvent]:
        """The newest events that belong to no attempt."""
        ...

    def join_orphans(self, follow_up: FollowUp) -> int:
        """Journal each orphan whose attempt is known by now, as `record` would; how many."""
        ...

    def erase(
        self,
        *,
        submission_id: str = "",
        address: str = "",
        received_before: datetime | None = None,
        retained_before: datetime | None = None,
    ) -> int:
        """Erase submissions with their messages, attempts, events and files; how many.

        Exactly one condition is given: an id; an address (as visitor or recipient of a confirmation); an age; or
        retention that ended. Events that belong to nobody go too, if they name someone erased or are as old, and
        so do suppressions of someone erased. When it returns no byte of them is left in the store's files.
        StoreUnavailable may mean here that the rows are gone and traces remain; it says so, and the next erasure
        removes them.
        """
        ...

    def counts(self) -> Mapping[str, int]:
        """Figures for people and logs: submissions, messages, due, orphans."""
        ...

    def put_code(self, code_hash: str, expires_at: datetime) -> None:
        """Keep a one-time code (hashed) that opens the desk until `expires_at`."""
        ...

    def take_code(self, code_hash: str, now: datetime) -> bool:
        """True once for a live code; it is gone afterwards."""
        ...

    def mark(self, name: str) -> datetime | None:
        """The moment kept under this name, or None."""
        ...

    def put_mark(self, name: str, at: datetime) -> None:
        """Keep a moment under a name, in place of the one before."""
        ...

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """Keep what a service's list holds at `at`, in place of what it held before."""
        ...

    def suppressions(self) -> Sequence[SuppressionList]:
        """The lists as last read, in the order of the services' names; one that was never read is not among them."""
        ...

    def close(self) -> None:
        """Finish the writes under way and let go of the files. Later calls raise StoreUnavailable."""
        ...


ReadChange = Callable[[Mapping[str, Any]], Mapping[str, datetime]]
"""Reads one record of a store's change stream: the messages that the change left due and unclaimed, and when each is
due. Raises Malformed: if the record cannot be read. The store's claim decides, not this."""
