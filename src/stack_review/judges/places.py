"""Whether a place among a resource's properties is one that somebody knows."""

from __future__ import annotations

from collections.abc import Iterable

from stack_review.differences import Path


def is_within(place: Path, known: Iterable[Path]) -> bool:
    """True when the place is one of the known ones, or inside one; `*` is any key, and `[]` any item."""
    return any(_begins(place, one) for one in known)


def _begins(place: Path, known: Path) -> bool:
    return len(place) >= len(known) and all(
        two in ("*", one) or (two == "[]" and one.startswith("["))
        for one, two in zip(place, known, strict=False)
    )
