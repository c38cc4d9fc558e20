"""Fill in a form as a visitor could: what a control sends untouched, and what it takes.

Pure. A value counts when `validate` finds no fault in it. Nothing is known of how a form is sent, or of files
(sample_files).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from todoke.forms.constraints import nearest_allowed, sanitise, text_length
from todoke.forms.control_kind import TRAITS, Scale
from todoke.forms.validate import validate
from todoke.model.form import ControlKind, Field, Form
from todoke.model.submission import Entry, FieldErrors

# Beside what is made from a pattern: what its looks ahead ask for is not looked at.
_OFTEN = (
    "Passw0rd!",
    "Abc12345",
    "abc-123",
    "090-1234-5678",
    "09012345678",
    "03-1234-5678",
    "0312345678",
    "+81 90 1234 5678",
    "+12025550123",
    "123-4567",
    "1234567",
    "12345",
    "2030-01-15",
    "2030/01/15",
    "ヤマダ タロウ",
    "ヤマダ　タロウ",
    "やまだ",
    "山田 太郎",
    "1",
)
_SHORT = ("https://a.jp", "a@b.jp", "a:", "a@b")
_EXAMPLE = re.compile(
    r"(?:例(?:えば|如|(?=[\s:：)）】]))|\b(?:e\.g\.|ex[.:]|for example|for instance|examples?\s*[:：]|such as"
    r"|z\. ?B\.|p\. ?ex\.))[\s:：,、)）】]*(.+)",
    re.IGNORECASE | re.DOTALL,
)
_PARTS = re.compile(r"[,、，;；|\n]|\s(?:or|and|oder|ou)\s|または|もしくは|[(（\[]")
_MARKS = " ,、,;；:\t　\"'“”‘’「」『』<>()（）[]。."
_COUNTED = re.compile(
    r"\d\s*-?(?:桁|文字|digit|char|letter|number|word|zeichen|ziffer|chiffre)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Who fills it in: the address for mail fields, and the text for all that has no form of its own."""

    address: str = "visitor@example.com"
    text: str = "todoke"


def untouched(field: Field) -> tuple[str, ...]:
    """What the control sends as the page has it: nothing for a choice of which nothing is chosen. A file control
    sends an empty file, which is none here."""
    traits = TRAITS[field.kind]
    if field.kind is ControlKind.FILE:
        return ()
    if traits.is_choice:
        return (*field.sent_anyway, *(field.presets or filter(None, (field.value,))))
    if field.presets:
        sent = (*field.presets, *("",) * (field.controls - len(field.presets)))
    else:
        sent = (_as_held(field),) * field.controls
    return (*sent, *field.sent_anyway)


def _as_held(field: Field) -> str:
    """The page's value as the control holds it (4.10.5.1, value sanitization algorithms)."""
    traits, value = TRAITS[field.kind], sanitise(field.kind, field.value, multiple=field.multiple)
    if field.kind is ControlKind.COLOR:
        return (
            value.lower() if traits.is_well_formed and traits.is_well_formed(value) else "#000000"
        )
    if traits.scale is None:
        return value
    number = traits.scale.number(value)
    if field.kind is ControlKind.RANGE:
        return _of_range(field, traits.scale, number)
    if number is None:
        return ""
    return traits.scale.text(number) if field.kind is ControlKind.DATETIME_LOCAL else value


def _of_range(field: Field, scale: Scale, number: Decimal | None) -> str:
    """Half way where it is told nothing, min where max is below it, and always between the two (4.10.5.1.13)."""
    least, most = (scale.number(text) for text in (field.min, field.max))
    least = Decimal(scale.least) if least is None else least
    most = Decimal(scale.most) if most is None else most
    wanted = (least + most) / 2 if number is None else number
    held = max(least, min(wanted, most))
    return nearest_allowed(field, held) or scale.text(held)


def choices(field: Field) -> tuple[str, ...]:
    """The answers that a choice offers."""
    return tuple(value for value, _ in field.options)


def fill(form: Form, field: Field, person: SamplePerson) -> tuple[str, ...] | None:
    """What one filling of the control sends; None if no value is known that it takes (see `why_impossible`)."""
    traits = TRAITS[field.kind]
    if field.kind is ControlKind.HIDDEN:
        return untouched(field)
    if traits.is_choice:
        chosen = _chosen(form, field)
        return None if chosen is None else (*field.sent_anyway, *chosen)
    tried = dict.fromkeys(_candidates(form, field, person))
    best = next((text for text in tried if text and not faults_of(field, (text,), form)), None)
    if best is None:
        return None
    return (
        (best,) if form.confirmation.field == field.name else (best,) * field.controls
    ) + field.sent_anyway


def _chosen(form: Form, field: Field) -> tuple[str, ...] | None:
    if TRAITS[field.kind].sends_many and field.required_values:
        needed = field.required_values
        return needed if not faults_of(field, needed, form) else None
    heard = [value for value in choices(field) if value in form.managers.by_value]
    for value in (*heard, *filter(None, choices(field)), *choices(field)):
        if not faults_of(field, (value,), form):
            return (value,)
    return None


def why_impossible(field: Field) -> str:
    """Why nothing can be put into the control that it takes, by its own rules; "" where that is not certain."""
    traits = TRAITS[field.kind]
    if field.kind is ControlKind.HIDDEN or _is_fit(field):
        return ""
    if traits.is_choice and not choices(field):
        return "it has no answer that can be chosen"
    if traits.scale is not None and nearest_allowed(field) is None:
        step = f", on step {field.step}" if field.step else ""
        least, most = field.min or traits.scale.least, field.max or traits.scale.most
        return f"no value lies between min {least} and max {most}{step}"
    least_length = max(1, field.minlength or 0)
    if traits.has_length and field.maxlength is not None and least_length > field.maxlength:
        return f"it must have {least_length} characters, and its maxlength is {field.maxlength}"
    return ""


def _is_fit(field: Field) -> bool:
    sent = untouched(field)
    return any(sent) and not faults_of(field, sent)


def faults_of(field: Field, values: tuple[str, ...], form: Form | None = None) -> FieldErrors:
    """What the rules of this field alone say of these values, in English. Without `form` nobody writes to them."""
    alone = Form(name="alone") if form is None else form
    if form is None:
        alone = replace(alone, confirmation=replace(alone.confirmation, field=""))
    alone = replace(alone, fields=(field,), unchecked=())
    return validate(alone, tuple(Entry(field.name, value) for value in values), "en")


def _candidates(form: Form, field: Field, person: SamplePerson) -> Iterator[str]:
    """Values worth trying, the best first."""
    traits, rule = TRAITS[field.kind], form.managers
    if field.name == rule.field:
        yield from (*rule.by_value, *rule.directory)
    if field.kind is ControlKind.EMAIL or field.name == form.confirmation.field:
        yield person.address
    if traits.scale is not None:
        yield from (
            _as_held(field),
            nearest_allowed(field) or "",
            field.min,
            traits.sample,
            field.max,
        )
        return
    if not traits.sample:
        yield _fitted(field, person.text)
    yield from (_as_held(field), traits.sample, field.placeholder, *examples(field), person.address)
    yield _fitted(field, "1")
    yield from (_long(field, text) for text in (traits.sample, person.address, *_SHORT))
    if not field.pattern:
        return
    from todoke.forms.pattern.sample import pattern_samples  # noqa: PLC0415 few fields have one

    for text in pattern_samples(field.pattern):
        yield text
        if field.kind is ControlKind.URL:
            yield from (f"https://{text}", f"https://a{text}")
    for text in _OFTEN:
        yield text
        yield _fitted(field, text)


def _long(field: Field, text: str) -> str:
    """A URL or an address of at least `minlength`."""
    missing = (field.minlength or 0) - text_length(text)
    return f"{'a' * missing}{text}" if "@" in text else f"{text}{'a' * max(0, missing)}"


def _fitted(field: Field, text: str) -> str:
    """A text of a length between minlength and maxlength, if there is one."""
    text = text.ljust(field.minlength or 0, ".")
    return text if field.maxlength is None else text[: field.maxlength]


def examples(field: Field) -> tuple[str, ...]:
    """What the control's own texts show as an example ("例: 123-4567", "e.g. AB-12"), in several readings."""
    found: dict[str, None] = {}
    for text in (field.title, field.placeholder, field.label):
        if shown := _EXAMPLE.search(text):
            whole = shown[1].strip(_MARKS)
            found |= dict.fromkeys((whole, *(part.strip(_MARKS) for part in _PARTS.split(whole))))
            found |= dict.fromkeys(word.strip(_MARKS) for word in whole.split())
    return tuple(filter(None, found))


def has_false_example(field: Field) -> bool:
    """Whether the control shows what is plainly an example, and its pattern takes it in no reading."""
    shown = examples(field)
    plain = (
        shown
        and not _COUNTED.search(shown[0])
        and (len(shown) == 1 or any(c.isdigit() or c == "@" for c in shown[0]))
    )
    return bool(field.pattern and plain) and all(
        any(fault.code == "patternMismatch" for fault in faults_of(field, (text,)))
        for text in shown
    )
