"""Cross-origin requests (WHATWG Fetch 3.3): any page of the site may post to the door and read every answer.

Wraps the door's ASGI app from the outside, so that errors, redirects and refusals carry the headers as well: without
them a script cannot read why it failed. This keeps honest pages apart; it proves nothing about who sends a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.model.errors import OriginRefused
from todoke.model.form import Site
from todoke.model.url import origin_of
from todoke.web.http.asked import header
from todoke.web.http.errors import error_response, last_word, log_unexpected

ALLOWED_HEADERS = (
    "Accept, Content-Type, Idempotency-Key, X-Requested-With, Authorization, "
    "Formspree-Client, Formspree-Session-Data"
)

_KNOWN = ALLOWED_HEADERS.encode()
_NAMES = re.compile(r"[A-Za-z0-9_-]+(?: ?, ?[A-Za-z0-9_-]+){0,39}")
_ALWAYS = (
    (b"vary", b"Origin"),
    (b"access-control-expose-headers", b"Retry-After, Location, HX-Redirect, HX-Reswap"),
)
_CREDENTIALS = ((b"access-control-allow-credentials", b"true"),)
"""A script that sends cookies without need could not read its answer else. No answer here depends on one."""
_PREFLIGHT = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-max-age", b"7200"),
)


class Cors:
    """An ASGI app around another: answers OPTIONS, refuses origins that are not the site's, and marks every answer.

    204: to OPTIONS. 403: to a POST whose Origin is not listed. 500: when the app inside fails, but 200 if it has stored
    something by then (`LastWord`). Else what it answers. `refused` is told of each answer of 400 or more.
    """

    def __init__(self, app: ASGIApp, site: Site, refused: Callable[[Scope, int], None]) -> None:
        self._app = app
        self._refused = refused
        self._site = site
        self._any = not site.origins or "*" in site.origins
        self._origins = {origin_of(origin) for origin in site.origins}
        self._door = origin_of(site.door_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        extra = self._headers(origin)
        if scope["method"] == "OPTIONS":
            extra = (*extra, *_PREFLIGHT, (b"access-control-allow-headers", _allowed(scope)))
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if message["status"] >= 400:
                    self._refused(scope, message["status"])
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        if scope["method"] == "OPTIONS":
            await _answer_options(send_marked)
            return
        try:
            if scope["method"] == "POST" and not self._takes(origin, scope):
                refusal = error_response(Request(scope), OriginRefused(), site=self._site.name)
                await refusal(scope, receive, send_marked)
                return
            await self._app(scope, receive, send_marked)
        except Exception as error:
            log_unexpected(error)
            if started:
                raise
            site = self._site.name
            answer = last_word(scope) or error_response(Request(scope), error, site=site)
            await answer(scope, receive, send_marked)

    def _takes(self, origin: str, scope: Scope) -> bool:
        if self._any or origin in {"", "null"}:
            return True
        origin = origin_of(origin)
        if not origin:
            return False
        # The scheme of our own origin may be hidden by a proxy; the host is enough, since browsers state it.
        own_host = header(scope, b"host").lower()
        return origin in self._origins or origin == self._door or origin.endswith(f"//{own_host}")

    def _headers(self, origin: str) -> tuple[tuple[bytes, bytes], ...]:
        if origin and origin.isascii():
            allowed = (b"access-control-allow-origin", origin.encode("ascii"))
            return (*_ALWAYS, *_CREDENTIALS, allowed)
        return (*_ALWAYS, (b"access-control-allow-origin", b"*")) if self._any else _ALWAYS


def _allowed(scope: Scope) -> bytes:
    """The header fields that a script may send: those known, and what it asks for, since nothing depends on them."""
    asked = header(scope, b"access-control-request-headers")
    return f"{ALLOWED_HEADERS}, {asked}".encode() if _NAMES.fullmatch(asked) else _KNOWN


async def _answer_options(send: Send) -> None:
    headers = [(b"allow", b"GET, HEAD, POST, OPTIONS")]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
