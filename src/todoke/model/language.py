"""The languages people are addressed in: English in the code, others from gettext catalogs in locale/.

One catalog (gettext domain) per room: forms, mail, pages. `make messages` compiles them.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "ja")
LOCALE = Path(__file__).parent / "locale"

Translate = Callable[[str], str]


def N_(text: str) -> str:  # noqa: N802 the mark that extraction tools know
    """Mark a text for a catalog; whoever shows it translates it then."""
    return text


@cache
def translator(room: str, language: str) -> gettext.NullTranslations:
    """The catalog of `room` in `language`; English, and whatever a catalog lacks, comes back as written."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(room, LOCALE, [language], fallback=True)


def choose_language(
    accept_language: str, default: str, available: Sequence[str] = LANGUAGES
) -> str:
    """The first of `available` that an Accept-Language value (RFC 9110 12.5.4) asks for, or `default`."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        primary = tag.strip().partition("-")[0].lower()
        if weight > 0 and primary in available:
            wanted.append((-weight, position, primary))
    return min(wanted)[2] if wanted else default


def _weight(parameters: str) -> float:
    name, _, number = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(number)
    except ValueError:
        return 0.0
