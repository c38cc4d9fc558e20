"""How many connections each api_user has open: the documented limit is ten.

A connection counts for the user whose call it last carried, for as long as it is open, idle or not. What counts in
the real service is not documented.
"""

from __future__ import annotations

from typing import Protocol

from starlette.types import Receive


class Transport(Protocol):
    """What a server's connection can be asked."""

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def transport_of(receive: Receive) -> Transport | None:
    """The connection a call came on.

    ASGI has no word for it. uvicorn's `receive` is a method of the object that holds the transport; under another
    server, or a layer that wraps `receive`, there is none to be had.
    """
    transport: Transport | None = getattr(getattr(receive, "__self__", None), "transport", None)
    return transport


class Connections:
    """The open connections of each api_user, at most `most` for each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._user_of: dict[Transport, str] = {}

    def admits(self, user: str, transport: Transport | None) -> bool:
        """Count the connection of a call by `user`; False if there are too many of theirs."""
        if transport is None:
            return True
        for other in [t for t in self._user_of if t.is_closing()]:
            del self._user_of[other]
        self._user_of.pop(transport, None)
        if sum(user == theirs for theirs in self._user_of.values()) >= self._most:
            return False
        self._user_of[transport] = user
        return True
