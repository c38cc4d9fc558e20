"""A mail's HTML in a frame: how wide, in which colours, with remote images or not, and with what rights. Pure.

The frame has no rights: no scripts, no forms, an origin of its own, nothing loaded. The headers say so as well as the
element, so its address opened alone has none either. Links open in a new tab.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mail_cloud_sandbox.words import N_

WIDTHS = {"phone": N_("Phone, 360"), "tablet": N_("Tablet, 768"), "full": N_("Full width")}
COLOURS = {"light": N_("Light"), "dark": N_("Dark")}
MOST_OF_IMAGES = 60_000_000
"""So many characters of images are in a document, however often a mail names them."""
_PRELUDE = '<!doctype html><base target="_blank">'
"""Before a mail's HTML: its links open in a new tab, and a doctype of its own may follow without harm."""
_ASKS_COLOURS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_IMAGES = frozenset(
    f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "avif", "bmp", "svg+xml")
)
_NAMES_IMAGE = re.compile(
    r"""((?:\b(?:src|background)\s*=|\burl\()\s*["']?\s*)cid:([^\s"'<>()]+)""", re.IGNORECASE
)
"""What stands before a Content-ID in an attribute or a style, and the Content-ID (RFC 2392)."""
_ALWAYS, _NEVER = "(min-width: 0px)", "(min-width: 9999999px)"


@dataclass(frozen=True, slots=True)
class Preview:
    """What was chosen; what is no choice counts as the first thing that is safe."""

    width: str
    colours: str
    has_images: bool


def preview_of(query: Mapping[str, str]) -> Preview:
    """The choices in a query."""
    width, colours = query.get("width", ""), query.get("colours", "")
    return Preview(
        width=width if width in WIDTHS else "full",
        colours=colours if colours in COLOURS else "light",
        has_images=query.get("images") == "load",
    )


def policy(*, has_images: bool) -> str:
    """The frame's Content-Security-Policy; with `has_images` it may load images from anywhere.

    And nothing else, but that Chromium then takes what a link element wants to be fetched ahead for an image.
    """
    images = "img-src data: http: https:" if has_images else "img-src data:"
    return (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
        f" style-src 'unsafe-inline'; {images}; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def images_of(files: Iterable[tuple[str, str, bytes]]) -> dict[str, str]:
    """The images that came along with a mail, by Content-ID, each as an address that holds it (RFC 2397)."""
    return {
        content_id: f"data:{media_type};base64,{b64encode(content).decode()}"
        for content_id, media_type, content in files
        if content_id and media_type in _IMAGES
    }


def document(html: str, colours: str, images: Mapping[str, str] | None = None) -> str:
    """The frame's document, whose own styles for light or dark hold as was chosen, with the `images` that came along.

    A browser answers those styles for the whole machine alone, so the question is replaced by its answer.
    """
    came_along, left = images or {}, MOST_OF_IMAGES

    def image(named: re.Match[str]) -> str:
        nonlocal left
        found = came_along.get(unquote(named[2]), "")
        left -= len(found)
        return named[1] + (found if found and left >= 0 else f"cid:{named[2]}")

    def answer(asked: re.Match[str]) -> str:
        return _ALWAYS if asked[1].lower() == colours else _NEVER

    return _PRELUDE + _NAMES_IMAGE.sub(image, _ASKS_COLOURS.sub(answer, html))
