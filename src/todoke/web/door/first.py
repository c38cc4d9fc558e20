"""The door before everything else: its path must be fast."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from todoke.web.door.door import PATH


class DoorFirst:
    """An ASGI app before another: what is for the door goes straight to it.

    On that path Starlette's middlewares and routing would cost as much as reading the form; what they do for others,
    the door does itself: it answers every error.
    """

    def __init__(self, door: ASGIApp, rest: ASGIApp) -> None:
        self._door = door
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under /f/; hand on all else."""
        if scope["type"] == "http":
            path: str = scope["path"].removeprefix(scope.get("root_path", ""))
            if f"{path}/".startswith(PATH):
                scope["path_params"] = {"form": path.removeprefix(PATH)}
                await self._door(scope, receive, send)
                return
        await self._rest(scope, receive, send)
