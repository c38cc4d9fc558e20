"""Assets: the stylesheets, scripts and pictures that our pages load, in the site's accent and with its logo.

Each has an address with its hash, so that browsers may keep it for ever, and is compressed once.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoke.model.accent import DAY, NIGHT, Ground, worn
from todoke.model.colour import text_on
from todoke.model.form import ACCENT, Site
from todoke.model.logo import Logo
from todoke.web.pages.codings import LEAST_BYTES, chosen, coded
from todoke.web.pages.squeeze import squeezed

_STATIC = Path(__file__).with_name("static")
_EVERY_PAGE = "todoke.css"
_TOGETHER = {
    "desk.css": _EVERY_PAGE,
    "receipt.js": "times.js",
    "list.js": "keys.js",
    "item.js": "keys.js",
}
"""Files that leave with another one before them: one request fewer, and no page loads both."""
_ICON = "icon.svg"
SCRIPT = "todoke.js"
"""What pages of any site load (docs/script.md)."""
_SCRIPTS = frozenset({"text/javascript", "application/javascript"})
_SCRIPT = "default-src 'none'"
"""Of a worker; one in a sandbox has no origin, and no cryptography."""
_DRAWING = f"{_SCRIPT}; style-src 'unsafe-inline'; sandbox"
"""For who opens a drawing alone: in a page it is an <img>, where nothing runs."""
LOGO = "logo"
"""The name of the logo, whatever its file is called."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load. `digest` is of its content."""

    content: bytes
    media_type: str
    digest: str


def assets(site: Site | None = None) -> Mapping[str, Asset]:
    """All there are, by name, as `site` wears them; without one in our own colours."""
    return _assets(site.accent, site.logo) if site else _assets(ACCENT, None)


def asset_url(name: str, site: Site | None = None) -> str:
    """The path of an asset below `base`: its hash is part of it.

    Raises KeyError: if there is no such asset.
    """
    return f"/static/{assets(site)[name].digest}/{name}"


def asset_response(request: Request, asset: Asset, headers: Mapping[str, str]) -> Response:
    """200 with the asset, in the coding that the request takes; 304 without it for who has it (RFC 9110 13.1.2)."""
    content, coding = asset.content, ""
    more = {"x-content-type-options": "nosniff", **headers}
    if len(content) >= LEAST_BYTES and _is_text(asset.media_type):
        more["vary"] = "accept-encoding"
        if coding := chosen(request.headers.get("accept-encoding", "")):
            more["content-encoding"] = coding
            content = _kept(content, coding)
    more["etag"] = f'"{asset.digest}{coding and "-"}{coding}"'
    if more["etag"] in request.headers.get("if-none-match", ""):
        more.pop("content-encoding", None)
        return Response(status_code=304, headers=more)
    return Response(content, media_type=asset.media_type, headers=more)


FOR_ANY_SITE = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
"""So that a page of any origin may load a script, by its hash too (Subresource Integrity 3.4)."""


def routes(site: Site | None = None) -> list[Route]:
    """GET /static/{hash}/{name}."""

    async def show(request: Request) -> Response:
        """200 with the file, to be kept for a year if the hash is right; 404 else."""
        asset = assets(site).get(request.path_params["name"])
        if asset is None:
            return PlainTextResponse("Not found\n", 404)
        is_fresh = request.path_params["hash"] == asset.digest
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if is_fresh else "no-cache",
            "content-security-policy": _SCRIPT if asset.media_type in _SCRIPTS else _DRAWING,
            "cross-origin-resource-policy": "same-origin",
        }
        if request.path_params["name"] == SCRIPT:
            headers |= FOR_ANY_SITE
        return asset_response(request, asset, headers)

    return [Route("/static/{hash}/{name}", show, methods=["GET"])]


@lru_cache(maxsize=8)
def _assets(accent: str, logo: Logo | None) -> Mapping[str, Asset]:
    found = dict(_files())
    found[SCRIPT] = squeezed(found[SCRIPT].decode()).encode()
    if accent != ACCENT:
        found[_EVERY_PAGE] += _accent_css(accent).encode()
        icon = found[_ICON].replace(ACCENT.encode(), accent.encode())
        found[_ICON] = icon.replace(b'stroke="#fff"', f'stroke="{text_on(accent)}"'.encode())
    found |= {name: found[before] + found[name] for name, before in _TOGETHER.items()}
    types = {name: mimetypes.guess_type(name)[0] or "application/octet-stream" for name in found}
    made = {name: _asset(content, types[name]) for name, content in found.items()}
    return made | ({LOGO: _asset(logo.content, logo.media_type)} if logo else {})


@cache
def _files() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in _STATIC.iterdir() if path.is_file()}


def _asset(content: bytes, media_type: str) -> Asset:
    return Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])


@lru_cache(maxsize=128)
def _kept(content: bytes, coding: str) -> bytes:
    return coded(content, coding, thorough=True)


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type == "image/svg+xml"


def _accent_css(accent: str) -> str:
    day, night = _tokens(accent, DAY), _tokens(accent, NIGHT)
    return f"\n:root {{ {day} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n"


def _tokens(accent: str, ground: Ground) -> str:
    shown = worn(accent, ground)
    return (
        f"--accent: {shown.text}; --accent-wash: {shown.wash}; "
        f"--fill: {accent}; --on-fill: {shown.on_fill};"
    )
