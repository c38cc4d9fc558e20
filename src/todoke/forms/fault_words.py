"""Say to a person what is wrong with an answer and what to do, in English or Japanese (catalog `forms`).

Called by validate. Messages name the limit; they never repeat what was typed, save a file's name.
"""

from __future__ import annotations

import gettext

from todoke.forms.calendar import KINDS
from todoke.forms.constraints import Fault
from todoke.forms.file_kinds import accept_words
from todoke.model.form import Field
from todoke.model.language import translator

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def N_(text: str) -> str:  # noqa: N802 the mark that extraction tools know
    """Mark a text for the catalog."""
    return text


MISSING = {
    "checkbox": N_("Please tick this box to go on."),
    "radio": N_("Please choose one of these."),
    "select": N_("Please choose an item in the list."),
    "file": N_("Please choose a file."),
}
MISTYPED = {
    "email": N_("Please enter a mail address, such as name@example.com."),
    "url": N_("Please enter a web address, such as https://example.com/."),
}
UNREADABLE = {
    "date": N_("Please enter a date, such as 2026-04-01."),
    "month": N_("Please enter a month, such as 2026-04."),
    "week": N_("Please enter a week, such as 2026-W15."),
    "time": N_("Please enter a time, such as 09:30."),
    "datetime-local": N_("Please enter a date and a time, such as 2026-04-01T09:30."),
    "color": N_("Please choose a color, such as #0033cc."),
    "file": N_("The file did not arrive. Please choose it again."),
}
PLAIN = {
    "repeated": N_("This was sent more than once with different answers. Please send one."),
    "unknown_option": N_("Please choose one of the answers that are offered."),
    "no_files_here": N_("Files cannot be sent here. Please send the form without the file."),
    "address": N_(
        "Mail cannot reach this address. Please check it: it should look like name@example.com."
    ),
}


def say_fault(field: Field, fault: Fault, language: str) -> str:
    """The message for one fault of one field."""
    catalog = translator("forms", language)
    say = catalog.gettext
    match fault.code:
        case "valueMissing":
            return _missing(field, fault, catalog)
        case "typeMismatch" | "patternMismatch":
            return _form_of(field, fault, catalog)
        case "tooLong" | "tooShort":
            return _length(fault, catalog)
        case "rangeUnderflow" | "rangeOverflow":
            return _range(field, fault, language)
        case "stepMismatch":
            return _step(field, fault, language)
        case "badInput":
            return say(UNREADABLE.get(field.kind, N_("Please enter a number.")))
        case "too_many_files" | "file_too_big" | "files_too_big" | "file_type":
            return _file(field, fault, catalog)
        case _:
            return say(PLAIN[fault.code])


def _form_of(field: Field, fault: Fault, catalog: gettext.NullTranslations) -> str:
    if fault.code == "patternMismatch":
        if field.title:
            text = catalog.gettext("Please match the requested format: %(title)s")
            return text % {"title": field.title}
        return catalog.gettext("Please match the requested format.")
    if field.kind == "email" and field.multiple:
        return catalog.gettext("Please enter mail addresses with a comma between them.")
    return catalog.gettext(MISTYPED[field.kind])


def _missing(field: Field, fault: Fault, catalog: gettext.NullTranslations) -> str:
    if field.kind == "checkbox" and fault.limit:
        return catalog.gettext("Please tick “%(box)s” to go on.") % {"box": fault.limit}
    if field.kind == "checkbox" and len(field.options) > 1:
        return catalog.gettext("Please tick at least one of these.")
    return catalog.gettext(MISSING.get(field.kind, N_("Please fill in this field.")))


def _length(fault: Fault, catalog: gettext.NullTranslations) -> str:
    limit = int(fault.limit)
    if fault.code == "tooLong":
        text = catalog.ngettext(
            "Please shorten this to %(limit)d character (it has %(count)d).",
            "Please shorten this to %(limit)d characters or fewer (it has %(count)d).",
            limit,
        )
    else:
        text = catalog.ngettext(
            "Please use at least %(limit)d character (you have used %(count)d).",
            "Please use at least %(limit)d characters (you have used %(count)d).",
            limit,
        )
    return text % {"limit": limit, "count": fault.count}


def _range(field: Field, fault: Fault, language: str) -> str:
    say = translator("forms", language).gettext
    if field.kind == "time" and field.max < field.min:
        text = say("Please choose a time from %(min)s to %(max)s.")
        return text % {
            "min": show_value("time", field.min, language),
            "max": show_value("time", field.max, language),
        }
    dated = field.kind in KINDS
    if fault.code == "rangeUnderflow":
        text = (
            say("Please choose %(limit)s or later.")
            if dated
            else say("Please enter %(limit)s or more.")
        )
    else:
        text = (
            say("Please choose %(limit)s or earlier.")
            if dated
            else say("Please enter %(limit)s or less.")
        )
    return text % {"limit": show_value(field.kind, fault.limit, language)}


def _step(field: Field, fault: Fault, language: str) -> str:
    say = translator("forms", language).gettext
    near = [show_value(field.kind, text, language) for text in fault.near]
    if len(near) == 2:
        text = say("Please enter another value: the nearest ones are %(low)s and %(high)s.")
        return text % {"low": near[0], "high": near[1]}
    if near:
        text = say("Please enter another value: the nearest one is %(low)s.")
        return text % {"low": near[0]}
    return say("Please enter another value: this one is not on offer.")


def _file(field: Field, fault: Fault, catalog: gettext.NullTranslations) -> str:
    if fault.code == "too_many_files":
        text = catalog.ngettext(
            "Please send no more than %(count)d file.",
            "Please send no more than %(count)d files.",
            fault.count,
        )
        return text % {"count": fault.count}
    if fault.code == "files_too_big":
        text = catalog.gettext("The files are too big. Please send at most %(limit)s together.")
        return text % {"limit": show_bytes(fault.count)}
    name = fault.limit[:100]
    if fault.code == "file_too_big":
        text = catalog.gettext("“%(name)s” is too big. Please send a file of at most %(limit)s.")
        return text % {"name": name, "limit": show_bytes(fault.count)}
    words = ", ".join(catalog.gettext(word) for word in accept_words(field.accept))
    text = catalog.gettext("“%(name)s” cannot be taken here. Please send one of: %(kinds)s.")
    return text % {"name": name, "kinds": words}


def show_bytes(count: int) -> str:
    """A number of bytes as people read it: 5 MB, 300 kB, 1.5 MB."""
    for unit, size in (("MB", 1_048_576), ("kB", 1024)):
        if count >= size:
            return f"{count / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} B"


def show_value(kind: str, text: str, language: str) -> str:
    """A value in HTML's grammar as people write it: 2026-04-01 as 1 April 2026 or 2026年4月1日."""
    japanese = language == "ja"
    match kind:
        case "date":
            return _show_date(text, japanese=japanese)
        case "datetime-local":
            date, _, time = text.replace(" ", "T").partition("T")
            day = _show_date(date, japanese=japanese)
            return f"{day} {time}" if japanese else f"{day}, {time}"
        case "month":
            year, month = text.split("-")
            return f"{year}年{int(month)}月" if japanese else f"{MONTHS[int(month) - 1]} {year}"
        case "week":
            year, week = text.split("-W")
            return f"{year}年第{int(week)}週" if japanese else f"week {int(week)} of {year}"
        case _:
            return text


def _show_date(text: str, *, japanese: bool) -> str:
    year, month, day = text.split("-")
    if japanese:
        return f"{year}年{int(month)}月{int(day)}日"
    return f"{int(day)} {MONTHS[int(month) - 1]} {year}"
