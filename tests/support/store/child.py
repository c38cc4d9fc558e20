"""A process that adds submissions and says of each one what it was told. The crash tests kill it.

    python child.py FILE COUNT WINDOW

It writes a line only after the future resolved: `+ id` for Added, `- id` for refused; and `.` when all is done.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from support.store.desk import Desk
from todoke.model.errors import StoreError
from todoke.model.submission import Entry
from todoke.stores.sqlite.store import SqliteStore


def main(path: Path, count: int, window: int) -> None:
    """Add `count` submissions with up to `window` of them under way."""
    desk = Desk(_opened(path), now=datetime.now(UTC), numbers=itertools.count(time.time_ns()))
    prefix = f"{os.getpid()}-"
    waiting: deque[tuple[str, Future[object]]] = deque()
    for number in range(count):
        id_ = f"{prefix}{number}"
        submission = desk.submission(entries=(Entry("id", id_), Entry("text", id_ * 40)))
        desk.move(milliseconds=1)
        future = desk.store.add(submission, desk.pair(submission), desk.repeat(id_))
        waiting.append((submission.id, future))  # type: ignore[arg-type]
        if len(waiting) >= window:
            _tell(*waiting.popleft())
    while waiting:
        _tell(*waiting.popleft())
    desk.store.close()
    os.write(1, b".\n")


def _opened(path: Path) -> SqliteStore:
    """Open it, again and again: a fault may hit the opening too."""
    while True:
        try:
            return SqliteStore(path)
        except StoreError:
            continue


def _tell(id_: str, future: Future[object]) -> None:
    try:
        future.result()
    except StoreError:
        os.write(1, f"- {id_}\n".encode())
    else:
        os.write(1, f"+ {id_}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
