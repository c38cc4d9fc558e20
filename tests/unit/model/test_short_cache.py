"""What is remembered of texts that strangers choose."""

from __future__ import annotations

import gc
import weakref

from todoke.model.short_cache import LONGEST, short_cache


class Made(str):
    """What is made of a text, which can be watched."""

    __slots__ = ("__weakref__",)


def test_short_texts_are_remembered_and_long_ones_not() -> None:
    """The same is made of both, and what was made of a long one is gone once nobody has it."""
    asked: list[int] = []

    @short_cache(2)
    def make(text: str) -> Made:
        """Make it."""
        asked.append(len(text))
        return Made(text.upper())

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    for text in (short, long):
        for _ in range(2):
            assert make(text) == text.upper()
    assert asked == [LONGEST, LONGEST + 1, LONGEST + 1]
    held = [weakref.ref(make(text)) for text in (short, long)]
    gc.collect()
    assert [one() is not None for one in held] == [True, False]
    for n in range(2):
        make(f"another {n}")
    make(short)
    assert asked[-1] == LONGEST
