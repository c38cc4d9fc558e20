"""When to try again, and when to stop: exponential backoff with full jitter, over days. Pure.

The three ways a hand-over fails ask for three answers. Not taken now: again, soon at first, then ever less often,
until `give_up_after`. Refused: never. Answer lost: the mail may have been taken, so a visitor's confirmation is
never repeated silently, while a manager's notification, which must not be lost, is repeated twice at most if the
service has no way to tell us.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from todoke.model.delivery import Ceiling
from todoke.model.message import Claim, Role

MOST_REPEATS = 2
"""So often a mail whose answer was lost is handed over again: a server that is always too slow may take every copy."""
Draw = Callable[[float, float], float]
"""A random number between two bounds; random.uniform, or a fixed one in tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a deferred message is tried again.

    The n-th pause is drawn evenly between `shortest` and `first` * 2**n, at most `longest` (full jitter: messages
    that failed together do not come back together). A server that asks for a pause gets at least that.
    """

    give_up_after: timedelta
    first: timedelta = timedelta(minutes=1)
    shortest: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=4)
    after_lost_answer: timedelta = timedelta(minutes=15)
    draw: Draw = random.uniform

    def gives_up_at(self, claim: Claim) -> datetime:
        """When this message is given up: so long after it was made, or after a person last asked for it."""
        return (claim.resend_asked_at or claim.message.created_at) + self.give_up_after

    def after_deferral(
        self, claim: Claim, now: datetime, *, wished_seconds: float | None = None
    ) -> datetime | None:
        """When to try a deferred message again, or None when that would be after it is given up.

        A wish of the service that lies beyond the end is cut to it, so that one last attempt is made.
        """
        end = self.gives_up_at(claim)
        if now >= end:
            return None
        pause = self._pause(claim.attempt.number)
        if wished_seconds is not None and wished_seconds > 0:
            pause = max(pause, timedelta(seconds=min(wished_seconds, 86_400 * 30)))
        return min(now + pause, end)

    def after_lost(self, claim: Claim, now: datetime) -> datetime | None:
        """When to repeat a message whose answer was lost, or None: never.

        Never for a visitor (two confirmations of one submission), and never where the service reports deliveries:
        its events will tell. Otherwise after a while, by when a server that is only slow has settled it, and
        MOST_REPEATS times at most.
        """
        if claim.message.role is Role.CONFIRMATION or claim.attempt.ceiling is Ceiling.DELIVERED:
            return None
        if claim.answers_lost >= MOST_REPEATS:
            return None
        at = now + max(self.after_lost_answer, self._pause(claim.attempt.number))
        return at if at < self.gives_up_at(claim) else None

    def _pause(self, number: int) -> timedelta:
        doubled = self.first * 2 ** min(number, 20)
        top = min(doubled, self.longest)
        return timedelta(seconds=self.draw(self.shortest.total_seconds(), top.total_seconds()))
