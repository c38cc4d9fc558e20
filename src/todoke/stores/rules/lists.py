"""The lists that a submission is in: a pure function of what became of it and what the desk's people did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from todoke.model.address import mailbox_key
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import Reading, reading
from todoke.model.message import MessageTimeline, awaits_verdict
from todoke.model.submission import Submission
from todoke.stores.rules.values import plain
from todoke.stores.rules.work import Work

UNREAD, ATTENTION, STARRED, DONE = "unread", "attention", "starred", "done"
REVIEW, SPAM = "review", "spam"
"""Of what is kept for review and nobody judged, which is not among the unread; of what was said to be spam."""
WAITS = "waits"
"""Of a message that will read UNKNOWN, now or once its service was silent for long enough."""
ALL = (UNREAD, ATTENTION, STARRED, DONE, WAITS, REVIEW, SPAM)
"""Every list but those of who takes submissions on."""
_NEVER, _NO_TIME = datetime.max.replace(tzinfo=UTC), timedelta(0)


def lists_of(submission: Submission, care: Care, works: Iterable[Work]) -> frozenset[str]:
    """The names of the lists that a submission is in."""
    names = set()
    for work in works:
        standing = work.timeline.standing
        if care.done_at is None and (standing.status.is_failure or standing.complained):
            names.add(ATTENTION)
        if reading(standing, ceiling=work.timeline.ceiling, now=_NEVER, expected=_NO_TIME) is (
            Reading.UNKNOWN
        ):
            names.add(WAITS)
    if awaits_verdict(submission, care):
        names.add(REVIEW)
    elif care.read_at is None:
        names.add(UNREAD)
    if care.verdict is SpamVerdict.SPAM:
        names.add(SPAM)
    if care.starred:
        names.add(STARRED)
    if care.done_at is not None:
        names.add(DONE)
    if care.assignee:
        names.add(taken_on_by(care.assignee))
    return frozenset(names)


def taken_on_by(address: str) -> str:
    """The list of what somebody takes on."""
    return f"for {plain(mailbox_key(address))}"


def read_at(message: MessageTimeline, silent_since: datetime) -> Reading:
    """The word that people read of a message, if its service had to be heard of since `silent_since`."""
    return reading(message.standing, ceiling=message.ceiling, now=silent_since, expected=_NO_TIME)
