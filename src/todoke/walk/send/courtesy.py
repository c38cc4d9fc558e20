"""Who goes first when both want the processor: a visitor who waits for an answer, or a mail that is due.

The door says how many wait; the sender's threads take turns. One interpreter serves both, so while several visitors
wait the hand-overs of all threads together get a small share of its time, and make up for it afterwards. It is never
nothing: a form that is always busy still sends its mails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

CROWD = 4
"""So many waiting at once is a crowd; fewer are served between two mails without noticing."""
REST_FACTOR = 8
"""While there is a crowd, hand-overs rest this many times as long as the processor worked for them."""
LONGEST_REST_SECONDS = 0.25


class Courtesy:
    """Shared by a door, which belongs to one event loop, and any number of sending threads."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.thread_time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.waiting = 0
        self._rest_until = 0.0
        self._lock = threading.Lock()
        self._line = threading.Lock()
        self._monotonic, self._processor, self._sleep = monotonic, processor, sleep

    @property
    def is_crowded(self) -> bool:
        """True while so many wait that mails should."""
        return self.waiting >= CROWD

    def visitor(self) -> _Visitor:
        """While the `with` block runs, one more visitor waits. Called in the door's event loop only."""
        return _Visitor(self)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this thread's turn to hand over a mail; the block is the hand-over."""
        self._rest()
        before = self._processor()
        try:
            yield
        finally:
            if self.is_crowded:
                self._owe((self._processor() - before) * REST_FACTOR)

    def _rest(self) -> None:
        """Sleep as long as is owed, or until the crowd is gone.

        One thread looks at the clock and the others stand in line behind it: each look costs the interpreter.
        """
        if not self.is_crowded:
            return
        with self._line:
            while self.is_crowded:
                left = self._rest_until - self._monotonic()
                if left <= 0:
                    return
                self._sleep(min(left, 0.02))

    def _owe(self, seconds: float) -> None:
        with self._lock:
            start = max(self._rest_until, self._monotonic())
            self._rest_until = min(start + seconds, self._monotonic() + LONGEST_REST_SECONDS)


class _Visitor:
    """One who waits; plainer, and so quicker, than a generator in every request."""

    __slots__ = ("_courtesy",)

    def __init__(self, courtesy: Courtesy) -> None:
        self._courtesy = courtesy

    def __enter__(self) -> None:
        self._courtesy.waiting += 1

    def __exit__(self, *_: object) -> None:
        self._courtesy.waiting -= 1
