"""One answer for all who ask within some seconds, so that strangers cannot make us work for each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Said = TypeVar("Said")


class Lately(Generic[Said]):
    """What `ask` (a blocking call, which raises nothing) last said, if that is not older than `seconds`.

    It is asked in a thread, never twice at once. To be used in one event loop.
    """

    def __init__(
        self,
        ask: Callable[[], Said],
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._monotonic = monotonic
        self._asked: asyncio.Task[Said] | None = None
        self._good_until = 0.0

    async def get(self, patience_seconds: float) -> Said:
        """The answer. Raises TimeoutError: if it does not come within `patience_seconds`; others may still get it."""
        asked = self._asked
        if asked is None or (asked.done() and self._monotonic() >= self._good_until):
            asked = self._asked = asyncio.create_task(self._ask_anew())
        return await asyncio.wait_for(asyncio.shield(asked), patience_seconds)

    async def _ask_anew(self) -> Said:
        answer = await asyncio.to_thread(self._ask)
        self._good_until = self._monotonic() + self._seconds
        return answer
