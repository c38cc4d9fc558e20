"""Who may ask: programs, and the sandbox's own pages in a browser; no page of another site.

A sandbox asks nobody for a password, so it must not listen to whatever web page a developer has open. A page reaches
it by its address, or by a name of the page's own that is made to lead here (DNS rebinding): then the Host field has
that name, and to the browser all is one origin.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_OTHER_NAME = (
    "This sandbox is not called {name}. If that is you: start it with --allow-host {name}, or write"
    " 127.0.0.1 or localhost.\n"
)
_OTHER_SITE = "Only programs and the sandbox's own pages can do that, no page of another site.\n"


class Guard:
    """An ASGI app before another: 421 for a host that it is not called, 403 for a change that another site asks for.

    `hosts` are names beside addresses and localhost; with `is_shared` also each name without a dot, as a network of
    one's own has them: no page of the web can have such a name.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str] = (), *, is_shared: bool = False
    ) -> None:
        self._app = app
        self._hosts = frozenset(name.lower().rstrip(".") for name in hosts)
        self._is_shared = is_shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            name = _name(headers.get("host", ""))
            if not self._is_ours(name):
                refusal = PlainTextResponse(_OTHER_NAME.format(name=ascii(name)[1:-1][:253]), 421)
                return await refusal(scope, receive, send)
            if scope["method"] not in _READS and not _is_own(headers):
                return await PlainTextResponse(_OTHER_SITE, 403)(scope, receive, send)
        return await self._app(scope, receive, send)

    def _is_ours(self, name: str) -> bool:
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        return _is_address(name) or (self._is_shared and bool(name) and "." not in name)


def _name(host: str) -> str:
    """The host of a Host field without its port; "" for none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # an address in brackets that is none
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_own(headers: Headers) -> bool:
    """Whether no browser says that another site's page asks. Programs send neither field."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in _OWN
    # Browsers leave the former out where a page is neither of TLS nor of this machine. "null" is a page without rights.
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()
