"""Which forms are sent so often at present that it is worth asking for more. Counted in this process alone."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MANY = 30
"""Posts to one form, those included that were not taken."""
WITHIN_SECONDS = 600.0


class Rush:
    """Counts posts by form. To be used in one thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._latest: dict[str, deque[float]] = {}
        """When the last MANY came."""

    def note(self, form: str) -> None:
        """One came."""
        latest = self._latest.get(form)
        if latest is None:
            latest = self._latest[form] = deque(maxlen=MANY)
        latest.append(self._monotonic())

    def is_on(self, form: str) -> bool:
        """Whether MANY came lately."""
        latest = self._latest.get(form)
        if latest is None or len(latest) < MANY:
            return False
        return self._monotonic() - latest[0] < WITHIN_SECONDS
