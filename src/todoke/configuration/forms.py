"""[forms.NAME]: one form."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from todoke.configuration.dialect import Spoken, read_spoken
from todoke.configuration.fields import read_fields
from todoke.configuration.limits import read_limits
from todoke.configuration.managers import read_managers
from todoke.configuration.page import PageFacts, read_page_facts
from todoke.configuration.target import FORM_END, Way
from todoke.forms.control_fields import is_shown
from todoke.mail.subject import template_fault
from todoke.model.charset import UTF_8, Charset, find_charset
from todoke.model.form import Confirmation, ControlKind, Field, Form, Site
from todoke.model.language import LANGUAGES
from todoke.toml.table import Table
from todoke.toml.urls import read_redirect, read_url

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_FOREVER = "forever"
ALWAYS, WHEN_BUSY, NO_WORK = "always", "when_busy", ""


def read_form(table: Table, name: str, site: Site, folder: Path, *, review: bool = True) -> Form:
    """Read [forms.NAME]; faults are noted in the table's findings. `review` is what [guard] says of all forms."""
    if not _NAME.fullmatch(name):
        small = f" Write [forms.{name.lower()}]." if _NAME.fullmatch(name.lower()) else ""
        hint = f"Use a-z, 0-9, - and _; `title` is what people see.{small}"
        table.error("", f"{name!r} cannot be a part of an address.", hint)
    page_url = read_url(table, "page_url")
    is_known = bool(site.door_url and _NAME.fullmatch(name) and not FORM_END.search(site.door_url))
    spoken = read_spoken(table)
    where = page_url or (site.url and f"{site.url}/")
    way = Way(name, site, where, is_known, is_dialect=bool(spoken.dialect))
    page = read_page_facts(table, folder, way)
    fields = read_fields(table, page)
    page_language = page.language.partition("-")[0].lower()
    language = page_language if page_language in LANGUAGES else site.language
    charset = _read_charset(table, page)
    work = _read_work(table)
    return Form(
        name=name,
        title=table.text("title", page.title),
        language=table.text("language", language, among=LANGUAGES),
        page_language=page.language if _LANGUAGE_TAG.fullmatch(page.language) else "",
        subject=_read_subject(table, fields),
        attach=_read_attach(table, fields),
        numbered=table.flag("numbered"),
        review=table.flag("review", default=review),
        ask_about_typos=table.flag("ask_about_typos"),
        proof_of_work=work != NO_WORK,
        work_when_busy=work == WHEN_BUSY,
        captcha=table.flag("captcha"),
        page=page.path,
        page_url=page_url,
        fields=fields,
        managers=read_managers(table, fields, folder),
        confirmation=_read_confirmation(table, fields, spoken),
        redirect=read_redirect(table, site.url),
        limits=read_limits(table.table("limits", "forms.NAME.limits"), fields or (), charset),
        retention=_read_retention(table),
        charset=charset,
        unchecked=page.unchecked,
        submit=page.submit,
        dialect=spoken.dialect,
        keys=spoken.keys,
        honeypot=spoken.honeypot,
    )


def _read_work(table: Table) -> str:
    """When browsers are asked for a proof of work: ALWAYS, WHEN_BUSY or NO_WORK."""
    if isinstance(table.raw("proof_of_work"), str):
        return table.text("proof_of_work", NO_WORK, among=(WHEN_BUSY,))
    return ALWAYS if table.flag("proof_of_work") else NO_WORK


def _read_subject(table: Table, fields: tuple[Field, ...] | None) -> str:
    template = table.text("subject")
    if fault := template_fault(template, fields):
        table.error("subject", *fault)
        return ""
    return template


def _read_attach(table: Table, fields: tuple[Field, ...] | None) -> int:
    octets: int = table.size("attach", 0, most="20MB")
    if octets and not any(field.kind == ControlKind.FILE for field in fields or ()):
        table.warn("attach", "attaches nothing: the form has no field for files.")
    return octets


def _read_confirmation(
    form: Table, fields: tuple[Field, ...] | None, spoken: Spoken
) -> Confirmation:
    """`confirmation = false` sends none; a table says where it goes; without either, to the email field."""
    value = form.raw("confirmation")
    if value is False:
        return Confirmation(field="")
    if value is True or value is None:
        return Confirmation(field=_email_field(form, fields, spoken))
    if isinstance(value, str):
        hint = (
            f'Write `confirmation = {{field = "{value or "email"}"}}`, or `confirmation = false`.'
        )
        form.error("confirmation", "is a text, and a table or false is meant.", hint)
        return Confirmation(field="")
    table = form.table("confirmation", "forms.NAME.confirmation")
    name = table.text("field")
    if name and fields is not None:
        _check_confirmation_field(table, name, fields)
    return Confirmation(
        field=name or _email_field(form, fields, spoken),
        subject=table.text("subject"),
        include_answers=table.flag("include_answers"),
        receipt_link=table.flag("receipt_link"),
    )


def _email_field(form: Table, fields: tuple[Field, ...] | None, spoken: Spoken) -> str:
    """The field called email, else the only one of type email, else the one called as its dialect calls it."""
    if fields is None:
        return "email"
    emails = [field.name for field in fields if field.kind == ControlKind.EMAIL]
    if any(field.name == "email" for field in fields):
        return "email"
    if len(emails) == 1:
        return emails[0]
    shown = {field.name for field in fields if is_shown(field)}
    if found := next((name for name in spoken.reply_to if name in shown), ""):
        return found
    form.warn(
        "confirmation",
        f"goes to nobody: the form has {'several fields' if emails else 'no field'} of type email.",
        'Write `confirmation = {field = "..."}`, or `confirmation = false`.',
    )
    return ""


def _check_confirmation_field(table: Table, name: str, fields: tuple[Field, ...]) -> None:
    field = next((f for f in fields if f.name == name), None)
    if field is None:
        known = ", ".join(f.name for f in fields)
        table.error("field", f"is {name!r}, and the form has no such field.", f"It has {known}.")
    elif field.kind != ControlKind.EMAIL:
        table.warn("field", f"is {name!r}, which is of type {field.kind}, not email.")


def _read_retention(table: Table) -> timedelta | None:
    if table.raw("retention") == _FOREVER:
        return None
    return table.duration("retention", timedelta(days=90), least="1m", most="5200w")


def _read_charset(table: Table, page: PageFacts) -> str:
    label = table.text("charset")
    found = find_charset(label) if label else Charset(page.charset or UTF_8.name)
    if found is None:
        table.error("charset", f"is {label!r}, which browsers know no character encoding by.")
    return (found or UTF_8).for_forms.name
