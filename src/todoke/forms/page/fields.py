"""Turn a form's controls into fields (WHATWG HTML 4.10.5): one field for each name.

Only attributes that apply to a control's type count (the table in 4.10.5.1). What a browser ignores is ignored here,
and reported to the site owner.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from todoke.forms.accept import read_accept
from todoke.forms.constraints import sanitise
from todoke.forms.control_fields import CHARSET
from todoke.forms.control_kind import TRAITS, Traits
from todoke.forms.number import leading_integer
from todoke.forms.page.buttons import point_names
from todoke.forms.page.names import Names
from todoke.forms.page.options import select_rules
from todoke.forms.page.warnings import (
    accept_warnings,
    rule_warnings,
    scriptless_warning,
    settled_warning,
)
from todoke.forms.several import repeating, says_several
from todoke.model.form import ControlKind, Field

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

INPUT_KINDS = frozenset(ControlKind) - {ControlKind.TEXTAREA, ControlKind.SELECT}
BUTTONS = frozenset({"submit", "image", "reset", "button"})
# On a control: scripts of the page may add more of it (docs/forms.md).
REPEAT = "data-todoke-repeat"


def read_fields(
    controls: list[LexborNode], names: Names, barred: list[LexborNode] | None = None
) -> tuple[tuple[Field, ...], list[tuple[str, str]]]:
    """The fields of these controls, in order of first appearance; warnings for the site owner, each after its name.

    `barred` controls send nothing, but one may be the checked button of a group.
    """
    by_name: dict[str, list[LexborNode]] = {}
    for control in controls:
        name = control.attributes.get("name") or ""
        if name and not (name.lower() == CHARSET and kind_of(control) is ControlKind.HIDDEN):
            by_name.setdefault(name, []).append(control)
    fields: list[Field] = []
    warnings: list[tuple[str, str]] = []
    for name, group in by_name.items():
        field, said = _field(name, group, names)
        fields += [field] if field else []
        warnings += [(name, warning) for warning in said]
    beside = point_names(controls) | _listed(barred or [])
    settled = _settled(barred or [])
    return tuple(_beside(field, beside, settled) for field in fields), warnings


def _listed(barred: list[LexborNode]) -> frozenset[str]:
    """The names of controls in a datalist: a list for old browsers, often of its input's name (4.10.8 has it so). New
    ones do not show it, yet Chromium sends it."""
    return frozenset(c.attributes.get("name") or "" for c in barred if _stands_in(c, "datalist"))


def _settled(barred: list[LexborNode]) -> frozenset[str]:
    """The groups of which a disabled button is checked: browsers miss nothing then, and nothing is sent."""
    radios = [c for c in barred if kind_of(c) is ControlKind.RADIO and "checked" in c.attributes]
    return frozenset(radio.attributes.get("name") or "" for radio in radios)


def _beside(field: Field, beside: frozenset[str], settled: frozenset[str]) -> Field:
    if field.kind is ControlKind.RADIO and field.name in settled:
        return dataclasses.replace(field, required=False)
    return repeating(field) if field.name in beside else field


def kind_of(control: LexborNode) -> ControlKind | None:
    """The control's kind; None for anything that is only a button."""
    if control.tag in ("select", "textarea"):
        return ControlKind(control.tag)
    stated = (control.attributes.get("type") or "").strip().lower()
    if control.tag == "button" or stated in BUTTONS:
        return None
    if stated == "color" and {"alpha", "colorspace"} & set(control.attributes):
        return ControlKind.TEXT  # such a control may send any CSS color
    return ControlKind(stated) if stated in INPUT_KINDS else ControlKind.TEXT


def _field(name: str, group: list[LexborNode], names: Names) -> tuple[Field | None, list[str]]:
    """The field of all controls with one name; None when only buttons have it."""
    kinds = [(control, kind_of(control)) for control in group]
    asked = [(c, kind) for c, kind in kinds if kind and kind is not ControlKind.HIDDEN]
    extras = [c for c, kind in kinds if kind is None or kind is ControlKind.HIDDEN]
    hidden = [c for c, kind in kinds if kind is ControlKind.HIDDEN]
    sent_anyway = tuple(dict.fromkeys(_value(c) for c in extras))
    if not asked:
        if not hidden:
            return None, []
        value, count = _value(hidden[0]), len(group)
        presets = tuple(_value(c) for c in hidden)
        multiple = count > 1 or any(_may_be_added(c) for c in hidden)
        kind = ControlKind.HIDDEN
        field = Field(name=name, kind=kind, value=value, multiple=multiple)
        return dataclasses.replace(field, controls=count, presets=presets), []
    field, warnings = _asked_field(name, asked, names)
    field = dataclasses.replace(field, sent_anyway=sent_anyway)
    typed = not TRAITS[field.kind].is_choice and field.kind is not ControlKind.FILE
    if any(_may_be_added(c) for c, _ in asked) or (typed and any(map(_is_changeable, extras))):
        field = repeating(field)
    unasked = any("required" in c.attributes and _stands_in(c, "noscript") for c, _ in asked)
    return field, [*warnings, *([scriptless_warning(name)] if unasked else [])]


def _may_be_added(control: LexborNode) -> bool:
    """True when the page says that scripts may add more such controls."""
    return says_several(control.attributes.get("name") or "") or REPEAT in control.attributes


def _is_changeable(extra: LexborNode) -> bool:
    """True for what is sent beside a control of its name with a value that the page does not fix: a hidden control's,
    which scripts change, and the label that the browser gives to a submit button without one."""
    stated = (extra.attributes.get("type") or "").strip().lower()
    return stated == "hidden" or (
        extra.tag == "input" and stated == "submit" and "value" not in extra.attributes
    )


def _asked_field(
    name: str, asked: Sequence[tuple[LexborNode, ControlKind]], names: Names
) -> tuple[Field, list[str]]:
    """The field of the controls that a visitor sees, each with its kind."""
    first, kind = asked[0]
    if TRAITS[kind].is_group and len({kind for _, kind in asked}) == 1:
        return _box_field(name, kind, [box for box, _ in asked], names), []
    field, warnings = _control_field(name, kind, first, names)
    if len(asked) == 1:
        return field, warnings
    field, more = _merged(field, asked, names)
    return field, warnings + more


def _box_field(name: str, kind: ControlKind, boxes: list[LexborNode], names: Names) -> Field:
    """A radio group (one required button makes all so) or a checkbox group (each box is required by itself)."""
    each = TRAITS[kind].sends_many
    options = {_box_value(box): names.of(box) or _box_value(box) for box in reversed(boxes)}
    required = tuple(_box_value(box) for box in boxes if _is_required(box))
    own = names.of(boxes[0]) if each and len(boxes) == 1 else ""
    checked = tuple(_box_value(box) for box in boxes if "checked" in box.attributes)
    return Field(
        name=name,
        kind=kind,
        label=own or names.of_group(boxes[0]),
        required=bool(required),
        required_values=required if each else (),
        multiple=each and len(boxes) > 1,
        options=tuple(reversed(options.items())),
        value=checked[0] if checked else "",
        presets=checked if each else checked[-1:],
        title=boxes[0].attributes.get("title") or "",
    )


def _control_field(
    name: str, kind: ControlKind, control: LexborNode, names: Names
) -> tuple[Field, list[str]]:
    traits = TRAITS[kind]
    value = _value(control)
    presets = (sanitise(kind, value),) if value and traits.has_length else ()
    base = Field(name=name, kind=kind, label=names.of(control), value=value, presets=presets)
    said = (control.attributes.get("autocomplete") or "").lower()
    base = dataclasses.replace(base, autocomplete=said)
    # Read-only bars a control from validation (4.10.5.3.3). It does not apply to other kinds, yet browsers let those
    # pass too where they are required.
    if traits.can_be_readonly and "readonly" in control.attributes:
        plain = kind if kind is ControlKind.TEXTAREA else ControlKind.TEXT
        return dataclasses.replace(base, kind=plain), []
    given: dict[str, Any] = {
        "required": traits.can_be_required and _is_required(control),
        "title": control.attributes.get("title") or "",
    }
    given |= _text_rules(control, traits)
    if traits.scale:
        given |= {name: control.attributes.get(name) or "" for name in ("min", "max", "step")}
    if traits.can_be_multiple:
        given["multiple"] = "multiple" in control.attributes or (
            kind is ControlKind.FILE and "webkitdirectory" in control.attributes
        )
    warnings: list[str] = []
    if kind is ControlKind.SELECT:
        given |= select_rules(control, required=given["required"])
        if given.pop("is_settled"):
            warnings.append(settled_warning(name))
    if kind is ControlKind.FILE:
        given["accept"], ignored = read_accept(control.attributes.get("accept") or "")
        warnings += accept_warnings(name, given["accept"], ignored)
    field = dataclasses.replace(base, **given)
    return field, [*warnings, *rule_warnings(field)]


def _is_required(control: LexborNode) -> bool:
    attributes = control.attributes
    stated = "required" in attributes and (control.tag == "select" or "readonly" not in attributes)
    # Where scripts run, a noscript is text (4.12.2): nobody can be held to fill in what stands in it.
    return stated and not _stands_in(control, "noscript")


def _stands_in(control: LexborNode, tag: str) -> bool:
    """Whether there is such an element around the control, within its form."""
    around = control.parent
    while around is not None and around.tag not in ("form", tag):
        around = around.parent
    return around is not None and around.tag == tag


def _text_rules(control: LexborNode, traits: Traits) -> dict[str, Any]:
    attributes = control.attributes
    given: dict[str, Any] = {}
    if traits.has_length:
        given["minlength"] = leading_integer(attributes.get("minlength") or "")
        given["maxlength"] = leading_integer(attributes.get("maxlength") or "")
    if traits.is_line:
        given["pattern"] = attributes.get("pattern") or ""
    if traits.has_placeholder:
        given["placeholder"] = attributes.get("placeholder") or ""
    return given


def _box_value(box: LexborNode) -> str:
    return (box.attributes["value"] or "") if "value" in box.attributes else "on"


def _value(control: LexborNode) -> str:
    if control.tag == "textarea":
        return control.text(deep=True)
    return control.attributes.get("value") or ""


def _merged(
    field: Field, controls: Sequence[tuple[LexborNode, ControlKind]], names: Names
) -> tuple[Field, list[str]]:
    """Controls that share a name: each may be sent. Their rules hold only when all have the same."""
    others = [_control_field(field.name, kind, c, names)[0] for c, kind in controls[1:]]
    same = all(_rules(other) == _rules(field) for other in others)
    both = f'{len(controls)} controls are named "{field.name}"'
    if same:
        said = f"{both}: each value is checked, but at least one is enough where they are required."
        presets = tuple(preset for each in (field, *others) for preset in each.presets)
        count = len(controls)
        return repeating(dataclasses.replace(field, presets=presets, controls=count)), [said]
    kind = field.kind if field.kind is ControlKind.FILE else ControlKind.TEXT
    said = f"{both} and have different rules: none of these rules is enforced."
    return repeating(Field(name=field.name, kind=kind, label=field.label, value=field.value)), [
        said
    ]


def _rules(field: Field) -> Field:
    return dataclasses.replace(
        field, label="", title="", placeholder="", value="", autocomplete="", presets=()
    )
