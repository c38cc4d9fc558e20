"""What the commands print. Colours only on a terminal, and never when NO_COLOR is set (no-color.org)."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, TextIO

from todoke.mail import inert
from todoke.model.erased import Erased, ErasedBy

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_UNSEEN = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What JSON leaves as it is and a terminal obeys, or cannot be written: C1 controls, bidirectional and invisible
formatting, lone surrogates."""


def is_fancy(stream: TextIO) -> bool:
    """True when colours and tables may be written to `stream`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, name: str) -> str:
    """`text` on one line, in a colour on a terminal, plain elsewhere."""
    text = clean_line(text)
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if is_fancy(sys.stdout) else text


def clean(text: str) -> str:
    """`text` with each control shown by which a visitor's words could command the terminal or reorder a line."""
    return inert.clean(text)


def clean_line(text: str) -> str:
    """`clean` text on one line: what stands there cannot make lines that look like ours."""
    return re.sub(r"[\n\t]", " ", clean(text))


def print_line(text: str = "") -> None:
    """Write a line to stdout; what came from outside has to be `clean` already."""
    sys.stdout.write(text + "\n")


def print_notice(text: str) -> None:
    """Tell a person on stderr what is no fault; what a program reads from stdout stays as it is."""
    sys.stderr.write(f"todoke: {clean(text)}\n")


def print_json(value: dict[str, Any]) -> None:
    """Write one object as one line of JSON."""
    sys.stdout.write(json_line(value))


def json_line(value: dict[str, Any]) -> str:
    """One object as one line of JSON, in which what is unseen or steers is escaped, and nothing is lost."""
    return _UNSEEN.sub(_escaped, json.dumps(value, ensure_ascii=False)) + "\n"


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]


def erasure_line(one: Erased) -> str:
    """An erasure that is remembered, as --with-erased takes it."""
    until = f", what came before {one.until:%Y-%m-%d %H:%MZ}" if one.by is ErasedBy.AGE else ""
    return f"by {one.by} on {one.at:%Y-%m-%d %H:%MZ}{until}  (--with-erased {one.key})"
