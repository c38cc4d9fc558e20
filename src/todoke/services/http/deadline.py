"""HTTP connections with an end: a server that takes or gives a byte a second cannot hold one for hours.

urllib3's timeouts bound each wait for bytes, and never how many of those there are. Here the writing of a request may
take so long in all, and the reading of its answer again so long, whatever trickles in between.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    _Base = HTTPConnection
else:
    _Base = object


Reach = Callable[[str, int, float], socket.socket]
"""Connects to a host and port within so many seconds; what it raises leaves as it is, or as urllib3's ProtocolError."""


class _Hurried(_Base):
    """What both kinds of connection do beyond urllib3's."""

    def __init__(
        self, *args: Any, patience_seconds: float, reach: Reach | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._patience_seconds = patience_seconds
        self._reach = reach
        self._ends_at = 0.0

    def _new_conn(self) -> socket.socket:
        """A connection to the host: urllib3's own, or what `reach` makes. TLS, its name and Host stay as they are."""
        if self._reach is None:
            return super()._new_conn()
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        return self._reach(self.host, self.port, timeout or self._patience_seconds)

    def request(self, *args: Any, **more: Any) -> None:
        """Send a request; it must be written by when patience ends."""
        self._ends_at = time.monotonic() + self._patience_seconds
        super().request(*args, **more)

    def send(self, data: Any) -> None:
        """Send a part of it. Raises TimeoutError: if there is no time left."""
        if self.sock is not None:
            self.sock.settimeout(_left(self._ends_at))
        super().send(data)

    def response_class(  # type: ignore[override]
        self, sock: socket.socket, *args: Any, **more: Any
    ) -> http.client.HTTPResponse:
        """The answer, which http.client reads through this."""
        ends_at = time.monotonic() + self._patience_seconds
        return http.client.HTTPResponse(_Timed(sock, ends_at), *args, **more)  # type: ignore[arg-type]


class _HTTP(_Hurried, HTTPConnection):
    pass


class _HTTPS(_Hurried, HTTPSConnection):
    pass


class _Timed(io.RawIOBase):
    """A socket as http.client reads it: every read ends by one time."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(_left(self._ends_at))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _left(ends_at: float) -> float:
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this exchange is over")
    return left


def hurried_pools(
    *,
    connections: int,
    connect_seconds: float,
    patience_seconds: float,
    reach: Reach | None = None,
) -> urllib3.PoolManager:
    """Up to `connections` to a host: whoever finds all in use waits for one. Nothing is retried.

    `reach` connects in place of urllib3, where it matters to which of a host's addresses.
    """

    class Plain(urllib3.HTTPConnectionPool):
        ConnectionCls = partial(_HTTP, patience_seconds=patience_seconds, reach=reach)  # type: ignore[assignment]

    class Secure(urllib3.HTTPSConnectionPool):
        ConnectionCls = partial(_HTTPS, patience_seconds=patience_seconds, reach=reach)  # type: ignore[assignment]

    manager = urllib3.PoolManager(
        maxsize=connections,
        block=True,
        retries=False,
        timeout=urllib3.Timeout(connect=connect_seconds, read=patience_seconds),
    )
    manager.pool_classes_by_scheme = {"http": Plain, "https": Secure}
    return manager
