"""How much one address may have stored, and how many confirmations one network may ask for.

Enough for all who share it, too little to fill a disk or a mail account by. It is no defence against spam. Nothing is
dropped in silence: who is beyond it is refused and told when to come back, or told that no confirmation is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable

WITHIN_SECONDS = 600.0
MOST_REMEMBERED = 10_000
"""Peers; of more, those are forgotten of which nothing came for the longest."""


class Allowance:
    """At most `most` at once of one peer, which come back evenly within a time. To be used in one thread.

    0 means no bound. "" is nobody in particular, and has none.
    """

    def __init__(
        self,
        most: int,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        within_seconds: float = WITHIN_SECONDS,
    ) -> None:
        self._most = most
        self._within_seconds = within_seconds
        self._monotonic = monotonic
        self._used: dict[str, tuple[float, float]] = {}
        """How much of it, and when that was; who came last stands last."""

    def take(self, peer: str) -> bool:
        """Whether one more may be stored for this peer, which then counts."""
        if not peer or not self._most:
            return True
        now = self._monotonic()
        used, at = self._used.pop(peer, (0.0, now))
        used = max(0.0, used - (now - at) * self._most / self._within_seconds)
        is_free = used + 1 <= self._most
        self._used[peer] = (used + is_free, now)
        if len(self._used) > MOST_REMEMBERED:
            del self._used[next(iter(self._used))]
        return is_free

    def give_back(self, peer: str) -> None:
        """What was taken did not come to be stored."""
        used, at = self._used.get(peer, (0.0, 0.0))
        if used:
            self._used[peer] = (max(0.0, used - 1), at)
