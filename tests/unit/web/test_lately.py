"""One answer for all who ask within some seconds."""

from __future__ import annotations

import asyncio
import threading

import pytest

from todoke.web.http.lately import Lately


def test_however_many_ask_it_is_asked_once_in_a_while() -> None:
    """Together or one after the other; once the time is over, anew."""
    now, asked = [0.0], []

    def ask() -> int:
        asked.append(1)
        return len(asked)

    async def story() -> list[int]:
        lately = Lately(ask, 3.0, lambda: now[0])
        together = await asyncio.gather(*(lately.get(5.0) for _ in range(200)))
        after = [await lately.get(5.0) for _ in range(200)]
        now[0] += 3.0
        return [*set(together), *set(after), await lately.get(5.0)]

    assert asyncio.run(story()) == [1, 1, 2]
    assert len(asked) == 2


def test_who_has_waited_long_enough_gives_up_and_no_second_try_is_begun() -> None:
    """A disk that hangs takes one thread, not one for each who asks; when it comes back, all get its answer."""
    go_on, asked = threading.Event(), []

    def ask() -> str:
        asked.append(1)
        go_on.wait(30)
        return "here"

    async def story() -> str:
        lately = Lately(ask, 3.0)
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await lately.get(0.01)
        go_on.set()
        return await lately.get(30)

    assert asyncio.run(story()) == "here"
    assert asked == [1]
