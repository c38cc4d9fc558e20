"""Only one process serves a store on one machine, so the leases it finds at its start are a dead one's.

The lock is the kernel's: it goes with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from todoke.model.errors import ConfigError
from todoke.model.log import get_logger
from todoke.stores.sqlite.file_system import network_file_system
from todoke.stores.sqlite.rescue import rescued_copies

_log = get_logger(__name__)


class Leased(Protocol):
    """A store whose leases can be ended."""

    path: Path

    def end_leases(self) -> None:
        """Let every lease lapse now."""
        ...


def is_served(data: Path) -> bool:
    """Whether a process serves the store in this folder now."""
    return any(_is_locked(path) for path in (_lock(data), _folder(data)))


def _is_locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without such locks on folders (NFS)
        return False
    finally:
        os.close(file)
    return False


def served_at(data: Path) -> str:
    """The address at which a process serves the store in this folder now; "" where none does, or it gave none."""
    if not is_served(data):
        return ""
    try:
        lines = _lock(data).read_text("ascii").splitlines()
    except (OSError, UnicodeError):
        return ""
    return lines[1] if len(lines) > 1 else ""


def begin_serving(store: Leased, address: str = "") -> ExitStack:
    """Take the store for this process and let the leases of the one before lapse; its `close` gives the store free.

    `address` is told to who asks for it (`served_at`).
    Without this a mail that was in hand when the process died would wait for its lease to run out. Raises
    ConfigError: if another process serves this store. StoreUnavailable: if it cannot be written.
    """
    data = store.path.parent
    with ExitStack() as held:
        file = os.open(_lock(data), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held.callback(os.close, file)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _lock_folder(data, held)
        except BlockingIOError as error:
            other = os.read(file, 32).decode("ascii", "replace").partition("\n")[0]
            raise ConfigError(
                f"Another todoke{f' (process {other})' if other else ''} serves the data in {data}. Stop it first, "
                "or set TODOKE_DATA to another folder."
            ) from error
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n{address}\n".encode())
        store.end_leases()
        if kind := network_file_system(data):
            _log.warning("store_on_another_machine", folder=str(data), file_system=kind)
        for copy in rescued_copies(store.path):
            _log.warning(
                "store_rescued_before", copy=str(copy), do="docs/store.md tells how to go on"
            )
        return held.pop_all()


def _lock_folder(data: Path, held: ExitStack) -> None:
    """Lock the folder too: it cannot be deleted as the lock's file can, and is the same by whatever link it is reached.

    Raises BlockingIOError: if another process has it.
    """
    folder = os.open(_folder(data), os.O_RDONLY | os.O_CLOEXEC)
    held.callback(os.close, folder)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except (
        OSError
    ) as error:  # a file system without such locks on folders (NFS): the file's has to do
        _log.info("folder_not_locked", error=str(error))


def _folder(data: Path) -> Path:
    """Where the database itself lies, if it is a symbolic link."""
    return (data / "todoke.db").resolve().parent


def _lock(data: Path) -> Path:
    return data / "serving.lock"
