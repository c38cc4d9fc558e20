"""A connection without a socket: a protocol, a transport that keeps what is written, and a clock set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from todoke.server.crowd import Crowd
from todoke.server.protocol import BoundedProtocol


class Clocked(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when `later` says so."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__()

    def time(self) -> float:
        """The time by hand."""
        return self.now

    def later(self, seconds: float = 0.0) -> None:
        """Let time pass, and all happen that is due."""
        self.now += seconds
        for _ in range(8):
            self.run_until_complete(asyncio.sleep(0))


class Line:
    """The transport of one connection. Its client takes `takes` bytes of what is written, and then no more."""

    def __init__(self, loop: Clocked, address: str, takes: int) -> None:
        self.loop = loop
        self.address = address
        self.takes = takes
        self.written = b""
        self.ended = self.closed = self.aborted = False
        self.protocol: BoundedProtocol
        self._is_paused = False

    def send(self, data: bytes) -> None:
        """The client sends something."""
        if not self.closed:
            self.protocol.data_received(data)
        self.loop.later()

    def take(self, size: int) -> None:
        """The client takes more of what is written."""
        self.takes += size
        if self._is_paused and self.get_write_buffer_size() < 16_384:
            self._is_paused = False
            self.protocol.resume_writing()
        self.loop.later()
        if self.closed and not self.get_write_buffer_size():
            self._lose()

    def write(self, data: bytes) -> None:
        """See asyncio.WriteTransport."""
        assert not self.closed
        self.written += data
        if not self._is_paused and self.get_write_buffer_size() > 65_536:
            self._is_paused = True
            self.protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """What the client has not taken."""
        return max(0, len(self.written) - self.takes)

    def write_eof(self) -> None:
        """The server writes no more."""
        self.ended = True

    def close(self) -> None:
        """Gone once all is taken."""
        if not self.closed:
            self.closed = True
            if not self.get_write_buffer_size():
                self.loop.call_soon(self._lose)

    def abort(self) -> None:
        """Gone at once."""
        if not self.aborted:
            self.closed = self.aborted = True
            self.loop.call_soon(self._lose)

    def is_closing(self) -> bool:
        """See asyncio.WriteTransport."""
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The two addresses."""
        known = {"peername": (self.address, 1234), "sockname": ("127.0.0.1", 80)}
        return known.get(name, default)

    def pause_reading(self) -> None:
        """Nothing is read by itself here."""

    def resume_reading(self) -> None:
        """Nothing is read by itself here."""

    def _lose(self) -> None:
        self.protocol.connection_lost(None)


class Lines:
    """A server without sockets."""

    def __init__(self, app: ASGIApp, crowd: Crowd, trusted_proxies: int) -> None:
        self.loop = Clocked()
        self.lines: list[Line] = []
        self._config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=30
        )
        self._state = ServerState()
        self._crowd, self._trusted_proxies = crowd, trusted_proxies

    def connect(self, address: str = "127.0.0.1", takes: int = 10**9) -> Line:
        """A client connects."""
        line = Line(self.loop, address, takes)
        line.protocol = BoundedProtocol(
            self._config,
            self._state,
            {},
            self.loop,
            crowd=self._crowd,
            trusted_proxies=self._trusted_proxies,
        )
        line.protocol.connection_made(line)  # type: ignore[arg-type]
        self.lines.append(line)
        self.loop.later()
        return line


@contextmanager
def lines_to(app: ASGIApp, crowd: Crowd | None = None, trusted_proxies: int = 0) -> Iterator[Lines]:
    """Connections to `app`, all of one crowd."""
    lines = Lines(app, crowd if crowd is not None else Crowd(), trusted_proxies)
    try:
        yield lines
    finally:
        for line in lines.lines:
            line.abort()
        lines.loop.later()
        lines.loop.close()
