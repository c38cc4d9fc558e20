"""Who is connected, and who has to go when there are too many: whoever has kept the server waiting for the longest.

Nobody new is refused. So sockets that are held open take no place from a visitor, however many share an address.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol

from todoke.walk.tally import Ended

MOST_OF_ONE_PEER = 1_000
"""Connections of one address. Offices and mobile carriers share one among thousands, most of them idle at a time."""
MOST_UNREAD_BYTES = 67_108_864
"""Of all answers together that their readers have not taken yet: ordinary pages have some ten thousand."""
_ONE_OF = 64


class Guest(Protocol):
    """One connection."""

    peer: str
    waiting_since: float
    """From when on the server waits for it (the loop's time, in seconds); math.inf while it need not do anything."""

    def unread_bytes(self) -> int:
        """How much was written and not taken by the peer."""

    def dismiss(self) -> None:
        """End it now, whatever is under way."""


_Guests = dict[Guest, None]
"""In the order of their coming: of two that are equally slow, the older goes."""


def _not_counted(_: Ended) -> None:
    """Stand in where nobody counts."""


class Crowd:
    """All connections of a server, within bounds: `most` of all, `most_of_one` of one peer, `most_unread` bytes.

    `ended` is called for each connection that is ended, with the reason.
    """

    def __init__(
        self,
        most: int = 4_000,
        most_of_one: int = MOST_OF_ONE_PEER,
        most_unread: int = MOST_UNREAD_BYTES,
        ended: Callable[[Ended], None] = _not_counted,
    ) -> None:
        self.ended = ended
        self._most = most
        self._most_of_one = most_of_one
        self._most_unread = most_unread
        self._all: _Guests = {}
        self._of: defaultdict[str, _Guests] = defaultdict(dict)
        self._reads_slowly: set[Guest] = set()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._all)

    def enter(self, guest: Guest) -> None:
        """A connection began; another one may have to go for it."""
        self._all[guest] = None
        if len(self._all) > self._most:
            self._dismiss_slowest(self._all, Ended.CROWDED)
        self._sit(guest)

    def move(self, guest: Guest, peer: str) -> None:
        """It speaks for another peer now, as a proxy's connection does with each request."""
        if peer != guest.peer:
            self._rise(guest)
            guest.peer = peer
            self._sit(guest)

    def leave(self, guest: Guest) -> None:
        """A connection ended."""
        self._all.pop(guest, None)
        self._reads_slowly.discard(guest)
        self._rise(guest)

    def read_slowly(self, guest: Guest) -> None:
        """What was written to it is not taken at once: all such answers together stay within the bound."""
        self._reads_slowly.add(guest)
        unread = sum(slow.unread_bytes() for slow in self._reads_slowly)
        while unread > self._most_unread and self._reads_slowly:
            slowest = min(self._reads_slowly, key=_since)
            unread -= slowest.unread_bytes()
            self._reads_slowly.discard(slowest)
            self.ended(Ended.UNREAD)
            slowest.dismiss()

    def read_on(self, guest: Guest) -> None:
        """It has taken what was written."""
        self._reads_slowly.discard(guest)

    def _sit(self, guest: Guest) -> None:
        if guest.peer:
            peers = self._of[guest.peer]
            peers[guest] = None
            if len(peers) > self._most_of_one:
                self._dismiss_slowest(peers, Ended.PEER_CROWDED)

    def _rise(self, guest: Guest) -> None:
        peers = self._of.get(guest.peer)
        if peers is not None:
            peers.pop(guest, None)
            if not peers:
                del self._of[guest.peer]

    def _dismiss_slowest(self, guests: _Guests, why: Ended) -> None:
        """Several at once, so that a flood of connections does not cost a search for each."""
        count = max(1, len(guests) // _ONE_OF)
        for slowest in heapq.nsmallest(count, guests, key=_since):
            if slowest.waiting_since != math.inf:
                self.leave(slowest)
                self.ended(why)
                slowest.dismiss()


def _since(guest: Guest) -> float:
    return guest.waiting_since
