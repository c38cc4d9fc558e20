"""What is written to a terminal: colours where they are wanted (no-color.org), and no controls from outside."""

from __future__ import annotations

import os
import re
from typing import TextIO

from stack_review.words import Style

_CODES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def style_for(stream: TextIO) -> Style:
    """Colours where `stream` is a terminal that takes them, else plain text."""
    fancy = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def style(text: str, name: str) -> str:
        text = clean(text)
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if fancy else text

    return style


def clean(text: str) -> str:
    """`text` without the controls by which a name could command the terminal or reorder a line."""
    return _CONTROLS.sub("\ufffd", text)
