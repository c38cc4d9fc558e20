"""Cursors of the trail, where they are numbers."""

from __future__ import annotations

from todoke.model.errors import Malformed


def position(before: str, end: int) -> int:
    """The number that a cursor is, `end` for none. Raises Malformed: if it is not one of ours."""
    if not before:
        return end
    if not (before.isascii() and before.isdigit() and len(before) <= 18):
        raise Malformed("This is not a cursor of a page.")
    return min(int(before), end)
