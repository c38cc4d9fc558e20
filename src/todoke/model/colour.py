"""Colours as CSS writes them, and whether text can be read on them (WCAG 2.2, 1.4.3). Pure."""

from __future__ import annotations

import re
from functools import cache

WHITE = "#ffffff"
BLACK = "#000000"
LEAST_CONTRAST = 4.5
"""WCAG 2.2 level AA for text of any size."""
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


def parse_colour(text: str) -> str:
    """`#rgb` or `#rrggbb` as `#rrggbb` in lower case; "" for anything else."""
    if not _HEX.fullmatch(text):
        return ""
    digits = text[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@cache
def text_on(background: str) -> str:
    """White where it can be read on `background`, else black, which then can: one of them has at least 4.58 on any."""
    return WHITE if contrast(WHITE, background) >= LEAST_CONTRAST else BLACK


@cache
def readable(colour: str, background: str, least: float = LEAST_CONTRAST) -> str:
    """`colour`, mixed with black or white as far as text of it needs to have `least` contrast on `background`."""
    towards = text_on(background)
    for step in range(21):
        nearer = mixed(colour, towards, step / 20)
        if contrast(nearer, background) >= least:
            return nearer
    return towards


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a `share` of `other` in it, from 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (
        c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4
        for c in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
