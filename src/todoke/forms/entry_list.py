"""The entries that a browser sends of a control (WHATWG HTML 4.10.21.4): as the page has it, and filled in."""

from __future__ import annotations

from collections.abc import Iterable

from todoke.forms.control_kind import TRAITS
from todoke.forms.fill import SamplePerson, choices, faults_of, fill, untouched
from todoke.forms.sample_files import sample_file
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList, File

_NO_FILE = File(name="", media_type="application/octet-stream", content=b"")


def asked_files(field: Field) -> tuple[str, ...]:
    """The kinds of files that a file control asks for, as `accept` has them."""
    return field.accept or ("*/*",)


def entries_of(field: Field, values: Iterable[str]) -> EntryList:
    """An entry for each value."""
    return tuple(Entry(field.name, value) for value in values)


def as_it_is(field: Field) -> EntryList:
    """What an untouched control sends."""
    if field.kind is ControlKind.FILE:
        return (Entry(field.name, _NO_FILE),) * field.controls
    return entries_of(field, untouched(field))


def filled_in(form: Form, field: Field) -> EntryList | None:
    """What it sends when a person fills it in; None where nothing is known that it takes."""
    if field.kind is ControlKind.FILE:
        return (Entry(field.name, sample_file(asked_files(field)[0])[0]),) * field.controls
    values = fill(form, field, SamplePerson())
    return None if values is None else entries_of(field, values)


def least_of(form: Form, field: Field) -> EntryList | None:
    """What it sends when nothing is filled in that need not be."""
    sent = as_it_is(field)
    if not field.required or not (
        field.kind is ControlKind.FILE or faults_of(field, untouched(field))
    ):
        return sent
    return filled_in(form, field)


def most_of(form: Form, field: Field) -> EntryList:
    """What it sends when everything is filled in, and every box ticked."""
    traits = TRAITS[field.kind]
    if traits.sends_many or (traits.is_choice and field.multiple):
        return entries_of(field, (*field.sent_anyway, *choices(field)))
    return filled_in(form, field) or as_it_is(field)
