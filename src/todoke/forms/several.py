"""Fields of which several entries may come: a script adds rows, or the page has several controls of one name."""

from __future__ import annotations

import dataclasses

from todoke.forms.control_kind import TRAITS
from todoke.model.form import ControlKind, Field


def says_several(name: str) -> bool:
    """True for the names that say by custom that several values may come: `attendee[]`."""
    return name.endswith("[]")


def repeating(field: Field) -> Field:
    """The field of which several may come; of radio buttons one is sent in any case."""
    if field.kind is ControlKind.RADIO:
        return field
    # In HTML, `multiple` says more of these two: a list with commas, a list box.
    if TRAITS[field.kind].malformed_list or field.kind is ControlKind.SELECT:
        return dataclasses.replace(field, repeats=True)
    return dataclasses.replace(field, multiple=True)
