"""A siege on this machine: thousands of sockets that hold connections open, and an honest visitor beside them.

python bench/siege.py [SOCKETS [SECONDS]]       (4000 sockets for 60 seconds; at most 10000, and 300)

It starts a `todoke serve` of its own and besieges nothing else: loopback only. It prints how long the honest visitor
waited (a new connection for each request: the page, and a form sent), what failed, and the server's memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from todoke.bench.server import TodokeServer

HOST = "127.0.0.1"
MOST_SOCKETS, MOST_SECONDS = 10_000, 300.0
AT_ONCE = 40
"""New sockets in a tick: a siege is laid, and what is ended comes again, at four hundred a second."""
TICK_SECONDS = 0.1
LIFE_SECONDS = 25.0
"""After that an attacker comes anew: who does not read does not see that the server has ended it long ago."""
HONEST_PAUSE_SECONDS = 0.025

_HEAD = "POST /f/contact HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


def _post(length: str, body: bytes = b"") -> bytes:
    return f"{_HEAD}{length}\r\n\r\n".encode() + body


_QUOTATION = b"name=&email=no&message=" + b'"' * 60_000
KINDS: dict[str, tuple[bytes, bytes]] = {
    "reads no answer of 300 kB": (_post(f"Content-Length: {len(_QUOTATION)}", _QUOTATION), b""),
    "reads no page": (b"GET /f/contact HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    "sends 9,000 requests ahead": (b"GET /f/contact HTTP/1.1\r\n\r\n" * 9_000, b""),
    "sends requests ahead for ever": (
        b"GET /f/contact HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ),
    "trickles a head": (b"POST /f/contact HTTP/1.1\r\nHost: x\r\nX-A: ", b"a"),
    "trickles a body": (_post("Content-Length: 1000000", b"name="), b"a"),
    "trickles chunks": (_post("Transfer-Encoding: chunked"), b"1\r\na\r\n"),
    "holds most of a body": (_post("Content-Length: 1000000", b"name=" + b"a" * 50_000), b"a"),
    "trickles after a refusal": (_post("Content-Length: 99999999", b"name="), b"a"),
    "sends nothing": (b"", b""),
}
"""What each kind of attacker sends at first, and then once a second. None of them reads."""


@dataclass(slots=True)
class Attacker:
    """One socket of a kind; `unsent` is what the server has not taken yet."""

    kind: str
    socket: socket.socket | None = None
    unsent: bytes = b""
    opens_at: float = 0.0
    leaves_at: float = 0.0


@dataclass(slots=True)
class Siege:
    """All attackers on one port. `lay` opens them, `tick` lets each do what it does; one that was ended comes again."""

    port: int
    attackers: list[Attacker] = field(default_factory=list)
    opened: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    _poll: select.epoll = field(default_factory=select.epoll)
    _by_fd: dict[int, Attacker] = field(default_factory=dict)
    _turn: int = 0

    def lay(self, sockets: int) -> None:
        """So many attackers, of all kinds alike."""
        kinds = list(KINDS)
        self.attackers = [Attacker(kinds[n % len(kinds)]) for n in range(sockets)]

    def tick(self, now: float) -> None:
        """A tenth of a second of it."""
        for fd, _ in self._poll.poll(0, max(1, len(self._by_fd))):
            self.ended[self._by_fd[fd].kind] += 1
            self._lose(self._by_fd[fd], now)
        ready = (a for a in self.attackers if a.socket is None and a.opens_at <= now)
        for attacker, _ in zip(ready, range(AT_ONCE), strict=False):
            self._open(attacker, now)
        self._turn = (self._turn + 1) % 10
        for attacker in self.attackers[self._turn :: 10]:
            if attacker.leaves_at <= now:
                self._lose(attacker, now)
            attacker.unsent = attacker.unsent or KINDS[attacker.kind][1]
            self._send(attacker, now)

    def standing(self) -> int:
        """How many sockets the server has not ended, as far as a socket tells that is not read."""
        return len(self._by_fd)

    def lift(self) -> None:
        """Close them all."""
        for attacker in list(self._by_fd.values()):
            self._lose(attacker, 0.0)
        self._poll.close()

    def _open(self, attacker: Attacker, now: float) -> None:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        # A close is a reset: ports do not run out while the old ones wait.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        made.settimeout(1)
        attacker.opens_at, attacker.leaves_at = now + 1, now + LIFE_SECONDS
        try:
            made.connect((HOST, self.port))
        except OSError:
            made.close()
            return
        made.setblocking(False)
        attacker.socket, attacker.unsent = made, KINDS[attacker.kind][0]
        self._by_fd[made.fileno()] = attacker
        self._poll.register(made.fileno(), select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)
        self.opened[attacker.kind] += 1
        self._send(attacker, now)

    def _send(self, attacker: Attacker, now: float) -> None:
        if attacker.socket is None or not attacker.unsent:
            return
        try:
            sent = attacker.socket.send(attacker.unsent)
            attacker.unsent = attacker.unsent[sent:]
        except BlockingIOError:
            return
        except OSError:
            self._lose(attacker, now)

    def _lose(self, attacker: Attacker, now: float) -> None:
        if attacker.socket is not None:
            self._by_fd.pop(attacker.socket.fileno(), None)
            attacker.socket.close()  # which takes it out of the poll
            attacker.socket, attacker.opens_at = None, now + 1


@dataclass(slots=True)
class Visitor:
    """An honest one: each request on a connection of its own, read to its end."""

    port: int
    waited_ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def ask(self) -> None:
        """See the form, or send it, by turns."""
        number = len(self.waited_ms)
        request = b"GET /f/contact HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        if number % 2:
            fields = {"name": "Aya", "email": f"v{number}@bench.example", "message": "Hello"}
            body = urlencode(fields).encode()
            request = _post(f"Connection: close\r\nContent-Length: {len(body)}", body)
        started = time.perf_counter()
        try:
            with socket.create_connection((HOST, self.port), timeout=10) as connection:
                connection.sendall(request)
                answer = b""
                while piece := connection.recv(65_536):
                    answer += piece
            self.answers[answer[9:12].decode() or "nothing"] += 1
        except OSError as error:
            self.answers[type(error).__name__] += 1
        self.waited_ms.append((time.perf_counter() - started) * 1000)


def attack(port: int, sockets: int, seconds: float) -> None:
    """The siege as a process of its own; prints what came of it."""
    siege = Siege(port)
    siege.lay(sockets)
    end = time.monotonic() + seconds
    most = 0
    while (now := time.monotonic()) < end:
        siege.tick(now)
        most = max(most, siege.standing())
        time.sleep(max(0.0, TICK_SECONDS - (time.monotonic() - now)))
    told = {"most_at_once": most, "opened": siege.opened, "ended": dict(siege.ended)}
    siege.lift()
    print(json.dumps(told))


def main(sockets: int, seconds: float) -> None:
    """Besiege a server, and print the figures of the honest visitor and of the server."""
    print(f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with _server() as server:
        quiet = _visit(server.port, 5.0)
        before = server.pss_mb()
        print(f"alone:  {_words(quiet)}; {before:.0f} MB")
        command = [sys.executable, __file__, "attack", str(server.port), str(sockets), str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attackers:
            besieged = _visit(server.port, seconds, server)
            told = json.loads(attackers.communicate(timeout=60)[0])
        time.sleep(2)
        after, cpu = server.pss_mb(), server.cpu_seconds()
        later = _visit(server.port, 5.0)
    print(f"beside {told['most_at_once']} hostile sockets for {seconds:g} s: {_words(besieged)}")
    print(f"after:  {_words(later)}; {after:.0f} MB; {cpu:.0f} s of processor time in all")
    print(
        f"memory at most {besieged.most_mb:.0f} MB (PSS); {besieged.connections} connections at the end"
    )
    for kind, opened in told["opened"].items():
        print(
            f"  {kind:32} {opened:7,} opened, {told['ended'].get(kind, 0):7,} ended by the server"
        )
    print(f"load of this machine after: {os.getloadavg()[0]:.1f}")


@dataclass(slots=True)
class _Visit(Visitor):
    most_mb: float = 0.0
    connections: int = 0


def _visit(port: int, seconds: float, server: TodokeServer | None = None) -> _Visit:
    visitor = _Visit(port)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        visitor.ask()
        if server is not None and len(visitor.waited_ms) % 100 == 0:
            visitor.most_mb = max(visitor.most_mb, server.pss_mb())
            visitor.connections = _connections(port)
        time.sleep(HONEST_PAUSE_SECONDS)
    return visitor


def _connections(port: int) -> int:
    """How many connections the system knows at this port (Linux)."""
    local, established = f":{port:04X}", "01"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = (line.split() for line in lines)
    return sum(f[1].endswith(local) and f[3] == established for f in fields)


def _words(visit: _Visit) -> str:
    waited = sorted(visit.waited_ms)
    p50, p99 = waited[len(waited) // 2], waited[int(len(waited) * 0.99)]
    answers = ", ".join(f"{count} x {answer}" for answer, count in visit.answers.items())
    return f"{answers}; p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {waited[-1]:.0f} ms"


@contextlib.contextmanager
def _server() -> Iterator[TodokeServer]:
    with tempfile.TemporaryDirectory() as folder, TodokeServer(Path(folder), smtp_port=9) as server:
        yield server


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if sys.argv[1:2] == ["attack"]:
        attack(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    else:
        given = [float(word) for word in sys.argv[1:3]]
        wanted = (*given, 4_000.0, 60.0)[:2] if len(given) != 1 else (given[0], 60.0)
        main(min(int(wanted[0]), MOST_SOCKETS), min(wanted[1], MOST_SECONDS))
