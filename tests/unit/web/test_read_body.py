"""Reading a request's body: what all of them together may hold while they arrive."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from todoke.model.errors import Crowded, Malformed, TooLarge, TooSlow
from todoke.web.http.body import Unfinished, read_body


class Sender:
    """A client that sends pieces, and waits for ever after them unless the last of them ends the body."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self.pieces = list(pieces)
        self.ends = ends

    async def receive(self) -> Any:
        """The next ASGI message."""
        if not self.pieces:
            await asyncio.Event().wait()
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


def test_bodies_under_way_share_a_bound() -> None:
    """While others hold all there is, a body in pieces is told to come again; one in a single piece still passes."""

    async def story() -> None:
        room = Unfinished(100)
        slow = [asyncio.create_task(read(Sender(b"x" * 45, ends=False), room)) for _ in range(2)]
        await asyncio.sleep(0)
        assert room.size == 90
        with pytest.raises(Crowded):
            await read(Sender(b"x" * 9, b"x" * 9), room)
        assert await read(Sender(b"x" * 99), room) == b"x" * 99
        slow[0].cancel()
        await asyncio.wait(slow[:1])
        assert await read(Sender(b"ab", b"", b"c"), room) == b"abc"
        slow[1].cancel()
        await asyncio.wait(slow[1:])
        assert room.size == 0

    asyncio.run(story())


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
