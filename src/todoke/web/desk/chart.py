"""Charts as an SVG is drawn: of each day a bar in two parts, or how far times reach. Pure: the template draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 700, 200
"""Of the drawing in its own units; it is as wide as there is room."""
_TOP, _FOOT = 24, 28
_SHARE = 0.6
"""So much of a day's place its bar takes."""
_MOST_LABELS = 8
_LEAST = 2
"""A part that is not nothing is seen."""


class Bar(NamedTuple):
    """One day's: its left edge and width, the middle, and where both parts begin and how high they are."""

    label: str
    x: float
    width: float
    middle: float
    lower_y: float
    lower_height: float
    upper_y: float
    upper_height: float
    total: int
    upper: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars, and the line that they stand on."""

    bars: tuple[Bar, ...]
    base: float = HEIGHT - _FOOT
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def has_numbers(self) -> bool:
        """Whether there is room for the numbers of each day."""
        return len(self.bars) <= _MOST_LABELS

    def has_label(self, number: int) -> bool:
        """Whether the day of this number, from 0 on, has a label: each, or of more days some, evenly."""
        each = max(1, math.ceil(len(self.bars) / _MOST_LABELS))
        return number % each == each // 2


def chart(days: Sequence[tuple[str, int, int]]) -> Chart:
    """Of each day its label, how many in all, and how many of those stand out, on top."""
    most = max((total for _, total, _ in days), default=0) or 1
    place = WIDTH / max(1, len(days))
    room = HEIGHT - _TOP - _FOOT
    bars = []
    for number, (label, total, upper) in enumerate(days):
        high, above = _high(total, most, room), _high(upper, most, room)
        base = HEIGHT - _FOOT
        bars.append(
            Bar(
                label=label,
                x=round(number * place + place * (1 - _SHARE) / 2, 1),
                width=round(place * _SHARE, 1),
                middle=round((number + 0.5) * place, 1),
                lower_y=round(base - high + above, 1),
                lower_height=round(max(0.0, high - above), 1),
                upper_y=round(base - high, 1),
                upper_height=round(above, 1),
                total=total,
                upper=upper,
            )
        )
    return Chart(tuple(bars))


class Reach(NamedTuple):
    """How long half of one day's mails took, and nearly all: where on the chart. `number` is the day's, from 0 on."""

    number: int
    label: str
    middle: float
    half_y: float
    most_y: float


def reaches(days: Sequence[tuple[str, float | None, float | None]]) -> tuple[Reach, ...]:
    """Of each day its label, the median and the 95th percentile in seconds; a day without any has no place.

    The scale is logarithmic: a second and a day stand on one chart.
    """
    longest = max((most for _, _, most in days if most is not None), default=0.0)
    place = WIDTH / max(1, len(days))
    room = HEIGHT - 2 * _TOP - _FOOT
    base = HEIGHT - _FOOT - _TOP / 2
    return tuple(
        Reach(
            number=number,
            label=label,
            middle=round((number + 0.5) * place, 1),
            half_y=round(base - _reach(half, longest) * room, 1),
            most_y=round(base - _reach(most, longest) * room, 1),
        )
        for number, (label, half, most) in enumerate(days)
        if half is not None and most is not None
    )


def _reach(seconds: float, longest: float) -> float:
    return math.log1p(seconds) / math.log1p(longest) if longest else 0.0


def _high(part: int, most: int, room: int) -> float:
    return max(_LEAST, part / most * room) if part else 0.0
