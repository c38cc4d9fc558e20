"""What is wrong with one value of one field, as the constraint validation of HTML says it (WHATWG HTML 4.10.5).

Pure, for fields that hold text; says nothing to people. Every check is linear in the length of the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from todoke.forms.control_kind import TRAITS, Scale, Traits
from todoke.forms.number import EXACT, on_step, valid_number
from todoke.forms.pattern.pattern import Patience, matches_pattern
from todoke.model.form import ControlKind, Field

ASCII_SPACE = "\t\n\f\r "
_MOST_MEANT = 20  # of the values of one control, suggestions are made for so many; no list is longer in earnest


class FaultCode(StrEnum):
    """What is wrong, for programs: first what ValidityState names, then what only a server can find."""

    VALUE_MISSING = "valueMissing"
    TYPE_MISMATCH = "typeMismatch"
    PATTERN_MISMATCH = "patternMismatch"
    TOO_LONG = "tooLong"
    TOO_SHORT = "tooShort"
    RANGE_UNDERFLOW = "rangeUnderflow"
    RANGE_OVERFLOW = "rangeOverflow"
    STEP_MISMATCH = "stepMismatch"
    BAD_INPUT = "badInput"
    UNKNOWN_OPTION = "unknown_option"
    REPEATED = "repeated"
    ADDRESS = "address"
    TOO_MANY_FILES = "too_many_files"
    FILE_TOO_BIG = "file_too_big"
    FILES_TOO_BIG = "files_too_big"
    FILE_TYPE = "file_type"
    NO_FILES_HERE = "no_files_here"


IN_BROWSERS = frozenset(
    {
        FaultCode.VALUE_MISSING,
        FaultCode.TYPE_MISMATCH,
        FaultCode.PATTERN_MISMATCH,
        FaultCode.TOO_LONG,
        FaultCode.TOO_SHORT,
        FaultCode.RANGE_UNDERFLOW,
        FaultCode.RANGE_OVERFLOW,
        FaultCode.STEP_MISMATCH,
        FaultCode.BAD_INPUT,
    }
)
"""What browsers find before they send, where the form or its button does not tell them not to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """One fault, and what a message about it needs: the limit as written, the length found, near values."""

    code: FaultCode
    limit: str = ""
    count: int = 0
    near: tuple[str, ...] = ()


def sanitise(kind: ControlKind, text: str, *, multiple: bool = False) -> str:
    """The value as the control would hold it (its value sanitization algorithm); newlines are LF."""
    traits = TRAITS[kind]
    if "\r" in text or "\n" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if traits.is_line:
            text = text.replace("\n", "")
    if not traits.is_stripped:
        return text
    if multiple and traits.malformed_list:
        return ",".join(part.strip(ASCII_SPACE) for part in text.split(","))
    return text.strip(ASCII_SPACE)


def text_length(text: str) -> int:
    """The length in UTF-16 code units, as `maxlength` counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults(field: Field, value: str, patience: Patience) -> Iterator[FieldFault]:
    """The faults of a sanitised value that is not empty, in the order in which browsers report them."""
    traits = TRAITS[field.kind]
    if traits.scale is not None:
        yield from _scale_faults(field, traits.scale, value)
        return
    parts = value.split(",") if field.multiple and traits.malformed_list else [value]
    if traits.is_well_formed and not all(traits.is_well_formed(part) for part in parts):
        code = FaultCode.TYPE_MISMATCH if traits.is_line else FaultCode.BAD_INPUT
        yield FieldFault(code=code, near=_meant(traits, parts))
    patterned = field.pattern and traits.is_line
    if patterned and not all(matches_pattern(field.pattern, part, patience) for part in parts):
        yield FieldFault(code=FaultCode.PATTERN_MISMATCH)
    # Too long or too short is only what a person has edited (4.10.18.3); what stands in the page may be either.
    if traits.has_length and value not in field.presets:
        yield from _length_faults(field, text_length(value))


def _meant(traits: Traits, parts: list[str]) -> tuple[str, ...]:
    """What may be meant by a value of these parts, which the kind does not take; () where one is beyond telling."""
    check, suggest = traits.is_well_formed, traits.suggest
    if check is None or suggest is None:
        return ()
    meant = [part if check(part) else suggest(part) for part in parts[:_MOST_MEANT]]
    return (", ".join(meant),) if len(parts) == len(meant) and all(map(check, meant)) else ()


def _length_faults(field: Field, length: int) -> Iterator[FieldFault]:
    if field.maxlength is not None and length > field.maxlength:
        yield FieldFault(code=FaultCode.TOO_LONG, limit=str(field.maxlength), count=length)
    if field.minlength is not None and length < field.minlength:
        yield FieldFault(code=FaultCode.TOO_SHORT, limit=str(field.minlength), count=length)


def _scale_faults(field: Field, scale: Scale, value: str) -> Iterator[FieldFault]:
    number = scale.number(value)
    if number is None:
        yield FieldFault(code=FaultCode.BAD_INPUT)
        return
    least, most = _limits(field, scale)
    low, high = least is not None and number < least, most is not None and number > most
    if least is not None and most is not None and most < least:
        if scale.wraps:  # a reversed range: from the evening to the morning
            low = high = number < least and number > most
        elif scale.least:
            high = False  # 4.10.5.1.13: the minimum wins
    if low:
        yield FieldFault(code=FaultCode.RANGE_UNDERFLOW, limit=field.min or scale.least)
    if high:
        yield FieldFault(code=FaultCode.RANGE_OVERFLOW, limit=field.max or scale.most)
    step, base = _step(field, scale), _step_base(field, scale)
    if step is not None and not on_step(number, base, step):
        near = _near(scale, number, base, step, (least, most))
        yield FieldFault(code=FaultCode.STEP_MISMATCH, near=near)


@lru_cache(maxsize=1024)
def _read_rule(kind: ControlKind, text: str) -> Decimal | None:
    """An attribute of the page: read again for every request, so kept."""
    scale = TRAITS[kind].scale
    return scale.number(text) if scale and text else None


def _limits(field: Field, scale: Scale) -> tuple[Decimal | None, Decimal | None]:
    """The least and the most allowed value; what cannot be read counts as not stated."""
    least, most = _read_rule(field.kind, field.min), _read_rule(field.kind, field.max)
    return (
        _read_rule(field.kind, scale.least) if least is None else least,
        _read_rule(field.kind, scale.most) if most is None else most,
    )


def _step(field: Field, scale: Scale) -> Decimal | None:
    """The allowed value step (4.10.5.3.8); None for step=any. Like Chromium, only a valid number counts."""
    if field.step.lower() == "any":
        return None
    stated = valid_number(field.step)
    if stated is None or stated <= 0:
        stated = Decimal(scale.step)
    return stated * scale.unit


def _step_base(field: Field, scale: Scale) -> Decimal:
    """Where steps are counted from: min, else the value in the page, else the default of the kind."""
    for text in (field.min, field.value):
        number = _read_rule(field.kind, text)
        if number is not None:
            return number
    return Decimal(scale.base)


def nearest_allowed(field: Field, wanted: Decimal | None = None) -> str | None:
    """The value nearest to `wanted` that min, max and step of a control with a scale allow, as written in HTML.

    Of two the greater one, as for a range (4.10.5.1.13). None where there is certainly none, "" for one that cannot be
    written. Without `wanted` the one nearest to where steps are counted from.
    """
    scale = TRAITS[field.kind].scale
    assert scale is not None  # noqa: S101 - for such controls alone
    least, most = _limits(field, scale)
    step, base = _step(field, scale), _step_base(field, scale)
    if least is not None and most is not None and most < least:
        if not scale.wraps and not scale.least:
            return None
        most = None
    number = base if wanted is None else wanted
    number = number if most is None else min(number, most)
    number = number if least is None else max(number, least)
    if step is None:
        return scale.text(number)
    beyond = EXACT.remainder(EXACT.subtract(number, base), step)
    below = EXACT.subtract(number, beyond if beyond >= 0 else EXACT.add(beyond, step))
    near = [n for n in (EXACT.add(below, step), below) if _is_between(n, least, most)]
    return scale.text(min(near, key=lambda n: abs(n - number))) if near else None


def _near(
    scale: Scale,
    number: Decimal,
    base: Decimal,
    step: Decimal,
    limits: tuple[Decimal | None, Decimal | None],
) -> tuple[str, ...]:
    """The allowed values just below and just above, as written in HTML."""
    below = EXACT.subtract(number, EXACT.remainder(EXACT.subtract(number, base), step))
    if below > number:
        below = EXACT.subtract(below, step)
    near = [n for n in (below, EXACT.add(below, step)) if _is_between(n, *limits)]
    return tuple(text for text in (scale.text(n) for n in near) if text)


def _is_between(number: Decimal, least: Decimal | None, most: Decimal | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)
