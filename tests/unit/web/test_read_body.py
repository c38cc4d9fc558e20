"""Reading a request's body: how slow it may be, and what all of them together may hold while they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from support.web.lines import Clocked
from todoke.model.errors import Crowded, Malformed, TooLarge, TooSlow
from todoke.web.http.body import (
    LEAST_BYTES_PER_SECOND,
    PASSING_BYTES,
    Unfinished,
    let_pass,
    read_body,
)


class Sender:
    """A client that sends pieces, `pause` seconds apart; unless the last ends the body, it sends nothing after that."""

    def __init__(self, *pieces: bytes, ends: bool = True, pause: float = 0.0) -> None:
        self.pieces = list(pieces)
        self.ends = ends
        self.pause = pause
        self.has_begun = False

    async def receive(self) -> Any:
        """The next ASGI message."""
        if not self.pieces:
            await asyncio.Event().wait()
        if self.pause and self.has_begun:
            await asyncio.sleep(self.pause)
        self.has_begun = True
        piece = self.pieces.pop(0)
        return {
            "type": "http.request",
            "body": piece,
            "more_body": bool(self.pieces) or not self.ends,
        }


async def read(sender: Sender, room: Unfinished, limit: int = 1_000, seconds: float = 5.0) -> bytes:
    """Read what it sends."""
    scope = {"type": "http", "headers": []}
    return await read_body(scope, sender.receive, limit=limit, seconds=seconds, unfinished=room)


@pytest.fixture
def loop() -> Iterator[Clocked]:
    """A loop whose time is set by hand."""
    made = Clocked()
    yield made
    made.close()


def finish(loop: Clocked, task: asyncio.Task[bytes], within: int) -> int:
    """Let seconds pass until a task is done; how many."""
    for second in range(within):
        if task.done():
            return second
        loop.later(1)
    raise AssertionError("it goes on and on")


def test_a_body_may_take_all_the_time_it_needs(loop: Clocked) -> None:
    """4.5 MB at 115 kB a second arrive, and so do 100 kB at twice the least rate, whatever the pause allowed is."""
    room = Unfinished(10**9)
    photo = Sender(*[b"x" * 115_000] * 40, pause=1)
    edge = Sender(*[b"x" * 2 * LEAST_BYTES_PER_SECOND] * 50, pause=1)
    for sender in (photo, edge):
        task = loop.create_task(read(sender, room, limit=10**8, seconds=10.0))
        assert finish(loop, task, 60) >= 40
        assert len(task.result()) > 100_000


def test_a_body_may_pause(loop: Clocked) -> None:
    """A tunnel in the midst of it, shorter than the time allowed, stops nothing; haste before does not lengthen it."""
    for pause, comes in ((50.0, True), (70.0, False)):
        sender = Sender(b"x" * 900_000, b"x", pause=pause)
        task = loop.create_task(read(sender, Unfinished(10**9), limit=10**6, seconds=60.0))
        finish(loop, task, 200)
        assert (task.exception() is None) == comes


def test_a_trickle_is_too_slow(loop: Clocked) -> None:
    """A byte now and then buys no time to speak of."""
    sender = Sender(*[b"x"] * 500, pause=1)
    task = loop.create_task(read(sender, Unfinished(100_000), seconds=60.0))
    assert finish(loop, task, 70) <= 62
    assert isinstance(task.exception(), TooSlow)


def test_bodies_under_way_share_a_bound(loop: Clocked) -> None:
    """The slowest are told to come again when there is too much, and who comes is taken; in one piece always."""
    room = Unfinished(100)
    slow = [loop.create_task(read(Sender(b"x" * 45, ends=False), room)) for _ in range(2)]
    loop.later(1)
    assert room.size == 90
    quick = loop.create_task(read(Sender(b"x" * 9, b"x" * 9), room))
    whole = loop.create_task(read(Sender(b"x" * 99), room))
    loop.later()
    assert quick.result() == b"x" * 18
    assert whole.result() == b"x" * 99
    assert isinstance(slow[0].exception(), Crowded)
    assert not slow[1].done()
    assert room.size == 45
    loop.later(5)
    assert isinstance(slow[1].exception(), TooSlow)
    assert room.size == 0


def test_one_body_alone_may_be_too_much() -> None:
    """Then it is the slowest itself."""
    room = Unfinished(100)
    with pytest.raises(Crowded):
        asyncio.run(read(Sender(b"x" * 60, b"x" * 60), room))
    assert room.size == 0


def test_the_rest_of_a_refused_body_passes_by(loop: Clocked) -> None:
    """Piece by piece, to its end; to no end while it trickles, and not beyond a bound."""

    def passed(sender: Sender) -> int:
        sizes: list[int] = []
        task = loop.create_task(
            let_pass(sender.receive, 10.0, lambda piece: sizes.append(len(piece)))
        )
        finish(loop, task, 100)  # type: ignore[arg-type]
        assert task.exception() is None
        return sum(sizes)

    assert passed(Sender(b"ab", b"", b"c")) == 3
    assert passed(Sender(*[b"x"] * 500, pause=1)) < 12
    assert passed(Sender(b"x", ends=False)) == 1
    many = PASSING_BYTES // 8 // 1024 // 1024
    assert passed(Sender(*[b"x" * 8 * 1024 * 1024] * (many + 9))) == PASSING_BYTES


def test_what_came_is_there_when_the_rest_is_not(loop: Clocked) -> None:
    """For a page that shows it again."""
    for sender, error in (
        (Sender(b"a=1&", ends=False), TooSlow),
        (Sender(b"a=1&", b"x" * 99), TooLarge),
    ):
        arrived = bytearray()
        scope = {"type": "http", "headers": []}
        reading = read_body(scope, sender.receive, limit=50, seconds=5, arrived=arrived)
        task = loop.create_task(reading)
        finish(loop, task, 20)
        assert isinstance(task.exception(), error)
        assert arrived.startswith(b"a=1&")


@pytest.mark.parametrize(
    ("sender", "error"),
    [
        (Sender(b"x" * 6, b"x" * 6), TooLarge),
        (Sender(b"x", ends=False), TooSlow),
        (Sender(b"x" * 60, ends=False), TooLarge),
    ],
)
def test_what_is_not_read_to_its_end_holds_nothing(sender: Sender, error: type[Exception]) -> None:
    """However reading ends, the room is free again."""
    room = Unfinished(100)
    with pytest.raises(error):
        asyncio.run(read(sender, room, limit=10, seconds=0.05))
    assert room.size == 0


def test_a_client_that_leaves_holds_nothing() -> None:
    """Nor does a body whose connection ends."""
    room = Unfinished(100)
    messages = [
        {"type": "http.request", "body": b"x" * 50, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0)

    scope = {"type": "http", "headers": []}
    with pytest.raises(Malformed):
        asyncio.run(read_body(scope, receive, limit=1_000, seconds=5, unfinished=room))
    assert room.size == 0
