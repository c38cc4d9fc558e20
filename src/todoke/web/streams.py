"""The receipts' open streams, within bounds: a newcomer is always served, and someone else's page polls instead.

A stream costs a connection and a look at the store each second, and whoever has one link may open it very often.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

MOST_OF_ONE = 40
"""Of one address: an office that fills in one form together has them, and more than that polls."""


class OpenStream:
    """One reader's."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self._dismissed = asyncio.Event()

    @property
    def is_dismissed(self) -> bool:
        """Whether its place is another's by now."""
        return self._dismissed.is_set()

    def dismiss(self) -> None:
        """Take its place."""
        self._dismissed.set()

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until its place is taken."""
        try:
            await asyncio.wait_for(self._dismissed.wait(), seconds)
        except TimeoutError:
            return


class Streams:
    """At most `most` readers, and `most_of_one` of one peer. To be used in one event loop."""

    def __init__(self, most: int, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._all: dict[OpenStream, None] = {}
        self._of: defaultdict[str, dict[OpenStream, None]] = defaultdict(dict)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def enter(self, peer: str) -> OpenStream | None:
        """Another one, of this peer ("": of nobody in particular); None where there is place for none at all.

        One too many of a peer takes the place of that peer's oldest; one too many of all, that of the oldest of the
        peer that has the most: so who has many loses them first.
        """
        if self._most <= 0:
            return None
        if peer and len(self._of[peer]) >= self._most_of_one:
            self._dismiss_oldest(peer)
        elif len(self._all) >= self._most:
            self._dismiss_oldest(max(self._of, key=lambda name: len(self._of[name])))
        reader = OpenStream(peer)
        self._all[reader] = self._of[peer][reader] = None
        return reader

    def leave(self, reader: OpenStream) -> None:
        """It ended. One that was dismissed has left already."""
        if reader in self._all:
            del self._all[reader], self._of[reader.peer][reader]
            if not self._of[reader.peer]:
                del self._of[reader.peer]

    def _dismiss_oldest(self, peer: str) -> None:
        oldest = next(iter(self._of[peer]))
        self.leave(oldest)
        oldest.dismiss()
