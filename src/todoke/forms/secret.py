"""Which answers are secrets, such as a password: what was typed unseen is shown to nobody again."""

from __future__ import annotations

import re

from todoke.forms.control_kind import TRAITS
from todoke.model.form import Field, Form
from todoke.model.submission import EntryList

_TOKENS = frozenset({"current-password", "new-password", "one-time-code", "cc-csc"})
"""Autofill tokens of what nobody else may read (WHATWG HTML 4.10.18.7.1)."""
_NAMES = re.compile(
    r"pass[ _-]?(?:word|wd|phrase|code)|^(?:pass|pwd|pw)$|パスワード|暗証番号", re.IGNORECASE
)


def is_secret(field: Field) -> bool:
    """Whether what is typed into this field is a secret: by its kind, or by what it asks browsers to fill in."""
    return not TRAITS[field.kind].is_read or not _TOKENS.isdisjoint(field.autocomplete.split())


def secret_names(form: Form | None, entries: EntryList) -> frozenset[str]:
    """The names of the secrets among `entries`. Where no page says what its controls are, their names tell."""
    if form is not None and form.fields is not None:
        return frozenset(field.name for field in form.fields if is_secret(field))
    return frozenset(entry.name for entry in entries if looks_secret(entry.name))


def looks_secret(name: str) -> bool:
    """Whether a control of this name, of which nothing else is known, asks for a secret."""
    return _NAMES.search(name) is not None
