"""What the commands print. Colours only on a terminal, and never when NO_COLOR is set (no-color.org)."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, TextIO

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_fancy(stream: TextIO) -> bool:
    """True when colours and tables may be written to `stream`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, name: str) -> str:
    """`text` in a colour on a terminal, plain elsewhere."""
    text = clean(text)
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if is_fancy(sys.stdout) else text


def clean(text: str) -> str:
    """`text` without the controls by which a visitor's words could command the terminal or reorder a line."""
    return _CONTROLS.sub("\ufffd", text)


def print_line(text: str = "") -> None:
    """Write a line to stdout; what came from outside has to be `clean` already."""
    sys.stdout.write(text + "\n")


def print_notice(text: str) -> None:
    """Tell a person on stderr what is no fault; what a program reads from stdout stays as it is."""
    sys.stderr.write(f"todoke: {clean(text)}\n")


def print_json(value: dict[str, Any]) -> None:
    """Write one object as one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
