"""Where text is written to: a file, a pipe, a terminal."""

from __future__ import annotations

from typing import Protocol


class Output(Protocol):
    """Takes text. Raises OSError: if it cannot be written."""

    def write(self, text: str, /) -> int:
        """Write it; how many characters."""
        ...
