"""How a form is set up, for those who look after it: fields, who receives it, what happens to what is sent. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from todoke.model.form import Field, Form, Managers
from todoke.model.language import N_
from todoke.model.show import show_size
from todoke.report.words import say

_FIXED = N_("%(who)s, for every submission")
_BY_VALUE = N_("%(who)s, where “%(field)s” is %(value)s")
_DIRECTORY = N_("by a directory of %(count)s people, looked up with “%(field)s”")
_FALLBACK = N_("%(who)s, where nobody else is found")
_NOBODY = N_("Nobody. What is sent is only here.")
_NO_CONFIRMATION = N_("No confirmation is sent.")
_CONFIRMATION = N_("To the address in “%(field)s”, without the answers.")
_WITH_ANSWERS = N_("To the address in “%(field)s”, with the answers.")
_KEPT = N_("%(days)s days")
_FOR_EVER = N_("Until someone erases it")
_LIMITS = N_("%(body)s a submission; %(files)s files of %(file)s each; %(fields)s fields")


def shown_form(form: Form, language: str) -> dict[str, Any]:
    """{name, title, page, fields: [{label, name, kind, required}], managers, confirmation, kept, limits}.

    `fields` is None where any are taken.
    """
    limits = form.limits
    return {
        "name": form.name,
        "title": form.shown,
        "page": form.page_url,
        "fields": None if form.fields is None else [_field(field) for field in form.fields],
        "managers": list(_managers(form, language)) or [say(_NOBODY, language)],
        "confirmation": _confirmation(form, language),
        "kept": _kept(form.retention, language),
        "limits": say(_LIMITS, language)
        % {
            "body": show_size(limits.body_bytes),
            "files": limits.files,
            "file": show_size(limits.file_bytes),
            "fields": limits.fields,
        },
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "label": field.label or field.name,
        "name": field.name,
        "kind": str(field.kind),
        "required": field.required,
    }


def _managers(form: Form, language: str) -> Iterable[str]:
    rule: Managers = form.managers
    asked = form.field(rule.field)
    label = (asked.label if asked else "") or rule.field
    for address in rule.fixed:
        yield say(_FIXED, language) % {"who": address}
    for value, addresses in rule.by_value.items():
        who = ", ".join(addresses)
        yield say(_BY_VALUE, language) % {"who": who, "field": label, "value": value}
    if rule.directory:
        yield say(_DIRECTORY, language) % {"count": f"{len(rule.directory):,}", "field": label}
    for address in rule.fallback:
        yield say(_FALLBACK, language) % {"who": address}


def _confirmation(form: Form, language: str) -> str:
    told = form.confirmation
    if not told.field:
        return say(_NO_CONFIRMATION, language)
    asked = form.field(told.field)
    label = (asked.label if asked else "") or told.field
    return say(_WITH_ANSWERS if told.include_answers else _CONFIRMATION, language) % {
        "field": label
    }


def _kept(retention: timedelta | None, language: str) -> str:
    if retention is None:
        return say(_FOR_EVER, language)
    return say(_KEPT, language) % {"days": f"{retention.total_seconds() / 86_400:g}"}
