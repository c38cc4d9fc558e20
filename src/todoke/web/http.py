"""What every room of web/ needs of HTTP: reading a body within limits, one shape of error, who asks and what for.

Nothing here knows forms or stores. `error_response` is the only place where an error becomes an answer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import traceback
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from todoke.errors import (
    Crowded,
    Malformed,
    RequestError,
    StoreError,
    TooLarge,
    TooSlow,
    Unsupported,
)
from todoke.language import Translate, choose_language, translator
from todoke.submission import EntryList, FieldErrors

RETRY_AFTER_SECONDS = 5
DRAIN_BYTES = 4_194_304
DRAIN_SECONDS = 2.0
UNFINISHED_BYTES = 268_435_456
"""Of all bodies together that are still arriving: beyond it a process could be killed for its memory."""

_FIELDS = "todoke.fields"
_LENGTH = re.compile(rb"[0-9]{1,18}")

_log = logging.getLogger(__name__)


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header field, or ""."""
    fields = scope.get(_FIELDS)
    if fields is None:  # several are asked for of each request, and browsers send many
        fields = scope[_FIELDS] = dict(reversed(list(scope["headers"])))
    value = fields.get(name)
    return "" if value is None else str(value, "latin-1")


class Unfinished:
    """How many bytes are held of bodies that are not whole yet; at most `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0

    def hold(self, size: int) -> None:
        """Hold `size` bytes more. Raises Crowded: if these are too many; they count until they are let go."""
        self.size += size
        if self.size > self.most:
            raise Crowded("Many large forms are on their way just now. Please send this again.")

    def let_go(self, size: int) -> None:
        """Hold `size` bytes less."""
        self.size -= size


_UNFINISHED = Unfinished(UNFINISHED_BYTES)


async def read_body(
    scope: Scope,
    receive: Receive,
    *,
    limit: int,
    seconds: float,
    unfinished: Unfinished = _UNFINISHED,
) -> bytes:
    """The whole body of a request, of `limit` bytes at most, within `seconds`.

    Raises TooLarge, TooSlow: if it passes these. Crowded: if too much of other bodies is on its way. Unsupported: if it
    is compressed, since what a bomb unpacks to cannot be known before. Malformed: if its length is not stated as RFC
    9110 8.6 says, or it ends early.
    """
    if header(scope, b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Unsupported("A form is sent without Content-Encoding.")
    declared = _content_length(scope)
    if declared > limit:
        if not header(scope, b"expect"):
            await _drain(receive)
        raise TooLarge(f"The form may hold {limit} bytes at most.")
    try:
        async with asyncio.timeout(seconds):
            body = await _receive_all(receive, limit, unfinished)
    except TimeoutError as error:
        raise TooSlow from error
    except TooLarge:
        await _drain(receive)
        raise
    if len(body) < declared:
        raise Malformed("The body is shorter than its Content-Length.")
    return body


async def _receive_all(receive: Receive, limit: int, unfinished: Unfinished) -> bytes:
    chunk, more = await _receive_chunk(receive)
    if len(chunk) > limit:
        raise TooLarge(f"The form may hold {limit} bytes at most.")
    if not more:  # nearly always: what comes in one piece holds no place
        return chunk
    body = bytearray(chunk)  # not a list of pieces, for strangers choose how small these are
    try:
        unfinished.hold(len(body))
        while more:
            chunk, more = await _receive_chunk(receive)
            if len(body) + len(chunk) > limit:
                raise TooLarge(f"The form may hold {limit} bytes at most.")
            body += chunk
            unfinished.hold(len(chunk))
        return bytes(body)
    finally:
        unfinished.let_go(len(body))


async def _receive_chunk(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Malformed("The connection ended before the body did.")
    return message.get("body", b""), message.get("more_body", False)


async def _drain(receive: Receive) -> None:
    """Let some more of an unwanted body pass: a client that is cut off while it writes never reads the answer."""
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while size < DRAIN_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _content_length(scope: Scope) -> int:
    """What Content-Length states, 0 if nothing: one plain number, or the body's end would be open to opinion."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    if not values:
        return 0
    if len(values) > 1 or not _LENGTH.fullmatch(values[0]):
        raise Malformed("The Content-Length is not a number.")
    return int(values[0])


def wants_json(request: Request) -> bool:
    """Whether the answer should be JSON.

    So it is when Accept prefers JSON to HTML, when X-Requested-With says that a script asks, or when the body is JSON
    and Accept does not prefer HTML.
    """
    return scope_wants_json(request.scope)


def scope_wants_json(scope: Scope) -> bool:
    """`wants_json` for an ASGI scope."""
    preference = _preference(header(scope, b"accept")[:512])
    if preference == "json" or header(scope, b"x-requested-with").lower() == "xmlhttprequest":
        return True
    media_type = header(scope, b"content-type").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or media_type.endswith("+json")
    return is_json and preference != "html"


@lru_cache(maxsize=1024)
def _preference(accept: str) -> str:
    """ "json", "html", or "" when an Accept value (RFC 9110 12.5.1) prefers neither."""
    json = _rank(accept, "application/json", "application/*")
    html = _rank(accept, "text/html", "text/*")
    if json > html and json[0] > 0:
        return "json"
    return "html" if html > json else ""


def _rank(accept: str, exact: str, wide: str) -> tuple[float, int]:
    """How much a media type is wanted: its weight, and how closely it is named."""
    best = (0.0, 0)
    closest = 0
    for part in accept.lower().split(","):
        media_range, _, parameters = part.partition(";")
        closeness = {exact: 3, wide: 2, "*/*": 1}.get(media_range.strip(), 0)
        if closeness > closest:
            closest = closeness
            best = (_weight(parameters), closeness)
    return best


def _weight(parameters: str) -> float:
    match = re.search(r"(?:^|;)\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", parameters)
    return float(match[1]) if match else 1.0


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """The address of the client: the peer's, or what the farthest of our own proxies says that it saw.

    Each proxy adds its peer at the end of X-Forwarded-For, so only the last `trusted_proxies` entries are true.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if trusted_proxies <= 0:
        return peer
    stated = ",".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    )
    seen = [s.strip() for s in stated.split(",")] if stated else []
    farthest = seen[-trusted_proxies:]
    if not farthest:
        return peer
    try:
        return str(ipaddress.ip_address(farthest[0].strip("[]")))
    except ValueError:
        return peer


def language_of(scope: Scope, default: str = "en") -> str:
    """The language to answer in: what Accept-Language asks for and we have, or `default`."""
    return _chosen_language(header(scope, b"accept-language")[:512], default)


_chosen_language = lru_cache(maxsize=1024)(choose_language)


def error_response(
    request: Request,
    error: Exception,
    *,
    language: str = "",
    errors: FieldErrors = (),
    entries: EntryList = (),
    action: str = "",
    site: str = "",
    form_origins: Iterable[str] = (),
) -> Response:
    """The answer to an error: the one JSON shape, or a page that says what happened and what to do.

    400, 401, 403, 404, 408, 409, 413, 415, 422, 429 as the error says; 503 with Retry-After for a StoreError; 500 for
    what nobody meant, whose text stays in the log. With `entries` the page keeps what was typed, and with `action` it
    can be posted again, to end at one of `form_origins`.
    """
    status, code, text = describe(error)
    language = language or language_of(request.scope)
    say = translator("door", language).gettext
    headers = _headers(error, status)
    if language != "en":
        # Details such as a limit are in English only; elsewhere the kind of error is said in the visitor's words.
        text = _translated(text, say) or _translated(_kind(error), say) or text
    if wants_json(request):
        return json_error(status, code, text, errors=errors, headers=headers)
    from todoke.web import pages  # noqa: PLC0415 - Jinja2 is for pages only

    if action:
        headers |= pages.security_headers(form_origins)
    return pages.error_page(
        status,
        say(_TITLES.get(status, "This did not work")),
        text,
        language,
        entries=entries,
        action=action,
        headers=headers,
        site=site,
    )


def describe(error: Exception) -> tuple[int, str, str]:
    """Status, code and English text of an error, without anything that a stranger should not read."""
    if isinstance(error, RequestError):
        return error.status, error.code, str(error)
    if isinstance(error, StoreError):
        return 503, "unavailable", _UNAVAILABLE
    if isinstance(error, HTTPException):
        return error.status_code, f"http_{error.status_code}", error.detail
    return 500, "internal", "Something went wrong on our side. Nothing of this request is stored."


def _translated(text: str, say: Translate) -> str:
    said = say(text) if text else ""
    return said if said != text else ""


def _kind(error: Exception) -> str:
    return str(type(error)()) if isinstance(error, RequestError) else ""


def json_error(
    status: int,
    code: str,
    text: str,
    *,
    errors: FieldErrors = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The one JSON shape of errors."""
    faults = [{"field": e.field, "code": e.code, "message": e.message} for e in errors]
    return json_response(
        {"ok": False, "error": text, "code": code, "errors": faults}, status, headers
    )


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON that nobody keeps and nothing takes for a page."""
    return Response(msgspec.json.encode(value), status, _JSON_HEADERS | dict(headers or {}))


def log_unexpected(error: Exception) -> None:
    """Write down where an unexpected error came from, without its text: that may quote what a visitor typed."""
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unexpected %s\n%s", type(error).__name__, where)


def _headers(error: Exception, status: int) -> dict[str, str]:
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if status in {429, 503}:
        headers.setdefault("retry-after", str(RETRY_AFTER_SECONDS))
    if isinstance(error, (Crowded, TooSlow, TooLarge)):
        headers["connection"] = "close"  # the rest of the body is not read
    return headers


_JSON_HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}

_UNAVAILABLE = (
    "Your answers could not be stored just now, and nothing of them is kept here. "
    "Please send the form again in a moment."
)

_TITLES = {
    400: "The form could not be read",
    403: "This page may not send the form",
    404: "There is nothing here",
    405: "This address takes forms",
    408: "The form took too long to arrive",
    413: "The form is too large",
    415: "This is not sent as a form",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Please try again in a moment",
}
