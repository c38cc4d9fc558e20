"""What it means that words are found in a text: one rule for every store and every script. Pure.

A text is read as words and as runs. A word is of a script that writes spaces (Latin, Greek, Cyrillic, Arabic, Hindi
and others, and all digits); it is found by its beginning. A run is of a script that does not (kanji, kana, hangul, Thai
and others) or of signs; it is found by any part of it, a single character too. All words and runs that are asked for
must be found, in any order.

Letters are compared as NFKC and case folding leave them (Unicode 15, sections 3.11 and 3.13), so full and half width
are one; accents and vowel points are left out, and so is what tells katakana from hiragana: a reading is typed in
hiragana and stands in forms as furigana in either. Kanji are compared as they are, but for four spellings of names
that a keyboard does not offer. Digits with hyphens between them are also found as one number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LOOKED_INTO = 50_000
"""So many characters of a text are looked into; what one visitor sends must not hold up all others."""
LONGEST = 64
"""Of a word or a run so many characters count."""
MOST_ASKED = 16
"""So many words of a question count; more tell nothing apart."""

_RUNS = (
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kanji
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3105-\u312f\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"  # bopomofo, hangul
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0eda"  # Thai, Lao
    "\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3"  # Tibetan, Burmese, Khmer
    "\u2600-\u27bf\U0001f000-\U0001faff"  # signs and emoji
)
_SIGNS = "\u0900-\u0963\u0966-\u0dff\u07c0-\u07fa"
"""Blocks whose vowel signs belong to their words, though no letters by themselves (Devanagari to Sinhala, N'Ko)."""
_TOKENS = re.compile(rf"([{_RUNS}]+)|((?:[^\W_{_RUNS}]+|[{_SIGNS}]+)+)")
_ASCII = re.compile(r"[a-z0-9]+")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[-\u2010-\u2015\u2212\u30fc]\d+)+(?!\w)")
_HYPHENS = re.compile(r"[-\u2010-\u2015\u2212\u30fc]")
_POINTS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic, and what picks a variant of a glyph."""
_SAME = str.maketrans(
    {
        **{katakana: katakana - 0x60 for katakana in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)},
        **dict(zip("øłđðıħŧ", "olddiht", strict=True)),
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        **dict(zip("髙﨑德𠮷", "高崎徳吉", strict=True)),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The words and the runs of a text."""

    words: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()

    def hold(self, asked: Terms) -> bool:
        """Whether all that is asked for is found here; nothing is found by nothing."""
        return (
            bool(asked)
            and all(map(self._holds_word, asked.words))
            and all(map(self._holds_run, asked.runs))
        )

    def _holds_word(self, asked: str) -> bool:
        return asked in self.words or any(word.startswith(asked) for word in self.words)

    def _holds_run(self, asked: str) -> bool:
        return any(asked in run for run in self.runs)

    def __bool__(self) -> bool:
        return bool(self.words or self.runs)


@lru_cache(maxsize=64)
def asked_for(text: str) -> Terms:
    """What a person who types this looks for. Of digits with hyphens the one number that they are."""
    folded = _NUMBER.sub(lambda number: _HYPHENS.sub("", number[0]), fold(text[:LOOKED_INTO]))
    asked = list(_tokens(folded))[:MOST_ASKED]
    return Terms(
        frozenset(word for _, word in asked if word), frozenset(run for run, _ in asked if run)
    )


def terms_of(texts: Iterable[str]) -> Terms:
    """What these texts are found by."""
    folded = fold("\n".join(texts)[:LOOKED_INTO])
    if folded.isascii():
        words = set(_ASCII.findall(folded))
        runs: set[str] = set()
    else:
        found = _TOKENS.findall(folded)
        runs = {run for run, _ in found}
        words = {word for _, word in found}
    words.update(_HYPHENS.sub("", number) for number in _NUMBER.findall(folded))
    return Terms(_cut(words), _cut(runs))


def fold(text: str) -> str:
    """A text as it is compared."""
    if text.isascii():
        return text.lower()
    plain = _POINTS.sub(
        "", unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    )
    return unicodedata.normalize("NFKC", plain).translate(_SAME)


def _tokens(folded: str) -> Iterable[tuple[str, str]]:
    for run, word in _TOKENS.findall(folded):
        yield run[:LONGEST], word[:LONGEST]


def _cut(found: set[str]) -> frozenset[str]:
    return frozenset(text[:LONGEST] for text in found if text)
