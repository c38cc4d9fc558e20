"""The sandbox's one SQLite file.

One connection, used from the event loop's thread alone: every statement takes microseconds. What was accepted
survives the process being killed (WAL); a power loss may cost the last moments, which a sandbox can bear.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("schema.sql")

Row = Mapping[str, Any]


def _make_private(path: Path) -> None:
    """Make the file, or take from others what a sandbox of before left to them; SQLite gives -wal and -shm its mode."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(
            FileNotFoundError, PermissionError
        ):  # a file of another user's stays theirs
            path.with_name(path.name + suffix).chmod(0o600)


class Database:
    """The file in `folder`, made when missing, both for their owner alone.

    Raises OSError, sqlite3.Error: if it cannot be.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "sandbox.sqlite3"
        _make_private(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(SCHEMA.read_text("utf-8"))
        except sqlite3.Error:
            self._db.close()
            raise
        self.execute = self._db.execute

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """All or nothing of what the block writes."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
