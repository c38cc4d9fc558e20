"""JavaScript regular expressions with the v flag (ECMA-262 22.2.1), rewritten for the `regex` module.

Called by pattern.py. What browsers refuse as a syntax error is refused here too, because a browser then ignores
the whole pattern. Every literal comes out as a hexadecimal escape, so nothing that was plain there is special here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from todoke.forms.pattern.character_class import (
    DIGITS,
    WORD,
    CharacterSet,
    escape_shorthand,
    property_set,
    read_class,
    take_character_escape,
)
from todoke.forms.pattern.unicode_property import PatternError, Untranslatable

MAX_DEPTH = 100
MAX_COUNT = 100_000
LINE_ENDS = r"\n\r\u2028\u2029"
SYNTAX_CHARACTERS = frozenset("^$\\.*+?()[]{}|/")
QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??", re.ASCII)
MODIFIERS = re.compile(r"\(\?([ims]*)(?:(-)([ims]*))?:")
LOOKAROUNDS = ("(?=", "(?!", "(?<=", "(?<!")
REFERENCE = re.compile("\0([^\0]*)\0")
WORD_EDGE = f"(?:(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}]))"
NO_WORD_EDGE = f"(?:(?<=[{WORD}])(?=[{WORD}])|(?<![{WORD}])(?![{WORD}]))"


@dataclass(frozen=True, slots=True)
class Modifiers:
    """Which of the modifiers i, m and s hold at a place in the pattern (ECMA-262 22.2.1)."""

    ignore_case: bool = False
    multiline: bool = False
    dot_all: bool = False


@dataclass(slots=True)
class Reading:
    """A pattern being read: where we are and which groups were seen."""

    text: str
    at: int = 0
    groups: int = 0
    names: dict[str, list[int]] = field(default_factory=dict)

    def sees(self, start: str) -> bool:
        return self.text.startswith(start, self.at)

    def take(self, start: str) -> bool:
        if not self.sees(start):
            return False
        self.at += len(start)
        return True

    def expect(self, start: str, fault: str) -> None:
        if not self.take(start):
            raise PatternError(fault)


def translate(pattern: str) -> str:
    """The pattern as a source for `regex` in its version 1, not yet anchored.

    Raises PatternError: if it is not a valid pattern under the v flag. Untranslatable: if it is, and means
    something that `regex` cannot say.
    """
    reading = Reading(pattern)
    source, _ = _disjunction(reading, Modifiers(), 0)
    if reading.at < len(pattern):
        raise PatternError("unmatched ')'")
    return REFERENCE.sub(lambda found: _resolve(found[1], reading), source)


def _resolve(reference: str, reading: Reading) -> str:
    """A back reference: what its group caught, or nothing when it caught nothing (22.2.2.7.2)."""
    if reference.isdigit():
        if int(reference) > reading.groups:
            raise PatternError(f"there is no group {reference}")
        return _back(int(reference))
    if reference[1:] not in reading.names:
        raise PatternError(f"there is no group named {reference[1:]}")
    return "".join(_back(number) for number in reading.names[reference[1:]])


def _back(number: int) -> str:
    return f"(?({number})\\g<{number}>|)"


def _disjunction(reading: Reading, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    if depth > MAX_DEPTH:
        raise Untranslatable(f"groups are nested more than {MAX_DEPTH} deep")
    alternatives: list[str] = []
    names: set[str] = set()
    while True:
        source, inner = _alternative(reading, modifiers, depth)
        alternatives.append(source)
        names |= inner
        if not reading.take("|"):
            return "|".join(alternatives), names


def _alternative(reading: Reading, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    terms: list[str] = []
    names: set[str] = set()
    while reading.at < len(reading.text) and not reading.sees("|") and not reading.sees(")"):
        source, inner, quantifiable = _term(reading, modifiers, depth)
        if names & inner:
            raise PatternError(f"two groups are named {min(names & inner)}")
        names |= inner
        terms.append(source + (_quantifier(reading) if quantifiable else ""))
    return "".join(terms), names


def _quantifier(reading: Reading) -> str:
    found = QUANTIFIER.match(reading.text, reading.at)
    if not found:
        return ""
    reading.at = found.end()
    least, comma, most = found[1], found[2], found[3]
    if least is None:
        return found[0]
    if any(len(number or "") > 7 or int(number or 0) > MAX_COUNT for number in (least, most)):
        raise Untranslatable(f"repeats more than {MAX_COUNT} times")
    if comma and most and int(most) < int(least):
        raise PatternError("the numbers of a quantifier are out of order")
    return found[0]


def _term(reading: Reading, modifiers: Modifiers, depth: int) -> tuple[str, set[str], bool]:
    """One term: its source, the names of its groups, and whether a quantifier may follow."""
    if any(reading.take(opening) for opening in LOOKAROUNDS):
        opening = next(o for o in LOOKAROUNDS if reading.text.endswith(o, 0, reading.at))
        body, names = _body(reading, modifiers, depth)
        return f"{opening}{body})", names, False
    if reading.sees("("):
        return *_group(reading, modifiers, depth), True
    return _atom(reading, modifiers)


def _body(reading: Reading, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    body, names = _disjunction(reading, modifiers, depth + 1)
    reading.expect(")", "a group is not closed")
    return body, names


def _group(reading: Reading, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    found = MODIFIERS.match(reading.text, reading.at)
    if found:
        reading.at = found.end()
        inner = _changed(modifiers, found)
        body, names = _body(reading, inner, depth)
        return f"(?{'i-f' if inner.ignore_case else '-i'}:{body})", names
    name = ""
    if reading.take("(?<"):
        name = _group_name(reading)
    elif reading.sees("(?"):
        raise PatternError("this kind of group does not exist")
    else:
        reading.take("(")
    reading.groups += 1
    if name:
        reading.names.setdefault(name, []).append(reading.groups)
    body, names = _body(reading, modifiers, depth)
    if name in names:
        raise PatternError(f"two groups are named {name}")
    return f"({body})", names | {name} - {""}


def _changed(modifiers: Modifiers, found: re.Match[str]) -> Modifiers:
    on, minus, off = found[1], found[2], found[3] or ""
    if len(set(on + off)) < len(on + off) or (minus and not on + off):
        raise PatternError("a modifier is given twice, or none is")
    words = {"i": "ignore_case", "m": "multiline", "s": "dot_all"}
    changes = {words[letter]: letter in on for letter in on + off}
    return replace(modifiers, **changes)


def _group_name(reading: Reading) -> str:
    name, closed, _ = reading.text[reading.at :].partition(">")
    if "\\" in name:
        raise Untranslatable("a group's name has an escape")
    if not closed or not name.replace("$", "_").isidentifier():
        raise PatternError("a group's name is not a name")
    reading.at += len(name) + 1
    return name


def _atom(reading: Reading, modifiers: Modifiers) -> tuple[str, set[str], bool]:
    character = reading.text[reading.at]
    reading.at += 1
    match character:
        case "^":
            return (f"(?<![^{LINE_ENDS}])" if modifiers.multiline else r"\A"), set(), False
        case "$":
            return (f"(?![^{LINE_ENDS}])" if modifiers.multiline else r"\Z"), set(), False
        case ".":
            return (ANY if modifiers.dot_all else f"[^{LINE_ENDS}]"), set(), True
        case "[":
            found, reading.at = read_class(reading.text, reading.at - 1)
            return found.source(), set(), True
        case "\\":
            return _escape(reading)
        case "*" | "+" | "?" | "{":
            raise PatternError(f"there is nothing to repeat before '{character}'")
        case "]" | "}":
            raise PatternError(f"a lone '{character}' must be written '\\{character}'")
        case _:
            return CharacterSet.literal(character), set(), True


ANY = r"[\x00-\U0010ffff]"


def _escape(reading: Reading) -> tuple[str, set[str], bool]:
    """What follows a backslash outside of a class (22.2.1 AtomEscape)."""
    if reading.at >= len(reading.text):
        raise PatternError("the pattern ends with a backslash")
    character = reading.text[reading.at]
    if character in "bB":
        reading.at += 1
        return (WORD_EDGE if character == "b" else NO_WORD_EDGE), set(), False
    if character in DIGITS and character != "0":
        number = re.compile("[0-9]+").match(reading.text, reading.at)
        assert number is not None  # noqa: S101 - the character is a digit
        reading.at = number.end()
        return f"(?:\0{number[0]}\0)", set(), True
    if character == "k":
        reading.at += 1
        reading.expect("<", "\\k needs the name of a group")
        return f"(?:\0k{_group_name(reading)}\0)", set(), True
    if character in "dDsSwW":
        reading.at += 1
        return f"[{escape_shorthand(character)}]", set(), True
    if character in "pP":
        found, reading.at = property_set(reading.text, reading.at)
        return found.source(), set(), True
    literal, reading.at = take_character_escape(reading.text, reading.at, SYNTAX_CHARACTERS)
    return CharacterSet.literal(literal), set(), True
