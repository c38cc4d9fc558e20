"""A file that is made while it is sent; or whole, where an answer has a bound in size and time, as on AWS Lambda."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.responses import Response, StreamingResponse

from todoke.web.pages import pages

WHOLE_WITHIN_SECONDS = 20.0
"""API Gateway gives up after 30."""


class TooMuch(Exception):
    """The file is larger than an answer may be here, or takes longer."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file: what it is called, its media type, and its parts in order."""

    name: str
    media_type: str
    parts: Iterator[bytes]


async def send(download: Download, turns: asyncio.Semaphore, most_bytes: int = 0) -> Response:
    """200 with the file, to be saved. 0 `most_bytes` is no bound, else TooMuch is raised before anything is sent.

    It waits for its turn, so that however many files are asked for, visitors' forms find a thread that is free.
    """
    headers = download_headers(download.name)
    if not most_bytes:
        return StreamingResponse(_in_turn(download.parts, turns), 200, headers, download.media_type)
    async with turns:
        content = await run_in_threadpool(_whole, download.parts, most_bytes)
    return Response(content, 200, headers, download.media_type)


async def _in_turn(parts: Iterator[bytes], turns: asyncio.Semaphore) -> AsyncIterator[bytes]:
    async with turns:
        async for part in iterate_in_threadpool(parts):
            yield part


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
