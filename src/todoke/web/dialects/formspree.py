"""Formspree: `/f/{id}` and `/p/{project}/f/{key}`; its scripts read `next`, and codes of their own for each field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from todoke.model.form import ControlKind, Form
from todoke.web.dialects.dialect import Denial, Dialect, Words, as_said

_OF_FORM = {
    "not_found": "FORM_NOT_FOUND",
    "origin_refused": "BLOCKED",
    "too_large": "FILES_TOO_BIG",
}
_OF_FIELD = {
    "valueMissing": "REQUIRED_FIELD_EMPTY",
    "badInput": "TYPE_NUMERIC",
    "stepMismatch": "TYPE_NUMERIC",
    "file_too_big": "FILES_TOO_BIG",
    "files_too_big": "FILES_TOO_BIG",
    "too_many_files": "TOO_MANY_FILES",
    "no_files_here": "NO_FILE_UPLOADS",
}
_OTHER = "TYPE_TEXT"


def _refused(denial: Denial) -> Words:
    """Its scripts show `error` only where there is no list `errors`, so an empty one would hide all."""
    faults = [_fault(fault, denial.form) for fault in denial.faults]
    if not faults and (code := _OF_FORM.get(str(denial.words.get("code")))):
        faults = [{"code": code, "message": denial.text}]
    words = {name: word for name, word in denial.words.items() if name != "errors"}
    return {**words, "errors": faults} if faults else words


def _fault(fault: Mapping[str, str], form: Form | None) -> Mapping[str, str]:
    """A fault by its code there; it knows addresses, numbers and texts."""
    if not fault["field"]:
        return {"code": fault["code"], "message": fault["message"]}
    code = _OF_FIELD.get(fault["code"], _OTHER)
    if code == _OTHER and _is_address(fault["field"], form):
        code = "TYPE_EMAIL"
    return {"code": code, "field": fault["field"], "message": fault["message"]}


def _is_address(name: str, form: Form | None) -> bool:
    if form is None:
        return False
    field = form.field(name)
    return name == form.confirmation.field or (
        field is not None and field.kind is ControlKind.EMAIL
    )


FORMSPREE = Dialect(
    name="formspree",
    title="Formspree",
    hosts=("formspree.io", "www.formspree.io"),
    address=re.compile(r"/(?:p/[^/]+/)?f/(?P<key>[^/]+)"),
    stored=as_said,
    refused=_refused,
    claims=True,
    header=b"formspree-client",
)
