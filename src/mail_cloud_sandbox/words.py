"""What the pages say, in English and Japanese: sentences with blanks, and the catalog that translates them.

Sentences stand in the code in English, as the interface's JSON gives them; a page says them in its reader's language.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

LANGUAGES = ("en", "ja")
_LOCALE = Path(__file__).parent / "locale"


class Words(str):
    """A sentence in English with its blanks ({name}) filled, which can still be said in another language."""

    text: str
    blanks: dict[str, object]

    def __new__(cls, text: str, /, **blanks: object) -> Words:
        """The sentence `text`, whose blanks are filled with `blanks`."""
        made = super().__new__(cls, text.format(**blanks) if blanks else text)
        made.text, made.blanks = text, blanks
        return made


def N_(text: str) -> str:  # noqa: N802 the mark that extraction tools know
    """Mark a text for the catalog; whoever shows it translates it then."""
    return text


def chosen_language(accept_language: str) -> str:
    """The first language of ours that an Accept-Language value (RFC 9110 12.5.4) asks for; English for none."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:500].split(",")):
        tag, _, parameter = part.partition(";")
        language = tag.strip().partition("-")[0].lower()
        weight = _weight(parameter)
        if language in LANGUAGES and weight > 0:
            wanted.append((-weight, position, language))
    return min(wanted)[2] if wanted else "en"


def _weight(parameter: str) -> float:
    name, _, number = parameter.strip().partition("=")
    try:
        return float(number) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


@cache
def catalog(language: str) -> gettext.NullTranslations:
    """The translations into a language; English, and whatever a catalog lacks, comes back as it is written."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("sandbox", _LOCALE, [language])


def speech(language: str) -> dict[str, Any]:
    """What a template says things with.

    `_(text, name=...)` and `_n(one, many, number, ...)` fill blanks with what is escaped, or with Markup as it is.
    """
    known = catalog(language)

    def say(words: str, /, **blanks: object) -> Markup:
        if isinstance(words, Words):
            return _filled(known.gettext(words.text), words.blanks | blanks)
        return _filled(known.gettext(words), blanks)

    def say_number(one: str, many: str, n: int, /, **blanks: object) -> Markup:
        return _filled(known.ngettext(one, many, n), {"n": n, **blanks})

    def size(number: int) -> Markup:
        if number < 1000:
            return say_number("{n} byte", "{n} bytes", number)
        units = ("kB", "MB")
        scaled = [number / 1000, number / 1_000_000]
        at = int(scaled[1] >= 1)
        return Markup(f"{scaled[at]:.1f} {units[at]}")  # noqa: S704 - a number and a unit

    return {
        "language": language,
        "_": say,
        "_n": say_number,
        "day": _DAYS[language],
        "size": size,
        "is_known": lambda words: known.gettext(words) != words,
    }


def _filled(text: str, blanks: dict[str, object]) -> Markup:
    escaped = escape(text)
    return escaped.format(**blanks) if blanks else escaped


def _english_day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d %b %Y}"


def _japanese_day(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.year}年{at.month}月{at.day}日"


_DAYS: dict[str, Callable[[float], str]] = {"en": _english_day, "ja": _japanese_day}
