"""What each request passes first: it names one host, and its path becomes the one that the rooms know."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from todoke.model.errors import Malformed
from todoke.model.own_url import base_of
from todoke.web.http.asked import note_base
from todoke.web.http.errors import error_response

_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
"""Of RFC 9110 4.2 what a URL of a browser can have (WHATWG URL, host): letters of other scripts come as A-labels."""


class Front:
    """An ASGI app before another, which is told paths without that of `door_url` and without a slash at their end.

    A proxy may have kept the path of `door_url` or taken it off. An address of ours with a slash at its end is the
    same address: no redirect says so, for it would have to name a host. `rooms` are the first parts of our paths.
    400: a request that does not name one host (RFC 9112 3.2): whoever stands before us may have understood the other.
    """

    def __init__(self, app: ASGIApp, door_url: str, rooms: Collection[str]) -> None:
        self._app = app
        self._base = base_of(door_url)
        self._before = unquote(self._base) + "/"
        self._rooms = frozenset(rooms) - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what names a host."""
        if scope["type"] == "http":
            mounted = scope.get("root_path", "")
            scope["path"] = mounted + self._inner(scope["path"].removeprefix(mounted))
            note_base(scope, self._base)
            if not _names_one_host(scope):
                fault = Malformed("A request names one host, in one Host field.")
                await error_response(Request(scope), fault)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _inner(self, path: str) -> str:
        """The path as the rooms know it.

        What does not lead into a room stays as it is: so a `door_url` that ends like a room's path (`/f`) works, too.
        """
        rest = path[len(self._before) - 1 :]
        if path.startswith(self._before) and self._is_ours(rest):
            path = rest
        return path[:-1] if path.endswith("/") and self._is_ours(path) else path

    def _is_ours(self, path: str) -> bool:
        return path[1:].partition("/")[0] in self._rooms


def _names_one_host(scope: Scope) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if not hosts:
        return scope.get("http_version") == "1.0"
    return len(hosts) == 1 and _HOST.fullmatch(hosts[0]) is not None
