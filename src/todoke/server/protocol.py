"""HTTP/1.1 from uvicorn and httptools, with bounds on what no application sees: heads, in bytes and time; trailers."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""The request line with all header fields; browsers and proxies stop far below."""
HEAD_SECONDS = 20.0
"""From the first byte of a connection, or of a request on it, to the end of its header section."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose request heads must be whole within HEAD_SECONDS and HEAD_BYTES, or it is closed.

    Trailer fields (RFC 9110 6.5) are ignored, and bounded alike: they are a stranger's words behind every proxy's back.
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._in_head = False
        self._head_bytes = 0
        self._bytes_beside_body = 0
        self._went_on = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: the head of a request must follow."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came: those of a head that is not whole are counted, and the rest of it must follow in time."""
        self._went_on = False
        super().data_received(data)
        if not self._in_head and self._is_answering():
            self._bound_what_is_not_body(len(data))
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._stop_waiting()
            self.send_400_response("The header section of the request is too large.")
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is the application's to bound."""
        self._in_head = False
        self._head_bytes = 0
        self._bytes_beside_body = 0
        self._went_on = True
        self._stop_waiting()
        super().on_headers_complete()
        self.headers = []  # the request keeps its own; trailers come here and are forgotten

    def on_body(self, body: bytes) -> None:
        """Some of the body came."""
        self._went_on = True
        super().on_body(body)

    def _bound_what_is_not_body(self, size: int) -> None:
        """Refuse trailers and chunk extensions without end: the parser would keep them all."""
        self._bytes_beside_body = 0 if self._went_on else self._bytes_beside_body + size
        if self._bytes_beside_body > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("There is too much in this request beside its body.")

    def _is_answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
