"""How much of raw SQLite the store's `add` reaches: the same rows, in groups, without anything of todoke around them.

    .venv/bin/python bench/raw_sqlite.py [--seconds 2] [--folder DIR]

Prints one JSON line per measure; `ratio` is add beside raw SQLite in the same run. Groups of 32 and 256 are
raw inserts row by row, with one COMMIT (one fsync) a group.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from todoke.model.ids import message_id, place, submission_id, token_hash
from todoke.model.message import Message, Role
from todoke.model.submission import Entry, Submission
from todoke.stores.sqlite.add import Addition, prepare
from todoke.stores.sqlite.database import open_writer
from todoke.stores.sqlite.store import SqliteStore

TEXT = "I would like to know more about your services. " * 6


def submissions() -> Iterator[tuple[Submission, tuple[Message, Message]]]:
    """Submissions of about 300 bytes with a confirmation and a notification, made before the clock starts."""
    person = 0
    while True:
        person += 1
        now = datetime.now(UTC)
        id_, visitor = submission_id(now, place(b"s" * 32)), f"visitor{person}@example.com"
        entries = (Entry("name", "Hanako"), Entry("email", visitor), Entry("message", TEXT))
        submission = Submission(
            id=id_,
            form="contact",
            received_at=now,
            entries=entries,
            language="en",
            visitor=visitor,
            token_hash=token_hash(id_),
        )
        roles = {Role.CONFIRMATION: visitor, Role.NOTIFICATION: "manager@example.com"}
        messages = [
            Message(
                id=message_id(id_, number),
                submission_id=id_,
                role=role,
                recipient=recipient,
                language="en",
                message_id=f"<{id_}.{role}@example.com>",
                created_at=now,
            )
            for number, (role, recipient) in enumerate(roles.items(), start=1)
        ]
        yield submission, (messages[0], messages[1])


def raw(folder: Path, seconds: float, group: int) -> float:
    """Rows that are ready, inserted one by one, one COMMIT a group."""
    connection = open_writer(folder / f"raw{group}.db")
    source = submissions()
    ready = deque(prepare(*next(source), None) for _ in range(int(seconds * 40_000)))
    start, done, seq = time.perf_counter(), 0, 0
    while time.perf_counter() - start < seconds and len(ready) >= group:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(group):
            seq += 1
            insert_by_hand(connection.execute, ready.popleft(), seq)
        connection.execute("COMMIT")
        done += group
    rate = done / (time.perf_counter() - start)
    connection.close()
    return rate


def insert_by_hand(execute: Callable[..., object], addition: Addition, seq: int) -> None:
    """The rows of one submission, a statement each."""
    execute("INSERT INTO submissions VALUES (?,?,?,?,?,?,?,?,?,?)", (seq, *addition.submission))
    for number, row in enumerate(addition.messages):
        execute(
            "INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", (seq, number, *row)
        )
    for address in addition.addresses:
        execute("INSERT INTO addresses VALUES (?,?)", (address, seq))
    for name in addition.lists:
        execute("INSERT INTO lists VALUES (?,?,?)", (name, addition.form, seq))
    execute("INSERT INTO unindexed VALUES (?)", (seq,))


def one_thread(folder: Path, seconds: float, waiting: int = 256) -> float:
    """One thread that keeps `waiting` futures open."""
    store = SqliteStore(folder / "one.db")
    source = submissions()
    ready = deque(next(source) for _ in range(int(seconds * 40_000)))
    futures: deque[object] = deque()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds and ready:
        futures.append(store.add(*ready.popleft(), None))
        if len(futures) >= waiting:
            futures.popleft().result()  # type: ignore[attr-defined]
            done += 1
    rate = done / (time.perf_counter() - start)
    store.close()
    return rate


def callers(folder: Path, seconds: float, count: int = 64) -> float:
    """Threads that each wait for their own answer."""
    store = SqliteStore(folder / "callers.db")
    source, lock = submissions(), threading.Lock()
    ready = deque(next(source) for _ in range(int(seconds * 40_000)))
    done = [0] * count
    end = time.perf_counter() + seconds

    def call(place: int) -> None:
        while time.perf_counter() < end:
            with lock:
                values = ready.popleft()
            store.add(*values, None).result()
            done[place] += 1

    threads = [threading.Thread(target=call, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    return sum(done) / seconds


def tasks(folder: Path, seconds: float, count: int = 64) -> float:
    """Tasks of one event loop, as the door has them."""
    store = SqliteStore(folder / "tasks.db")
    source = submissions()
    ready = deque(next(source) for _ in range(int(seconds * 40_000)))

    async def call(end: float) -> int:
        done = 0
        while time.perf_counter() < end:
            await asyncio.wrap_future(store.add(*ready.popleft(), None))
            done += 1
        return done

    async def run() -> int:
        end = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(call(end) for _ in range(count))))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(run())
    store.close()
    return done / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        base = raw(folder, options.seconds, 32)
        print(json.dumps({"measure": "raw sqlite, groups of 32", "per_second": round(base)}))
        large = raw(folder, options.seconds, 256)
        print(json.dumps({"measure": "raw sqlite, groups of 256", "per_second": round(large)}))
        for measure in (one_thread, callers, tasks):
            rate = measure(folder, options.seconds)
            line = {
                "measure": measure.__doc__,
                "per_second": round(rate),
                "ratio": round(rate / base, 2),
            }
            print(json.dumps(line))


if __name__ == "__main__":
    main()
