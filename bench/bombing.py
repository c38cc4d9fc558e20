"""Somebody's mailbox bombed through a form from a thousand networks, and honest visitors beside that.

python bench/bombing.py [POSTS [A_SECOND]]       (10,000 posts, 200 a second; at most 100,000)

It starts a `todoke serve` of its own with the default bounds and an SMTP server that counts, and bombs nothing else:
loopback only. The victim's address is spelt in twenty ways, over two forms. It prints how many posts were answered, and
in how many shapes, how many are stored, how many mails reached the victim, and how long honest visitors waited: alone,
beside as many posts by as many honest people (what the same load costs by itself), and beside the attack. It ends with
1 if the victim had more than three mails, or if anything is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import uvloop

from todoke.bench.server import SITE, TodokeServer
from todoke.bench.sink import Sink
from todoke.stores.sqlite.database import open_reader

HOST = "127.0.0.1"
MOST_POSTS = 100_000
NETWORKS, CONNECTIONS = 1_000, 8
VICTIM, MANAGER = "victim.example", "manager@bench.example"
SPELLINGS = [
    f"{local}@{domain}"
    for local in (
        *("anna.lee", "Anna.Lee", "annalee", "ANNALEE", "a.n.n.a.l.e.e"),
        *("annalee+1", "annalee+2", "anna.lee+shop", "Anna.lee+x.y", "a.nnalee"),
    )
    for domain in (VICTIM, VICTIM.title())
]
ALLOWED = 3
HONEST_PAUSE_SECONDS = 0.025
ALONE_SECONDS = 10.0
LONGEST_SECONDS = 600.0
CONFIGURATION = SITE.replace("[mail]\n", "trusted_proxies = 1\n[mail]\n", 1) + "".join(
    f"""\
[forms.{name}]
managers = ["{MANAGER}"]
fields = [
  {{{{name = "email", type = "email", required = true}}}},
  {{{{name = "message", type = "textarea", required = true, maxlength = 2000}}}},
]
"""
    for name in ("contact", "order")
)


def network(number: int) -> str:
    """An address in the network of this number: each is a /24 of its own."""
    return f"11.{number // 250 % 4}.{number % 250}.{number // 1_000 % 250 + 1}"


def at_victim(number: int) -> str:
    """The victim's address in one spelling or another."""
    return SPELLINGS[number % len(SPELLINGS)]


def at_each(number: int) -> str:
    """Somebody's own address."""
    return f"person{number}@people.example"


AIMS: dict[str, Callable[[int], str]] = {"victim": at_victim, "each": at_each}


def post(connection: http.client.HTTPConnection, number: int, address: str, remote: str) -> bytes:
    """Send a form as a script does; the answer. Raises OSError, HTTPException; ValueError: if it was not taken."""
    body = urlencode(
        {"email": address, "message": f"Number {number}. Please send me the catalogue."}
    )
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "X-Forwarded-For": remote,
    }
    connection.request("POST", f"/f/{('contact', 'order')[number % 2]}", body, headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise ValueError(answer.status)
    return told


def attack(port: int, posts: int, a_second: float, aim: str) -> None:
    """So many posts at a steady pace, as a process of its own; prints what was answered, and in which shapes."""
    numbers, began = itertools.count(), time.monotonic()
    shapes: Counter[str] = Counter()

    def work() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        while (number := next(numbers)) < posts:
            time.sleep(max(0.0, began + number / a_second - time.monotonic()))
            try:
                told = json.loads(post(connection, number, AIMS[aim](number), network(number)))
                shapes[f"{sorted(told)} {told['messages']}"] += 1
            except (OSError, http.client.HTTPException, ValueError) as error:
                shapes[f"{type(error).__name__} {error}"] += 1
                connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"shapes": shapes, "seconds": time.monotonic() - began}))


@dataclass(slots=True)
class Visitors:
    """Honest ones: each of another network, with an address of their own, on a connection of their own."""

    port: int
    numbers: Iterator[int]
    waited_ms: list[float] = field(default_factory=list)
    refused: int = 0

    def ask(self) -> None:
        """One sends a form."""
        number = next(self.numbers)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        started = time.perf_counter()
        try:
            post(
                connection,
                number,
                f"honest{number}@site.example",
                f"12.{number // 250 % 250}.{number % 250}.1",
            )
        except (OSError, http.client.HTTPException, ValueError):
            self.refused += 1
        self.waited_ms.append((time.perf_counter() - started) * 1000)
        connection.close()

    def centile(self, part: float) -> float:
        """How long so many of them waited at most, in milliseconds."""
        waited = sorted(self.waited_ms)
        return waited[int(len(waited) * part)]

    def words(self) -> str:
        """Their figures."""
        figures = f"p50 {self.centile(0.5):.1f} ms, p99 {self.centile(0.99):.1f} ms"
        return f"{len(self.waited_ms):,} posts, {self.refused} refused; {figures}"


class Ledger(Sink):
    """Counts the mails it takes by the recipient's domain."""

    to: ClassVar[Counter[str]] = Counter()

    def _step(self) -> bytes:
        line = b"" if self._in_data else self._buffer.partition(b"\r\n")[0]
        answer = super()._step()
        if answer and line[:8].upper() == b"RCPT TO:":
            Ledger.to[line.partition(b">")[0].rpartition(b"@")[2].decode().lower()] += 1
        return answer


async def take_mails() -> None:
    """Serve until stdin ends; for each line of it print what was taken so far."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Ledger, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(Ledger.to), flush=True)


class MailServer:
    """The SMTP server as a process of its own."""

    def __enter__(self) -> MailServer:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "sink"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._read())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def taken(self) -> Counter[str]:
        """How many mails it took, by the recipient's domain."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Counter(json.loads(self._read()))

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def visit(port: int, numbers: Iterator[int], seconds: float) -> Visitors:
    """Honest visitors for so long."""
    visitors, end = Visitors(port, numbers), time.monotonic() + seconds
    while time.monotonic() < end:
        visitors.ask()
        time.sleep(HONEST_PAUSE_SECONDS)
    return visitors


def beside(
    port: int, numbers: Iterator[int], posts: int, a_second: float, aim: str
) -> tuple[Visitors, dict[str, Any]]:
    """Honest visitors while somebody posts; and what that came to."""
    command = [sys.executable, __file__, "attack", str(port), str(posts), str(a_second), aim]
    visitors = Visitors(port, numbers)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        while attacker.poll() is None:
            visitors.ask()
            time.sleep(HONEST_PAUSE_SECONDS)
        told: dict[str, Any] = json.loads(attacker.communicate()[0])
    return visitors, told


def settle(mails: MailServer, stored: int) -> Counter[str]:
    """Wait until the manager was mailed of all that is stored; what was taken then."""
    end = time.monotonic() + LONGEST_SECONDS
    domain = MANAGER.partition("@")[2]
    while (taken := mails.taken())[domain] < stored and time.monotonic() < end:
        time.sleep(0.2)
    time.sleep(1)
    return mails.taken() if taken[domain] else taken


def stored_in(database: Path) -> int:
    """How many submissions the file has, counted one by one."""
    with contextlib.closing(open_reader(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM submissions").get)


def main(posts: int, a_second: float) -> int:
    """Bomb a server, and print what came of it; 1 if the victim had too many mails, or if anything is missing."""
    print(f"load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as name, MailServer() as mails:
        with TodokeServer(Path(name), mails.port, CONFIGURATION) as server:
            visit(server.port, numbers, 2.0)
            alone = visit(server.port, numbers, ALONE_SECONDS)
            settle(mails, stored_in(server.data / "todoke.db"))
            others, _ = beside(server.port, numbers, posts, a_second, "each")
            before = stored_in(server.data / "todoke.db")
            settle(mails, before)
            bombed, told = beside(server.port, numbers, posts, a_second, "victim")
            stored = stored_in(server.data / "todoke.db")
            taken = settle(mails, stored)
        shapes: dict[str, int] = told["shapes"]
        attacked = stored - before - len(bombed.waited_ms) + bombed.refused
        taken_wrong = taken[VICTIM]
    print(
        f"{posts:,} posts at one victim, {len(SPELLINGS)} spellings, {NETWORKS:,} networks, {told['seconds']:.0f} s"
    )
    for shape, count in shapes.items():
        print(f"  answered {count:,} times: {shape}")
    print(
        f"stored: {attacked:,}; mails to the manager: {taken['bench.example']:,} of {stored:,} submissions in all"
    )
    print(f"mails to the victim: {taken_wrong}")
    print(f"honest visitors, alone:                      {alone.words()}")
    print(f"beside as many posts by honest people:       {others.words()}")
    print(f"beside the attack:                           {bombed.words()}")
    ratios = [bombed.centile(0.99) / visitors.centile(0.99) for visitors in (others, alone)]
    print(f"p99 beside the attack: {ratios[0]:.2f} times that beside honest people", end="")
    print(f", {ratios[1]:.2f} times that alone")
    print(f"load of this machine after: {os.getloadavg()[0]:.1f}")
    is_whole = attacked == posts and len(shapes) == 1 and taken["bench.example"] == stored
    is_whole = is_whole and not (alone.refused or others.refused or bombed.refused)
    return 0 if is_whole and taken_wrong <= ALLOWED else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["attack"]:
        attack(int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
    elif sys.argv[1:2] == ["sink"]:
        uvloop.run(take_mails())
    else:
        given = [float(word) for word in sys.argv[1:3]]
        wanted = (*given, *(10_000.0, 200.0)[len(given) :])
        sys.exit(main(min(int(wanted[0]), MOST_POSTS), wanted[1]))
