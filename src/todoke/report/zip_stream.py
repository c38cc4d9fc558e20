"""What a ZIP is written to while it is sent: only written to, and emptied now and then. Pure."""

from __future__ import annotations


class ZipStream:
    """A stream without a place to go back to, as `zipfile` takes one."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Keep it until it is taken."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held but what was not taken."""

    def take(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
