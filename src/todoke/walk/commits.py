"""How the writer's transactions went: counted by the writer's thread alone, read by any."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Of a histogram: from a good disk's fsync to one that makes visitors wait."""


class Commits:
    """Group commits since the start: how many, of how many writes, how long they took.

    `within` counts those that took at most each of BOUNDS_SECONDS, and more than the bound before; the last one those
    that took longer than all. `failures` are groups of which nothing was kept.
    """

    def __init__(self) -> None:
        self.writes = 0
        self.failures = 0
        self.seconds = 0.0
        self.within = [0] * (len(BOUNDS_SECONDS) + 1)

    def note(self, writes: int, seconds: float) -> None:
        """One more, of so many writes."""
        self.writes += writes
        self.seconds += seconds
        self.within[bisect_left(BOUNDS_SECONDS, seconds)] += 1
