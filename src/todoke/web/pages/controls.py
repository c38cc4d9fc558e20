"""The controls of a form as our own pages show them, with what was typed and what is wrong. Pure.

Nothing here knows HTML's syntax.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from todoke.forms.control_fields import CHARSET, is_control_of, traps_of
from todoke.forms.control_kind import TRAITS
from todoke.forms.secret import is_secret, looks_secret
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList, FieldErrors, File, texts

_LONG = 80
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is in the bucket already: of which field, by what name, and the ticket that stands for it."""

    field: str
    name: str
    ticket: str


def uploaded_by(sent: EntryList, redeemed: EntryList) -> tuple[Uploaded, ...]:
    """The files that tickets stood for."""
    return tuple(
        Uploaded(before.name, after.value.name, before.value)
        for before, after in zip(sent, redeemed, strict=True)
        if isinstance(before.value, str) and isinstance(after.value, File)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose: an option of a select, or one box or button of a group."""

    id: str
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control or group, ready to be written down. `attributes` are its constraints as HTML attributes.

    Files that are `uploaded` need not be chosen again; where the control takes one, it is not shown then. Files that
    were chosen and came with the form are lost: no browser keeps them (`has_lost_files`).
    """

    id: str
    name: str
    kind: ControlKind
    label: str
    required: bool
    multiple: bool
    value: str
    hint: str
    errors: tuple[str, ...]
    options: tuple[Option, ...]
    attributes: dict[str, str]
    uploaded: tuple[Uploaded, ...] = ()
    has_lost_files: bool = False

    @property
    def is_group(self) -> bool:
        """True for boxes or buttons that share a name."""
        return TRAITS[self.kind].is_group

    @property
    def shows_value(self) -> bool:
        """True when what was typed may stand in a page."""
        return TRAITS[self.kind].is_kept

    @property
    def needs_prompt(self) -> bool:
        """True when a select would choose for the person, although nothing was chosen yet."""
        one = self.kind == ControlKind.SELECT and not self.multiple
        return one and not any(option.chosen or not option.value for option in self.options)

    @property
    def focus_id(self) -> str:
        """The id of the element that a link to this control should focus."""
        return self.options[0].id if self.is_group and self.options else self.id


def controls(
    form: Form, entries: EntryList, errors: FieldErrors, uploaded: tuple[Uploaded, ...] = ()
) -> list[Control]:
    """The visible controls: the form's fields, and those of rows that a script added to them.

    For a form that takes any fields, one for each thing that was sent.
    """
    found: list[Control] = []
    for field in _drawn(form, entries):
        said = tuple(dict.fromkeys(e.message for e in errors if e.field == field.name))
        typed = texts(entries, field.name)
        for value in _values(field, typed):
            control = _control(field, f"f{len(found)}", value, typed, said, fresh=not entries)
            control = replace(control, has_lost_files=_brought_files(field, entries))
            found.append(_with_uploaded(control, uploaded))
    return found


def _brought_files(field: Field, entries: EntryList) -> bool:
    """Whether a file was chosen: without one a browser sends a file with no name and no bytes."""
    sent = (entry.value for entry in entries if entry.name == field.name)
    return any(isinstance(file, File) and bool(file.name or file.size) for file in sent)


def _with_uploaded(control: Control, uploaded: tuple[Uploaded, ...]) -> Control:
    """The control with the files that it has already, unless something is wrong with them."""
    own = tuple(u for u in uploaded if u.field == control.name)
    if control.kind != ControlKind.FILE or control.errors or not own:
        return control
    return replace(control, uploaded=own, required=False)


def hidden_values(form: Form, entries: EntryList) -> list[Entry]:
    """What goes along unseen: hidden fields, and whatever else was sent that has no control here."""
    fields = form.fields if form.fields is not None else tuple(_fields_of(form, entries))
    shown = {f.name for f in _drawn(form, entries)}
    sent = [e for e in entries if isinstance(e.value, str) and e.name not in shown]
    names = {e.name for e in sent}
    preset = [
        Entry(f.name, f.value)
        for f in fields
        if f.kind == ControlKind.HIDDEN and f.name not in names
    ]
    return [e for e in (*preset, *sent) if e.name.lower() != CHARSET]


def _drawn(form: Form, entries: EntryList) -> list[Field]:
    """What has a control: after the last field whose name begins as theirs, the fields of added rows."""
    fields = form.fields if form.fields is not None else tuple(_fields_of(form, entries))
    traps = traps_of(form)
    drawn = [f for f in fields if _is_drawn(f, traps)]
    last = {_NUMBER.split(f.name)[0]: f for f in drawn}
    rows = _added(fields, entries, traps)
    found: list[Field] = []
    for field in drawn:
        found.append(field)
        start = _NUMBER.split(field.name)[0]
        if last[start] is field:
            found += (row for row in rows if _NUMBER.split(row.name)[0] == start)
    return found


def _added(fields: tuple[Field, ...], entries: EntryList, traps: Collection[str]) -> list[Field]:
    """Fields for names that differ from one of the form in a number alone: `guest[1][name]` beside `guest[0][name]`.

    They are texts, whatever the script made of them, since no rule of the page speaks of them.
    """
    known = {field.name for field in fields}
    alike = {_NUMBER.sub("0", f.name): f for f in reversed(fields) if _NUMBER.search(f.name)}
    names = dict.fromkeys(e.name for e in entries if isinstance(e.value, str))
    rows = []
    for name in names:
        field = alike.get(_NUMBER.sub("0", name))
        if field is None or name in known or not _is_text(field, traps):
            continue
        long = field.kind == ControlKind.TEXTAREA
        kind = ControlKind.TEXTAREA if long else ControlKind.TEXT
        rows.append(Field(name=name, kind=kind, label=field.label))
    return rows


def _is_text(field: Field, traps: Collection[str]) -> bool:
    traits = TRAITS[field.kind]
    return (
        _is_drawn(field, traps) and traits.is_kept and not traits.is_choice and not is_secret(field)
    )


def _is_drawn(field: Field, traps: Collection[str]) -> bool:
    """A trap is seen by nobody in its own page, whatever hides it there, and so by nobody here."""
    return field.kind != ControlKind.HIDDEN and field.name not in traps


def _fields_of(form: Form, entries: EntryList) -> Iterator[Field]:
    """Fields for a form that has none of its own: one for each name that was sent."""
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen or is_control_of(form, entry.name):
            continue
        seen.add(entry.name)
        value = entry.value
        if not isinstance(value, str):
            yield Field(name=entry.name, kind=ControlKind.FILE, multiple=True)
        elif looks_secret(entry.name):
            yield Field(name=entry.name, kind=ControlKind.PASSWORD)
        elif "\n" in value or len(value) > _LONG:
            yield Field(name=entry.name, kind=ControlKind.TEXTAREA)
        else:
            yield Field(name=entry.name)


def _values(field: Field, typed: tuple[str, ...]) -> tuple[str, ...]:
    """One value for each control to show: fields that share a name are shown as often as they were sent."""
    traits = TRAITS[field.kind]
    if traits.is_choice or not traits.is_kept or is_secret(field):
        return ("",)
    if field.multiple and traits.malformed_list:
        return (",".join(typed) or field.value,)
    return typed or (field.value,)


def _control(
    field: Field,
    id_: str,
    value: str,
    typed: tuple[str, ...],
    said: tuple[str, ...],
    *,
    fresh: bool,
) -> Control:
    return Control(
        id=id_,
        name=field.name,
        kind=field.kind,
        label=field.label or field.name,
        required=field.required,
        multiple=_shows_several(field, typed),
        value=value,
        hint=field.title if not any(field.title in message for message in said) else "",
        errors=said,
        options=_options(field, id_, (field.value,) if fresh else typed),
        attributes=_attributes(field),
    )


def _shows_several(field: Field, typed: tuple[str, ...]) -> bool:
    """Lists of one name become one list box, so that no choice is lost."""
    several = field.repeats and field.kind == ControlKind.SELECT and len(typed) > 1
    return several or (field.multiple and TRAITS[field.kind].can_be_multiple)


def _options(field: Field, id_: str, chosen: tuple[str, ...]) -> tuple[Option, ...]:
    pairs = field.options
    traits = TRAITS[field.kind]
    if traits.sends_many and not pairs:
        pairs = ((field.value or "on", field.label or field.name),)
    if not traits.is_choice:
        pairs = ()
    return tuple(
        Option(id=f"{id_}-{n}", value=value, label=label or value, chosen=value in chosen)
        for n, (value, label) in enumerate(pairs)
    )


def _attributes(field: Field) -> dict[str, str]:
    lengths = {"minlength": field.minlength, "maxlength": field.maxlength}
    found = {name: str(length) for name, length in lengths.items() if length is not None}
    stated = {
        "min": field.min,
        "max": field.max,
        "step": field.step,
        "pattern": field.pattern,
        "placeholder": field.placeholder,
        "accept": ",".join(field.accept),
        "autocomplete": TRAITS[field.kind].autocomplete or ("name" if field.name == "name" else ""),
    }
    return found | {name: text for name, text in stated.items() if text}
