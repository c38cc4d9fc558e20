"""A text that a pattern matches, made by walking through it. Whoever asks tries it: it is a good guess, no more.

It walks what `translate` wrote, which is a far smaller language than JavaScript's: escaped characters, sets, groups,
quantifiers. Looks ahead and behind are passed over, and sets give the first of the usual characters that they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from todoke.forms.pattern.syntax import QUANTIFIER, translate
from todoke.forms.pattern.unicode_property import PatternError, Untranslatable

_USUAL = "a1A-@.0zZあアｱ漢ー_/+,é "
_MOST = 2_000
_CHARACTER = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|([A-Za-z0-9])")
_EDGE = re.compile(r"\\[AZ]")
_LOOK = re.compile(r"\(\?<?[=!]")
_GROUP = re.compile(r"\(\?(?:[a-z]|-)*:|\((?!\?)")
_BACK = re.compile(r"\(\?\((\d+)\)\\g<\d+>\|\)")


def pattern_samples(pattern: str) -> Iterator[str]:
    """Texts that may match: with as few repetitions as it allows, then with more, then by later alternatives."""
    try:
        source = translate(pattern)
    except (PatternError, Untranslatable, RecursionError):
        return
    for more, turn in ((0, 0), (1, 0), (2, 0), (5, 0), (9, 0), (0, 1), (3, 1), (0, 2), (20, 0)):
        try:
            yield _Walk(source, more, turn).disjunction()
        except (OverflowError, RecursionError, LookupError):
            return


@dataclass(slots=True)
class _Walk:
    """A way through a source: each repetition `more` times more than it must, each choice `turn` beyond the first."""

    source: str
    more: int
    turn: int
    at: int = 0
    caught: dict[int, str] = field(default_factory=dict)
    groups: int = 0

    def disjunction(self) -> str:
        """One of the alternatives from here to the group's end."""
        ways = [self._alternative()]
        while self._take("|"):
            ways.append(self._alternative())
        return ways[self.turn % len(ways)]

    def _alternative(self) -> str:
        text = ""
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            text += self._repeated(self._atom())
            if len(text) > _MOST:
                raise OverflowError
        return text

    def _repeated(self, text: str) -> str:
        found = QUANTIFIER.match(self.source, self.at)
        if not found:
            return text
        self.at = found.end()
        least = int(found[1] or found[0].startswith("+"))
        most = least if found[1] and not found[2] else None
        if found[1] and found[3]:
            most = int(found[3])
        if found[0].startswith("?"):
            most = 1
        count = least + self.more if most is None else min(least + self.more, most)
        if len(text) * count > _MOST:
            raise OverflowError
        return text * count

    def _atom(self) -> str:
        source, at = self.source, self.at
        if found := _CHARACTER.match(source, at):
            self.at = found.end()
            return found[3] or chr(int(found[1] or found[2], 16))
        if found := _EDGE.match(source, at):
            self.at = found.end()
            return ""
        if source[at] == "[":
            self.at = _set_end(source, at)
            return _member(source[at : self.at])
        if found := _BACK.match(source, at):
            self.at = found.end()
            return self.caught.get(int(found[1]), "")
        if found := _LOOK.match(source, at) or _GROUP.match(source, at):
            return self._group(found)
        raise LookupError(source[at:])

    def _group(self, opening: re.Match[str]) -> str:
        self.at = opening.end()
        number = 0
        if opening[0] == "(":
            self.groups += 1
            number = self.groups
        text = self.disjunction()
        if not self._take(")"):
            raise LookupError(self.source[self.at :])
        if number:
            self.caught[number] = text
        return "" if _LOOK.fullmatch(opening[0]) else text

    def _take(self, mark: str) -> bool:
        if not self.source.startswith(mark, self.at):
            return False
        self.at += 1
        return True


def _set_end(source: str, at: int) -> int:
    """Where a set ends that begins at `at`; sets stand in sets."""
    depth = 0
    while True:
        match source[at]:
            case "[":
                depth += 1
            case "]":
                depth -= 1
            case "\\":
                at += 1
        at += 1
        if not depth:
            return at


def _member(source: str) -> str:
    """A character of the set. Raises LookupError: if none was found."""
    import regex  # noqa: PLC0415 a tenth of the whole start, and few forms have a pattern

    member = regex.compile(source, regex.V1)
    for characters in (_USUAL, map(chr, range(0x20, 0x10000))):
        for character in characters:
            if member.match(character):
                return character
    raise LookupError(source)
