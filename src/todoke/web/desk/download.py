"""A file that is made while it is sent; or whole, where an answer has a bound in size and time, as on AWS Lambda.

Few are written at one time. Who reads slowly holds no turn, of one person few are open, and what nobody reads any more
is not written on.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from todoke.ports.archive import Count
from todoke.web.pages import pages

WHOLE_WITHIN_SECONDS = 20.0
"""API Gateway gives up after 30."""
_AT_ONCE = 3
"""Files that are written at one time: however many are asked for, visitors' forms find a thread that is free."""
MOST_OPEN = 2
"""Files of one person that are not read to their end: fewer than are written at one time, so that nobody has all turns.
Each holds a page of submissions."""
_PART_BYTES = 65_536


class TooMuch(Exception):
    """The file is larger than an answer may be here, or takes longer."""


class TooManyOpen(Exception):
    """This person has as many files open as one may have."""


@dataclass(slots=True)
class DownloadProgress:
    """How far a file is: how many submissions are written, `of` how many where they are counted; whether to go on."""

    of: Count | None = None
    written: int = 0
    is_wanted: bool = True
    ends_at: float = math.inf

    @property
    def is_late(self) -> bool:
        """Whether it took longer than it may."""
        return time.monotonic() > self.ends_at

    def watch(self, written: int) -> bool:
        """See todoke.report.export.Watch."""
        self.written = written
        return self.is_wanted and not self.is_late


@dataclass(frozen=True, slots=True)
class Download:
    """A file: what it is called, its media type, its parts in order, and how far it is."""

    name: str
    media_type: str
    parts: Iterator[bytes]
    progress: DownloadProgress = field(default_factory=DownloadProgress)


@dataclass(frozen=True, slots=True)
class Turns:
    """Who writes a file now, and which files each person, by their key, has open. `within` so many seconds one is
    written that has to be whole."""

    writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    open: dict[str, list[Download]] = field(default_factory=dict)
    within: float = WHOLE_WITHIN_SECONDS

    def close(self, download: Download, whose: str) -> None:
        """It is at its end, or nobody reads it: it is not written on."""
        download.progress.is_wanted = False
        left = [other for other in self.open.pop(whose, []) if other is not download]
        if left:
            self.open[whose] = left


async def send(download: Download, turns: Turns, whose: str, most_bytes: int = 0) -> Response:
    """200 with the file, to be saved. 0 `most_bytes` is no bound, else TooMuch is raised before anything is sent.

    Without a bound it counts as open from now on: until it is read to its end, its reader is gone, or `turns.close`.
    Raises TooManyOpen: if the person of the key `whose` has MOST_OPEN.
    """
    if len(turns.open.get(whose, ())) >= MOST_OPEN:
        raise TooManyOpen
    headers = download_headers(download.name)
    if not most_bytes:
        turns.open.setdefault(whose, []).append(download)
        return _Open(download, headers, turns, whose)
    async with turns.writing:
        content = await run_in_threadpool(_whole, download, most_bytes, turns.within)
    return Response(content, 200, headers, download.media_type)


class _Open(StreamingResponse):
    """A file that is closed when it is read to its end, or its reader is gone."""

    def __init__(
        self, download: Download, headers: dict[str, str], turns: Turns, whose: str
    ) -> None:
        parts = _in_turn(download.parts, turns.writing)
        super().__init__(parts, 200, headers, download.media_type)
        self._download, self._turns, self._whose = download, turns, whose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it (ASGI)."""

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                # A thread that writes is waited for: it must learn of it by itself.
                self._download.progress.is_wanted = False
            return message

        try:
            await super().__call__(scope, heard, send)
        finally:
            self._turns.close(self._download, self._whose)


async def _in_turn(parts: Iterator[bytes], writing: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """A turn is for one part: it is over when the part is written, however slowly that is read. The first is short, so
    that the browser shows the file at once."""
    least = 1
    while True:
        async with writing:
            part = await run_in_threadpool(_next, parts, least)
        if not part:
            return
        yield part
        least = _PART_BYTES


def _next(parts: Iterator[bytes], least: int) -> bytes:
    """The next parts as one of some size; b"" after the last."""
    content = bytearray()
    for part in parts:
        content += part
        if len(content) >= least:
            break
    return bytes(content)


def download_headers(name: str) -> dict[str, str]:
    """Of what is saved under this name, and never opened in place."""
    return {
        **pages.security_headers(),
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f"attachment; filename*=utf-8''{quote(name, safe='', errors='replace')}",
    }


def _whole(download: Download, most_bytes: int, within: float) -> bytes:
    progress = download.progress
    progress.ends_at = time.monotonic() + within
    content = bytearray()
    for part in download.parts:
        content += part
        if len(content) > most_bytes or progress.is_late:
            raise TooMuch
    if progress.is_late:
        raise TooMuch
    return bytes(content)
