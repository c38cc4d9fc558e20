"""Who has to go when there are too many connections."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.server.crowd import Crowd
from todoke.walk.tally import Ended
from todoke.web.http.asked import peer_of


@dataclass(eq=False)
class Someone:
    """A connection that the server waits for since `waiting_since`."""

    waiting_since: float
    peer: str = ""
    unread: int = 0
    gone: bool = field(default=False)

    def unread_bytes(self) -> int:
        """What it has not taken."""
        return self.unread

    def dismiss(self) -> None:
        """It goes."""
        self.gone = True


@given(st.lists(st.floats(0, 1e6) | st.just(math.inf), min_size=41, max_size=120, unique=True))
def test_a_newcomer_takes_the_place_of_the_slowest(since: list[float]) -> None:
    """Beyond the bound those go for whom the server has waited longest; never the newcomer, nobody who waits itself."""
    crowd = Crowd(40)
    guests = [Someone(at) for at in since]
    for guest in guests:
        crowd.enter(guest)
        assert not guest.gone or guest.waiting_since != math.inf
    last = Someone(2e6)
    crowd.enter(last)
    left = [guest for guest in [*guests, last] if not guest.gone]
    assert last in left
    waited = [guest for guest in left if guest.waiting_since != math.inf]
    gone = [guest.waiting_since for guest in guests if guest.gone]
    assert len(waited) <= 40
    assert math.inf not in gone


def test_many_go_at_once() -> None:
    """A flood of connections costs one search for many of them: here one for each 64 places."""
    crowd = Crowd(640)
    guests = [Someone(float(at)) for at in range(641)]
    for guest in guests:
        crowd.enter(guest)
    assert [guest.gone for guest in guests] == [True] * 10 + [False] * 631


def test_one_peer_has_its_own_bound() -> None:
    """Its slowest goes, even where others are slower; who shares its address and is quicker stays."""
    crowd = Crowd(100, most_of_one=10)
    old = Someone(1.0, "192.0.2.1")
    crowd.enter(old)
    of_one = [Someone(10.0 + at, "192.0.2.2") for at in range(11)]
    for guest in of_one:
        crowd.enter(guest)
    assert [guest.gone for guest in of_one] == [True] + [False] * 10
    assert not old.gone


def test_our_own_proxy_has_no_bound_of_its_own() -> None:
    """Whoever is behind it is many."""
    crowd = Crowd(100, most_of_one=10)
    guests = [Someone(float(at), peer_of("127.0.0.1")) for at in range(100)]
    for guest in guests:
        crowd.enter(guest)
    assert not any(guest.gone for guest in guests)


def test_a_proxys_connection_counts_for_whom_it_speaks() -> None:
    """Once its request says who that is, and again with the next request."""
    crowd = Crowd(100, most_of_one=2)
    guests = [Someone(float(at)) for at in range(4)]
    for guest in guests:
        crowd.enter(guest)
        crowd.move(guest, "192.0.2.1" if guest is not guests[3] else "192.0.2.3")
    assert [guest.gone for guest in guests] == [True, False, False, False]
    crowd.move(guests[1], "192.0.2.2")
    crowd.move(guests[3], "192.0.2.1")
    assert not guests[2].gone


def test_what_nobody_reads_is_bounded() -> None:
    """Of all answers together; who has been reading the longest without coming to an end goes."""
    crowd = Crowd(most_unread=100)
    slow = [Someone(float(at), unread=40) for at in range(3)]
    for guest in slow:
        crowd.enter(guest)
    crowd.read_slowly(slow[0])
    crowd.read_slowly(slow[1])
    crowd.read_on(slow[0])
    crowd.read_slowly(slow[2])
    assert not any(guest.gone for guest in slow)
    crowd.read_slowly(slow[0])
    assert [guest.gone for guest in slow] == [True, False, False]


def test_who_left_holds_no_place() -> None:
    """Nobody goes for those that are no more."""
    crowd = Crowd(3)
    for at in range(50):
        guest = Someone(float(at), "192.0.2.1")
        crowd.enter(guest)
        crowd.leave(guest)
        assert not guest.gone


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("/run/todoke.sock", ""),
    ],
)
def test_a_peer_is_an_address_or_a_network_of_one(address: str, peer: str) -> None:
    """A customer has one IPv4 address, or a whole /64; loopback is a proxy of our own."""
    assert peer_of(address) == peer


def test_each_end_is_counted_by_its_reason() -> None:
    """Too many of all, too many of one, too much that nobody takes."""
    ended: list[Ended] = []
    crowd = Crowd(2, most_of_one=1, most_unread=100, ended=ended.append)
    for at in range(3):
        crowd.enter(Someone(float(at)))
    assert ended == [Ended.CROWDED]
    ended.clear()
    one = Crowd(9, most_of_one=1, most_unread=100, ended=ended.append)
    guests = [Someone(float(at), "192.0.2.1", unread=101) for at in range(2)]
    for guest in guests:
        one.enter(guest)
    one.read_slowly(guests[1])
    assert ended == [Ended.PEER_CROWDED, Ended.UNREAD]
