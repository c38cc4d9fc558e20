"""Rest while the mail service is down: one mail now and then asks whether it is back, the others wait untried."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from todoke.model.errors import SendDeferred

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 25.0  # so the first mail leaves within half a minute of the service's return
LONGEST_WISH_SECONDS = 900.0


class Circuit:
    """Open while the last hand-over met a fault that all would meet. Safe to call from several threads.

    `monotonic` is a clock that never steps.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._monotonic = monotonic
        self._draw = draw
        self._lock = threading.Lock()
        self._faults = 0
        self._rests_until = 0.0
        self.is_open = False

    def rest_seconds(self) -> float:
        """How long to rest from now; 0 when a hand-over may be tried."""
        return max(0.0, self._rests_until - self._monotonic()) if self.is_open else 0.0

    def note_fault(self, fault: SendDeferred) -> float:
        """Note a fault that all mails would meet; how long to rest. Faults met while resting lengthen nothing."""
        with self._lock:
            now = self._monotonic()
            if self.is_open and now < self._rests_until:
                return self._rests_until - now
            top = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(self._faults, 10))
            rest = self._draw(top / 2, top)
            if fault.retry_after_seconds:
                rest = max(rest, min(fault.retry_after_seconds, LONGEST_WISH_SECONDS))
            self._faults += 1
            self._rests_until = now + rest
            self.is_open = True
            return rest

    def note_answer(self) -> None:
        """Note that the service answered as it should: no more rest."""
        if self.is_open:
            with self._lock:
                self._faults = 0
                self.is_open = False
