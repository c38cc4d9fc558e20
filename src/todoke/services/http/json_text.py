"""JSON whose strings hold what no text can: half a character, a control character, or octets that are no UTF-8.

Services put the words of other mail servers into their calls as they came. One such word must not cost the other events
of a call, so what cannot be read is replaced in its place, and all else stays as it is.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one character
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
    r"|(?P<control>[\0-\x1f])",
    re.DOTALL,
)


def mended(octets: bytes) -> bytes:
    """The same JSON with strings that can be read. What could be read before means the same."""
    return _ESCAPE.sub(_mend, octets.decode("utf-8", "replace")).encode()


def _mend(found: re.Match[str]) -> str:
    if found["half"]:
        return "\ufffd"
    return " " if found["control"] else found[0]
