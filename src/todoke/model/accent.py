"""The site's accent as our pages wear it: what is read in it has 7:1, by day and by night. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from todoke.model.colour import mixed, readable, text_on

AAA = 7.0
"""WCAG 2.2, 1.4.6: text of any size."""
_WASH = 0.09


@dataclass(frozen=True, slots=True)
class Ground:
    """What our pages stand on: a sheet, and the ground of texts that comes nearest to them."""

    sheet: str
    nearest: str


DAY = Ground("#fffefb", "#f0ecf8")
NIGHT = Ground("#1a2128", "#2c2f39")


@dataclass(frozen=True, slots=True)
class Worn:
    """An accent on a ground: as text, as a breath of colour beneath text, and the text on a surface that keeps it."""

    text: str
    wash: str
    on_fill: str


def worn(accent: str, ground: Ground) -> Worn:
    """`accent` (`#rrggbb`) on `ground`.

    One that cannot be read as text is darkened or lightened for text. Surfaces keep it, with white or black on them
    (4.5:1 at least) and an edge in the colour of text.
    """
    near = readable(accent, ground.nearest, AAA)
    wash = mixed(ground.sheet, near, _WASH)
    text = readable(near, wash, AAA)
    return Worn(text, wash, text_on(accent))
