"""One table of todoke.toml: hands out values of the right type, and notes every fault instead of stopping at one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeVar

from todoke.model.address import NOBODY, Address, AddressError, parse_address
from todoke.model.address_hint import intended_address
from todoke.model.mail import CONTROL
from todoke.toml.findings import Findings, dotted
from todoke.toml.places import Path
from todoke.toml.schema import Schema

T = TypeVar("T")

_DURATION = re.compile(r"(\d{1,6}) ?(s|m|h|d|w)")
_UNIT = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_SIZE = re.compile(r"(\d{1,9}) ?(B|KB|MB|GB)", re.IGNORECASE)
_FACTOR = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}
_TYPE_NAMES = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list [...]",
    dict: "a table {...}",
}


class Table:
    """The values of one table at `path`, which holds the keys that the schema has for `section`.

    Each reader returns the value, or its default when the key is absent or wrong; a wrong one is noted.
    """

    def __init__(
        self, findings: Findings, schema: Schema, section: str, path: Path, values: Any
    ) -> None:
        self.findings = findings
        self.schema = schema
        self.path = path
        self._section = section
        self._known = schema.keys[section]
        if not isinstance(values, dict):
            self.findings.error(path, f"must be a table, not {_name(values)}.")
            values = {}
        self._values: dict[str, Any] = values
        for key in values:
            if key not in self._known:
                self._unknown(key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> Path:
        """The path of `key`."""
        return (*self.path, key)

    def error(self, key: str, message: str, hint: str = "") -> None:
        """Note a fault of `key` (of the table itself when it is "")."""
        self.findings.error(self.at(key) if key else self.path, message, hint)

    def warn(self, key: str, message: str, hint: str = "") -> None:
        """Note something doubtful about `key`."""
        self.findings.warn(self.at(key) if key else self.path, message, hint)

    def raw(self, key: str) -> Any:
        """The value as TOML has it, None when absent."""
        if key not in self._known:
            raise KeyError(f"{self._section}.{key} is not in the schema")
        return self._values.get(key)

    def text(
        self, key: str, default: str = "", *, required: bool = False, among: Sequence[str] = ()
    ) -> str:
        """A text; with `among`, one of those words; `required` means present and not empty."""
        value = self._typed(key, str, default)
        if required and not value:
            if self.raw(key) in (None, ""):
                self.error(key, "is missing.", f"Add `{key} = ...` to {self._header}.")
            return default
        if among and value not in among and value != default:
            self.error(key, f"is {value!r}.", one_of(value, among))
            return default
        return _without_controls(self, key, value, default)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        value: bool = self._typed(key, bool, default)
        return value

    def number(self, key: str, default: T, *, least: int, most: int) -> int | T:
        """A whole number from `least` to `most`."""
        value: int | None = self._typed(key, int, None)
        if value is None:
            return default
        if not least <= value <= most:
            self.error(key, f"is {value}; it must be from {least} to {most}.")
            return default
        return value

    def duration(self, key: str, default: timedelta, *, least: str, most: str) -> timedelta:
        """A span of time such as "90d", "36h", "10m" or "30s"."""
        value = self.raw(key)
        if value is None:
            return default
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            self.error(
                key,
                f"is {value!r}.",
                'A span of time is written like "90d", "36h", "10m" or "30s".',
            )
            return default
        span = int(match[1]) * _UNIT[match[2]]
        if not _span(least) <= span <= _span(most):
            self.error(key, f'is "{value}"; it must be from "{least}" to "{most}".')
            return default
        return span

    def size(self, key: str, default: T, *, most: str) -> int | T:
        """A number of bytes: "64KB", "5MB" (in steps of 1024), or a plain number."""
        value = self.raw(key)
        if value is None:
            return default
        match = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if match is not None:
            value = int(match[1]) * _FACTOR[match[2].upper()]
        if isinstance(value, bool) or not isinstance(value, int):
            self.error(key, f"is {value!r}.", 'A size is written like "64KB" or "5MB".')
            return default
        if not 1 <= value <= _bytes(most):
            self.error(key, f'must be from 1 byte to "{most}".')
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text stands for a list of one."""
        value = self.raw(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            self.error(key, f"must be a list of texts, not {_name(value)}.")
            return ()
        for position, item in enumerate(value):
            if not isinstance(item, str):
                self.findings.error(
                    (*self.at(key), position), f"must be text in quotes, not {_name(item)}."
                )
        return tuple(item for item in value if isinstance(item, str))

    def addresses(self, key: str) -> tuple[Address, ...]:
        """A list of mail addresses, or one."""
        single = isinstance(self.raw(key), str)
        addresses = []
        for position, text in enumerate(self.texts(key)):
            path = self.at(key) if single else (*self.at(key), position)
            addresses.append(self.address(text, path))
        return tuple(dict.fromkeys(address for address in addresses if address))

    def address(self, text: str, path: Path, hint: str = "") -> Address:
        """`text` as one mail address, NOBODY with a finding, and what else to write, when it is none."""
        try:
            return parse_address(text.strip())
        except AddressError as error:
            words = f"{text!r} is not a mail address: {_sentence(error)}"
            self.findings.error(path, words, hint or _several(text) or hint_at(text))
            return NOBODY

    def table(self, key: str, section: str) -> Table:
        """The table under `key`; an empty one when it is absent."""
        value = self.raw(key)
        return Table(
            self.findings, self.schema, section, self.at(key), {} if value is None else value
        )

    def tables(self, key: str, section: str) -> list[Table]:
        """The tables of an array of tables."""
        value = self.raw(key)
        if isinstance(value, dict):
            hint = f"Write [[{dotted(self.at(key))}]] above each."
            self.error(key, "is one table, and a list of them is meant.", hint)
            return []
        return [
            Table(self.findings, self.schema, section, (*self.at(key), position), item)
            for position, item in enumerate(self._typed(key, list, []))
            if self._is_table(item, (*self.at(key), position))
        ]

    def _is_table(self, item: Any, path: Path) -> bool:
        if isinstance(item, dict):
            return True
        hint = f'Write {{name = "{item}"}}.' if isinstance(item, str) else ""
        self.findings.error(path, f"must be a table, not {_name(item)}.", hint)
        return False

    def mapping(self, key: str) -> dict[str, Any]:
        """A table whose keys are the site owner's own words."""
        value: dict[str, Any] = self._typed(key, dict, {})
        return value

    def _typed(self, key: str, kind: type[Any], default: Any) -> Any:
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            quoted = isinstance(value, str) and kind in (int, bool)
            hint = "Write it without quotes." if quoted else ""
            self.error(key, f"must be {_TYPE_NAMES[kind]}, not {_name(value)}.", hint)
            return default
        return value

    def _unknown(self, key: str) -> None:
        variable = self.schema.secrets.get((self._section, key))
        if variable:
            self.error(
                key,
                "is a secret, and secrets do not belong in the file.",
                f"Take it out and set {variable} in the environment.",
            )
            return
        self.error(key, "is not a setting.", self._home_of(key) or one_of(key, self._known))

    def _home_of(self, key: str) -> str:
        """The tables that have such a key, where this one does not: it may stand below the wrong header."""
        own = [section for section, keys in self.schema.keys.items() if section and key in keys]
        if not own or len(own) > 2:
            return ""
        names = _either([f"[{self._named(section)}]" for section in own])
        return f"It belongs to {names}: a key belongs to the last header above it."

    def _named(self, section: str) -> str:
        """The section, with the name of this table's form in it."""
        return section.replace("NAME", str(self.path[1]) if len(self.path) > 1 else "NAME")

    @property
    def _header(self) -> str:
        return f"[{self._named(self._section)}]"


def one_of(word: str, known: Sequence[str]) -> str:
    """Did you mean ...? when one is near, else all of them."""
    import difflib  # noqa: PLC0415 only a fault needs it

    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"It may be {_either(known)}."


def _either(words: Sequence[str]) -> str:
    """The words as a sentence has them: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _name(value: Any) -> str:
    """What a value is, in words; never the value itself, which may be a secret in the wrong place."""
    for kind in (bool, str, int, list, dict):
        if isinstance(value, kind):
            return {
                bool: "true or false",
                str: "text",
                int: "a number",
                list: "a list",
                dict: "a table",
            }[kind]
    return "a decimal number" if isinstance(value, float) else "a date or time"


def _without_controls(table: Table, key: str, value: str, default: str) -> str:
    """`value`, unless it holds characters that could end a mail header or a line of a log."""
    if CONTROL.search(value):
        table.error(key, "holds a line break or another control character.")
        return default
    return value


def _several(text: str) -> str:
    """How to write what is several addresses in one text; "" for anything else."""
    parts = [part.strip() for part in re.split("[,;]", text)]
    if len(parts) < 2 or not all("@" in part for part in parts):
        return ""
    quoted = ", ".join(f'"{part}"' for part in parts)
    return f"Write each in quotes of its own: {quoted}."


def hint_at(text: str) -> str:
    """What to write in place of a text that is no mail address, "" where there is no telling."""
    meant = intended_address(text)
    return f"Did you mean {meant}?" if meant else ""


def _sentence(error: Exception) -> str:
    text = str(error).strip()
    return text if text.endswith(".") else text + "."


def _span(text: str) -> timedelta:
    return int(text[:-1]) * _UNIT[text[-1]]


def _bytes(text: str) -> int:
    return int(text[:-2]) * _FACTOR[text[-2:]]
