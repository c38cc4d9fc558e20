"""When a notice that was not taken is told again: ten times within 75 hours, as Standard Webhooks has it. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
LONGEST_WISH = timedelta(hours=24)
"""A receiver's Retry-After is obeyed up to this."""
_JITTER = 1.1

Draw = Callable[[float, float], float]


def next_try(
    tries: int, now: datetime, wished_seconds: float | None = None, draw: Draw = random.uniform
) -> datetime | None:
    """When to tell it again after so many tries; None: it is given up."""
    if tries > len(PAUSES):
        return None
    pause = PAUSES[max(tries, 1) - 1] * draw(1.0, _JITTER)
    wish = min(timedelta(seconds=wished_seconds or 0), LONGEST_WISH)
    return now + max(pause, wish)
