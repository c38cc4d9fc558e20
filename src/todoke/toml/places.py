"""Where each key and table of a TOML text stands, so that a fault can be named with its line.

`tomllib` reads the values and has already refused what is not TOML; this walks the same text again and keeps only
positions. Paths are tuples of keys and, in arrays, of positions: ("forms", "contact", "fields", 2, "name").
"""

from __future__ import annotations

import bisect
import re
import tomllib

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\n]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")


def places(text: str) -> dict[Path, int]:
    """The line, counted from 1, of every key, table and array element in `text`, which must be valid TOML."""
    return _Walk(text.replace("\r\n", "\n")).lines


def repetitions(text: str) -> list[tuple[Path, int, int]]:
    """Keys and tables that `text` states again: each with the line of the first and of this one.

    `text` may be the beginning of a TOML document, up to where `tomllib` refuses it.
    """
    return _Walk(text.replace("\r\n", "\n")).repeated


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of `path`, or of the nearest table around it that the text has; 1 when there is none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Walk:
    """One pass over the text (TOML 1.0): headers, key-value pairs, and the values that can hold others."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self.repeated: list[tuple[Path, int, int]] = []
        self._values: set[Path] = set()
        self._headers: set[Path] = set()
        self._text = text
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._array_lengths: dict[Path, int] = {}
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(text):
            if self._looking_at("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; the path that the pairs below it belong to."""
        line = self._line()
        brackets = 2 if self._looking_at("[[") else 1
        self._at += brackets
        keys = self._keys()
        self._skip(_BLANK)
        self._at += brackets
        path: Path = ()
        for key in keys[:-1]:
            path = self._last_element((*path, key))
            self._state(path, line, again=path in self._values)
        path = (*path, keys[-1])
        stated = path in self._values or path in self._headers
        if brackets == 2:
            known = path in self.lines and path not in self._array_lengths
            self._state(path, line, again=stated or known)
            self._array_lengths[path] = self._array_lengths.get(path, 0) + 1
        else:
            self._state(path, line, again=stated or path in self._array_lengths)
            self._headers.add(path)
        path = self._last_element(path)
        self.lines[path] = line
        return path

    def _state(self, path: Path, line: int, *, again: bool) -> None:
        if again:
            self.repeated.append((path, self.lines[path], line))
        self.lines.setdefault(path, line)

    def _last_element(self, path: Path) -> Path:
        """The element an array of tables is at, when `path` is one; else `path`."""
        length = self._array_lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        *around, last = self._keys()
        for key in around:
            path = (*path, key)
            again = path in self._values or path in self._array_lengths
            self._state(path, line, again=again)
            self._headers.add(path)
        path = (*path, last)
        self._state(path, line, again=path in self.lines)
        self._values.add(path)
        self._skip(_BLANK)
        self._at += 1  # the equals sign
        self._value(path)

    def _keys(self) -> list[str]:
        """Read a key, bare, quoted or dotted."""
        keys = []
        while True:
            self._skip(_BLANK)
            start = self._at
            if self._skip(_STRING):
                quoted = self._text[start : self._at]
                keys.append(tomllib.loads(f"key = {quoted}")["key"])
            else:
                self._skip(_BARE_KEY)
                keys.append(self._text[start : self._at])
            if not self._skip(_DOT):
                return keys

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        self.lines.setdefault(path, self._line())
        if self._looking_at("["):
            self._array(path)
        elif self._looking_at("{"):
            self._inline_table(path)
        elif not self._skip(_STRING) and not self._skip(_BARE_VALUE):
            self._at += 1  # no TOML: what comes after a repetition need be none

    def _array(self, path: Path) -> None:
        self._at += 1
        self._skip(_BLANK)
        position = 0
        while not self._ends("]"):
            self._value((*path, position))
            position += 1
            self._comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip(_BLANK)
        while not self._ends("}"):
            self._pair(path)
            self._comma()
        self._at += 1

    def _ends(self, bracket: str) -> bool:
        return self._at >= len(self._text) or self._looking_at(bracket)

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self._looking_at(","):
            self._at += 1
            self._skip(_BLANK)

    def _looking_at(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        if match is None or match.end() == self._at:
            return False
        self._at = match.end()
        return True

    def _line(self) -> int:
        return bisect.bisect_left(self._line_ends, self._at) + 1
