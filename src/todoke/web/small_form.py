"""Small requests of our own pages: a few short fields, from our own origin. Used by the receipt and the desk."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request

from todoke.errors import Malformed, OriginRefused, TooLarge, TooSlow, Unsupported

_LIMIT = 8_192
_SECONDS = 10.0


async def read_small_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded or JSON body; the last of a name counts.

    Raises TooLarge: over 8 KiB. TooSlow: when it takes longer than 10 s. Unsupported, Malformed: if it is no form.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            body = await _read(request)
    except TimeoutError as error:
        raise TooSlow from error
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return _read_json(body)
    if media_type != "application/x-www-form-urlencoded":
        raise Unsupported
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError as error:
        raise Malformed from error


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT:
            raise TooLarge
    return bytes(body)


def _read_json(body: bytes) -> dict[str, str]:
    try:
        return msgspec.json.decode(body, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise Malformed from error


def wants_json(request: Request) -> bool:
    """True when the caller prefers JSON: it is in Accept, and HTML is not."""
    accept = request.headers.get("accept", "").lower()
    return "application/json" in accept and "text/html" not in accept


def require_same_origin(request: Request, door_url: str) -> None:
    """Let a POST pass only when no header says that another origin's page made it.

    Fetch Metadata decides where the browser states it. Else the Origin must be our own host's. "null" says nothing:
    browsers state it for our own pages too, because of their Referrer-Policy (Fetch, "append a request Origin header").
    Raises OriginRefused: if another origin is named.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise OriginRefused
        return
    origin = request.headers.get("origin", "null")
    ours = {request.headers.get("host", ""), urlsplit(door_url).netloc}
    if origin != "null" and urlsplit(origin).netloc not in ours:
        raise OriginRefused
