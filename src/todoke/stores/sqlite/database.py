"""The file of the SQLite store: opened, checked, brought to the newest schema. Knows no submissions.

Also where SQLite's errors become ours.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import apsw

from todoke.model.errors import ConfigError, StoreCorrupt, StoreError, StoreUnavailable

APPLICATION_ID = 0x74646B65  # "tdke"; PRAGMA application_id, at offset 68 of the file
SAFE_SQLITE = (
    3,
    51,
    3,
)  # 3.7.0 to 3.51.2 may corrupt a WAL that two connections write or checkpoint
BUSY_MILLISECONDS = (
    10_000  # how long a write waits for one of another process (erase from the command line)
)
WAL_KEPT_BYTES = (
    16 * 1024 * 1024
)  # a WAL that begins anew keeps its blocks up to this size, so that syncs stay cheap
STATEMENTS = 256
"""So many prepared statements the writer keeps: an insert for each number of rows, and all others."""

MIGRATIONS = tuple(
    sorted(Path(__file__).parent.glob("schema_*.sql"), key=lambda path: int(path.stem[7:]))
)
"""Schema changes in order. Each runs in one transaction with its record; none is ever edited once released."""


def require_safe_sqlite() -> None:
    """Raise ConfigError: if this SQLite is one that may corrupt the file."""
    version = apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")) < SAFE_SQLITE:
        raise ConfigError(
            f"SQLite {version} may corrupt a store that two processes use (fixed in 3.51.3). "
            "Install a newer apsw: pip install --upgrade apsw"
        )


def open_writer(path: Path) -> apsw.Connection:
    """Open for writing, make the file if there is none, and bring it to the newest schema."""
    require_safe_sqlite()
    with translated(path):
        _make_private(path)
        connection = apsw.Connection(str(path), statementcachesize=STATEMENTS)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close(True)
            raise
        return connection


def open_reader(path: Path) -> apsw.Connection:
    """Open for reading only."""
    with translated(path):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        return connection


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let SQLite's errors leave as ours. What is no fault of the file or the disk (a bug) leaves as it is."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        ours = as_store_error(error, path)
        if ours is None:
            raise
        raise ours from error


def as_store_error(error: BaseException, path: Path) -> StoreError | None:
    """Our error for one of SQLite's, or None if it tells of a bug."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return StoreCorrupt(f"{path} is damaged or is not a todoke store: {error}")
    if isinstance(error, apsw.FullError):
        return StoreUnavailable(f"The disk of {path} is full.")
    if isinstance(error, _PASSING | OSError):
        return StoreUnavailable(f"{path} cannot be used now: {type(error).__name__} {error}")
    return None


_PASSING = (
    apsw.AuthError
    | apsw.BusyError
    | apsw.CantOpenError
    | apsw.ConnectionClosedError
    | apsw.IOError
    | apsw.InterruptError
    | apsw.LockedError
    | apsw.NoLFSError
    | apsw.NoMemError
    | apsw.PermissionsError
    | apsw.ProtocolError
    | apsw.ReadOnlyError
)


def _make_private(path: Path) -> None:
    """Make the folder and an empty file that only its owner can read; SQLite gives -wal and -shm the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Never open a file that is there: closing it would drop the locks that this process has on it (POSIX fcntl).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare(connection: apsw.Connection, path: Path) -> None:
    connection.set_busy_timeout(BUSY_MILLISECONDS)
    _require_ours(connection, path)
    # A commit is durable when it returns (FULL), and what is deleted is overwritten. Checkpoints are the writer's.
    _use_wal(connection)
    connection.pragma("synchronous", "full")
    connection.pragma("secure_delete", True)
    connection.pragma("foreign_keys", True)
    connection.pragma("journal_size_limit", WAL_KEPT_BYTES)
    connection.pragma("cache_size", -8_000)  # KiB, filled as needed
    connection.wal_autocheckpoint(0)
    for version in range(_version(connection) + 1, len(MIGRATIONS) + 1):
        _migrate(connection, version)


def _use_wal(connection: apsw.Connection) -> None:
    """Have the file in WAL mode. To switch a new file needs it alone, and SQLite does not wait for that itself."""
    end = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            if connection.pragma("journal_mode", "wal") == "wal":
                return
        except apsw.BusyError:
            if time.monotonic() > end:
                raise
        if time.monotonic() > end:
            raise StoreUnavailable("The store cannot be put into WAL mode: another process has it.")
        time.sleep(0.02)


def _require_ours(connection: apsw.Connection, path: Path) -> None:
    # One statement is one moment: another process may be making the tables.
    mark, tables = next(
        connection.execute(
            "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
        )
    )
    if mark != APPLICATION_ID and (mark or tables):
        raise StoreCorrupt(f"{path} is not a todoke store. Give todoke a folder of its own.")
    if _version(connection) > len(MIGRATIONS):
        raise StoreCorrupt(
            f"{path} was written by a newer todoke (schema {_version(connection)}; this one knows "
            f"{len(MIGRATIONS)}). Install the newer todoke again; nothing was changed."
        )


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def _migrate(connection: apsw.Connection, version: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        if _version(connection) < version:
            connection.execute(MIGRATIONS[version - 1].read_text(encoding="utf-8"))
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?)", (version, datetime.now(UTC).isoformat())
            )
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", version)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
