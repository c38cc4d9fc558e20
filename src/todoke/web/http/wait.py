"""Wait in the event loop for what the store's thread finishes, many at a time.

The store finishes whole groups of writes at once; `asyncio.wrap_future` would wake the loop for each of them. Here the
first of a group wakes it and the others are found there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Waiting:
    """Futures of other threads that one event loop waits for. Made for each loop; `wait` belongs to that loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._finished: deque[asyncio.Future[None]] = deque()
        self._is_woken = False

    async def wait(self, future: Future[T]) -> T:
        """The result of `future`, or its exception."""
        if not future.done():
            waiter: asyncio.Future[None] = self.loop.create_future()
            future.add_done_callback(lambda _: self._finish(waiter))
            await waiter
        return future.result()

    def _finish(self, waiter: asyncio.Future[None]) -> None:
        """Called in the thread that finished it: put it down, and wake the loop unless that is under way."""
        self._finished.append(waiter)
        if not self._is_woken:
            self._is_woken = True
            self.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        # Taken back first: what is put down from here on wakes the loop again, or is found below.
        self._is_woken = False
        while self._finished:
            waiter = self._finished.popleft()
            if not waiter.done():
                waiter.set_result(None)
