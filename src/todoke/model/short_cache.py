"""A cache of what is made of texts that strangers choose: it keeps a number of them, and no long one."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

LONGEST = 2_048
"""Characters. No address and hardly a URL is longer; thousands of fields of 250 kB would fill the memory."""


def short_cache(most: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """As functools.lru_cache, for a pure function of one text; of a text over LONGEST nothing is kept."""

    def cached(function: Callable[[str], T]) -> Callable[[str], T]:
        kept = lru_cache(maxsize=most)(function)

        @wraps(function)
        def of(text: str) -> T:
            return kept(text) if len(text) <= LONGEST else function(text)

        return of

    return cached
