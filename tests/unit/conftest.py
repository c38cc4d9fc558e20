"""Unit tests are pure: they start no process and open no connection. What does lives in contract or acceptance."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

IMPURE = {
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "subprocess.Popen",
    "socket.bind",
    "socket.connect",
}
_watched = False


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if _watched and event in IMPURE:
        raise AssertionError(
            f"{event} {arguments!r} in a unit test: move it to contract or acceptance"
        )


sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def purity() -> Iterator[None]:
    """No process and no connection while a unit test runs."""
    global _watched  # noqa: PLW0603 - an audit hook cannot be taken away
    _watched = True
    yield
    _watched = False
