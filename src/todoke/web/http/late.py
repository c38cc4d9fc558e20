"""Routes of a room that is loaded with its first request.

A function on AWS starts for a form far oftener than for the desk, whose modules are a fifth of what it would load
(bench/aws.py, init of web).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send


class LateRoutes(BaseRoute):
    """Everything at and below `path`: `make` gives its routes, once. To be used in one event loop."""

    def __init__(self, path: str, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self.path = path
        self._make = make
        self._router: Router | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """By the path alone: the routes say of the method themselves."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_ours = scope["type"] == "http" and f"{path}/".startswith(f"{self.path}/")
        return (Match.FULL if is_ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the routes answer; where none does, as anywhere else."""
        if self._router is None:
            self._router = Router(routes=self._make(), redirect_slashes=False)
        await self._router(scope, receive, send)
