"""A resource as a change set's own values make it: what stands behind a dynamic reference or a hidden default."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal

from stack_review.change_set import MISSING, Detail
from stack_review.template import Json, Resource


def as_told(
    before: Resource | None, after: Resource | None, details: Iterable[Detail]
) -> tuple[Resource, Resource] | None:
    """Both sides with the values that the change set gives put in; None where it gives none, or a side is missing."""
    valued = [
        d
        for d in details
        if d.attribute == "Properties" and (d.before is not MISSING or d.after is not MISSING)
    ]
    if before is None or after is None or not valued:
        return None
    return _side(before, valued, "before"), _side(after, valued, "after")


def _side(
    resource: Resource, details: Iterable[Detail], which: Literal["before", "after"]
) -> Resource:
    properties: Json = resource.properties
    for detail in details:
        value = getattr(detail, which)
        if value is not MISSING:
            properties = _put(properties, _keys(detail), value)
    return dataclasses.replace(resource, properties=properties)


def _keys(detail: Detail) -> tuple[str, ...]:
    """`/Properties/A/0/B` is a JSON pointer (RFC 6901); without one it is the whole property."""
    pointer = detail.path.split("/")[2:] if detail.path.startswith("/Properties/") else []
    return tuple(k.replace("~1", "/").replace("~0", "~") for k in pointer) or (detail.name,)


def _put(value: Json, keys: tuple[str, ...], new: Json) -> Json:
    if not keys:
        return new
    first, rest = keys[0], keys[1:]
    if isinstance(value, list) and first.isdigit():
        at = int(first)
        old = value[at] if at < len(value) else {}
        return [*value[:at], _put(old, rest, new), *value[at + 1 :]]
    table = value if isinstance(value, Mapping) else {}
    return {**table, first: _put(table.get(first, {}), rest, new)}
