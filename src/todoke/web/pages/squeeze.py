"""Squeeze a script of ours: comments and white space stay at home, names stay as they are.

No general minifier: it knows no regular expressions, so none may hold a quote, a backtick, white space, or two slashes
of which the first is not escaped; nor may `+ +` stand in a script.
"""

from __future__ import annotations

import re

_PARTS = re.compile(
    r'("(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)'  # texts
    r"|\s*(?<!\\)//[^\n]*\s*"
    r'|\s*([^\w\s$"`#/-])\s*'  # of a punctuation mark the neighbours need no space
    r"|(\s)\s*"
)


def squeezed(script: str) -> str:
    """The same script, shorter."""
    return _PARTS.sub(_squeeze, script).strip()


def _squeeze(part: re.Match[str]) -> str:
    text, mark, space = part.groups()
    return text or mark or (" " if space else "")
