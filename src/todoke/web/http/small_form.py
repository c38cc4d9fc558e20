"""Small requests of our own pages: a few short fields, from our own origin."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec
from starlette.requests import Request

from todoke.model.errors import Malformed, OriginRefused, Unsupported
from todoke.model.form import Site
from todoke.model.url import origin_of
from todoke.web.http.body import read_body

LIMIT_BYTES = 8_192
_SECONDS = 10.0
MOST_FIELDS = 20


async def read_small_form(
    request: Request, *, limit: int = LIMIT_BYTES, most_fields: int = MOST_FIELDS
) -> dict[str, str]:
    """The fields of an urlencoded or JSON body; the last of a name counts.

    Raises TooLarge: over `limit` bytes. TooSlow: when it takes longer than 10 s. Unsupported, Malformed: if it is no
    form, or has more fields.
    """
    body = await read_body(request.scope, request.receive, limit=limit, seconds=_SECONDS)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type == "application/json":
            return msgspec.json.decode(body, type=dict[str, str])
        if media_type == "application/x-www-form-urlencoded":
            return dict(
                parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=most_fields)
            )
    except ValueError as error:  # msgspec.DecodeError and UnicodeDecodeError are ValueErrors
        raise Malformed from error
    raise Unsupported


def require_own_origin(request: Request, site: Site) -> None:
    """Let a POST pass from a page of the site, whose origin it lists, or else as `require_same_origin` does."""
    if origin_of(request.headers.get("origin", "")) not in {
        origin_of(url) for url in site.origins
    } - {""}:
        require_same_origin(request, site.door_url)


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
