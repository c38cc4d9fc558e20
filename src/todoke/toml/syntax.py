"""What is no TOML, told by its line, the key that it is about and what to write."""

from __future__ import annotations

import re
import tomllib

from todoke.toml.findings import ERROR, Finding, dotted
from todoke.toml.places import repetitions

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_QUOTES = re.compile("[\u201c\u201d\u2018\u2019\u300c\u300d\uff02\uff07]")
_WIDE = re.compile("[\u3000\uff1d\uff3b\uff3d\uff0c\uff03]")
_PAIR = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*=\s*(.*?)\s*(?:#.*)?")
_REPEATED = ("Cannot ", "Duplicate ")


def syntax_fault(file: str, text: str, error: tomllib.TOMLDecodeError) -> Finding:
    """The finding for what tomllib says: "... (at line 3, column 5)" or "... (at end of document)"."""
    match = _AT.search(str(error))
    message = str(error)[: match.start()] if match else str(error)
    line = int(match[1]) if match and match[1] else text.rstrip().count("\n") + 1
    lines = text.split("\n")
    if message.startswith(_REPEATED):
        for path, first, second in reversed(repetitions("\n".join(lines[:line]))):
            said = f"stands a second time: line {first} has it already."
            return Finding(ERROR, file, second, dotted(path), said, _keep_one(lines[first - 1]))
    if language := _other_language(text):
        said = f"is {language}, and TOML is read."
        return Finding(ERROR, file, line, "", said, "docs/configuration.md begins with an example.")
    shown = lines[line - 1] if line <= len(lines) else ""
    return Finding(ERROR, file, line, "", f"is not TOML: {message}.", _hint(shown, message))


def _other_language(text: str) -> str:
    begins = text.lstrip()
    if begins.startswith(("{", "<")):
        return "JSON" if begins.startswith("{") else "HTML or XML"
    return "YAML" if re.match(r"(?:---\s*\n)?\w+:\s", begins) else ""


def _keep_one(first: str) -> str:
    if first.lstrip().startswith("["):
        return "Write all keys of a table below one header."
    return "Keep one of them."


def _hint(line: str, message: str) -> str:
    """What to write in place of a line that people often write so; "" where there is no telling."""
    if _QUOTES.search(line):
        return "Quotes are straight there: \"...\" or '...'."
    if _WIDE.search(line):
        return "It has a full-width sign or space outside of quotes; = [ ] , # are ASCII there."
    if "\\" in line and "'" not in line:
        return "In text, write / or \\\\ for \\, or put it in single quotes: '...'."
    pair = _PAIR.fullmatch(line.rstrip("\r"))
    if pair is None:
        return ""
    key, value = pair.groups()
    if value.lower() in ("true", "false"):
        return f"Write `{key} = {value.lower()}`."
    if value in ("yes", "no", "on", "off"):
        return f"Write `{key} = true` or `{key} = false`."
    if (
        value
        and value[0] not in "\"'[{"
        and message.startswith(("Invalid value", "Expected newline"))
    ):
        return f'Text stands in quotes: `{key} = "{value}"`.'
    return ""
