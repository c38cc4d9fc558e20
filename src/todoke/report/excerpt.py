"""What strangers wrote, cut to one line of a list: it reads as they wrote it, and cannot leave its row. Pure."""

from __future__ import annotations

import unicodedata

_LOOKED_AT = 4
"""So many times the wanted length is looked at: of a text of a megabyte no more is needed."""
_MARKS = 3
"""So many marks on one letter are kept: more than any language needs, and too few to climb out of a line."""
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Formatting that writing needs: between letters of Persian and Hindi, and within emoji."""


def excerpt(text: str, most: int) -> str:
    """The beginning of a text in one line, and "…" where something is left out.

    It is as wide as `most` letters of Latin script, or half as many of a script whose letters are twice as wide.
    """
    line = _readable(text[: most * _LOOKED_AT])
    is_whole = columns(line) <= most and len(text) <= most * _LOOKED_AT
    return line if is_whole else _cut(line, most - 1) + "…"


def _readable(text: str) -> str:
    """Without controls, directions, what has no glyph, and marks beyond measure; each run of spaces is one."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if letter.isspace():
            kept.append(" ")
        elif marks <= _MARKS and (category[0] != "C" or letter in _JOINERS):
            kept.append(letter)
    return " ".join("".join(kept).split())


def _cut(line: str, most: int) -> str:
    """As much as is so wide, and no letter without its marks."""
    end = width = 0
    while end < len(line) and width + columns(line[end]) <= most:
        width += columns(line[end])
        end += 1
    while 0 < end < len(line) and (
        unicodedata.category(line[end]) in {"Mn", "Me", "Mc"} or line[end] in _JOINERS
    ):
        end -= 1
    return line[:end].rstrip()


def columns(line: str) -> int:
    """In letters of Latin script (UAX 11); a mark or a joiner counts as one, too."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1 for letter in line)
