"""What an open store holds is saved beside its path when its files there are gone, and what became of it is told.

Knows no submissions: all that was committed is saved as it is.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw
import msgspec

from todoke.model.errors import StoreEmptied, StoreGone
from todoke.model.log import get_logger
from todoke.stores.sqlite.held import Held

RESCUED = ".rescued-"
"""Stands in the name of a copy, after the database's and before the time (UTC)."""
FIRST_REST_SECONDS = 0.5
LONGEST_REST_SECONDS = 30.0
"""After a copy that failed (a full disk, say, or a deletion under way), so long until another is tried."""

_log = get_logger(__name__)


class Loss(msgspec.Struct, frozen=True):
    """What happened to the files, and where all that was committed lies; None: in the process alone, until it ends."""

    what: str
    saved: Path | None

    @property
    def is_saved(self) -> bool:
        """Whether the copy is there: what deletes the files may still be under way, and delete the copy too."""
        return self.saved is not None and self.saved.exists()


@dataclass(slots=True)
class Rescue:
    """Of one store: whether its files are lost, and the copy that was made then. Used by the writing thread alone."""

    path: Path
    on_rescue: Callable[[], None]
    loss: Loss | None = None
    _try_again_at: float = 0.0
    _rest: float = FIRST_REST_SECONDS

    def save(self, error: StoreGone, held: Held, connection: apsw.Connection | None) -> None:
        """Save what `connection` holds, unless that was done and is there, and say at error what to do."""
        known = self.loss
        if known and (known.is_saved or time.monotonic() < self._try_again_at):
            return
        may_copy_log = not isinstance(error, StoreEmptied) and held.lacks_only_a_log()
        saved, fault = self._saved(connection, may_copy_log=may_copy_log)
        self.loss = Loss(str(error), saved)
        self._try_again_at = time.monotonic() + (0.0 if saved else self._rest)
        self._rest = min(self._rest * 2, LONGEST_REST_SECONDS)
        if saved:
            _log.error(
                "store_gone",
                what=str(error),
                saved_in=str(saved),
                do="nothing is accepted until todoke is started again; docs/store.md tells how to go on",
            )
        elif known is None:
            _log.error(
                "store_gone",
                what=str(error),
                not_saved=fault,
                do=f"do not stop todoke: make room or a folder for a copy beside {self.path}; it is tried again",
            )

    def hurry(self) -> None:
        """Let the next `save` try again at once what failed: it may be the last."""
        self._try_again_at = 0.0

    def is_over(self) -> None:
        """The very same files are back at their path: nothing was written meanwhile, so the work goes on."""
        if self.loss is not None:
            _log.warning("store_is_back", path=str(self.path), copy=str(self.loss.saved or ""))
            self.loss = None
            self._try_again_at, self._rest = 0.0, FIRST_REST_SECONDS

    def _saved(
        self, connection: apsw.Connection | None, *, may_copy_log: bool
    ) -> tuple[Path | None, str]:
        if connection is None:
            return None, "the store was not open"
        try:
            if may_copy_log and _copy_log(connection):
                return self.path, ""
            saved = rescue(self.path, connection)
        except (apsw.Error, OSError) as error:
            return None, f"{type(error).__name__} {error}"
        with contextlib.suppress(OSError):
            self.on_rescue()
        return saved, ""


def rescued_copies(path: Path) -> list[Path]:
    """The copies that lie beside the database at `path`, the oldest first."""
    return sorted(path.parent.glob(f"{path.name}{RESCUED}*"))


def rescue(path: Path, connection: apsw.Connection) -> Path:
    """Write what `connection` sees, all that was committed, into a new file beside `path`; its path.

    The folder is made anew where it is gone. The file is durable when this returns, and only its owner can read it.
    Raises apsw.Error, OSError: if it cannot be written; nothing of it is left then.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = _new_file(folder, f"{path.name}{RESCUED}{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
        # SQLite does not sync what VACUUM INTO writes (lang_vacuum.html).
        _sync(copy)
        _sync(folder)
    except BaseException:
        with contextlib.suppress(OSError):
            copy.unlink()
        raise
    return copy


def _new_file(folder: Path, name: str) -> Path:
    number = 1
    while True:
        copy = folder / (name if number == 1 else f"{name}-{number}")
        try:
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            number += 1
        else:
            return copy


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_log(connection: apsw.Connection) -> bool:
    """Copy all of the -wal into the database, which then has all by itself; whether that could be done."""
    frames, copied = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_FULL)
    return frames == copied
