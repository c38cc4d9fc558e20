"""The one thread that writes to a SQLite store: group commit, checkpoints, and recovery from a failing disk.

What waits is written in one transaction with one fsync; futures are resolved after its COMMIT, never before.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

import apsw
import msgspec

from todoke.model.errors import StoreEmptied, StoreError, StoreGone, StoreUnavailable
from todoke.model.log import get_logger
from todoke.stores.sqlite.database import BUSY_MILLISECONDS, as_store_error, open_writer
from todoke.stores.sqlite.held import Held, hold
from todoke.stores.sqlite.rescue import Loss, Rescue
from todoke.walk.commits import Commits

GROUP_WRITES = 256
"""So many writes share one transaction at most; more would only make the first wait longer."""
GROUP_BYTES = 16 * 1024 * 1024
"""A group is cut short at this size, so that files do not make the WAL huge."""
CHECKPOINT_PAGES = 1_000
"""The WAL is copied into the file from this length on (4 MB)."""
RESTART_PAGES = 4_000
"""From this length on the writer waits until readers let the WAL begin anew (16 MB)."""
READER_MILLISECONDS = 200
"""So long a checkpoint waits for readers; writes wait meanwhile."""

_log = get_logger(__name__)

Apply = Callable[[apsw.Connection, Sequence[Any]], Sequence[Any]]


class Write(msgspec.Struct, frozen=True):
    """One caller's wish: `apply` gets, in one call, the requests of all writes in the group that name it.

    `alone` writes run outside of any transaction and group. `apply` may be called again if the group fails.
    """

    apply: Apply
    request: Any
    future: Future[Any]
    weight: int = 0
    alone: bool = False


@dataclass(slots=True)
class Writer:
    """Owns the writing connection; `submit` may be called from any thread."""

    path: Path
    on_rescue: Callable[[], None] = lambda: None
    _queue: SimpleQueue[Write | None] = field(default_factory=SimpleQueue)
    _lock: Lock = field(default_factory=Lock)
    _closed: bool = False
    _held_back: Write | None = None
    _wal_pages: int = 0
    _checkpoint_at: int = CHECKPOINT_PAGES
    _connection: apsw.Connection | None = None
    _held: Held | None = None
    _emptied: str = ""
    """What happened to a file that is damaged since: whatever comes into it afterwards, it is not what was there."""
    commits: Commits = field(default_factory=Commits)
    _rescue: Rescue = field(init=False)
    _thread: Thread | None = None

    def __post_init__(self) -> None:
        self._rescue = Rescue(self.path, self.on_rescue)

    @property
    def loss(self) -> Loss | None:
        """What happened to the files, if they are not where they were opened."""
        return self._rescue.loss

    def require_files(self) -> None:
        """Raise StoreGone: if the files at the path are not those that are open here. From any thread."""
        if self._held is None:
            return
        try:
            if self._emptied:
                raise StoreEmptied(self._emptied)
            self._held.require()
        except StoreGone:
            if not (self._rescue.loss and self._rescue.loss.is_saved):
                with contextlib.suppress(StoreUnavailable):
                    self.submit(
                        _write_nothing, None
                    )  # the writer finds it too, and saves what it holds
            raise

    def start(self) -> None:
        """Open the file and begin. Raises StoreUnavailable, StoreCorrupt: if it cannot be opened."""
        self._connection = self._open()
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(
        self, apply: Apply, request: Any, *, weight: int = 0, alone: bool = False
    ) -> Future[Any]:
        """Queue a write. Its future resolves once it is durable, or fails and it left nothing behind."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            self._queue.put(Write(apply, request, future, weight, alone))
        return future

    def close(self) -> None:
        """Write what is queued, empty the WAL and close the file."""
        with self._lock:
            already = self._closed
            self._closed = True
        if already or self._thread is None:
            return
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._next()) is not None:
            self._write([first] if first.alone else self._gather(first))
        if self._connection is not None:
            self._rescue.hurry()
            with contextlib.suppress(apsw.Error, OSError, StoreGone):
                self._require_held()
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            if self._rescue.loss is not None:
                # Closing would delete the -wal by its name, and that may be another's by now.
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            self._connection.close(True)

    def _next(self) -> Write | None:
        held, self._held_back = self._held_back, None
        return held or self._queue.get()

    def _gather(self, first: Write) -> list[Write]:
        """All that waits now, up to a bound. Nobody lingers for more: the next group forms during this commit."""
        group, weight = [first], first.weight
        while len(group) < GROUP_WRITES and weight < GROUP_BYTES:
            try:
                write = self._queue.get_nowait()
            except Empty:
                break
            if write is None:
                self._queue.put(None)
                break
            if write.alone:
                self._held_back = write
                break
            group.append(write)
            weight += write.weight
        return group

    def _write(self, group: list[Write]) -> None:
        live = [w for w in group if w.future.running() or w.future.set_running_or_notify_cancel()]
        if not live:
            return
        try:
            answers = self._run_alone(live[0]) if live[0].alone else self._commit(live)
        except StoreError as error:
            for write in live:
                write.future.set_exception(type(error)(str(error)))
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the caller gets the bug, others go on
            if len(live) == 1:
                live[0].future.set_exception(error)
                return
            # One of them is poisoned; each by itself, so that it fails alone.
            for write in live:
                self._write([write])
        else:
            for write, answer in zip(live, answers, strict=True):
                write.future.set_result(answer)
            self._checkpoint()

    def _commit(self, group: list[Write]) -> list[Any]:
        began = time.perf_counter()
        try:
            connection = self._ready()
            connection.execute("BEGIN IMMEDIATE")
            answers = _apply_all(connection, group)
            connection.execute("COMMIT")
            self._require_held()
        except BaseException as error:
            self.commits.failures += 1
            self._roll_back()
            ours = as_store_error(error, self.path)
            if ours is None:
                raise
            if isinstance(error, apsw.FullError):
                # What the WAL holds may fit into the file; then its room is free for the next write.
                self._copy_wal(apsw.SQLITE_CHECKPOINT_PASSIVE)
            raise ours from error
        self.commits.note(len(group), time.perf_counter() - began)
        return answers

    def _run_alone(self, write: Write) -> Sequence[Any]:
        try:
            answers = write.apply(self._ready(), [write.request])
            self._require_held()
            return answers
        except BaseException as error:
            self._roll_back()
            ours = as_store_error(error, self.path)
            if ours is None:
                raise
            raise ours from error

    def _ready(self) -> apsw.Connection:
        if self._connection is None:
            self._connection = self._open()
        self._require_held()
        return self._connection

    def _require_held(self) -> None:
        """Raise StoreGone, once all is saved that can be: if the files at the path are not the ones that are open."""
        held = self._held
        if held is None:
            return
        try:
            if self._emptied:
                raise StoreEmptied(self._emptied)
            if not held.require() and self._wal_pages and self._connection is not None:
                self._require_log(self._connection, held)
        except StoreGone as error:
            if isinstance(error, StoreEmptied):
                self._emptied = str(error)
            self._roll_back()
            self._rescue.save(error, held, self._connection)
            raise
        self._rescue.is_over()

    def _require_log(self, connection: apsw.Connection, held: Held) -> None:
        """Raise StoreGone: if the -wal is empty and should not be. Another process may have copied and emptied it."""
        frames, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        if frames > 0:
            raise StoreEmptied(f"{held.names[1]} was emptied by another program")
        self._wal_pages = 0

    def _open(self) -> apsw.Connection:
        """Open the file: at first any, and later on none but the one that was open before."""
        before = self._held
        if before is not None:
            before.require_main()
        connection = open_writer(self.path)
        try:
            held = hold(self.path, connection)
            if before is not None:
                before.require_main()
        except BaseException:
            connection.close(True)
            raise
        self._held = held
        connection.set_wal_hook(self._note_wal)
        return connection

    def _note_wal(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _roll_back(self) -> None:
        """Undo what is open. A connection that cannot even do that is given up; the next write opens a new one."""
        if self._connection is None:
            return
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error:
            _log.warning("store_opened_anew", why="its connection could not roll back")
            self._connection.close(True)
            self._connection = None

    def _checkpoint(self) -> None:
        """Copy a long WAL into the file. What was committed is safe without it, so a failure waits for the next."""
        if self._wal_pages < CHECKPOINT_PAGES:
            self._checkpoint_at = CHECKPOINT_PAGES
        if self._wal_pages < self._checkpoint_at or self._connection is None:
            return
        # A reader that stays in the WAL keeps it long: then not every write tries again.
        self._checkpoint_at = self._wal_pages + CHECKPOINT_PAGES // 2
        is_long = self._wal_pages >= RESTART_PAGES
        mode = apsw.SQLITE_CHECKPOINT_RESTART if is_long else apsw.SQLITE_CHECKPOINT_PASSIVE
        self._copy_wal(mode)

    def _copy_wal(self, mode: int) -> None:
        if self._connection is None:
            return
        self._connection.set_busy_timeout(READER_MILLISECONDS)
        with contextlib.suppress(apsw.Error):
            self._connection.wal_checkpoint(mode=mode)
        self._connection.set_busy_timeout(BUSY_MILLISECONDS)


def _write_nothing(_: apsw.Connection, requests: Sequence[None]) -> Sequence[None]:
    return requests


def _apply_all(connection: apsw.Connection, group: list[Write]) -> list[Any]:
    """Apply the writes, those of one kind together: few large statements keep the thread off the GIL."""
    kinds: dict[Apply, list[int]] = {}
    for place, write in enumerate(group):
        kinds.setdefault(write.apply, []).append(place)
    answers: list[Any] = [None] * len(group)
    for apply, places in kinds.items():
        applied = apply(connection, [group[p].request for p in places])
        for place, answer in zip(places, applied, strict=True):
            answers[place] = answer
    return answers
