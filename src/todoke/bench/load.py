"""Visitors: keep-alive connections that each post a form, wait for the answer, and post the next.

    python -m todoke.bench.load PORT SECONDS CONNECTIONS

Prints one line of JSON: {accepted, refused, seconds, p50_ms, p99_ms}. Nothing is left under way at the end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from typing import cast
from urllib.parse import urlencode

import uvloop

BODY_BYTES = 300
_TEXT = "I would like to know more about your services and prices. " * 5
_BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n"
    "Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\n"
)
"""What Firefox sends with a form: how a request is sent is read as well as what is in it."""


def request(number: int) -> bytes:
    """A submission of its own visitor, with words of its own, urlencoded in about BODY_BYTES."""
    answers = {"name": "Hanako Yamada", "email": f"v{number}@bench.example", "message": ""}
    text = f"This is letter {number}. {_TEXT}"
    answers["message"] = text[: BODY_BYTES - len(urlencode(answers)) - 20]
    body = urlencode(answers).encode()
    head = (
        f"POST /f/contact HTTP/1.1\r\nHost: 127.0.0.1\r\n{_BROWSER}"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """What all visitors share: the clock, the numbers drawn, and what came of them."""

    def __init__(self, seconds: float) -> None:
        self.end = time.perf_counter() + seconds
        self.number = 0
        self.answers: Counter[bytes] = Counter()
        self.latencies: list[float] = []


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load, done: asyncio.Future[None]) -> None:
        self._load = load
        self._done = done
        self._buffer = b""
        self._asked_at = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Post the first."""
        self._transport = cast(
            "asyncio.WriteTransport", transport
        )  # uvloop's is none by inheritance
        self._post()

    def data_received(self, data: bytes) -> None:
        """Once the answer is whole, count it and post the next."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        self._buffer = b""
        self._load.latencies.append(time.perf_counter() - self._asked_at)
        self._load.answers[head[9:12]] += 1
        if time.perf_counter() < self._load.end:
            self._post()
        elif self._transport:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 the protocol's name
        """Done, or cut off."""
        if not self._done.done():
            self._done.set_result(None)

    def _post(self) -> None:
        self._load.number += 1
        self._asked_at = time.perf_counter()
        if self._transport:
            self._transport.write(request(self._load.number))


def _content_length(head: bytes) -> int:
    start = head.lower().find(b"content-length:")
    return int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


async def main(port: int, seconds: float, connections: int) -> None:
    """Run the visitors and print what came of it."""
    loop = asyncio.get_running_loop()
    load = Load(seconds)
    started = time.perf_counter()
    ends: list[asyncio.Future[None]] = []
    for _ in range(connections):
        ends.append(loop.create_future())
        await loop.create_connection(lambda: Visitor(load, ends[-1]), "127.0.0.1", port)
    await asyncio.gather(*ends)
    took = time.perf_counter() - started
    latencies = sorted(load.latencies) or [0.0]
    measured = {
        "accepted": load.answers[b"303"],
        "refused": sum(load.answers.values()) - load.answers[b"303"],
        "seconds": took,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
