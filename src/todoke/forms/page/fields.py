"""Turn a form's controls into fields (WHATWG HTML 4.10.5): one field for each name.

Only attributes that apply to a control's type count (the table in 4.10.5.1). What a browser ignores is ignored here,
and reported to the site owner.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from todoke.forms.accept import read_accept
from todoke.forms.control_fields import CHARSET
from todoke.forms.control_kind import TRAITS, Traits
from todoke.forms.number import leading_integer, valid_number
from todoke.forms.page.names import Names, squeeze
from todoke.forms.pattern.pattern import pattern_fault
from todoke.model.form import ControlKind, Field

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

INPUT_KINDS = frozenset(ControlKind) - {ControlKind.TEXTAREA, ControlKind.SELECT}
BUTTONS = frozenset({"submit", "image", "reset", "button"})
ASCII_SPACES = re.compile(r"[\t\n\f\r ]+")


def read_fields(controls: list[LexborNode], names: Names) -> tuple[tuple[Field, ...], list[str]]:
    """The fields of these controls, in order of first appearance, with warnings for the site owner."""
    by_name: dict[str, list[LexborNode]] = {}
    for control in controls:
        name = control.attributes.get("name") or ""
        if name and not (name.lower() == CHARSET and kind_of(control) is ControlKind.HIDDEN):
            by_name.setdefault(name, []).append(control)
    fields: list[Field] = []
    warnings: list[str] = []
    for name, group in by_name.items():
        field, said = _field(name, group, names)
        fields += [field] if field else []
        warnings += said
    return tuple(fields), warnings


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
        value, multiple = _value(hidden[0]), len(group) > 1
        return Field(name=name, kind=ControlKind.HIDDEN, value=value, multiple=multiple), []
    field, warnings = _asked_field(name, asked, names)
    return dataclasses.replace(field, sent_anyway=sent_anyway), warnings


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
    return Field(
        name=name,
        kind=kind,
        label=own or names.of_group(boxes[0]),
        required=bool(required),
        required_values=required if each else (),
        multiple=each and len(boxes) > 1,
        options=tuple(reversed(options.items())),
        value=next((_box_value(box) for box in boxes if "checked" in box.attributes), ""),
        title=boxes[0].attributes.get("title") or "",
    )


def _control_field(
    name: str, kind: ControlKind, control: LexborNode, names: Names
) -> tuple[Field, list[str]]:
    traits = TRAITS[kind]
    base = Field(name=name, kind=kind, label=names.of(control), value=_value(control))
    said = (control.attributes.get("autocomplete") or "").lower()
    base = dataclasses.replace(base, autocomplete=said)
    # Read-only bars a control from validation (4.10.5.3.3). It does not apply to other kinds, yet browsers let those
    # pass too where they are required.
    if traits.can_be_readonly and "readonly" in control.attributes:
        plain = kind if kind is ControlKind.TEXTAREA else ControlKind.TEXT
        return dataclasses.replace(base, kind=plain), []
    ignored: tuple[str, ...] = ()
    given: dict[str, Any] = {
        "required": traits.can_be_required and _is_required(control),
        "title": control.attributes.get("title") or "",
    }
    given |= _text_rules(control, traits)
    if traits.scale:
        given |= {name: control.attributes.get(name) or "" for name in ("min", "max", "step")}
    if traits.can_be_multiple:
        given["multiple"] = "multiple" in control.attributes
    if kind is ControlKind.SELECT:
        given |= _select_rules(control, required=given["required"])
    if kind is ControlKind.FILE:
        given["accept"], ignored = read_accept(control.attributes.get("accept") or "")
    field = dataclasses.replace(base, **given)
    return field, [*_accept_warnings(field, ignored), *_warnings(field)]


def _is_required(control: LexborNode) -> bool:
    attributes = control.attributes
    return "required" in attributes and (control.tag == "select" or "readonly" not in attributes)


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


def _select_rules(select: LexborNode, *, required: bool) -> dict[str, Any]:
    """The options that can be sent. The placeholder label option (4.10.7) is no answer: it becomes `placeholder`."""
    nodes = select.css("option")
    one_line = (
        "multiple" not in select.attributes
        and (leading_integer(select.attributes.get("size") or "") or 1) < 2
    )
    given: dict[str, Any] = {}
    first = nodes[0] if nodes else None
    if first is not None and not _option_value(first) and first.parent is not None:
        if required and one_line and first.parent.mem_id == select.mem_id:
            given["placeholder"] = _option_label(first)
            nodes = nodes[1:]
        elif required and "disabled" not in first.attributes:
            # A list box whose first option is empty: a browser takes it as an answer; the rule cannot be told apart.
            given["required"] = False
    live = [node for node in nodes if not _is_disabled_option(node)]
    options: dict[str, str] = {}
    for node in live:
        options.setdefault(_option_value(node), _option_label(node))
    chosen = next((n for n in live if "selected" in n.attributes), None)
    return given | {
        "options": tuple(options.items()),
        "value": _option_value(chosen) if chosen is not None else "",
    }


def _is_disabled_option(option: LexborNode) -> bool:
    around = option.parent
    in_group = around is not None and around.tag == "optgroup" and "disabled" in around.attributes
    return in_group or "disabled" in option.attributes


def _option_text(option: LexborNode) -> str:
    return squeeze_ascii(option.text(deep=True))


def _option_value(option: LexborNode) -> str:
    if "value" in option.attributes:
        return option.attributes["value"] or ""
    return _option_text(option)


def _option_label(option: LexborNode) -> str:
    return squeeze(option.attributes.get("label") or "") or squeeze(_option_text(option))


def squeeze_ascii(text: str) -> str:
    """Strip and collapse ASCII white space only, as the text of an option is (4.10.10)."""
    return ASCII_SPACES.sub(" ", text).strip(" ")


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
        return dataclasses.replace(field, multiple=True), [said]
    kind = field.kind if field.kind is ControlKind.FILE else ControlKind.TEXT
    said = f"{both} and have different rules: none of these rules is enforced."
    plain = Field(name=field.name, kind=kind, label=field.label, value=field.value, multiple=True)
    return plain, [said]


def _rules(field: Field) -> Field:
    return dataclasses.replace(field, label="", title="", placeholder="", value="", autocomplete="")


def _accept_warnings(field: Field, ignored: tuple[str, ...]) -> list[str]:
    if not ignored:
        return []
    said = ", ".join(f'"{token}"' for token in ignored)
    left = "" if field.accept else " So any file is taken."
    meant = f"write .jpg, image/jpeg or image/*, with commas between.{left}"
    return [f'The accept of "{field.name}" has {said}, which browsers ignore: {meant}']


def _warnings(field: Field) -> list[str]:
    warnings = []
    fault = pattern_fault(field.pattern) if field.pattern else ""
    if fault:
        warnings.append(
            f'The pattern of "{field.name}" is not enforced, by browsers neither if they find it invalid: {fault}.'
        )
    scale = TRAITS[field.kind].scale
    for name in ("min", "max"):
        text = getattr(field, name)
        if scale and text and scale.number(text) is None:
            warnings.append(
                f'The {name} of "{field.name}" is ignored: "{text}" is not a {field.kind}.'
            )
    step = valid_number(field.step)
    if field.step and field.step.lower() != "any" and (step is None or step <= 0):
        warnings.append(
            f'The step of "{field.name}" is ignored: "{field.step}" is not a number above 0.'
        )
    if field.maxlength is not None and (field.minlength or 0) > field.maxlength:
        warnings.append(f'Nothing fits in "{field.name}": its minlength is above its maxlength.')
    return warnings
