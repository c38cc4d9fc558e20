"""The lists that a submission is in: a pure function of what became of it and what the desk's people did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from todoke.model.address import mailbox_key
from todoke.model.care import Care
from todoke.model.delivery import Reading, reading
from todoke.model.message import MessageTimeline
from todoke.stores.rules.values import plain
from todoke.stores.rules.work import Work

UNREAD, ATTENTION, STARRED, DONE = "unread", "attention", "starred", "done"
WAITS = "waits"
"""Of a message that will read UNKNOWN, now or once its service was silent for long enough."""
ALL = (UNREAD, ATTENTION, STARRED, DONE, WAITS)
"""Every list but those of who takes submissions on."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def lists_of(care: Care, works: Iterable[Work]) -> frozenset[str]:
    """The names of the lists that a submission is in."""
    works = tuple(works)
    in_it = {
        UNREAD: care.read_at is None,
        ATTENTION: care.done_at is None and any(map(_failed, works)),
        STARRED: care.starred,
        DONE: care.done_at is not None,
        WAITS: any(map(_waits, works)),
    }
    names = {name for name, is_in in in_it.items() if is_in}
    return frozenset(names | ({taken_on_by(care.assignee)} if care.assignee else set()))


def taken_on_by(address: str) -> str:
    """The list of what somebody takes on."""
    return f"for {plain(mailbox_key(address))}"


def read_at(message: MessageTimeline, silent_since: datetime) -> Reading:
    """The word that people read of a message, if its service had to be heard of since `silent_since`."""
    return reading(
        message.standing, ceiling=message.ceiling, now=silent_since, expected=timedelta(0)
    )


def _failed(work: Work) -> bool:
    """Whether a message failed, or its recipient complained of it."""
    standing = work.timeline.standing
    return standing.status.is_failure or standing.complained


def _waits(work: Work) -> bool:
    return read_at(work.timeline, _NEVER) is Reading.UNKNOWN
