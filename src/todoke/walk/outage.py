"""After an outage: which of the mails that failed are worth another attempt, and which are not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from todoke.model.delivery import PARTY_OF, Party, Permanence
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.walk.app import App
from todoke.walk.resend import resend


class LeftOut(StrEnum):
    """Why a mail that failed is not sent again with the others."""

    ADDRESS = "address"
    """Its address cannot be expected to work: it would fail again."""
    UNWANTED = "unwanted"
    """Its recipient called one unwanted."""
    ALERT = "alert"
    """It told of another mail that failed: that one is sent again in its stead."""
    NOT_YOURS = "not_yours"
    """It is of a submission that this person only reads."""


@dataclass(frozen=True, slots=True)
class Failed:
    """`again` is to be sent again, `left_out` is how many are not, by why."""

    again: tuple[MessageTimeline, ...]
    left_out: Counter[LeftOut]

    @property
    def digest(self) -> str:
        """What names exactly these mails: of a page that somebody agreed to."""
        ids = "\n".join(sorted(m.message.id for m in self.again))
        return hashlib.sha256(ids.encode()).hexdigest()[:32]


def what_failed(timelines: Iterable[tuple[Timeline, bool]]) -> Failed:
    """Part what failed; with each submission whether it is this person's to work on."""
    again: list[MessageTimeline] = []
    left_out: Counter[LeftOut] = Counter()
    for timeline, may_change in timelines:
        for message in timeline.messages:
            if not message.standing.status.is_failure:
                continue
            why = _why_not(message) if may_change else LeftOut.NOT_YOURS
            if why is None:
                again.append(message)
            else:
                left_out[why] += 1
    return Failed(tuple(again), left_out)


def resend_all(app: App, failed: Failed) -> int:
    """Make each due for a new attempt; how many were. One that was erased meanwhile, or that somebody else sent again,
    is none. Raises StoreError."""
    return sum(resend(app, message) for message in failed.again)


def _why_not(message: MessageTimeline) -> LeftOut | None:
    standing = message.standing
    if message.message.role is Role.ALERT:
        return LeftOut.ALERT
    if any(attempt.standing.complained for attempt in message.attempts):
        return LeftOut.UNWANTED
    is_of_address = standing.reason is not None and PARTY_OF[standing.reason] is Party.RECIPIENT
    if is_of_address and standing.permanence is Permanence.HARD:
        return LeftOut.ADDRESS
    return None
