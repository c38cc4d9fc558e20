"""Slips of the pen in a form's controls: what browsers ignore without a word, though it was meant to be a rule."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from todoke.forms.page.fields import BUTTONS, INPUT_KINDS, kind_of
from todoke.forms.page.names import Names
from todoke.forms.page.places import line_of
from todoke.model.form import ControlKind

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_RULES = (
    "required",
    "minlength",
    "maxlength",
    "pattern",
    "accept",
    "multiple",
    "disabled",
    "readonly",
    "placeholder",
)
"""Attributes that are worth a guess; shorter ones are like too many others."""
_MEANT = {
    "mail": "email",
    "phone": "tel",
    "telephone": "tel",
    "string": "text",
    "datetime": "datetime-local",
    "int": "number",
}
_UNFILLED = frozenset({ControlKind.HIDDEN, ControlKind.CHECKBOX, ControlKind.RADIO})


def slip_warnings(html: str, controls: Iterable[LexborNode], names: Names) -> Iterator[str]:
    """Say what is misspelled or missing in these controls, each with its line."""
    for control in controls:
        for attribute, said in (*_misspelled(control), *_nameless(control, names)):
            line = line_of(html, control.attributes, attribute, tag=control.tag or "")
            yield f"line {line}: {said}"


def _misspelled(control: LexborNode) -> Iterator[tuple[str, str]]:
    for attribute in control.attributes:
        near = _rule_near(attribute)
        if near and near[0] != attribute:
            yield (
                attribute,
                f"There is no attribute {attribute}, so it is no rule. Did you mean {near[0]}?",
            )
    stated = (control.attributes.get("type") or "").strip().lower()
    if control.tag == "input" and stated and stated not in INPUT_KINDS | BUTTONS:
        near = difflib.get_close_matches(stated, [*INPUT_KINDS], n=1)
        meant = _MEANT.get(stated) or (near[0] if near else "")
        hint = f' Did you mean type="{meant}"?' if meant else ""
        yield "type", f'There is no type="{stated}": browsers take it for text.{hint}'


@lru_cache(maxsize=256)  # 200 controls, which share a few: 11 ms, not 113
def _rule_near(attribute: str) -> list[str]:
    """The rule that was meant. With a hyphen it is a library's own attribute, but for that hyphen itself."""
    if not attribute.isalpha():
        return [rule for rule in _RULES if rule == attribute.replace("-", "")]
    return difflib.get_close_matches(attribute, _RULES, n=1, cutoff=0.85)


def _nameless(control: LexborNode, names: Names) -> Iterator[tuple[str, str]]:
    """Of a control that people see and fill in, and that browsers do not send."""
    kind = kind_of(control)
    label = names.of(control)
    if control.attributes.get("name") or kind is None or kind in _UNFILLED or not label:
        return
    named = control.attributes.get("id") or "..."
    yield (
        "name",
        f'"{label}" has no name, so browsers do not send what is filled in. Write name="{named}".',
    )
