"""Who keeps a stream when there are too many."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from todoke.web.streams import OpenStream, Streams

PEERS = st.sampled_from(["", "192.0.2.1", "192.0.2.2", "2001:db8::"])


@given(st.lists(PEERS, max_size=60))
def test_a_newcomer_always_has_one_and_nobody_too_many(comers: list[str]) -> None:
    """However they come: all are within the bounds, and who came last is among them."""
    streams = Streams(10, most_of_one=4)
    came: list[OpenStream] = []
    for peer in comers:
        stream = streams.enter(peer)
        assert stream is not None
        came.append(stream)
        there = [one for one in came if not one.is_dismissed]
        assert stream in there
        assert len(there) == len(streams) <= 10
        for name in ("192.0.2.1", "192.0.2.2", "2001:db8::"):
            assert sum(one.peer == name for one in there) <= 4
    for stream in came:
        streams.leave(stream)
        streams.leave(stream)
    assert len(streams) == 0


def test_who_has_many_loses_them_to_others() -> None:
    """One address that holds all it may costs nobody else a stream, and its own oldest goes first."""
    streams = Streams(6, most_of_one=4)
    greedy = [streams.enter("192.0.2.1") for _ in range(5)]
    assert [one.is_dismissed for one in greedy if one] == [True, False, False, False, False]
    others = [streams.enter(f"198.51.100.{n}") for n in range(4)]
    assert [one.is_dismissed for one in others if one] == [False] * 4
    assert [one.is_dismissed for one in greedy if one] == [True, True, True, False, False]


def test_a_dismissed_one_is_woken() -> None:
    """It need not look again first."""

    async def wait() -> None:
        streams = Streams(1)
        first = streams.enter("")
        assert first is not None
        waiting = asyncio.create_task(first.wait(3_600))
        await asyncio.sleep(0)
        streams.enter("")
        await waiting
        assert first.is_dismissed

    asyncio.run(wait())


def test_where_there_are_none_nobody_enters() -> None:
    """A host that gives answers only whole."""
    assert Streams(0).enter("192.0.2.1") is None
