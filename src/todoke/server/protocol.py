"""HTTP/1.1 from uvicorn and httptools, with bounds on what no application sees.

Heads and trailers, requests sent ahead, answers that nobody reads, and the end of a connection.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from todoke.server.crowd import Crowd
from todoke.server.wire import Wire
from todoke.walk.tally import Ended
from todoke.web.http.asked import client_address, peer_of
from todoke.web.http.body import LEAST_BYTES_PER_SECOND, PASSING_BYTES

HEAD_BYTES = 65_536
"""The request line with all header fields; browsers and proxies stop far below."""
MOST_FIELDS = 200
"""In a header section, or among trailers: each costs a hundred times its bytes, and browsers send thirty."""
HEAD_SECONDS = 20.0
"""From the first byte of a connection, or of a request on it, to the end of its header section."""
MOST_SENT_AHEAD = 8
"""Requests that wait for the answer to the one before; browsers and proxies send none ahead."""
READ_SECONDS = 15.0
"""In any such time the client takes LEAST_BYTES_PER_SECOND of its answer, or all of it."""
LINGER_SECONDS = 10.0
"""As READ_SECONDS, for what a client still sends after its answer: a train in a tunnel is away for less."""


class BoundedProtocol(HttpToolsProtocol):
    """A connection that is one of a bounded crowd, and is ended when it keeps the server waiting.

    Its request heads must be whole within HEAD_SECONDS, HEAD_BYTES and MOST_FIELDS. Trailer fields (RFC 9110 6.5) are
    ignored, and bounded alike: they are a stranger's words behind every proxy's back. Of requests sent ahead of an
    answer, what is more than MOST_SENT_AHEAD or has a body is not read: the connection ends after the answers before it
    (RFC 9112 9.3.2). An answer must be read at a least rate. When a client still sends at the end, it is let send,
    unread, so that it comes to see its answer and not a reset connection (RFC 9112 9.6).
    """

    def __init__(
        self, *args: Any, crowd: Crowd | None = None, trusted_proxies: int = 0, **keywords: Any
    ) -> None:
        super().__init__(*args, **keywords)
        self.peer = ""
        self.waiting_since = math.inf
        self._crowd = crowd if crowd is not None else Crowd()
        self._trusted_proxies = trusted_proxies
        self._wire: Wire
        self._in_message = False
        self._in_head = False
        self._head_bytes = 0
        self._bytes_beside_body = 0
        self._went_on = False
        self._is_deaf = False
        self._lingers = False
        self._stays = True
        self._passed_by = 0
        self._passed_by_before = 0
        self._taken_before = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected: the head of a request must follow."""
        self._wire = Wire(transport, self._end)
        super().connection_made(self._wire)  # type: ignore[arg-type]
        if self.client and not self._trusted_proxies:
            self.peer = peer_of(self.client[0])
        self.waiting_since = self.loop.time()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)
        self._crowd.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self._stays = False
        self._stop_waiting()
        if self._reading is not None:
            self._reading.cancel()
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came: those of a head that is not whole are counted, and the rest of it must follow in time."""
        self._passed_by += len(data)
        if self._is_deaf or self._lingers:
            return
        self._went_on = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._in_head and self._is_answering():
            self._bound_what_is_not_body(len(data))
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES:
            self._stop_waiting()
            self.send_400_response("The header section of the request is too large.")
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def eof_received(self) -> None:
        """The client sends no more: the transport closes once what was written is taken, which it must be."""
        self._stays = False
        self._await_reading()

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as it comes."""
        super().pause_writing()
        self.waiting_since = self.loop.time()
        self._await_reading()
        self._crowd.read_slowly(self)

    def resume_writing(self) -> None:
        """The client has taken most of its answer."""
        super().resume_writing()
        self._crowd.read_on(self)
        self._note_who_waits()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_message = self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One more field."""
        if len(self.headers) >= MOST_FIELDS:
            raise _TooManyFieldsError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is the application's to bound."""
        if self._is_answering() and (len(self.pipeline) >= MOST_SENT_AHEAD or self._has_body()):
            raise _SentAheadError
        self._in_head = False
        self._head_bytes = 0
        self._bytes_beside_body = 0
        self._went_on = True
        self._stop_waiting()
        super().on_headers_complete()
        self.headers = []  # the request keeps its own; trailers come here and are forgotten
        self._note_who_waits()
        if self._trusted_proxies:
            peer = client_address(self.scope, self._trusted_proxies)  # type: ignore[arg-type]
            self._crowd.move(self, peer_of(peer))

    def on_body(self, body: bytes) -> None:
        """Some of the body came: whoever sends it at the least rate keeps nobody waiting."""
        self._went_on = True
        gained = len(body) / LEAST_BYTES_PER_SECOND
        self.waiting_since = min(self.loop.time(), self.waiting_since + gained)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_message = False
        super().on_message_complete()
        self._note_who_waits()

    def on_response_complete(self) -> None:
        """An answer is written. One that came before its request was whole is the last: what follows is no request."""
        super().on_response_complete()
        if self._in_message and not self._in_head and self.cycle.response_complete:
            self.transport.close()
        elif not self.transport.is_closing():
            self._note_who_waits()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read with 400; but never amid or before another request's answer."""
        if self._is_deaf:
            return
        if self._is_answering() and (
            self._in_head or not self._in_message or self.pipeline or self.cycle.response_started
        ):
            self._is_deaf, self._in_head = True, False
            self.cycle.keep_alive = False
            return
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """The server ends: nobody is waited for longer than for an answer."""
        self._stays = False
        super().shutdown()

    def unread_bytes(self) -> int:
        """How much was written and not taken by the client."""
        return self._wire.unread_bytes

    def dismiss(self) -> None:
        """End the connection now, whatever is under way."""
        self._wire.abort()

    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 "))
            for name, value in self.headers
        )

    def _bound_what_is_not_body(self, size: int) -> None:
        """Refuse trailers and chunk extensions without end: the parser would keep them all."""
        self._bytes_beside_body = 0 if self._went_on else self._bytes_beside_body + size
        if self._bytes_beside_body > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("There is too much in this request beside its body.")

    def _is_answering(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete

    def _note_who_waits(self) -> None:
        """The client waits while its whole request is being answered; else the server does."""
        works = self._is_answering() and not self._in_message and not self.flow.write_paused
        self.waiting_since = math.inf if works else self.loop.time()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._stays = False  # it was told nothing that it might miss
        if not self.transport.is_closing():
            self._crowd.ended(Ended.NO_HEAD)
            self.transport.close()

    def _await_reading(self) -> None:
        if self._reading is None and self._wire.unread_bytes:
            self._taken_before = self._wire.taken_bytes
            self._reading = self.loop.call_later(READ_SECONDS, self._look_at_reading)

    def _look_at_reading(self) -> None:
        self._reading = None
        least = min(READ_SECONDS * LEAST_BYTES_PER_SECOND, self._wire.unread_bytes)
        if self._wire.taken_bytes - self._taken_before < least:
            self._crowd.ended(Ended.SLOW_READER)
            self.dismiss()
        else:
            self._await_reading()

    def _end(self) -> None:
        """The last is written. What the client still sends is let pass, or else it would not read the answer."""
        self._stop_waiting()
        self._await_reading()
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.waiting_since = self.loop.time()
        if self._stays and (self._in_message or self._is_deaf):
            self._lingers = True
            self._passed_by = self._passed_by_before = 0
            self._wire.write_eof()
            self.flow.resume_reading()
            self._deadline = self.loop.call_later(LINGER_SECONDS, self._look_at_lingering)
        else:
            self._wire.close()

    def _look_at_lingering(self) -> None:
        came = self._passed_by - self._passed_by_before
        if came < LINGER_SECONDS * LEAST_BYTES_PER_SECOND or self._passed_by > PASSING_BYTES:
            self._wire.close()
        else:
            self._passed_by_before = self._passed_by
            self.waiting_since = self.loop.time()
            self._deadline = self.loop.call_later(LINGER_SECONDS, self._look_at_lingering)


class _TooManyFieldsError(Exception):
    """The parser takes no more of this request."""


class _SentAheadError(Exception):
    """More requests came ahead of their answers than are kept."""
