"""A file that is made while it is sent; or whole, where an answer has a bound in size and time, as on AWS Lambda.

Few are written at one time. Who reads slowly holds no turn, and of one person few are open.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from todoke.web.pages import pages

WHOLE_WITHIN_SECONDS = 20.0
"""API Gateway gives up after 30."""
_AT_ONCE = 3
"""Files that are written at one time: however many are asked for, visitors' forms find a thread that is free."""
MOST_OPEN = 2
"""Files of one person that are not read to their end: fewer than are written at one time, so that nobody has all turns.
Each holds a page of submissions, and a workbook a file."""
_PART_BYTES = 65_536


class TooMuch(Exception):
    """The file is larger than an answer may be here, or takes longer."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file: what it is called, its media type, and its parts in order."""

    name: str
    media_type: str
    parts: Iterator[bytes]


class TooManyOpen(Exception):
    """This person has as many files open as one may have."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Who writes a file now, and how many files each person, by their key, has open."""

    writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    open: Counter[str] = field(default_factory=Counter)


async def send(download: Download, turns: Turns, whose: str, most_bytes: int = 0) -> Response:
    """200 with the file, to be saved. 0 `most_bytes` is no bound, else TooMuch is raised before anything is sent.

    Raises TooManyOpen: if the person of the key `whose` has MOST_OPEN.
    """
    if turns.open[whose] >= MOST_OPEN:
        raise TooManyOpen
    headers = download_headers(download.name)
    if not most_bytes:
        return _Open(download, headers, turns, whose)
    async with turns.writing:
        content = await run_in_threadpool(_whole, download.parts, most_bytes)
    return Response(content, 200, headers, download.media_type)


class _Open(StreamingResponse):
    """A file that counts as open until it is read to its end, or its reader is gone."""

    def __init__(
        self, download: Download, headers: dict[str, str], turns: Turns, whose: str
    ) -> None:
        parts = _in_turn(download.parts, turns.writing)
        super().__init__(parts, 200, headers, download.media_type)
        self._turns, self._whose = turns, whose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI)."""
        self._turns.open[self._whose] += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._turns.open[self._whose] -= 1


async def _in_turn(parts: Iterator[bytes], writing: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """A turn is for one part: it is over when the part is written, however slowly that is read."""
    while True:
        async with writing:
            part = await run_in_threadpool(_next, parts)
        if not part:
            return
        yield part


def _next(parts: Iterator[bytes]) -> bytes:
    """The next parts as one of some size; b"" after the last."""
    content = bytearray()
    for part in parts:
        content += part
        if len(content) >= _PART_BYTES:
            break
    return bytes(content)


def download_headers(name: str) -> dict[str, str]:
    """Of what is saved under this name, and never opened in place."""
    return {
        **pages.security_headers(),
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='', errors='replace')}",
    }


def _whole(parts: Iterator[bytes], most_bytes: int) -> bytes:
    until = time.monotonic() + WHOLE_WITHIN_SECONDS
    content = bytearray()
    for part in parts:
        content += part
        if len(content) > most_bytes or time.monotonic() > until:
            raise TooMuch
    return bytes(content)
