"""The receipt: what became of a submission, for whoever holds its link. Documented in docs/receipt.md.

HTML, JSON or server-sent events, each made from `report.receipt`. Unknown and erased submissions answer alike. No
answer of the visitor and no whole address is ever in it. One thing can be done here: correct the visitor's address.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from todoke.forms.constraints import ASCII_SPACE
from todoke.forms.fault_words import with_suggestion
from todoke.model.address_hint import intended_address
from todoke.model.errors import RequestError, StoreError, TooMany
from todoke.model.ids import receipt_hash
from todoke.model.language import N_, translator
from todoke.model.message import Timeline
from todoke.model.submission import FieldError
from todoke.report.receipt import receipt_language
from todoke.walk.app import App
from todoke.walk.correct import Correction, address_at
from todoke.web.http.asked import (
    base_path,
    client_address,
    language_of,
    network_of,
    peer_of,
    wants_json,
)
from todoke.web.http.cors import Cors
from todoke.web.http.errors import RETRY_AFTER_SECONDS, json_error, json_response
from todoke.web.http.small_form import read_small_form, require_own_origin
from todoke.web.pages import pages
from todoke.web.receipt_teller import ReceiptTeller, told_by
from todoke.web.streams import OpenStream, Streams

_VARY = {"vary": "accept"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How live a receipt is.

    The store is read every `poll_seconds`, every `slow_poll_seconds` once a stream is older than `brisk_seconds`. A
    stream ends after `total_seconds`, or once everything is final and has stayed so for `quiet_seconds` (a bounce may
    follow a delivery). At most `streams` at once; for a further reader another one's stream ends, and that page polls.
    With none, each reader gets 503 and pages only ever poll: for a host that can give an answer only whole.
    """

    poll_seconds: float = 1.0
    slow_poll_seconds: float = 3.0
    brisk_seconds: float = 60.0
    heartbeat_seconds: float = 15.0
    quiet_seconds: float = 120.0
    total_seconds: float = 600.0
    streams: int = 200


@dataclass(slots=True)
class _Receipts:
    """The receipt's handlers, and the streams that are open."""

    app: App
    pace: Pace
    streams: Streams
    told: ReceiptTeller

    async def show(self, request: Request) -> Response:
        """GET /s/{token}.

        200 the receipt, as HTML, or as JSON when Accept asks for it. 404 for any token that is not a live receipt's.
        503 with Retry-After when the store cannot be read.
        """
        try:
            timeline = await self._find(request)
        except StoreError:
            return _unavailable(request, self.app)
        if timeline is None:
            return _not_found(request, self.app)
        return self._page(request, timeline)

    async def events(self, request: Request) -> Response:
        """GET /s/{token}/events.

        200 text/event-stream: the receipt's JSON at once and on every change, a comment as heartbeat, and `end` when
        no more will come, or `poll` when the reader has to make room for another. 404 as above. 503 with Retry-After
        when the store is down, or there are no streams here.
        """
        try:
            timeline = await self._find(request)
        except StoreError:
            return _unavailable(request, self.app)
        if timeline is None:
            return _not_found(request, self.app)
        reader = self.streams.enter(peer_of(self._address(request)))
        if reader is None:
            return _unavailable(request, self.app)
        headers = {**pages.security_headers(), "x-accel-buffering": "no"}
        parts = _changes(self, request, reader)
        return _Stream(parts, self.streams, reader, headers)

    async def correct(self, request: Request) -> Response:
        """POST /s/{token}/address with `address`, or the `domain` that the receipt suggests.

        303 back to the receipt (JSON: 200 with it) once the new attempt is due. 422 when the address cannot be one.
        409 when it cannot be corrected (any more). 429 when too much was sent from this address. 403 from an origin
        that is not the site's; 4xx for a body that is no form; 404, 503 as above.
        """
        try:
            require_own_origin(request, self.app.settings.site)
            sent = await read_small_form(request)
            timeline = await self._find(request)
            if timeline is None:
                return _not_found(request, self.app)
            typed = sent.get("address", "").strip(ASCII_SPACE)
            typed = typed or address_at(timeline, sent.get("domain", ""))
            return await self._correct(request, timeline, typed)
        except RequestError as error:
            return _refused(request, self.app, error)
        except StoreError:
            return _unavailable(request, self.app)

    async def back(self, request: Request) -> Response:
        """GET /s/{token}/address: 303 to the receipt, for whoever opens the address that a form went to."""
        return self._to_receipt(request)

    def _address(self, request: Request) -> str:
        return client_address(request.scope, self.app.settings.trusted_proxies)

    def _to_receipt(self, request: Request) -> Response:
        return RedirectResponse(_path(request), 303, headers=pages.security_headers())

    async def _correct(self, request: Request, timeline: Timeline, typed: str) -> Response:
        language = receipt_language(timeline, self.app.settings)
        say = translator("pages", language).gettext
        peer, network = peer_of(self._address(request)), network_of(self._address(request))
        if not (self.app.allowance.take(peer) and self.app.networks.take(network)):
            return _too_many(request, self.app)
        corrected = await run_in_threadpool(self.told.correct, timeline, typed)
        if corrected is not Correction.DUE:
            self.app.allowance.give_back(peer)
            self.app.networks.give_back(network)
        match corrected:
            case Correction.CLOSED:
                text = say("This address cannot be corrected here now.")
                return self._fault(request, timeline, 409, "cannot_correct", text)
            case Correction.NO_ADDRESS:
                text = say("This is not a mail address. It should look like name@example.com.")
                text = with_suggestion(text, intended_address(typed), language)
                return self._fault(request, timeline, 422, "typeMismatch", text, typed)
            case Correction.DUE if wants_json(request):
                return self._page(request, await self._find(request) or timeline)
        return self._to_receipt(request)

    async def _find(self, request: Request) -> Timeline | None:
        hashed = receipt_hash(request.path_params["token"])
        return await run_in_threadpool(self.app.archive.receipt, hashed)

    def _page(
        self,
        request: Request,
        timeline: Timeline,
        *,
        status: int = 200,
        error: str = "",
        notice: str = "",
        typed: str = "",
    ) -> Response:
        shown = self.told.receipt(timeline)
        form = self.app.settings.forms.get(timeline.submission.form)
        if wants_json(request):
            return json_response(shown, status, {**pages.security_headers(), **_VARY})
        return pages.render(
            "receipt.html",
            language=shown["language"],
            status=status,
            headers=_VARY,
            site=self.app.settings.site,
            site_url=shown["site_url"],
            base=base_path(request.scope),
            path=_path(request),
            receipt=shown,
            form_language=form.language if form else "",
            streams=self.pace.streams > 0,
            error=error,
            notice=notice,
            typed=typed,
            zone=self.app.settings.site.time_zone,
        )

    def _fault(
        self,
        request: Request,
        timeline: Timeline,
        status: int,
        code: str,
        text: str,
        typed: str = "",
    ) -> Response:
        if wants_json(request):
            errors = (FieldError("address", code, text),)
            return json_error(status, code, text, errors=errors, headers=pages.security_headers())
        if status == 409:
            return self._page(request, timeline, status=status, notice=text)
        return self._page(request, timeline, status=status, error=text, typed=typed)

    async def read(self, request: Request) -> dict[str, Any] | None:
        """The receipt's JSON now; None when it is gone. Raises StoreError."""
        timeline = await self._find(request)
        if timeline is None:
            return None
        return self.told.receipt(timeline)


class _Stream(StreamingResponse):
    """A stream that is open until its reader has left, however that comes."""

    def __init__(
        self,
        parts: AsyncIterator[bytes],
        streams: Streams,
        reader: OpenStream,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(parts, media_type="text/event-stream; charset=utf-8", headers=headers)
        self._streams, self._reader = streams, reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._reader)


async def _changes(
    receipts: _Receipts, request: Request, reader: OpenStream
) -> AsyncIterator[bytes]:
    """The stream's bytes (WHATWG HTML 9.2): each change as a message, heartbeats, and the end."""
    pace, clock = receipts.pace, asyncio.get_running_loop().time
    began = changed = spoke = clock()
    last = ""
    yield b"retry: 3000\n\n"
    while clock() - began < pace.total_seconds:
        try:
            now = await receipts.read(request)
        except StoreError:
            now = json.loads(last) if last else {"final": False}
        if now is None:
            break
        text = json.dumps(now, ensure_ascii=False, separators=(",", ":"))
        if text != last and "id" in now:
            last, changed, spoke = text, clock(), clock()
            yield f"data: {text}\n\n".encode("utf-8", "replace")
        elif clock() - spoke >= pace.heartbeat_seconds:
            spoke = clock()
            yield b": still here\n\n"
        if now["final"] and clock() - changed >= pace.quiet_seconds:
            break
        brisk = clock() - began < pace.brisk_seconds
        await reader.wait(pace.poll_seconds if brisk else pace.slow_poll_seconds)
        if reader.is_dismissed:
            yield b"event: poll\ndata: {}\n\n"
            return
    yield b"event: end\ndata: {}\n\n"


def _path(request: Request) -> str:
    """The receipt's own, as browsers have it."""
    return f"{base_path(request.scope)}/s/{quote(request.path_params['token'], safe='')}"


def _language(request: Request, app: App) -> str:
    return language_of(request.scope, app.settings.site.language)


def _answer(
    request: Request, app: App, status: int, code: str, title: str, text: str, retry: int = 0
) -> Response:
    language = _language(request, app)
    say = translator("pages", language).gettext
    headers = {**_VARY, **({"retry-after": str(retry)} if retry else {})}
    if wants_json(request):
        return json_error(status, code, say(text), headers={**pages.security_headers(), **headers})
    site = app.settings.site
    return pages.error_page(
        status,
        say(title),
        say(text),
        language,
        headers=headers,
        base=base_path(request.scope),
        site=site,
    )


def _not_found(request: Request, app: App) -> Response:
    title = N_("There is no receipt here")
    text = N_("The address may be incomplete, or what it showed has been erased as promised.")
    return _answer(request, app, 404, "not_found", title, text)


def _unavailable(request: Request, app: App) -> Response:
    title = N_("Please try again in a moment")
    text = N_("The receipt cannot be read just now. What you wrote stays stored.")
    return _answer(request, app, 503, "unavailable", title, text, RETRY_AFTER_SECONDS)


def _too_many(request: Request, app: App) -> Response:
    title = N_("Please try again in a moment")
    text = N_("Too much was sent from your network just now. Please try again in a minute.")
    return _answer(
        request, app, TooMany.status, TooMany.code, title, text, TooMany.retry_after_seconds
    )


def _refused(request: Request, app: App, error: RequestError) -> Response:
    title = N_("This cannot be done")
    text = N_("The request could not be read. Please go back to the receipt and try again.")
    return _answer(request, app, error.status, error.code, title, text)


def routes(app: App, *, pace: Pace | None = None, told: ReceiptTeller | None = None) -> list[Route]:
    """The receipt's routes. Scripts of the site's pages may read and correct it: the door gives them its address."""
    pace = pace or Pace()
    receipts = _Receipts(app, pace, Streams(pace.streams), told or told_by(app))
    methods = ["GET", "OPTIONS"]
    shared = [Middleware(Cors, site=app.settings.site, methods="GET, HEAD, OPTIONS")]
    posted = [Middleware(Cors, site=app.settings.site)]
    return [
        Route("/s/{token}", receipts.show, methods=methods, middleware=shared),
        Route("/s/{token}/events", receipts.events, methods=methods, middleware=shared),
        Route(
            "/s/{token}/address", receipts.correct, methods=["POST", "OPTIONS"], middleware=posted
        ),
        Route("/s/{token}/address", receipts.back, methods=["GET"]),
    ]
