"""Control fields: the few names by which a page steers how its form is taken (docs/door.md lists them).

A name that is not listed here, or in the table of the form's dialect (aliases.py), is an answer, whatever it begins
with; so is whatever a visitor sees and fills in. How a request came, and what becomes of it, is not known here.
"""

from __future__ import annotations

from functools import lru_cache

from todoke.forms.aliases import Sense, names_of, senses
from todoke.model.captcha import TOKEN_FIELDS
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, EntryList, first_text

NEXT = "_next"
LANGUAGE = "_language"
KEY = "_idempotency"
CHARSET = "_charset_"
AS_TYPED = "_as_typed"
LOADED = "_loaded"
WORK = "altcha"
"""The field that ALTCHA's widget adds to a form. It steers nothing but where a form asks for a proof of work."""

TRAPS = frozenset({"_gotcha", "_honey", "_honeypot"})
"""Fields that people do not see and programs fill in. Left empty they are nothing; filled in they are kept."""

_MEANINGS = {
    NEXT: "where to go after the form",
    LANGUAGE: "the language to answer in",
    KEY: "a key for sending the form again",
    CHARSET: "the form's character encoding",
    AS_TYPED: "that an address is meant as it was typed",
    LOADED: "when the page was loaded",
}
_OURS = {Sense.NEXT: NEXT, Sense.LANGUAGE: LANGUAGE}
"""What else is obeyed, whatever a dialect calls it."""
_NO_ADDRESS = frozenset("%{@")
"""How a placeholder of a dialect begins that stands for another field: `%email%`, `@`."""


def traps_of(form: Form) -> frozenset[str]:
    """The names of the form's traps: ours, those of its dialect, and those that its settings name."""
    if not form.dialect and not form.honeypot:
        return TRAPS
    return _traps(form.dialect, form.honeypot)


@lru_cache(maxsize=256)
def _traps(dialect: str, honeypot: tuple[str, ...]) -> frozenset[str]:
    return TRAPS.union(honeypot, names_of(dialect, Sense.TRAP))


def proofs_of(form: Form) -> frozenset[str]:
    """The names of the fields in which a widget brings what this form asks for: they are never answers."""
    return _PROOFS[form.proof_of_work, form.captcha]


_PROOFS = {
    (False, False): frozenset[str](),
    (False, True): TOKEN_FIELDS,
    (True, False): frozenset({WORK}),
    (True, True): TOKEN_FIELDS | {WORK},
}


def is_control_name(name: str) -> bool:
    """Whether a field of this name may steer. Only `_charset_` is known in capitals too (HTML 4.10.21.4)."""
    return name in _MEANINGS or name in TRAPS or name.lower() == CHARSET


def is_control_of(form: Form, name: str) -> bool:
    """Whether a field of this name may steer the form, or says in its dialect what no visitor says."""
    if is_control_name(name) or name in traps_of(form) or name in proofs_of(form):
        return True
    return senses(form.dialect).get(name) not in {None, Sense.SUBJECT, Sense.REPLY_TO}


def split_controls(form: Form, entries: EntryList) -> tuple[EntryList, EntryList]:
    """Part what steers from the visitor's answers: (answers, controls). What the form shows to visitors is in both, but
    for proofs.

    What a dialect calls otherwise is among the controls by our own name.
    """
    if proofs := proofs_of(form):
        brought = tuple(e for e in entries if e.name in proofs)
        if brought:
            rest = tuple(e for e in entries if e.name not in proofs)
            answers, controls = _split(form, rest)
            return answers, (*controls, *brought)
    return _split(form, entries)


def _split(form: Form, entries: EntryList) -> tuple[EntryList, EntryList]:
    if form.dialect or form.honeypot:
        return _split_by_dialect(form, entries)
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


def _split_by_dialect(form: Form, entries: EntryList) -> tuple[EntryList, EntryList]:
    known, traps = senses(form.dialect), traps_of(form)
    lacks_address = form.fields is None and not first_text(entries, form.confirmation.field).strip()
    answers: list[Entry] = []
    controls: list[Entry] = []
    for entry in entries:
        sense = known.get(entry.name)
        if not isinstance(entry.value, str):
            answers.append(entry)
        elif entry.name in traps:
            controls.append(entry)
            answers += [entry] if entry.value else []
        elif sense is Sense.REPLY_TO:
            found = _reply_to(form, entry, as_address=lacks_address)
            lacks_address = lacks_address and not found
            answers += found
        elif sense is Sense.SUBJECT:
            answers += [entry] if entry.value.strip() else []
        elif sense or is_control_name(entry.name):
            name = _OURS.get(sense, entry.name) if sense else entry.name
            controls.append(Entry(name, entry.value, entry.raw))
            answers += [entry] if is_shown(form.field(entry.name)) else []
        else:
            answers.append(entry)
    return tuple(answers), tuple(controls)


def _reply_to(form: Form, entry: Entry, *, as_address: bool) -> EntryList:
    """What a visitor gave as their own address, called as the form's is where that is missing.

    What stands hidden in the page is none, and a placeholder names a field that comes anyway.
    """
    field, text = form.field(entry.name), str(entry.value).strip()
    if (field is not None and not is_shown(field)) or text[:1] in _NO_ADDRESS or not text:
        return ()
    if as_address and form.confirmation.field:
        return (Entry(form.confirmation.field, entry.value, entry.raw),)
    return (entry,)


def subject_of(form: Form, entries: EntryList) -> str:
    """What the page says in its dialect that the mail to the managers is about; "" where it says nothing."""
    if not form.dialect:
        return ""
    names = names_of(form.dialect, Sense.SUBJECT)
    return next((text for text in (first_text(entries, name) for name in names) if text), "")


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
