"""A form's fields: from its HTML page, from todoke.toml, or from the page with the file's additions."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from todoke.configuration.page import PageFacts
from todoke.forms.accept import is_token
from todoke.forms.control_fields import control_fault
from todoke.forms.control_kind import TRAITS
from todoke.forms.several import repeating, says_several
from todoke.model.form import ControlKind, Field
from todoke.toml.table import Table


def read_fields(table: Table, page: PageFacts) -> tuple[Field, ...] | None:
    """The form's fields, or None when neither the page nor the file lists any: then any fields are taken.

    A field of the file that the page has too changes only the attributes that the file gives.
    """
    if "fields" not in table:
        return page.fields
    found: dict[str, Field] = {field.name: field for field in page.fields or ()}
    seen: set[str] = set()
    for row in table.tables("fields", "forms.NAME.fields"):
        name = row.text("name", required=True)
        if name in seen:
            row.error("name", f"is {name!r}, as that of a field above.")
        seen.add(name)
        if page.fields and name and name not in found:
            _check_added(row, name, page.fields)
        if name:
            found[name] = _read_field(row, found.get(name) or Field(name=name))
    return tuple(found.values())


def _check_added(row: Table, name: str, of_page: tuple[Field, ...]) -> None:
    """Note a field beside those of the page that is probably one of them, or that no visitor could leave out."""
    near = difflib.get_close_matches(name, [field.name for field in of_page], n=1, cutoff=0.8)
    if near:
        row.warn(
            "name", f"is {name!r}, and the page has no such control.", f"Did you mean {near[0]!r}?"
        )
    elif row.raw("required") is True:
        said = f"is {name!r}, which is required, and the page has no such control: without it all are refused."
        row.warn("name", said, "Take it out, unless a script of the page sends it.")


def _read_field(row: Table, base: Field) -> Field:
    kind = ControlKind(row.text("type", base.kind.value, among=[k.value for k in ControlKind]))
    given: dict[str, Any] = {
        "kind": kind,
        "required": row.flag("required", default=base.required),
        "multiple": row.flag("multiple", default=base.multiple),
        "minlength": row.number("minlength", base.minlength, least=0, most=10_000_000),
        "maxlength": row.number("maxlength", base.maxlength, least=0, most=10_000_000),
        "options": _read_options(row, base.options),
        "accept": _read_accept(row) or base.accept,
        "max_files": row.number("max_files", base.max_files, least=1, most=100),
        "max_file_bytes": row.size("max_file_size", base.max_file_bytes, most="1GB"),
    }
    for key in ("label", "pattern", "title", "placeholder", "value"):
        given[key] = row.text(key, getattr(base, key))
    for key in ("min", "max", "step"):
        given[key] = _as_written(row, key, getattr(base, key))
    field = dataclasses.replace(base, **given)
    _check_field(row, field)
    return repeating(field) if says_several(field.name) else field


def _check_field(row: Table, field: Field) -> None:
    if fault := control_fault(field):
        row.warn("name", fault)
    traits = TRAITS[field.kind]
    if traits.is_choice and not traits.sends_many and not field.options:
        row.error("options", f"is missing: a {field.kind} field needs what can be chosen.")
    if (
        field.minlength is not None
        and field.maxlength is not None
        and field.minlength > field.maxlength
    ):
        row.error(
            "minlength", f"is {field.minlength}, more than maxlength, which is {field.maxlength}."
        )
    if "pattern" in row:
        from todoke.forms.pattern.pattern import pattern_fault  # noqa: PLC0415 few fields have one

        if fault := pattern_fault(field.pattern):
            row.error("pattern", f"cannot be used: {fault}")
    if field.kind != ControlKind.FILE:
        for key in ("accept", "max_files", "max_file_size"):
            if key in row:
                row.warn(key, f"has no meaning for a {field.kind} field.")


def _read_options(row: Table, default: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """A list of values, or a table of value = label."""
    if isinstance(row.raw("options"), dict):
        pairs = row.mapping("options").items()
        return tuple((value, label if isinstance(label, str) else value) for value, label in pairs)
    single = row.raw("options")
    if isinstance(single, str) and "," in single:
        parts = ", ".join(f'"{part.strip()}"' for part in single.split(","))
        row.warn("options", "is one option with a comma in it.", f"Write [{parts}] for several.")
    return tuple((value, value) for value in row.texts("options")) or default


def _read_accept(row: Table) -> tuple[str, ...]:
    tokens = tuple(text.strip().lower() for text in row.texts("accept"))
    for token in tokens:
        if not is_token(token):
            row.error("accept", f"has {token!r}.", "Write .jpg, image/jpeg or image/*.")
    return tokens


def _as_written(row: Table, key: str, default: str) -> str:
    """min, max and step are kept as text; a number or a date in TOML is as good."""
    value = row.raw(key)
    if value is None:
        return default
    if isinstance(value, bool | list | dict):
        row.error(key, "must be a number, a date or a text.")
        return default
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
