"""One test session: what all its processes share, whether pytest runs alone or with workers, and when it ends.

The folder is made by the process that starts first, which hands its name to the others in the environment. Whoever
reads the FIFO in it reads its end once that first process has ended, however that came about.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

VARIABLE = "TODOKE_TEST_SESSION"


@cache
def shared_folder() -> Path:
    """The folder of this session, for all its processes."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    folder = Path(tempfile.mkdtemp(prefix="todoke-tests-"))
    os.mkfifo(lifeline(folder))
    os.open(lifeline(folder), os.O_RDWR)  # stays open until this process ends
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[VARIABLE] = str(folder)
    return folder


def lifeline(folder: Path) -> Path:
    """The FIFO that ends with the session."""
    return folder / "lifeline"


def once(name: str, make: Callable[[], str]) -> str:
    """What `make` gave to the first of all the processes that asked for `name`; the others wait for it."""
    place = shared_folder() / name
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            place.write_text(make())
        return place.read_text()
