"""The three files of an open store: which they were when they were opened, and whether they still lie at their path.

A file that is deleted or replaced stays whole for who has it open, and is gone with the process: a commit into it is
durable for nobody. It is told by device and inode, asked through the path, so a replaced folder is found too. Never
by opening a file: closing it would drop the locks that this process has on it (POSIX fcntl).
"""

from __future__ import annotations

import os
from pathlib import Path

import apsw
import msgspec

from todoke.model.errors import ConfigError, StoreEmptied, StoreGone

_Identity = tuple[int, int]
"""Device and inode: no other file has both while this one is open."""


class Held(msgspec.Struct, frozen=True):
    """The names of the database, its -wal and its -shm, and the files that they led to when it was opened."""

    names: tuple[str, str, str]
    files: tuple[_Identity, _Identity, _Identity]

    def require(self) -> bool:
        """Whether there is anything in the -wal.

        Raises StoreGone: if a name leads to nothing or to another file. StoreEmptied: if there is nothing in the
        database. OSError: if that cannot be seen now (no permission, a disk that does not answer).
        """
        main, log, index = self.names
        size = _size(main, self.files[0])
        if not size:
            raise StoreEmptied(f"{main} was emptied by another program")
        log_size = _size(log, self.files[1])
        _size(index, self.files[2])
        return bool(log_size)

    def require_main(self) -> None:
        """The same of the database alone."""
        _size(self.names[0], self.files[0])

    def lacks_only_a_log(self) -> bool:
        """Whether the database lies where it was, and of its -wal and -shm one is gone and none is replaced."""
        main, *others = map(_identity, self.names)
        known = zip(others, self.files[1:], strict=True)
        return main == self.files[0] and all(there in (None, file) for there, file in known)


def hold(path: Path, connection: apsw.Connection) -> Held:
    """What `connection`, which has read something, has open.

    Raises ConfigError: if the database has a second name. StoreGone: if it was deleted in this moment.
    """
    wal = connection.filename_wal
    names = (str(path), wal, wal.removesuffix("wal") + "shm")
    found = [_identity(name) for name in names]
    main, log, index = found
    if main is None or log is None or index is None:
        raise StoreGone(f"{names[found.index(None)]} is gone")
    links = path.stat().st_nlink
    if links > 1:
        raise ConfigError(
            f"{path} has {links} names (hard links). Who opens it by another one uses another -wal and damages it. "
            "Remove the other names, or copy the file and use the copy."
        )
    return Held(names, (main, log, index))


def _size(name: str, file: _Identity) -> int:
    """The size of the file that `name` leads to. Raises StoreGone: if it is not `file`."""
    try:
        found = os.stat(name)  # noqa: PTH116 - for each commit; a Path costs as much again
    except (FileNotFoundError, NotADirectoryError):
        raise StoreGone(f"{name} is gone") from None
    if (found.st_dev, found.st_ino) != file:
        raise StoreGone(f"{name} is another file than the one opened")
    return found.st_size


def _identity(name: str) -> _Identity | None:
    try:
        found = Path(name).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
