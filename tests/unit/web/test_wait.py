"""Waiting in the loop for another thread's results."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import Future

import pytest

from todoke.model.errors import StoreUnavailable
from todoke.web.http.wait import Waiting


def test_each_waits_for_its_own_result() -> None:
    """Whatever the order and the moment in which a thread finishes them, nobody is forgotten or mixed up."""

    async def ask_all() -> list[int]:
        waiting = Waiting(asyncio.get_running_loop())
        futures: list[Future[int]] = [Future() for _ in range(2_000)]
        order = list(enumerate(futures))
        random.Random(1).shuffle(order)
        halves = [order[:1_000], order[1_000:]]
        threads = [threading.Thread(target=_finish, args=(half,)) for half in halves]
        tasks = [asyncio.create_task(waiting.wait(future)) for future in futures[::2]]
        for thread in threads:
            thread.start()
        results = await asyncio.gather(*tasks, *(waiting.wait(future) for future in futures[1::2]))
        for thread in threads:
            thread.join()
        return results

    results = asyncio.run(asyncio.wait_for(ask_all(), 60))
    assert results == [*range(0, 2_000, 2), *range(1, 2_000, 2)]


def _finish(numbered: list[tuple[int, Future[int]]]) -> None:
    for number, future in numbered:
        future.set_result(number)


def test_an_error_is_raised_to_who_waits() -> None:
    """The store's errors arrive as they are."""

    async def ask() -> None:
        future: Future[int] = Future()
        threading.Timer(0.01, future.set_exception, [StoreUnavailable("full")]).start()
        await Waiting(asyncio.get_running_loop()).wait(future)

    with pytest.raises(StoreUnavailable, match="full"):
        asyncio.run(ask())


def test_a_request_that_is_given_up_leaves_the_write_alone() -> None:
    """A cancelled request neither cancels what the store has begun, nor disturbs the others."""

    async def ask() -> int:
        waiting = Waiting(asyncio.get_running_loop())
        given_up: Future[int] = Future()
        other: Future[int] = Future()
        task = asyncio.create_task(waiting.wait(given_up))
        await asyncio.sleep(0)
        task.cancel()
        threading.Timer(0.01, _finish, [[(1, given_up), (2, other)]]).start()
        return await waiting.wait(other)

    assert asyncio.run(ask()) == 2
