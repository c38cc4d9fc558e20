"""Where two values differ: the paths inside them, for a person who reads and for a judge who asks of each place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stack_review.change_set import MISSING
from stack_review.template import Json

_MOST = 12
Path = tuple[str, ...]
"""The keys that lead to a value; `[0]` is an item of a list, `[]` an item that only one side has."""


@dataclass(frozen=True)
class Difference:
    """At `place`, such as `("Policies", "[0]", "PolicyName")`, `before` became `after`; MISSING where there is none."""

    place: Path
    before: Json
    after: Json

    @property
    def path(self) -> str:
        """The place as a person writes it: `Policies[0].PolicyName`."""
        return ".".join(self.place).replace(".[", "[")


def differences(name: str, before: Json, after: Json) -> tuple[Difference, ...]:
    """The places where the values differ, for a reader; the whole value as one, where they are too many."""
    places = tuple(_walk((name,), before, after, whole=True))
    return places if 0 < len(places) <= _MOST else (Difference((name,), before, after),)


def leaves(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[Difference, ...]:
    """Every place where two tables of properties differ, as deep as there are keys, also inside what only one has."""
    names = sorted({*before, *after})
    return tuple(
        leaf
        for name in names
        for leaf in _walk((name,), before.get(name, MISSING), after.get(name, MISSING), whole=False)
    )


def is_same(before: Json, after: Json) -> bool:
    """True when CloudFormation takes both for one value: it reads `"5"` as 5, and `"true"` as true."""
    if before == after:
        return True
    scalar = (str, int, float)
    return (
        isinstance(before, scalar) and isinstance(after, scalar) and _word(before) == _word(after)
    )


def is_function(value: Json) -> bool:
    """True for an intrinsic function, `{"Ref": "Table"}`."""
    return (
        isinstance(value, Mapping)
        and len(value) == 1
        and str(next(iter(value))).startswith(("Ref", "Fn::"))
    )


def _word(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _walk(place: Path, before: Json, after: Json, *, whole: bool) -> Iterator[Difference]:
    if is_same(before, after):
        return
    if _are_tables(before, after, whole=whole):
        old, new = ({} if side is MISSING else side for side in (before, after))
        for key in sorted({*old, *new}, key=str):
            yield from _walk(
                (*place, str(key)), old.get(key, MISSING), new.get(key, MISSING), whole=whole
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _walk((*place, f"[{index}]"), old, new, whole=whole)
    elif _are_lists(before, after, whole=whole):
        old, new = ([] if side is MISSING else side for side in (before, after))
        for item in (item for item in old if item not in new):
            yield from _walk((*place, "[]"), item, MISSING, whole=whole)
        for item in (item for item in new if item not in old):
            yield from _walk((*place, "[]"), MISSING, item, whole=whole)
        if not any(item not in new for item in old) and not any(item not in old for item in new):
            yield Difference(place, before, after)
    else:
        yield Difference(place, before, after)


def _are_tables(*sides: Json, whole: bool) -> bool:
    """Two tables of keys, or, unless a whole value is wanted, one that has any beside nothing."""
    tables = [s for s in sides if isinstance(s, Mapping) and not is_function(s)]
    return len(tables) == 2 or (not whole and any(s is MISSING for s in sides) and any(tables))


def _are_lists(*sides: Json, whole: bool) -> bool:
    lists = [s for s in sides if isinstance(s, list)]
    return len(lists) == 2 or (not whole and any(s is MISSING for s in sides) and any(lists))
