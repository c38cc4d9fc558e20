"""Character classes of JavaScript regular expressions under the v flag (ECMA-262 22.2.1, ClassSetExpression).

A class may hold strings as well as characters (`\\q{...}`) and be made by union, intersection
(`&&`) and subtraction (`--`); a set here is therefore a set of characters beside a set of strings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from todoke.forms.pattern.unicode_property import PatternError, Untranslatable, property_source

DIGITS = "0123456789"
WORD = "A-Za-z0-9_"
# WhiteSpace and LineTerminator (ECMA-262 12.2, 12.3); without those that Python's \s adds (\x1c-\x1f, \x85).
SPACE = (
    r"\t\n\x0b\x0c\r\x20\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    r"\u2028\u2029\u202f\u205f\u3000\ufeff"
)
ALL = r"\x00-\U0010ffff"
CONTROL_ESCAPES = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
CLASS_SYNTAX_CHARACTERS = frozenset("()[]{}/-\\|")
CLASS_RESERVED_PUNCTUATORS = frozenset("&-!#%,:;<=>@`~")
CLASS_ESCAPABLE = CLASS_RESERVED_PUNCTUATORS | frozenset("^$\\.*+?()[]{}|/")
RESERVED_DOUBLES = frozenset(c + c for c in "&!#$%*+,.:;<=>?@^`~")
HEX4 = re.compile(r"u([0-9A-Fa-f]{4})")
SURROGATES = re.compile(r"u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})")
CODE_POINT = re.compile(r"u\{([0-9A-Fa-f]+)\}")
HEX2 = re.compile(r"x([0-9A-Fa-f]{2})")
MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """Characters, as the inside of a set of the `regex` module ("" for none), and strings of other lengths than one.

    `letter` is the character itself when the set is one character as written: only such can begin or end a range.
    """

    characters: str = ""
    strings: frozenset[str] = frozenset()
    letter: str = ""

    @staticmethod
    def literal(text: str) -> str:
        """`text` as a source that matches just it."""
        return "".join(c if c.isascii() and c.isalnum() else _hexadecimal(c) for c in text)

    @classmethod
    def of(cls, letter: str) -> CharacterSet:
        """The set of one character."""
        return cls(cls.literal(letter), letter=letter)

    def group(self) -> str:
        """The characters as a set of their own; one that never matches for none."""
        return f"[{self.characters}]" if self.characters else f"[^{ALL}]"

    def source(self) -> str:
        """What matches this set; longer strings first (22.2.2.7.1, CompileAtom)."""
        if not self.strings:
            return self.group() if self.characters else "(?!)"
        longest_first = sorted(self.strings, key=lambda s: (-len(s), s))
        parts = [self.literal(string) for string in longest_first if string]
        parts += [self.group()] if self.characters else []
        return f"(?:{'|'.join(parts)}{'|' if '' in self.strings else ''})"

    def joined(self, other: CharacterSet) -> CharacterSet:
        """Union."""
        return CharacterSet(self.characters + other.characters, self.strings | other.strings)

    def shared(self, other: CharacterSet) -> CharacterSet:
        """Intersection."""
        characters = f"[{self.group()}&&{other.group()}]"
        return CharacterSet(characters, self.strings & other.strings)

    def without(self, other: CharacterSet) -> CharacterSet:
        """Subtraction."""
        characters = f"[{self.group()}--{other.group()}]"
        return CharacterSet(characters, self.strings - other.strings)

    def inverted(self) -> CharacterSet:
        """Every other character; a set with strings has no complement."""
        if self.strings:
            raise PatternError("a negated class cannot hold strings")
        return CharacterSet(f"[^{self.characters}]" if self.characters else ALL)


def _hexadecimal(character: str) -> str:
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}"


def escape_shorthand(letter: str) -> str:
    """\\d \\D \\s \\S \\w \\W as the inside of a set: ASCII digits and letters, and JavaScript's own white space."""
    inside = {"d": "0-9", "s": SPACE, "w": WORD}[letter.lower()]
    return inside if letter.islower() else f"[^{inside}]"


def property_set(text: str, at: int) -> tuple[CharacterSet, int]:
    """`\\p{...}` or `\\P{...}`, from the letter on; the set and where it ends."""
    end = text.find("}", at)
    if not text.startswith("{", at + 1) or end < 0:
        raise PatternError("\\p needs a property in braces")
    found = CharacterSet(property_source(text[at + 2 : end]))
    return (found.inverted() if text[at] == "P" else found), end + 1


def take_character_escape(text: str, at: int, plain: frozenset[str]) -> tuple[str, int]:
    """The character that an escape stands for (22.2.1 CharacterEscape), and where the escape ends.

    `plain` are the characters that a backslash may precede to mean themselves.
    """
    letter = text[at]
    if letter in CONTROL_ESCAPES:
        return CONTROL_ESCAPES[letter], at + 1
    if letter in plain:
        return letter, at + 1
    if letter == "0" and text[at + 1 : at + 2] not in tuple(DIGITS):
        return "\0", at + 1
    if letter == "c" and re.fullmatch("[A-Za-z]", text[at + 1 : at + 2]):
        return chr(ord(text[at + 1]) % 32), at + 2
    return _take_number_escape(text, at)


def _take_number_escape(text: str, at: int) -> tuple[str, int]:
    if pair := SURROGATES.match(text, at):
        high, low = int(pair[1], 16), int(pair[2], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)), pair.end()
    for form in (HEX4, CODE_POINT, HEX2):
        if found := form.match(text, at):
            if len(found[1].lstrip("0")) > 6 or int(found[1], 16) > 0x10FFFF:
                raise PatternError(f"there is no character {found[1]}")
            return chr(int(found[1], 16)), found.end()
    raise PatternError(f"'\\{text[at]}' is no escape")


def read_class(text: str, at: int, depth: int = 0) -> tuple[CharacterSet, int]:
    """The class that begins with the bracket at `at`, and where it ends."""
    if depth > MAX_DEPTH:
        raise Untranslatable(f"classes are nested more than {MAX_DEPTH} deep")
    negated = text.startswith("^", at + 1)
    at += 2 if negated else 1
    found = CharacterSet()
    if not text.startswith("]", at):
        found, at = _operand(text, at, depth)
        if text.startswith(("&&", "--"), at):
            found, at = _operation(text, at, depth, found)
        else:
            found, at = _union(text, at, depth, found)
    if not text.startswith("]", at):
        raise PatternError("a class is not closed, or mixes operations")
    found = replace(found, letter="")
    return (found.inverted() if negated else found), at + 1


def _operation(text: str, at: int, depth: int, found: CharacterSet) -> tuple[CharacterSet, int]:
    operator = text[at : at + 2]
    while text.startswith(operator, at):
        if operator == "&&" and text.startswith("&", at + 2):
            raise PatternError("'&&&' is not allowed in a class")
        other, at = _operand(text, at + 2, depth)
        found = found.shared(other) if operator == "&&" else found.without(other)
    return found, at


def _union(text: str, at: int, depth: int, first: CharacterSet) -> tuple[CharacterSet, int]:
    found, last = CharacterSet(), first
    while at < len(text) and text[at] != "]":
        if text.startswith(("&&", "--"), at):
            raise PatternError("a class is not closed, or mixes operations")
        if text[at] == "-":
            last, at = _range(text, at + 1, depth, last)
        found = found.joined(last)
        last = CharacterSet()
        if at < len(text) and text[at] not in "]-" and not text.startswith("&&", at):
            last, at = _operand(text, at, depth)
    return found.joined(last), at


def _range(text: str, at: int, depth: int, first: CharacterSet) -> tuple[CharacterSet, int]:
    if at >= len(text) or text[at] == "]" or not first.letter:
        raise PatternError("a '-' in a class must be written '\\-'")
    last, at = _operand(text, at, depth)
    if not last.letter or last.letter < first.letter:
        raise PatternError("a range in a class is out of order")
    return CharacterSet(f"{first.characters}-{last.characters}"), at


def _operand(text: str, at: int, depth: int) -> tuple[CharacterSet, int]:
    if at >= len(text):
        raise PatternError("a class is not closed")
    if text[at] == "[":
        return read_class(text, at, depth + 1)
    if text[at] == "\\":
        return _class_escape(text, at + 1)
    if text[at] in CLASS_SYNTAX_CHARACTERS:
        raise PatternError(f"'{text[at]}' in a class must be written '\\{text[at]}'")
    if text[at : at + 2] in RESERVED_DOUBLES:
        raise PatternError(f"'{text[at : at + 2]}' is reserved in a class")
    return CharacterSet.of(text[at]), at + 1


def _class_escape(text: str, at: int) -> tuple[CharacterSet, int]:
    if at >= len(text):
        raise PatternError("a class is not closed")
    letter = text[at]
    if letter in "dDsSwW":
        return CharacterSet(escape_shorthand(letter)), at + 1
    if letter in "pP":
        return property_set(text, at)
    if letter == "b":
        return CharacterSet.of("\b"), at + 1
    if letter == "q":
        return _quoted_strings(text, at)
    character, at = take_character_escape(text, at, CLASS_ESCAPABLE)
    return CharacterSet.of(character), at


def _quoted_strings(text: str, at: int) -> tuple[CharacterSet, int]:
    """`\\q{one|other}`: whole strings in a class."""
    if not text.startswith("{", at + 1):
        raise PatternError("\\q needs strings in braces")
    at += 2
    found, string = CharacterSet(), ""
    while True:
        if at >= len(text):
            raise PatternError("\\q is not closed")
        if text[at] in "|}":
            found = found.joined(_string(string))
            string = ""
            at += 1
            if text[at - 1] == "}":
                return found, at
            continue
        one, at = _operand(text, at, MAX_DEPTH)
        if not one.letter:
            raise PatternError("\\q holds plain characters only")
        string += one.letter


def _string(string: str) -> CharacterSet:
    if len(string) == 1:
        return CharacterSet(CharacterSet.literal(string))
    return CharacterSet(strings=frozenset({string}))
