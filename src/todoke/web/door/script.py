"""The script for the site's pages: GET /todoke.js. Documented in docs/script.md."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from todoke.web.pages.assets import FOR_ANY_SITE, SCRIPT, asset_response, assets

_HEADERS = {"cache-control": "public, max-age=3600", **FOR_ANY_SITE}
_BEFORE = "/upload.js"
"""What pages included for large files alone."""


def routes() -> list[Route]:
    """The script's addresses; the one with its hash is among the assets'."""
    return [Route(path, _show, methods=["GET"]) for path in (f"/{SCRIPT}", _BEFORE)]


async def _show(request: Request) -> Response:
    """200, for pages of any origin; browsers ask again after an hour, and have 304 where it is the same."""
    return asset_response(request, assets()[SCRIPT], _HEADERS)
