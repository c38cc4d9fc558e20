"""Say to a person what is wrong with an answer and what to do, in English or Japanese (catalog `forms`).

Messages name the limit; they never repeat what was typed, save a file's name, and an address that may have been meant.
"""

from __future__ import annotations

import gettext
import re

from todoke.forms.accept import accept_words
from todoke.forms.constraints import FaultCode, FieldFault
from todoke.forms.control_kind import FILL_IN, TRAITS
from todoke.model.form import ControlKind, Field
from todoke.model.language import N_, translator
from todoke.model.show import show_size

PLAIN = {
    FaultCode.REPEATED: N_("This was sent more than once with different answers. Please send one."),
    FaultCode.UNKNOWN_OPTION: N_("Please choose one of the answers that are offered."),
    FaultCode.NO_FILES_HERE: N_(
        "Files cannot be sent here. Please send the form without the file."
    ),
    FaultCode.ADDRESS: N_(
        "Mail cannot reach this address. Please check it: it should look like name@example.com."
    ),
}
_YOURS = re.compile(r"your (\S.*)", re.IGNORECASE)
_MARK = re.compile(
    r"[\s*＊※:：]*(?:[(（\[【]?\s*(?:required|必須)\s*[)）\]】]?)?[\s*＊※:：]*\Z", re.IGNORECASE
)
"""What pages put behind the label of a control that must be filled in."""
_LONGEST_LABEL = 40
_SENTENCE_ENDS = ("?", "？", ".", "。", "!", "！")


def say_fault(field: Field, fault: FieldFault, language: str) -> str:
    """The message for one fault of one field."""
    catalog = translator("forms", language)
    say = catalog.gettext
    match fault.code:
        case FaultCode.VALUE_MISSING:
            return _missing(field, fault, language)
        case FaultCode.TYPE_MISMATCH | FaultCode.PATTERN_MISMATCH:
            return with_suggestion(_form_of(field, fault, catalog), "".join(fault.near), language)
        case FaultCode.TOO_LONG | FaultCode.TOO_SHORT:
            return _length(fault, catalog)
        case FaultCode.RANGE_UNDERFLOW | FaultCode.RANGE_OVERFLOW:
            return _range(field, fault, language)
        case FaultCode.STEP_MISMATCH:
            return _step(field, fault, language)
        case FaultCode.BAD_INPUT:
            return say(TRAITS[field.kind].malformed)
        case (
            FaultCode.TOO_MANY_FILES
            | FaultCode.FILE_TOO_BIG
            | FaultCode.FILES_TOO_BIG
            | FaultCode.FILE_TYPE
        ):
            return _file(field, fault, catalog)
        case _:
            return with_suggestion(say(PLAIN[fault.code]), "".join(fault.near), language)


def with_suggestion(message: str, meant: str, language: str) -> str:
    """A message, followed by the question whether `meant` was meant; without one where that is ""."""
    if not meant:
        return message
    joined = translator("forms", language).gettext("%(message)s %(question)s")
    return joined % {"message": message, "question": say_meant(meant, language)}


def say_meant(meant: str, language: str) -> str:
    """The question whether `meant` was meant."""
    return translator("forms", language).gettext("Did you mean %(value)s?") % {"value": meant}


def _form_of(field: Field, fault: FieldFault, catalog: gettext.NullTranslations) -> str:
    if fault.code is FaultCode.PATTERN_MISMATCH:
        if field.title:  # HTML's own place for how it should look, in the words of the page
            return field.title
        return catalog.gettext("Please match the requested format.")
    traits = TRAITS[field.kind]
    return catalog.gettext((field.multiple and traits.malformed_list) or traits.malformed)


def _missing(field: Field, fault: FieldFault, language: str) -> str:
    catalog = translator("forms", language)
    traits = TRAITS[field.kind]
    if fault.limit and traits.sends_many:
        return catalog.gettext("Please tick “%(box)s” to go on.") % {"box": fault.limit}
    if traits.missing == FILL_IN and (label := _short_label(field)):
        return _fill_in(label, language)
    several = len(field.options) > 1
    return catalog.gettext((several and traits.missing_of_group) or traits.missing)


def _fill_in(label: str, language: str) -> str:
    """What is asked for, by its label: the same words for each empty control would leave a list of them unread."""
    yours = _YOURS.fullmatch(label)
    if yours and language == "en":
        return f"Please enter your {yours[1]}."
    return translator("forms", language).gettext("Please fill in “%(label)s”.") % {"label": label}


def _short_label(field: Field) -> str:
    """The label without its mark, where it names what is asked for; "" for a question, and for a whole sentence."""
    label = _MARK.sub("", " ".join(field.label.split()))
    return "" if len(label) > _LONGEST_LABEL or label.endswith(_SENTENCE_ENDS) else label


def _length(fault: FieldFault, catalog: gettext.NullTranslations) -> str:
    limit = int(fault.limit)
    if fault.code is FaultCode.TOO_LONG:
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


def _range(field: Field, fault: FieldFault, language: str) -> str:
    say = translator("forms", language).gettext
    scale = TRAITS[field.kind].scale
    if scale and scale.wraps and field.max < field.min:
        text = say("Please choose a time from %(min)s to %(max)s.")
        return text % {
            "min": show_value(field.kind, field.min, language),
            "max": show_value(field.kind, field.max, language),
        }
    is_dated = scale is not None and scale.is_dated
    if fault.code is FaultCode.RANGE_UNDERFLOW:
        dated, plain = (
            say("Please choose %(limit)s or later."),
            say("Please enter %(limit)s or more."),
        )
    else:
        dated, plain = (
            say("Please choose %(limit)s or earlier."),
            say("Please enter %(limit)s or less."),
        )
    limit = show_value(field.kind, fault.limit, language)
    return (dated if is_dated else plain) % {"limit": limit}


def _step(field: Field, fault: FieldFault, language: str) -> str:
    say = translator("forms", language).gettext
    near = [show_value(field.kind, text, language) for text in fault.near]
    if len(near) == 2:
        text = say("Please enter another value: the nearest ones are %(low)s and %(high)s.")
        return text % {"low": near[0], "high": near[1]}
    if near:
        text = say("Please enter another value: the nearest one is %(low)s.")
        return text % {"low": near[0]}
    return say("Please enter another value: this one is not on offer.")


def _file(field: Field, fault: FieldFault, catalog: gettext.NullTranslations) -> str:
    if fault.code is FaultCode.TOO_MANY_FILES:
        text = catalog.ngettext(
            "Please send no more than %(count)d file.",
            "Please send no more than %(count)d files.",
            fault.count,
        )
        return text % {"count": fault.count}
    if fault.code is FaultCode.FILES_TOO_BIG:
        text = catalog.gettext("The files are too big. Please send at most %(limit)s together.")
        return text % {"limit": show_size(fault.count)}
    name = fault.limit[:100]
    if fault.code is FaultCode.FILE_TOO_BIG:
        text = catalog.gettext("“%(name)s” is too big. Please send a file of at most %(limit)s.")
        return text % {"name": name, "limit": show_size(fault.count)}
    words = ", ".join(catalog.gettext(word) for word in accept_words(field.accept))
    text = catalog.gettext("“%(name)s” cannot be taken here. Please send one of: %(kinds)s.")
    return text % {"name": name, "kinds": words}


def show_value(kind: ControlKind, text: str, language: str) -> str:
    """A value in HTML's grammar as people write it: 2026-04-01 as 1 April 2026 or 2026年4月1日."""
    show = TRAITS[kind].show
    return show(text, language) if show else text
