"""Wait in the event loop for what a thread finishes: the store's, many at a time, or one for what takes long.

Whom we ask beside (a provider, the DNS) may take no more of anybody's time than was allowed.

The store finishes whole groups of writes at once; `asyncio.wrap_future` would wake the loop for each of them. Here the
first of a group wakes it and the others are found there.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar

from todoke.model.log import get_logger

T = TypeVar("T")
P = ParamSpec("P")
_log = get_logger(__name__)

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


class Inquiries:
    """Questions to others, each in a thread of its own: `most` at once, and nobody waits longer than `seconds`.

    A thread that nobody waits for any longer counts as one until it ends.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._under_way = 0

    async def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """The answer; `otherwise` where there is none in time, where it fails, or where too many are under way."""
        with self._lock:
            if self._under_way >= self._most:
                return otherwise
            self._under_way += 1
        answer: Future[T] = Future()
        answer.set_running_or_notify_cancel()  # from here on only its thread ends it
        try:
            self._begin(question, answer)
            return await asyncio.wait_for(asyncio.wrap_future(answer), self._seconds)
        except Exception as error:  # noqa: BLE001 whoever asked goes on without an answer
            if not isinstance(error, TimeoutError):
                _log.warning("inquiry_failed", error=type(error).__name__)
            return otherwise

    def _begin(self, question: Callable[[], T], answer: Future[T]) -> None:
        worker = threading.Thread(target=self._answer, args=(question, answer), daemon=True)
        try:
            worker.start()
        except RuntimeError:  # the machine has no thread to give
            self._end()
            raise

    def _end(self) -> None:
        with self._lock:
            self._under_way -= 1

    def _answer(self, question: Callable[[], T], answer: Future[T]) -> None:
        try:
            found = question()
        except BaseException as error:  # noqa: BLE001 it is raised where it is waited for
            answer.set_exception(error)
        else:
            answer.set_result(found)
        finally:
            self._end()
