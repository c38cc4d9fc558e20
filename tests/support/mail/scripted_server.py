"""A server on loopback that misbehaves as asked, and an HTTP server that answers as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


class LineServer:
    """A server on loopback that runs `talk` for each connection; it knows how many there were."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(peer,), daemon=True).start()

    def _run(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(10)
            with contextlib.suppress(OSError, ValueError):
                self._talk(peer)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


@dataclass
class HttpScript:
    """What the HTTP server answers, in turn; "drop" hangs up after the request was read, "hang" says nothing.

    When no answers are left it is `usual`, with 200.
    """

    answers: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    usual: str = '{"id": "<1@mta.test>"}'

    def answer(self, start: str, headers: dict[str, str], body: bytes) -> str:
        """What is said to a request when no answers are left."""
        return answer_of(200, self.usual)

    def talk(self, peer: socket.socket) -> None:
        """Answer the requests of one connection."""
        lines = peer.makefile("rb")
        while start := lines.readline():
            headers: dict[str, str] = {}
            while line := lines.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = lines.read(int(headers.get("content-length", "0")))
            self.requests.append((start.decode().strip(), headers, body))
            answer = (
                self.answers.pop(0)
                if self.answers
                else self.answer(start.decode().strip(), headers, body)
            )
            if answer == "drop":
                return
            if answer == "hang":
                time.sleep(3)
                return
            peer.sendall(answer.encode())


def answer_of(status: int, body: str, *headers: str) -> str:
    """An HTTP answer."""
    more = "".join(f"{header}\r\n" for header in headers)
    length = len(body.encode())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n{more}\r\n{body}"
