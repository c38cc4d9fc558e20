"""The journal: all delivery events as they came, and what a store must do with one that comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from todoke.model.delivery import DeliveryEvent
from todoke.model.message import Message, MessageTimeline
from todoke.model.notice import Notice
from todoke.model.submission import Submission

FollowUp = Callable[[Submission, MessageTimeline, MessageTimeline], Sequence[Message | Notice]]
"""Decides, purely, which messages and notices a change of one message (before, after) causes. The store calls it inside
the write that makes the change and keeps them in that same write. It may be called more than once for one change; ids
must be derived, so that the same change causes the same."""


class Journaled(StrEnum):
    """What became of a delivery event. In each case it is durable when `journal` returns."""

    NEW = "new"
    REPEATED = "repeated"
    ORPHAN = "orphan"


class Journal(Protocol):
    """Keeps delivery events. Durability and errors are those of Store."""

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Journaled]:
        """Journal events from outside, in one write; the answer has one word for each, in order.

        An event is matched by `token`, else by `service` with `service_id` (that an `accepted` event stated). An
        unmatched one is kept as an orphan, and is joined to its attempt if an `accepted` event that comes later
        states its service_id; without `orphans` it is let go, and answered ORPHAN all the same. Of orphans only the
        beginning is kept of what is very long, and the newest 10,000 (in a table some hundred more). A repetition (same
        key on the same attempt) changes nothing. Once an event other than ANSWER_LOST, INTERRUPTED, DEFERRED,
        UNCONFIRMED, SILENT, PAUSED or OTHER is known for the latest attempt, the message is not due.
        """
        ...

    def orphans(self, limit: int) -> Sequence[DeliveryEvent]:
        """The newest events that belong to no attempt."""
        ...

    def join_orphans(self, follow_up: FollowUp) -> int:
        """Journal each orphan whose attempt is known by now, as `journal` would; how many."""
        ...
