"""What is wrong with one value of one field, as the constraint validation of HTML says it (WHATWG HTML 4.10.5).

Pure. Called by validate for fields that hold text; wording.py says it to people. The codes are those of ValidityState,
in the order in which browsers report them. Every check is linear in the length of the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from todoke.forms.calendar import (
    DEFAULT_BASE,
    DEFAULT_STEP,
    KINDS,
    STEP_SCALE,
    read_moment,
    write_moment,
)
from todoke.forms.number import EXACT, on_step, show_number, valid_number
from todoke.forms.pattern.pattern import Patience, matches_pattern
from todoke.forms.url import is_absolute_url
from todoke.model.address import AddressError, parse_address
from todoke.model.form import Field

TYPED = frozenset({"text", "search", "url", "tel", "email", "password"})
STEPPED = frozenset({*KINDS, "number", "range"})
ASCII_SPACE = "\t\n\f\r "
COLOR = re.compile("#[0-9A-Fa-f]{6}")
# 4.10.5.1.5, the regular expression that the standard gives. Linear: no character can be matched in two ways.
EMAIL = re.compile(
    r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+"
    r"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: `code`, and what a message about it needs: the limit as written, the length found, near values."""

    code: str
    limit: str = ""
    count: int = 0
    near: tuple[str, ...] = ()


def sanitise(kind: str, text: str, *, multiple: bool = False) -> str:
    """The value as the control would hold it (its value sanitization algorithm); newlines are LF."""
    if "\r" in text or "\n" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if kind in TYPED:
            text = text.replace("\n", "")
    if kind == "email" and multiple:
        return ",".join(part.strip(ASCII_SPACE) for part in text.split(","))
    if kind in ("email", "url"):
        return text.strip(ASCII_SPACE)
    return text


def text_length(text: str) -> int:
    """The length in UTF-16 code units, as `maxlength` counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_email(text: str) -> bool:
    """True for what browsers take in type=email; a domain in Unicode counts as its A-labels."""
    if EMAIL.fullmatch(text):
        return True
    local, _, domain = text.rpartition("@")
    if domain.isascii() or len(domain) > 254:
        return False
    try:
        return bool(EMAIL.fullmatch(f"{local}@{parse_address(f'a@{domain}').ascii_domain}"))
    except AddressError:
        return False


def faults(field: Field, value: str, patience: Patience) -> Iterator[Fault]:
    """The faults of a sanitised value that is not empty."""
    kind = field.kind
    if kind in STEPPED:
        yield from _stepped_faults(field, value)
    elif kind == "color":
        if not COLOR.fullmatch(value):
            yield Fault(code="badInput")
    elif kind in TYPED or kind == "textarea":
        yield from _text_faults(field, value, patience)


def _text_faults(field: Field, value: str, patience: Patience) -> Iterator[Fault]:
    parts = value.split(",") if field.kind == "email" and field.multiple else [value]
    if field.kind == "email" and not all(is_email(part) for part in parts):
        yield Fault(code="typeMismatch")
    if field.kind == "url" and not is_absolute_url(value):
        yield Fault(code="typeMismatch")
    patterned = field.pattern and field.kind in TYPED
    if patterned and not all(matches_pattern(field.pattern, part, patience) for part in parts):
        yield Fault(code="patternMismatch")
    length = text_length(value)
    if field.maxlength is not None and length > field.maxlength:
        yield Fault(code="tooLong", limit=str(field.maxlength), count=length)
    if field.minlength is not None and length < field.minlength:
        yield Fault(code="tooShort", limit=str(field.minlength), count=length)


def _stepped_faults(field: Field, value: str) -> Iterator[Fault]:
    number = _read(field.kind, value)
    if number is None:
        yield Fault(code="badInput")
        return
    least, most = _limits(field)
    low, high = least is not None and number < least, most is not None and number > most
    if least is not None and most is not None and most < least:
        if field.kind == "time":  # a reversed range: from the evening to the morning
            low = high = number < least and number > most
        elif field.kind == "range":
            high = False  # 4.10.5.1.13: the minimum wins
    if low:
        yield Fault(code="rangeUnderflow", limit=field.min or "0")
    if high:
        yield Fault(code="rangeOverflow", limit=field.max or "100")
    step, base = _step(field), _step_base(field)
    if step is not None and not on_step(number, base, step):
        yield Fault(code="stepMismatch", near=_near(field, number, base, step))


def _read(kind: str, text: str) -> Decimal | None:
    return read_moment(kind, text) if kind in KINDS else valid_number(text)


@lru_cache(maxsize=1024)
def _read_rule(kind: str, text: str) -> Decimal | None:
    """An attribute of the page: read again for every request, so kept."""
    return _read(kind, text) if text else None


def _limits(field: Field) -> tuple[Decimal | None, Decimal | None]:
    least, most = _read_rule(field.kind, field.min), _read_rule(field.kind, field.max)
    if field.kind == "range":
        return (Decimal(0) if least is None else least), (Decimal(100) if most is None else most)
    return least, most


def _step(field: Field) -> Decimal | None:
    """The allowed value step (4.10.5.3.8); None for step=any. Like Chromium, only a valid number counts."""
    if field.step.lower() == "any":
        return None
    stated = valid_number(field.step)
    if stated is None or stated <= 0:
        stated = Decimal(DEFAULT_STEP.get(field.kind, 1))
    return stated * STEP_SCALE.get(field.kind, 1)


def _step_base(field: Field) -> Decimal:
    """Where steps are counted from: min, else the value in the page, else the default of the type."""
    for text in (field.min, field.value):
        number = _read_rule(field.kind, text)
        if number is not None:
            return number
    return Decimal(DEFAULT_BASE.get(field.kind, 0))


def _near(field: Field, number: Decimal, base: Decimal, step: Decimal) -> tuple[str, ...]:
    """The allowed values just below and just above, as written in HTML."""
    below = EXACT.subtract(number, EXACT.remainder(EXACT.subtract(number, base), step))
    if below > number:
        below = EXACT.subtract(below, step)
    least, most = _limits(field)
    near = [n for n in (below, EXACT.add(below, step)) if _is_between(n, least, most)]
    if field.kind in KINDS:
        return tuple(text for text in (write_moment(field.kind, n) for n in near) if text)
    return tuple(show_number(n) for n in near)


def _is_between(number: Decimal, least: Decimal | None, most: Decimal | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)
