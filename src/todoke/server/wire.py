"""A connection's transport, with what has been written and taken, and whose end is decided elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any

_RESET = struct.pack("ii", 1, 0)
"""socket(7): a close does not wait for what was not sent, and tells the other side at once."""


class Wire:
    """Stands for a transport of asyncio: writes are counted, and `close` asks `on_close` first.

    `on_close` is called once. From then on the wire says that it is closing, and a second `close` closes.
    """

    def __init__(self, transport: asyncio.Transport, on_close: Callable[[], None]) -> None:
        self._transport = transport
        self._on_close = on_close
        self._written = 0
        self._closing = False
        self.write_eof = transport.write_eof
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        """Write, unless the end was decided."""
        if not self._closing:
            self._written += len(data)
            self._transport.write(data)

    def close(self) -> None:
        """Decide the end; the second time, end it once what was written is taken."""
        if self._closing:
            self._transport.close()
        else:
            self._closing = True
            self._on_close()

    def abort(self) -> None:
        """End it now; what was written and not taken is lost, in the system's own buffers, too."""
        self._closing = True
        socket_ = self._transport.get_extra_info("socket")
        if socket_ is not None:
            with contextlib.suppress(OSError):
                socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether the end was decided, here or by the transport."""
        return self._closing or self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows."""
        return self._transport.get_extra_info(name, default)

    @property
    def unread_bytes(self) -> int:
        """What waits here, after all that the system has taken for the peer."""
        size: int = self._transport.get_write_buffer_size()
        return size

    @property
    def taken_bytes(self) -> int:
        """What was written and waits here no more."""
        return self._written - self.unread_bytes
