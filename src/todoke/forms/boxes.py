"""Boxes as scripts send them: true for a ticked one, false for another, where browsers send its value or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList

_TRUE, _FALSE = "true", "false"


def read_boxes(form: Form, entries: EntryList) -> EntryList:
    """The entries that a browser would send: a box's value for true, none for false.

    Of several boxes of one name true says nothing. What the page itself sends as one of the two words stays.
    """
    if not any(entry.value in (_TRUE, _FALSE) for entry in entries):
        return entries
    return tuple(_read(form, entries))


def _read(form: Form, entries: EntryList) -> Iterator[Entry]:
    for entry in entries:
        field = form.field(entry.name) if entry.value in (_TRUE, _FALSE) else None
        if field is None or field.kind != ControlKind.CHECKBOX or _is_of_page(field, entry):
            yield entry
        elif entry.value == _TRUE:
            boxes = [value for value, _ in field.options]
            yield Entry(entry.name, boxes[0]) if len(boxes) == 1 else entry


def _is_of_page(field: Field, entry: Entry) -> bool:
    return entry.value in field.sent_anyway or any(
        value == entry.value for value, _ in field.options
    )
