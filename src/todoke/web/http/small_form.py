"""Small requests of our own pages: a few short fields, from our own origin."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request

from todoke.model.errors import Malformed, OriginRefused, Unsupported
from todoke.web.http.body import read_body

_LIMIT_BYTES = 8_192
_SECONDS = 10.0
_MOST_FIELDS = 150
"""A page of the desk's list has 50 rows to choose from."""


async def read_small_form(request: Request) -> dict[str, str]:
    """The fields of an urlencoded or JSON body; the last of a name counts.

    Raises TooLarge: over 8 KiB. TooSlow: when it takes longer than 10 s. Unsupported, Malformed: if it is no form.
    """
    body = await read_body(request.scope, request.receive, limit=_LIMIT_BYTES, seconds=_SECONDS)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type == "application/json":
            return msgspec.json.decode(body, type=dict[str, str])
        if media_type == "application/x-www-form-urlencoded":
            return dict(
                parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            )
    except ValueError as error:  # msgspec.DecodeError and UnicodeDecodeError are ValueErrors
        raise Malformed from error
    raise Unsupported


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
    if origin != "null" and _host_of(origin) not in ours:
        raise OriginRefused


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # an address in brackets that is none
        return None
