"""Numbers as HTML writes them (WHATWG HTML 2.3.4), and whether one lies on a step (4.10.5.3.8), in decimals.

Everything is linear in the length of the text.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

VALID_FLOAT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
LEADING_INTEGER = re.compile(r"[\t\n\f\r ]*([+-]?[0-9]+)")
MOST_INTEGER = 2_147_483_647
# Between the largest and the least double lie some 640 digits; with more than that, remainders are exact.
EXACT = Context(prec=800)
# A double has 17 significant digits; 50 keep what a person can mean and cut what only an attacker would send.
ROUNDED = Context(prec=50)


def valid_number(text: str) -> Decimal | None:
    """The number, when `text` is a valid floating-point number that a double can hold; else None."""
    return _decimal(text) if VALID_FLOAT.fullmatch(text) else None


def leading_integer(text: str) -> int | None:
    """The non-negative integer that `text` begins with (2.3.4.2), or None; the rules for maxlength and size."""
    found = LEADING_INTEGER.match(text)
    if not found or len(found[1].lstrip("+-0")) > 10:
        return None
    number = int(found[1])
    return number if 0 <= number <= MOST_INTEGER else None


def on_step(value: Decimal, base: Decimal, step: Decimal) -> bool:
    """True when `value` is `base` plus a whole number of `step`s, as near as Chromium wants it.

    A script of the page may have computed the value in doubles (0.1 + 0.2), so what is off by one part in 2**24 of a
    step lies on it, and where a double cannot tell two steps apart every value does.
    """
    distance = abs(EXACT.subtract(value, base))
    if distance > EXACT.multiply(step, Decimal(2**53)):
        return True
    remainder = EXACT.remainder(distance, step)
    return min(remainder, EXACT.subtract(step, remainder)) <= EXACT.divide(step, Decimal(2**24))


def show_number(number: Decimal) -> str:
    """The number as a person writes it: no exponent where that stays short, no trailing zeros."""
    text = f"{number.normalize(ROUNDED):f}"
    return text if len(text) <= 30 else f"{number.normalize(ROUNDED):e}"


def _decimal(text: str) -> Decimal | None:
    as_double = float(text)
    if as_double in (float("inf"), float("-inf")):
        return None
    return ROUNDED.create_decimal(text) if as_double else Decimal(0)
