"""Wait in the event loop for what a thread finishes: the store's, many at a time, or one for what takes long.

The store finishes whole groups of writes at once; `asyncio.wrap_future` would wake the loop for each of them. Here the
first of a group wakes it and the others are found there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

LONG_BYTES = 131_072
"""From this length on a body is read apart from the event loop: a shorter one takes 15 ms at the worst."""


async def apart(size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do what takes long with a long body in a thread, apart from the loop, so that nobody else waits for it."""
    if size > LONG_BYTES:
        return await asyncio.to_thread(function, *args, **kwargs)
    return function(*args, **kwargs)


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
