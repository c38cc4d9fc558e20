"""The outbox: submissions and the messages they cause, kept in one write; what is due, and who hands it over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol

import msgspec

from todoke.model.address import NOBODY, Address
from todoke.model.delivery import Ceiling
from todoke.model.message import Claim, Message, MessageTimeline, Outcome
from todoke.model.notice import Notice
from todoke.model.submission import RepeatKey, Submission
from todoke.ports.journal import FollowUp


class Added(msgspec.Struct, frozen=True):
    """The submission and its messages are durable."""

    submission_id: str


class Duplicate(msgspec.Struct, frozen=True):
    """The same request was accepted before, as `submission_id`; nothing was written.

    `same_content` is False when the key was used before for other content. `upload` is the one of RepeatKey.uploads
    that another submission took, "" where the key itself came before.
    """

    submission_id: str
    same_content: bool
    upload: str = ""


class Backlog(msgspec.Struct, frozen=True):
    """What is due, in hand or to be tried again: how many messages, and when the oldest of them was made."""

    messages: int
    oldest: datetime | None


class Outbox(Protocol):
    """Keeps messages until they are handed over. Durability and errors are those of Store."""

    def add(
        self,
        submission: Submission,
        messages: Sequence[Message],
        repeat: RepeatKey | None,
        notices: Sequence[Notice] = (),
    ) -> Future[Added | Duplicate]:
        """Keep a submission with its files, its messages and its notices, all due now, in one atomic write. Of a
        submission with signals no message is due: they are kept for review.

        With `repeat`, of any number of concurrent calls with one live key exactly one adds; the others get its
        submission's id as Duplicate. A key is live until its `expires_at`, by the submission's `received_at`. The
        submission's id was made of the key (ids.place), and its messages' ids begin with it. The same holds of each of
        its `uploads`, whatever the key: one submission takes it, until the key expires or that submission is erased. A
        restored submission (Movable) has its key again, and not its uploads.

        The submissions of a form are numbered (`ordinal`) from 1 on, and a restored one keeps its number. On one
        machine it is given in this write, so that a number is missing only where one was erased; in a table with the
        first claim, so that one may also be missing where a claim was not kept. The future fails with
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

    def renew(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """Lengthen the leases of claims, so that nobody else takes what is still being handed over.

        A claim that has ended or is stale stays as it is.
        """
        ...

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """Journal each outcome's events and end its claim: due at `retry_at`, or no longer due.

        A claim that is stale (its lease lapsed and another took over, or a resend was asked since) keeps its events
        and changes no work. Follow-ups are kept in the same write.
        """
        ...

    def resend(
        self,
        message_id: str,
        *,
        now: datetime,
        recipient: Address = NOBODY,
        max_corrections: int = 0,
        seen: MessageTimeline | None = None,
        follow_up: FollowUp,
    ) -> bool:
        """Make a message due now for a new attempt; with `recipient`, to a corrected address.

        False, and nothing is changed: if there is no such message, it is in review, a `recipient` is given and the
        message was corrected `max_corrections` times already, or it is not as somebody has `seen` it any more: another
        attempt was asked for, or began.
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

    def backlog(self) -> Backlog:
        """All that waits. It is counted one by one: for people who ask, not for a page."""
        ...


ReadChange = Callable[[Mapping[str, Any]], Mapping[str, datetime]]
"""Reads one record of a store's change stream: the messages that the change left due and unclaimed, and when each is
due. Raises Malformed: if the record cannot be read. The store's claim decides, not this."""
