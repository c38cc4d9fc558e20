"""Where two values differ: the paths inside them, so that a person sees the word that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stack_review.change_set import MISSING
from stack_review.template import Json

_MOST = 12


@dataclass(frozen=True)
class Difference:
    """At `path`, such as `Policies[0].PolicyName`, `before` became `after`; MISSING where there is none."""

    path: str
    before: Json
    after: Json


def differences(name: str, before: Json, after: Json) -> tuple[Difference, ...]:
    """The places where the values differ; the whole value as one, where they are too many."""
    places = tuple(_walk(name, before, after))
    return places if 0 < len(places) <= _MOST else (Difference(name, before, after),)


def _walk(path: str, before: Json, after: Json) -> Iterator[Difference]:
    if before == after:
        return
    if (
        isinstance(before, Mapping)
        and isinstance(after, Mapping)
        and not _is_function(before, after)
    ):
        for key in sorted({*before, *after}):
            yield from _walk(f"{path}.{key}", before.get(key, MISSING), after.get(key, MISSING))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{index}]", old, new)
    elif isinstance(before, list) and isinstance(after, list):
        yield from (Difference(f"{path}[]", item, MISSING) for item in before if item not in after)
        yield from (Difference(f"{path}[]", MISSING, item) for item in after if item not in before)
    else:
        yield Difference(path, before, after)


def _is_function(*values: Mapping[str, Json]) -> bool:
    return any(len(v) == 1 and next(iter(v)).startswith(("Ref", "Fn::")) for v in values)
