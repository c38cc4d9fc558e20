"""How many claims a sender holds at once."""

from __future__ import annotations

import time

LEAST_PER_WORKER = 2
MOST_IN_HAND = 256  # bounds memory, and the duplicates of a crash


class Window:
    """As many claims as the workers hand over in half a second, so that none waits near its lease's end."""

    def __init__(self, workers: int) -> None:
        self._least = workers * LEAST_PER_WORKER
        self._rate = 0.0
        self._noted_at = time.monotonic()

    def note(self, mails: int) -> None:
        """Note that `mails` came back since the last time."""
        now = time.monotonic()
        rate = mails / max(now - self._noted_at, 0.001)
        self._noted_at = now
        self._rate += (rate - self._rate) * 0.2

    def most_in_hand(self) -> int:
        """The most claims to hold at once."""
        return int(min(MOST_IN_HAND, max(self._least, self._rate * 0.5)))
