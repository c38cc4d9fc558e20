"""Cross-origin requests (WHATWG Fetch 3.3): any page of the site may post to the door and read every answer.

Wraps an ASGI app from the outside, so that errors, redirects and refusals carry the headers as well: without them a
script cannot read why it failed. This keeps honest pages apart; it proves nothing about who sends a request.

Only an origin that the site lists is named in an answer, and may read one that came with its cookies. Whoever else may
send here, or is told why not, reads what anybody may: an answer with a star.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.model.errors import OriginRefused
from todoke.model.form import Form, Site
from todoke.model.language import N_
from todoke.model.submission import EntryList
from todoke.model.url import origin_of
from todoke.web.http.asked import header, language_of
from todoke.web.http.errors import error_response, last_word, log_unexpected
from todoke.web.http.refused import Refused, note_refused

ALLOWED_HEADERS = (
    "Accept, Content-Type, Idempotency-Key, X-Requested-With, Authorization, "
    "Formspree-Client, Formspree-Session-Data"
)

_KNOWN = ALLOWED_HEADERS.encode()
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 that of RFC 9110 5.6.2
_NAMES = re.compile(rf"{_TOKEN}(?:[ \t]*,[ \t]*{_TOKEN})*")
_MOST_NAMES = 2_048
"""Characters: nginx answers 502 where all header fields of an answer together pass 4 KB (proxy_buffer_size)."""
_LONGEST_ORIGIN = 280
"""Characters: a scheme, a host of 253 and a port."""
_ALWAYS = (
    (b"vary", b"Origin"),
    (b"access-control-expose-headers", b"Retry-After, Location, HX-Redirect, HX-Reswap"),
)
_CREDENTIALS = (b"access-control-allow-credentials", b"true")
"""A script that sends cookies without need could not read its answer else. No answer here depends on one."""
_ANYBODY = (b"access-control-allow-origin", b"*")
_MAX_AGE = (b"access-control-max-age", b"7200")


def _nobody_counts(_scope: Scope, _status: int) -> None:
    """Stand in for who is told of refusals."""


Typed = tuple[Form | None, EntryList]
"""What a person sent, and of which form."""


async def _nothing_typed(_scope: Scope, _receive: Receive) -> Typed:
    """Stand in for what was typed."""
    return None, ()


class Cors:
    """An ASGI app around another: answers OPTIONS, refuses origins that are not the site's, and marks every answer.

    204: to OPTIONS. 403: to a POST whose Origin is not listed. 500: when the app inside fails, but 200 if it has stored
    something by then (`LastWord`). Else what it answers. `refused` is told of each answer of 400 or more. `typed` reads
    what a person sent who is refused, so that the page shows it again; to be copied only, for our page may send.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: Site,
        refused: Callable[[Scope, int], None] = _nobody_counts,
        methods: str = "GET, HEAD, POST, OPTIONS",
        typed: Callable[[Scope, Receive], Awaitable[Typed]] = _nothing_typed,
    ) -> None:
        self._app = app
        self._typed = typed
        self._refused = refused
        self._site = site
        self._methods = methods.encode()
        self._any = not site.origins or "*" in site.origins
        self._listed = {origin_of(url) for url in (*site.origins, site.door_url)} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        extra = (*_ALWAYS, *self._readers(origin, scope["method"]))
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
            await self._answer_options(scope, send_marked)
            return
        try:
            if scope["method"] == "POST" and not self._takes(origin, scope):
                refusal = self._refusal(scope, origin, await self._typed(scope, receive))
                await refusal(scope, receive, send_marked)
                return
            await self._app(scope, receive, send_marked)
        except Exception as error:
            log_unexpected(error)
            if started:
                raise
            answer = last_word(scope) or error_response(Request(scope), error, site=self._site)
            await answer(scope, receive, send_marked)

    def _takes(self, origin: str, scope: Scope) -> bool:
        """Whether a page of this origin may post.

        "null" says nothing: pages with a Referrer-Policy of no-referrer state it of their own forms, too.
        """
        if self._any or origin in {"", "null"}:
            return True
        origin = origin_of(origin)
        if not origin:
            return False
        # The scheme of our own origin may be hidden by a proxy; the host is enough, since browsers state it.
        own_host = header(scope, b"host").lower()
        return origin in self._listed or origin.endswith(f"//{own_host}")

    def _readers(self, origin: str, method: str) -> tuple[tuple[bytes, bytes], ...]:
        """Who may read the answer (Fetch 3.3.3).

        What a POST answers is its sender's own, and a preflight passes so that its refusal can be read: both are
        anybody's. A GET may show more than its asker knew, where only a network or a proxy keeps strangers away.
        """
        known = origin_of(origin)
        if known in self._listed:
            return _CREDENTIALS, (b"access-control-allow-origin", known.encode("ascii"))
        return (_ANYBODY,) if self._any or (origin and method in {"POST", "OPTIONS"}) else ()

    def _refusal(self, scope: Scope, origin: str, typed: Typed) -> Response:
        """403: which origin it is, and the line that would let it in; with the other origins it is for the log."""
        known, why, fault = origin_of(origin), "", OriginRefused()
        if known and len(known) <= _LONGEST_ORIGIN:
            why = f"todoke.toml, [site]: origins = {[*self._site.origins, known]}"
            fault = OriginRefused(_NOT_LISTED, origin=known)
        language = language_of(scope, self._site.language)
        site = self._site
        form, entries = typed
        answer = error_response(
            Request(scope), fault, language=language, form=form, entries=entries, site=site
        )
        note_refused(scope, Refused(fault.code, why=why))
        return answer

    async def _answer_options(self, scope: Scope, send: Send) -> None:
        headers = [
            (b"allow", self._methods),
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", _allowed(scope)),
            _MAX_AGE,
        ]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


_NOT_LISTED = N_(
    "This page's origin, %(origin)s, is not one of the site's `origins`. "
    "To let it send, add it in todoke.toml under [site]: origins = [..., '%(origin)s']"
)


def _allowed(scope: Scope) -> bytes:
    """The header fields that a script may send: those known, and all that it asks for.

    No list could follow what libraries add (htmx, Turbo, Sentry, traceparent), and none would protect anything: a
    field that steers us steers alike for a program, which asks nobody. What is no list of names is not repeated.
    """
    asked = header(scope, b"access-control-request-headers").strip(" \t")
    if len(asked) > _MOST_NAMES or not _NAMES.fullmatch(asked):
        return _KNOWN
    return f"{ALLOWED_HEADERS}, {asked}".encode()
