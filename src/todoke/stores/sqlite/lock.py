"""Only one process serves a store on one machine, so the leases it finds at its start are a dead one's.

The lock is the kernel's: it goes with the process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

from todoke.model.errors import ConfigError


class Leased(Protocol):
    """A store whose leases can be ended."""

    path: Path

    def end_leases(self) -> None:
        """Let every lease lapse now."""
        ...


def is_served(data: Path) -> bool:
    """Whether a process serves the store in this folder now."""
    try:
        file = os.open(_lock(data), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def begin_serving(store: Leased) -> int:
    """Take the store for this process and let the leases of the one before lapse; the file that holds the lock.

    Without this a mail that was in hand when the process died would wait for its lease to run out. Raises
    ConfigError: if another process serves this store. StoreUnavailable: if it cannot be written.
    """
    path = _lock(store.path.parent)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        other = os.read(file, 32).decode("ascii", "replace").strip()
        os.close(file)
        raise ConfigError(
            f"Another todoke (process {other}) serves the data in {path.parent}. Stop it first, or set TODOKE_DATA "
            "to another folder."
        ) from error
    os.ftruncate(file, 0)
    os.write(file, f"{os.getpid()}\n".encode())
    store.end_leases()
    return file


def _lock(data: Path) -> Path:
    return data / "serving.lock"
