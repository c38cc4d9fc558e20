"""Read the body of a request whole, within limits of size and time."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable

from starlette.types import Receive, Scope

from todoke.model.errors import (
    Crowded,
    Malformed,
    TooLarge,
    TooSlow,
    Unsupported,
)
from todoke.model.language import N_
from todoke.model.show import show_size
from todoke.web.http.asked import header

LEAST_BYTES_PER_SECOND = 1_024
"""Who sends or reads no faster holds a connection without need: a phone at the edge of its net does ten times that."""
PASSING_BYTES = 268_435_456
"""What may pass by of a body that is refused: a phone's video. Browsers show no answer before all is sent."""
UNFINISHED_BYTES = 268_435_456
"""Of all bodies together that are still arriving: beyond it a process could be killed for its memory."""

_LENGTH = re.compile(rb"[0-9]{1,18}")


class Tempo:
    """How long a body has kept us waiting: each byte makes up for its time at the least rate, and for no more.

    So whoever goes on at that rate has all the time there is, and nobody saves up time by haste.
    """

    def __init__(self, deadline: asyncio.Timeout, seconds: float) -> None:
        self.size = 0
        self.is_cut = False
        self._deadline = deadline
        self._seconds = seconds
        self._clock = asyncio.get_running_loop().time
        self.waiting_since = self._clock()

    def go_on(self, size: int) -> None:
        """`size` bytes came."""
        gained = size / LEAST_BYTES_PER_SECOND
        self.waiting_since = min(self._clock(), self.waiting_since + gained)
        if not self._deadline.expired() and not self.is_cut:
            self._deadline.reschedule(self.waiting_since + self._seconds)

    def cut(self) -> None:
        """It ends here and now."""
        self.is_cut = True
        if not self._deadline.expired():
            self._deadline.reschedule(self._clock())


class Unfinished:
    """How many bytes are held of bodies that are not whole yet; at most `most`, or the slowest of them is cut."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self._bodies: dict[Tempo, None] = {}

    def hold(self, body: Tempo, size: int) -> None:
        """Hold `size` bytes more of this body. Raises Crowded: if it is the slowest of too many."""
        self._bodies[body] = None
        body.size += size
        self.size += size
        while self.size > self.most:
            slowest = min(self._bodies, key=_waiting_since)
            self.let_go(slowest)
            if slowest is body:
                raise Crowded(_CROWDED)
            slowest.cut()

    def let_go(self, body: Tempo) -> None:
        """Hold nothing more of it."""
        if self._bodies.pop(body, self) is None:
            self.size -= body.size


_CROWDED = "Many large forms are on their way just now. Please send this again."
_UNFINISHED = Unfinished(UNFINISHED_BYTES)


async def read_body(
    scope: Scope,
    receive: Receive,
    *,
    limit: int,
    seconds: float,
    unfinished: Unfinished = _UNFINISHED,
    arrived: bytearray | None = None,
) -> bytes:
    """The whole body of a request, of `limit` bytes at most, which may pause for `seconds` or be as long too slow.

    `arrived` is given what came, also when that is not all. What is left unread is the server's to let pass.
    Raises TooLarge, TooSlow: if it passes these. Crowded: if too much of other bodies is on its way. Unsupported: if it
    is compressed, since what a bomb unpacks to cannot be known before. Malformed: if its length is not stated as RFC
    9110 8.6 says, or it ends early.
    """
    if header(scope, b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Unsupported("A form is sent without Content-Encoding.")
    if header(scope, b"transfer-encoding").strip().lower() not in {"", "chunked"}:
        raise Unsupported("A form is sent with no Transfer-Encoding but chunked.")
    declared = _content_length(scope)
    if declared > limit:
        raise _too_large(limit)
    tempo = None
    try:
        async with asyncio.timeout(seconds) as deadline:
            tempo = Tempo(deadline, seconds)
            into = bytearray() if arrived is None else arrived
            body = await _receive_all(receive, limit, into, tempo, unfinished)
    except TimeoutError as error:
        raise (Crowded(_CROWDED) if tempo and tempo.is_cut else TooSlow()) from error
    if len(body) < declared:
        raise Malformed("The body is shorter than its Content-Length.")
    return body


async def _receive_all(
    receive: Receive, limit: int, body: bytearray, tempo: Tempo, unfinished: Unfinished
) -> bytes:
    chunk, more = await _receive_chunk(receive)
    if len(chunk) <= limit and not more:  # nearly always: what comes in one piece holds no place
        return chunk
    try:
        while True:
            body += chunk  # not a list of pieces, for strangers choose how small these are
            if len(body) > limit:
                raise _too_large(limit)
            tempo.go_on(len(chunk))
            unfinished.hold(tempo, len(chunk))
            if not more:
                return bytes(body)
            chunk, more = await _receive_chunk(receive)
    finally:
        unfinished.let_go(tempo)


async def let_pass(receive: Receive, seconds: float, take: Callable[[bytes], None]) -> None:
    """Give `take` the rest of a refused body, piece by piece: PASSING_BYTES at most, and no slower than `read_body`."""
    size, more = 0, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds) as deadline:
            tempo = Tempo(deadline, seconds)
            while more and size < PASSING_BYTES:
                message = await receive()
                piece, more = message.get("body", b""), message.get("more_body", False)
                size += len(piece)
                tempo.go_on(len(piece))
                take(piece)


async def _receive_chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Malformed("The connection ended before the body did.")
    return message.get("body", b""), message.get("more_body", False)


def _waiting_since(body: Tempo) -> float:
    return body.waiting_since


def _too_large(limit: int) -> TooLarge:
    return TooLarge(_TOO_LARGE, size=show_size(limit))


_TOO_LARGE = N_("The form may hold %(size)s at most.")


def _content_length(scope: Scope) -> int:
    """What Content-Length states, 0 if nothing: one plain number, or the body's end would be open to opinion."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    if not values:
        return 0
    if len(values) > 1 or not _LENGTH.fullmatch(values[0]):
        raise Malformed("The Content-Length is not a number.")
    return int(values[0])
