"""A mail's HTML in a frame: how wide, in which colours, with remote images or not, and with what rights. Pure.

The frame has no rights: no scripts, no forms, an origin of its own, nothing loaded. The headers say so as well as the
element, so its address opened alone has none either. Links open in a new tab.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mail_cloud_sandbox.words import N_

WIDTHS = {"phone": N_("Phone, 360"), "tablet": N_("Tablet, 768"), "full": N_("Full width")}
COLOURS = {"light": N_("Light"), "dark": N_("Dark")}
_PRELUDE = '<!doctype html><base target="_blank">'
"""Before a mail's HTML: its links open in a new tab, and a doctype of its own may follow without harm."""
_ASKS_COLOURS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
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


def document(html: str, colours: str) -> str:
    """The frame's document, whose own styles for light or dark hold as was chosen.

    A browser answers them for the whole machine alone, so the question is replaced by its answer.
    """

    def answer(asked: re.Match[str]) -> str:
        return _ALWAYS if asked[1].lower() == colours else _NEVER

    return _PRELUDE + _ASKS_COLOURS.sub(answer, html)
