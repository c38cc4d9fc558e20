"""`todoke bench`: what this machine can accept and send, beside a bare HTTP server and SQLite with the same rows.

Everything is real but the network: `todoke serve` as its own process, submissions over HTTP, mails over SMTP into a
sink that throws them away. The visitors and the sink share the machine's processors with the server.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from todoke.bench import raw
from todoke.bench.server import TodokeServer, compile_package

BARE_SECONDS = 2.0
AFTER_SECONDS = 4.0
"""How long mails are still counted, at most, when nothing more is submitted."""


def measure(seconds: float, connections: int) -> dict[str, Any]:
    """Run it all once; the figures by name. `lost` is accepted submissions that are not in the store: always 0."""
    compile_package()
    with _Child("bare") as nothing:
        bare = _load(nothing.port, BARE_SECONDS, connections)
    bare_rate = bare["accepted"] / bare["seconds"]
    with tempfile.TemporaryDirectory(prefix="todoke-bench-") as name:
        folder = Path(name)
        with _Child("sink") as sink, TodokeServer(folder, sink.port) as server:
            idle_mb = server.pss_mb()
            load = _load(server.port, seconds, connections)
            mails = sink.mails()
            loaded_mb, cpu = server.pss_mb(), server.cpu_seconds()
            after = _rate_afterwards(sink, mails, 2 * load["accepted"])
            stop_seconds = server.stop()
        database = server.data / "todoke.db"
        stored = _stored(database)
        raw_rate = raw.measure(database, folder, connections)
    rate = load["accepted"] / load["seconds"]
    return {
        "accepted": load["accepted"],
        "stored": stored,
        "lost": max(0, load["accepted"] - stored),
        "refused": load["refused"],
        "accepted_per_second": round(rate, 1),
        "p50_ms": round(load["p50_ms"], 2),
        "p99_ms": round(load["p99_ms"], 2),
        "cpu_ms_per_accepted": round(cpu * 1000 / max(1, load["accepted"]), 3),
        "mails_per_second_meanwhile": round(mails / load["seconds"], 1),
        "mails_per_second_afterwards": round(after, 1),
        "raw_sqlite_per_second": round(raw_rate, 1),
        "ratio_to_raw_sqlite": round(rate / raw_rate, 3) if raw_rate else 0.0,
        "bare_http_per_second": round(bare_rate, 1),
        "ratio_to_bare_http": round(rate / bare_rate, 3) if bare_rate else 0.0,
        "start_ms": round(server.start_ms, 1),
        "stop_ms": round(stop_seconds * 1000, 1),
        "idle_pss_mb": round(idle_mb, 1),
        "loaded_pss_mb": round(loaded_mb, 1),
        "connections": connections,
        "seconds": round(load["seconds"], 2),
    }


def _rate_afterwards(sink: _Child, before: int, all_mails: int) -> float:
    """Mails a second while nothing is submitted, for AFTER_SECONDS or until all are sent; 0 if none was left."""
    started = time.perf_counter()
    now, took = before, 0.0
    while now < all_mails and took < AFTER_SECONDS:
        time.sleep(0.02)
        now, took = sink.mails(), time.perf_counter() - started
    return (now - before) / took if took else 0.0


def _load(port: int, seconds: float, connections: int) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 our own program
        [sys.executable, "-m", "todoke.bench.load", str(port), str(seconds), str(connections)],
        check=True,
        capture_output=True,
        timeout=seconds + 60,
    )
    load: dict[str, Any] = json.loads(done.stdout)
    return load


def _stored(database: Path) -> int:
    """How many submissions the file has: counted one by one, not the store's own figure."""
    from todoke.stores.sqlite.database import open_reader

    connection = open_reader(database)
    count = connection.execute("SELECT count(*) FROM submissions").get
    connection.close()
    return int(count)


class _Child:
    """The SMTP sink or the bare server as a child process, from entering the context to leaving it."""

    def __init__(self, name: str) -> None:
        self._command = [sys.executable, "-m", f"todoke.bench.{name}"]

    def __enter__(self) -> _Child:
        self._process = subprocess.Popen(  # noqa: S603 our own program
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._read())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def mails(self) -> int:
        """How many mails the sink took so far."""
        if self._process.stdin is not None:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return int(self._read())

    def _read(self) -> str:
        return self._process.stdout.readline() if self._process.stdout is not None else "0"
