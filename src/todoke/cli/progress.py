"""How far a long work is: a number on the terminal, once a second, and gone when it ends."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

EVERY_SECONDS = 1.0
_WIDTH = 20


def bar(done: int, of: int) -> str:
    """How much of a work is done, to see and to read: "[#####...............] 1,000"; full where there came more."""
    full = _WIDTH if done >= of else _WIDTH * done // of
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {done:,}"


@contextlib.contextmanager
def counting(say: Callable[[int], str]) -> Iterator[Callable[[int], None]]:
    """Give a function to call with each number; it shows `say` of it at most once a second, and only on a terminal."""
    last, is_shown = time.monotonic(), False

    def tell(count: int) -> None:
        nonlocal last, is_shown
        if sys.stderr.isatty() and time.monotonic() - last >= EVERY_SECONDS:
            last, is_shown = time.monotonic(), True
            sys.stderr.write(f"\r{say(count)} ...")

    yield tell
    if is_shown:
        sys.stderr.write("\r\x1b[K")
