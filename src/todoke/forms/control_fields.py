"""Control fields: the few names by which a page steers how its form is taken (docs/door.md lists them).

A name that is not listed here is an answer, whatever it begins with; so is whatever a visitor sees and fills in. How
a request came, and what becomes of it, is not known here.
"""

from __future__ import annotations

from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList

NEXT = "_next"
LANGUAGE = "_language"
KEY = "_idempotency"
CHARSET = "_charset_"

TRAPS = frozenset({"_gotcha", "_honey", "_honeypot"})
"""Fields that people do not see and programs fill in. Left empty they are nothing; filled in they are kept."""

_MEANINGS = {
    NEXT: "where to go after the form",
    LANGUAGE: "the language to answer in",
    KEY: "a key for sending the form again",
    CHARSET: "the form's character encoding",
}


def is_control_name(name: str) -> bool:
    """Whether a field of this name may steer. Only `_charset_` is known in capitals too (HTML 4.10.21.4)."""
    return name in _MEANINGS or name in TRAPS or name.lower() == CHARSET


def split_controls(form: Form, entries: EntryList) -> tuple[EntryList, EntryList]:
    """Part what steers from the visitor's answers: (answers, controls). What the form shows to visitors is in both."""
    for entry in entries:
        if entry.name.startswith("_"):
            break
    else:
        return entries, ()
    controls = tuple(e for e in entries if isinstance(e.value, str) and is_control_name(e.name))
    return tuple(e for e in entries if _is_answer(form, e)), controls


def _is_answer(form: Form, entry: Entry) -> bool:
    if not is_control_name(entry.name) or not isinstance(entry.value, str):
        return True
    return bool(entry.value) if entry.name in TRAPS else is_shown(form.field(entry.name))


def is_shown(field: Field | None) -> bool:
    """Whether a visitor sees the field and may fill it in."""
    return field is not None and field.kind != ControlKind.HIDDEN


def is_fixed_key(form: Form, key: str) -> bool:
    """Whether `key` stands in the form's own page, or is typed: then it is the same for many visitors, and no key."""
    field = form.field(KEY)
    return field is not None and (is_shown(field) or field.value.strip() == key)


def control_fault(field: Field) -> str:
    """What the site owner should know of a field that may steer, beginning with its name; "" for all others."""
    meaning = "" if field.name in TRAPS else _MEANINGS.get(field.name.lower(), "")
    if meaning and is_shown(field):
        return (
            f'"{field.name}" is shown to visitors, and a field of this name says {meaning}: '
            "what they fill in is kept as an answer. Give the control another name, or hide it."
        )
    if field.name == KEY and field.value.strip():
        return (
            f'"{KEY}" has a fixed value, which every visitor would send, so it is ignored. '
            "Leave it out; only a page that is made anew for each visitor can hold a key."
        )
    return ""
