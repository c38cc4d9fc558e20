"""A picture of a stack, drawn as SVG: a box for each resource, a line for each reference, what happens in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from stack_review.compare import Step, Verb
from stack_review.resolve import references
from stack_review.template import Resource
from stack_review.words import SYMBOLS

_WIDTH, _HEIGHT = 172, 58
_GAP_X, _GAP_Y = 64, 14
_MARGIN = 10
_MOST = 90
_LETTERS = 21

CLASSES = {
    Verb.ADDED: "added",
    Verb.CHANGED: "changed",
    Verb.MAYBE_REPLACED: "replaced",
    Verb.REPLACED: "replaced",
    Verb.REMOVED: "removed",
    Verb.IMPORTED: "added",
    Verb.UNCLEAR: "replaced",
}


@dataclass(frozen=True)
class Layout:
    """Where each resource stands, in columns: what is referred to stands left of what refers to it."""

    places: Mapping[str, tuple[int, int]]
    links: tuple[tuple[str, str], ...]
    left_out: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        columns = 1 + max((x for x, _ in self.places.values()), default=0)
        rows = 1 + max((y for _, y in self.places.values()), default=0)
        return (
            2 * _MARGIN + columns * (_WIDTH + _GAP_X) - _GAP_X,
            2 * _MARGIN + rows * (_HEIGHT + _GAP_Y) - _GAP_Y,
        )


def layout(
    before: Mapping[str, Resource], after: Mapping[str, Resource], steps: Sequence[Step]
) -> Layout:
    """One layout for both pictures, so that a resource stands at the same place in each.

    Of very large stacks only what changes and its neighbours are drawn.
    """
    union = {**before, **after}
    links = sorted({(name, target) for side in (before, after) for name, target in _links(side)})
    drawn = _drawn(union, links, steps)
    links = [(a, b) for a, b in links if a in drawn and b in drawn]
    columns: dict[int, list[str]] = {}
    depths = _depths(sorted(drawn), links)
    for name in sorted(drawn):
        columns.setdefault(depths[name], []).append(name)
    places: dict[str, tuple[int, int]] = {}
    for x in sorted(columns):
        ordered = sorted(columns[x], key=lambda name: (_pull(name, links, places), name))
        places |= {name: (x, y) for y, name in enumerate(ordered)}
    return Layout(places, tuple(links), len(union) - len(drawn))


def picture(
    layout: Layout, resources: Mapping[str, Resource], steps: Sequence[Step], name: str
) -> str:
    """The SVG of one side: `resources` are those that exist on it, `name` is its title."""
    verbs = {step.logical_id: step.verb for step in steps}
    width, height = layout.size
    lines = [_line(layout, a, b) for a, b in layout.links if a in resources and b in resources]
    boxes = [
        _box(layout.places[key], resource, verbs.get(key))
        for key, resource in sorted(resources.items())
        if key in layout.places
    ]
    title = escape(f"{name}: {len(resources)} resources")
    return (
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<title>{title}</title>{''.join(lines)}{''.join(boxes)}</svg>"
    )


def short_type(type_: str) -> str:
    """`AWS::DynamoDB::Table` as `DynamoDB Table`."""
    return type_.removeprefix("AWS::").replace("::", " ")


def _links(resources: Mapping[str, Resource]) -> set[tuple[str, str]]:
    return {
        (name, target)
        for name, resource in resources.items()
        for target in references(resource)
        if target in resources and target != name
    }


def _drawn(
    union: Mapping[str, Resource], links: Sequence[tuple[str, str]], steps: Sequence[Step]
) -> set[str]:
    if len(union) <= _MOST:
        return set(union)
    changed = {step.logical_id for step in steps} & set(union)
    near = {b for a, b in links if a in changed} | {a for a, b in links if b in changed}
    return set(sorted(changed)[:_MOST]) | set(sorted(near)[:_MOST])


def _depths(names: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The column of each: one more than what it refers to. A circle of references ends where it was entered."""
    targets: dict[str, list[str]] = {name: [] for name in names}
    for a, b in links:
        targets[a].append(b)
    depths: dict[str, int] = {}

    def depth(name: str, trail: frozenset[str]) -> int:
        if name not in depths:
            below = [depth(t, trail | {name}) for t in targets[name] if t not in trail | {name}]
            depths[name] = 1 + max(below, default=-1)
        return depths[name]

    for name in names:
        depth(name, frozenset())
    return depths


def _pull(
    name: str, links: Sequence[tuple[str, str]], places: Mapping[str, tuple[int, int]]
) -> float:
    """The mean row of what it refers to: boxes stand near what they belong to."""
    rows = [places[b][1] for a, b in links if a == name and b in places]
    return sum(rows) / len(rows) if rows else 0.0


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    return _MARGIN + place[0] * (_WIDTH + _GAP_X), _MARGIN + place[1] * (_HEIGHT + _GAP_Y)


def _line(layout: Layout, a: str, b: str) -> str:
    """From the right side of what is referred to, to the left side of what refers to it."""
    x1, y1 = _corner(layout.places[b])
    x2, y2 = _corner(layout.places[a])
    x1, y1, y2 = x1 + _WIDTH, y1 + _HEIGHT // 2, y2 + _HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path class="link" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(place: tuple[int, int], resource: Resource, verb: Verb | None) -> str:
    x, y = _corner(place)
    class_ = CLASSES[verb] if verb else "same"
    word = f"{SYMBOLS[verb]} {verb}" if verb else "= unchanged"
    return (
        f'<g class="{class_}"><title>{escape(resource.logical_id)}: {escape(resource.type)}, {escape(word)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text class="id" x="{x + 8}" y="{y + 18}">{escape(_cut(resource.logical_id))}</text>'
        f'<text x="{x + 8}" y="{y + 33}">{escape(_cut(short_type(resource.type), 25))}</text>'
        f'<text class="word" x="{x + 8}" y="{y + 49}">{escape(word)}</text></g>'
    )


def _cut(text: str, letters: int = _LETTERS) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
