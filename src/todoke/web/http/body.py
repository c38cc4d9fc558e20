"""Read the body of a request whole, within limits of size and time."""

from __future__ import annotations

import asyncio
import re

from starlette.types import Receive, Scope

from todoke.model.errors import (
    Crowded,
    Malformed,
    TooLarge,
    TooSlow,
    Unsupported,
)
from todoke.web.http.asked import header

LEAST_BYTES_PER_SECOND = 1_024
"""Who sends or reads no faster holds a connection without need: a phone at the edge of its net does ten times that."""
DRAIN_BYTES = 4_194_304
DRAIN_SECONDS = 2.0
UNFINISHED_BYTES = 268_435_456
"""Of all bodies together that are still arriving: beyond it a process could be killed for its memory."""


_LENGTH = re.compile(rb"[0-9]{1,18}")


class Unfinished:
    """How many bytes are held of bodies that are not whole yet; at most `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0

    def hold(self, size: int) -> None:
        """Hold `size` bytes more. Raises Crowded: if these are too many; they count until they are let go."""
        self.size += size
        if self.size > self.most:
            raise Crowded("Many large forms are on their way just now. Please send this again.")

    def let_go(self, size: int) -> None:
        """Hold `size` bytes less."""
        self.size -= size


_UNFINISHED = Unfinished(UNFINISHED_BYTES)


async def read_body(
    scope: Scope,
    receive: Receive,
    *,
    limit: int,
    seconds: float,
    unfinished: Unfinished = _UNFINISHED,
) -> bytes:
    """The whole body of a request, of `limit` bytes at most, within `seconds`.

    Raises TooLarge, TooSlow: if it passes these. Crowded: if too much of other bodies is on its way. Unsupported: if it
    is compressed, since what a bomb unpacks to cannot be known before. Malformed: if its length is not stated as RFC
    9110 8.6 says, or it ends early.
    """
    if header(scope, b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Unsupported("A form is sent without Content-Encoding.")
    declared = _content_length(scope)
    if declared > limit:
        if not header(scope, b"expect"):
            await _drain(receive)
        raise TooLarge(f"The form may hold {limit} bytes at most.")
    try:
        async with asyncio.timeout(seconds):
            body = await _receive_all(receive, limit, unfinished)
    except TimeoutError as error:
        raise TooSlow from error
    except TooLarge:
        await _drain(receive)
        raise
    if len(body) < declared:
        raise Malformed("The body is shorter than its Content-Length.")
    return body


async def _receive_all(receive: Receive, limit: int, unfinished: Unfinished) -> bytes:
    chunk, more = await _receive_chunk(receive)
    if len(chunk) > limit:
        raise TooLarge(f"The form may hold {limit} bytes at most.")
    if not more:  # nearly always: what comes in one piece holds no place
        return chunk
    body = bytearray(chunk)  # not a list of pieces, for strangers choose how small these are
    try:
        unfinished.hold(len(body))
        while more:
            chunk, more = await _receive_chunk(receive)
            if len(body) + len(chunk) > limit:
                raise TooLarge(f"The form may hold {limit} bytes at most.")
            body += chunk
            unfinished.hold(len(chunk))
        return bytes(body)
    finally:
        unfinished.let_go(len(body))


async def _receive_chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Malformed("The connection ended before the body did.")
    return message.get("body", b""), message.get("more_body", False)


async def _drain(receive: Receive) -> None:
    """Let some more of an unwanted body pass: a client that is cut off while it writes never reads the answer."""
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while size < DRAIN_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _content_length(scope: Scope) -> int:
    """What Content-Length states, 0 if nothing: one plain number, or the body's end would be open to opinion."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    if not values:
        return 0
    if len(values) > 1 or not _LENGTH.fullmatch(values[0]):
        raise Malformed("The Content-Length is not a number.")
    return int(values[0])
