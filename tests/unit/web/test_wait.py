"""Waiting in the loop for another thread's results."""

from __future__ import annotations

import asyncio
import random
import threading
from concurrent.futures import Future

import pytest

from todoke.model.errors import StoreUnavailable
from todoke.web.http.wait import Inquiries, Waiting


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


class TestInquiries:
    def test_an_answer_and_none(self) -> None:
        """What is found; what was said otherwise where it is too late, or nobody could tell."""
        ends = threading.Event()

        def fails() -> str:
            raise OSError

        async def ask() -> list[str]:
            inquiries = Inquiries(4, 0.05)
            slow = inquiries.ask(lambda: str(ends.wait(20)), "late")
            return await asyncio.gather(
                Inquiries(1, 20).ask(lambda: "yes", "no"), inquiries.ask(fails, "failed"), slow
            )

        try:
            assert asyncio.run(ask()) == ["yes", "failed", "late"]
        finally:
            ends.set()

    def test_few_at_once(self) -> None:
        """One that nobody waits for any longer counts until it ends, and then there is room again."""
        ends = threading.Event()

        def hang() -> str:
            ends.wait(20)
            return "yes"

        async def again(inquiries: Inquiries) -> str:
            await asyncio.sleep(0.01)
            return await inquiries.ask(lambda: "room", "busy")

        async def ask() -> list[str]:
            inquiries = Inquiries(1, 0.05)
            found = [await inquiries.ask(hang, "late"), await inquiries.ask(lambda: "x", "busy")]
            ends.set()
            answers = [await again(inquiries) for _ in range(500)]
            return [*found, answers[-1]]

        assert asyncio.run(ask()) == ["late", "busy", "room"]

    def test_no_thread_to_give(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The machine is full: nothing is known, and nothing is counted as under way."""

        def none(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        inquiries = Inquiries(1, 20)
        with monkeypatch.context() as full:
            full.setattr(threading.Thread, "start", none)
            assert asyncio.run(inquiries.ask(lambda: "x", "otherwise")) == "otherwise"
        assert asyncio.run(inquiries.ask(lambda: "x", "otherwise")) == "x"
