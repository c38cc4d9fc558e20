"""A receiver of notices on this machine that answers as it is told: well, slowly, without an end, or not at all."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Receiver:
    """What came, and what is answered: bytes, one after the other, the last for ever."""

    port: int = 0
    answers: list[bytes] = field(default_factory=lambda: [OK])
    pause: float = 0.0
    """Seconds between two bytes of an answer."""
    hangs: bool = False
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    ends: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?key=1"

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies that came."""
        return [json.loads(body) for _, _, body in self.came]

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=[peer], daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            peer.settimeout(20)
            if self.hangs:
                self.ends.wait(30)
                return
            line, headers, body = _read(peer)
            self.came.append((line, headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            for octet in [answer] if not self.pause else [bytes([b]) for b in answer]:
                peer.sendall(octet)
                time.sleep(self.pause)


def _read(peer: socket.socket) -> tuple[str, dict[str, str], bytes]:
    came = b""
    while b"\r\n\r\n" not in came:
        part = peer.recv(65_536)
        if not part:
            raise OSError
        came += part
    head, _, body = came.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {n.lower(): v.strip() for n, _, v in (f.partition(":") for f in fields)}
    while len(body) < int(headers.get("content-length", 0)):
        body += peer.recv(65_536)
    return line, headers, body


@contextlib.contextmanager
def receiver(**options: Any) -> Iterator[Receiver]:
    """One that listens while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Receiver(port=listener.getsockname()[1], **options)
        threading.Thread(target=made.serve, args=[listener], daemon=True).start()
        try:
            yield made
        finally:
            made.ends.set()
