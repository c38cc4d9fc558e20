"""An SMTP server that takes every mail and throws it away, as fast as it can; counts them (RFC 5321, PIPELINING).

    python -m todoke.bench.sink

Prints its port; then, for each line it reads, the number of mails so far.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

_GREETING = b"220 sink ESMTP\r\n"
_HELLO = (
    b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
)


class Sink(asyncio.Protocol):
    """One SMTP connection."""

    mails = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._in_data = False
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(
            "asyncio.WriteTransport", transport
        )  # uvloop's is none by inheritance
        self._transport.write(_GREETING)

    def data_received(self, data: bytes) -> None:
        """Answer each command that is whole."""
        self._buffer += data
        answers = []
        while answer := self._step():
            answers.append(answer)
        if self._transport and answers:
            self._transport.write(b"".join(answers))
            if answers[-1].startswith(b"221"):
                self._transport.close()

    def _step(self) -> bytes:
        end = b"\r\n.\r\n" if self._in_data else b"\r\n"
        line, separator, rest = self._buffer.partition(end)
        if not separator:
            return b""
        self._buffer = rest
        if self._in_data:
            self._in_data = False
            Sink.mails += 1
            return b"250 2.0.0 taken\r\n"
        return self._answer(line[:4].upper())

    def _answer(self, verb: bytes) -> bytes:
        if verb == b"EHLO":
            return _HELLO
        if verb == b"DATA":
            self._in_data = True
            # The dot line may follow at once: let the end of an empty mail be found.
            self._buffer = (
                b"\r\n" + self._buffer if self._buffer.startswith(b".\r\n") else self._buffer
            )
            return b"354 go on\r\n"
        return b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n"


async def main() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Sink.mails, flush=True)


if __name__ == "__main__":
    uvloop.run(main())
