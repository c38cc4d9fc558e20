"""JavaScript regular expressions with the v flag (ECMA-262 22.2.1), rewritten for the `regex` module.

What browsers refuse as a syntax error is refused here too, because a browser then ignores
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
class Scanner:
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
    scanner = Scanner(pattern)
    source, _ = _disjunction(scanner, Modifiers(), 0)
    if scanner.at < len(pattern):
        raise PatternError("unmatched ')'")
    return REFERENCE.sub(lambda found: _resolve(found[1], scanner), source)


def _resolve(reference: str, scanner: Scanner) -> str:
    """A back reference: what its group caught, or nothing when it caught nothing (22.2.2.7.2)."""
    if reference.isdigit():
        if int(reference) > scanner.groups:
            raise PatternError(f"there is no group {reference}")
        return _back(int(reference))
    if reference[1:] not in scanner.names:
        raise PatternError(f"there is no group named {reference[1:]}")
    return "".join(_back(number) for number in scanner.names[reference[1:]])


def _back(number: int) -> str:
    return f"(?({number})\\g<{number}>|)"


def _disjunction(scanner: Scanner, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    if depth > MAX_DEPTH:
        raise Untranslatable(f"groups are nested more than {MAX_DEPTH} deep")
    alternatives: list[str] = []
    names: set[str] = set()
    while True:
        source, inner = _alternative(scanner, modifiers, depth)
        alternatives.append(source)
        names |= inner
        if not scanner.take("|"):
            return "|".join(alternatives), names


def _alternative(scanner: Scanner, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    terms: list[str] = []
    names: set[str] = set()
    while scanner.at < len(scanner.text) and not scanner.sees("|") and not scanner.sees(")"):
        source, inner, quantifiable = _term(scanner, modifiers, depth)
        if names & inner:
            raise PatternError(f"two groups are named {min(names & inner)}")
        names |= inner
        terms.append(source + (_quantifier(scanner) if quantifiable else ""))
    return "".join(terms), names


def _quantifier(scanner: Scanner) -> str:
    found = QUANTIFIER.match(scanner.text, scanner.at)
    if not found:
        return ""
    scanner.at = found.end()
    least, comma, most = found[1], found[2], found[3]
    if least is None:
        return found[0]
    if any(len(number or "") > 7 or int(number or 0) > MAX_COUNT for number in (least, most)):
        raise Untranslatable(f"repeats more than {MAX_COUNT} times")
    if comma and most and int(most) < int(least):
        raise PatternError("the numbers of a quantifier are out of order")
    return found[0]


def _term(scanner: Scanner, modifiers: Modifiers, depth: int) -> tuple[str, set[str], bool]:
    """One term: its source, the names of its groups, and whether a quantifier may follow."""
    if any(scanner.take(opening) for opening in LOOKAROUNDS):
        opening = next(o for o in LOOKAROUNDS if scanner.text.endswith(o, 0, scanner.at))
        body, names = _body(scanner, modifiers, depth)
        return f"{opening}{body})", names, False
    if scanner.sees("("):
        return *_group(scanner, modifiers, depth), True
    return _atom(scanner, modifiers)


def _body(scanner: Scanner, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    body, names = _disjunction(scanner, modifiers, depth + 1)
    scanner.expect(")", "a group is not closed")
    return body, names


def _group(scanner: Scanner, modifiers: Modifiers, depth: int) -> tuple[str, set[str]]:
    found = MODIFIERS.match(scanner.text, scanner.at)
    if found:
        scanner.at = found.end()
        inner = _changed(modifiers, found)
        body, names = _body(scanner, inner, depth)
        return f"(?{'i-f' if inner.ignore_case else '-i'}:{body})", names
    name = ""
    if scanner.take("(?<"):
        name = _group_name(scanner)
    elif scanner.sees("(?"):
        raise PatternError("this kind of group does not exist")
    else:
        scanner.take("(")
    scanner.groups += 1
    if name:
        scanner.names.setdefault(name, []).append(scanner.groups)
    body, names = _body(scanner, modifiers, depth)
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


def _group_name(scanner: Scanner) -> str:
    name, closed, _ = scanner.text[scanner.at :].partition(">")
    if "\\" in name:
        raise Untranslatable("a group's name has an escape")
    if not closed or not name.replace("$", "_").isidentifier():
        raise PatternError("a group's name is not a name")
    scanner.at += len(name) + 1
    return name


def _atom(scanner: Scanner, modifiers: Modifiers) -> tuple[str, set[str], bool]:
    character = scanner.text[scanner.at]
    scanner.at += 1
    match character:
        case "^":
            return (f"(?<![^{LINE_ENDS}])" if modifiers.multiline else r"\A"), set(), False
        case "$":
            return (f"(?![^{LINE_ENDS}])" if modifiers.multiline else r"\Z"), set(), False
        case ".":
            return (ANY if modifiers.dot_all else f"[^{LINE_ENDS}]"), set(), True
        case "[":
            found, scanner.at = read_class(scanner.text, scanner.at - 1)
            return found.source(), set(), True
        case "\\":
            return _escape(scanner)
        case "*" | "+" | "?" | "{":
            raise PatternError(f"there is nothing to repeat before '{character}'")
        case "]" | "}":
            raise PatternError(f"a lone '{character}' must be written '\\{character}'")
        case _:
            return CharacterSet.literal(character), set(), True


ANY = r"[\x00-\U0010ffff]"


def _escape(scanner: Scanner) -> tuple[str, set[str], bool]:
    """What follows a backslash outside of a class (22.2.1 AtomEscape)."""
    if scanner.at >= len(scanner.text):
        raise PatternError("the pattern ends with a backslash")
    character = scanner.text[scanner.at]
    if character in "bB":
        scanner.at += 1
        return (WORD_EDGE if character == "b" else NO_WORD_EDGE), set(), False
    if character in DIGITS and character != "0":
        number = re.compile("[0-9]+").match(scanner.text, scanner.at)
        assert number is not None  # noqa: S101 - the character is a digit
        scanner.at = number.end()
        return f"(?:\0{number[0]}\0)", set(), True
    if character == "k":
        scanner.at += 1
        scanner.expect("<", "\\k needs the name of a group")
        return f"(?:\0k{_group_name(scanner)}\0)", set(), True
    if character in "dDsSwW":
        scanner.at += 1
        return f"[{escape_shorthand(character)}]", set(), True
    if character in "pP":
        found, scanner.at = property_set(scanner.text, scanner.at)
        return found.source(), set(), True
    literal, scanner.at = take_character_escape(scanner.text, scanner.at, SYNTAX_CHARACTERS)
    return CharacterSet.literal(literal), set(), True
