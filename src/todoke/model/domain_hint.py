"""Which mail domain may be meant by one that looks mistyped: asked as a question, never put in its place.

Pure: a domain that is not known here may be real, so it is only asked after where one slip makes it of a very common
one, or where its ending exists nowhere. Nothing is refused for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import takewhile
from operator import eq

from todoke.model.address import NOBODY, Address
from todoke.model.common_domains import COMMON, ELSEWHERE, NO_ENDINGS, REAL

_KNOWN = REAL.union(COMMON)
_SHORTEST_NAME = 5
"""Letters. One slip makes too many real names of a shorter one: line.com of live.com, odn.ne.jp of ocn.ne.jp."""
_FARTHEST = 3
"""Letters among which one stands in the wrong place: gmial, icould."""
_SECOND_LEVEL = frozenset({"ac", "co", "com", "ne", "or"})


def intended_mailbox(address: Address) -> Address:
    """The address that may be meant by one whose domain looks mistyped, NOBODY where there is no telling."""
    domain = address.ascii_domain if address.is_readable else ""
    meant = intended_domain(domain.lower())
    return Address(f"{address.local}@{meant}") if meant else NOBODY


@lru_cache(maxsize=4096)
def intended_domain(domain: str) -> str:
    """The domain that may be meant by this one, in small letters and A-labels; "" where there is no telling."""
    if domain in _KNOWN or len(domain) > 253:
        return ""
    name, _, ending = domain.rpartition(".")
    mended = f"{name}.{NO_ENDINGS[ending]}" if name and ending in NO_ENDINGS else domain
    if mended in _KNOWN:
        return mended
    near = (meant for meant in _near(mended) if _is_plain_slip(mended, meant))
    return next(near, "") or ELSEWHERE.get(mended, "") or (mended if mended != domain else "")


def _near(domain: str) -> list[str]:
    """Common ones that may be one slip away, the commonest first."""
    index = _index()
    found = {rank for text in _shortened(domain) for rank in index.get(text, ())}
    return [COMMON[rank] for rank in sorted(found)]


@cache
def _index() -> dict[str, list[int]]:
    """The ranks of the common domains by all that is left of each without one letter.

    Two texts that are one slip apart share such a rest, so none is compared with all.
    """
    index: dict[str, list[int]] = {}
    for rank, domain in enumerate(COMMON):
        for text in _shortened(domain):
            index.setdefault(text, []).append(rank)
    return index


def _shortened(text: str) -> Iterator[str]:
    yield text
    for at in range(len(text)):
        yield text[:at] + text[at + 1 :]


def _is_plain_slip(typed: str, meant: str) -> bool:
    """Whether one slip leads from `meant` to `typed`, and hardly anybody has what was typed.

    A name keeps its first letter, which people seldom miss (email.com, hmail.com). Another country's ending is no slip.
    """
    if not _is_one_slip(typed, meant):
        return False
    name, ending = _split(meant)
    if typed.startswith(f"{name}."):
        return len(ending) > 2
    swapped = typed[1::-1] == meant[:2]
    return len(name) >= _SHORTEST_NAME and (typed[0] == meant[0] or swapped)


def _is_one_slip(typed: str, meant: str) -> bool:
    """One letter too many, too few, another (Damerau), or one in the wrong place."""
    start = _alike(typed, meant)
    left, right = typed[start:], meant[start:]
    end = _alike(left[::-1], right[::-1])
    left, right = left[: len(left) - end], right[: len(right) - end]
    if max(len(left), len(right)) <= 1:
        return True
    is_moved = left in {right[1:] + right[:1], right[-1:] + right[:-1]}
    return len(left) <= _FARTHEST and is_moved


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _split(domain: str) -> tuple[str, str]:
    """A common domain's name and the ending below which names are given out."""
    name, _, ending = domain.rpartition(".")
    above, _, second = name.rpartition(".")
    if above and second in _SECOND_LEVEL and len(ending) == 2:
        return above, f"{second}.{ending}"
    return name, ending
