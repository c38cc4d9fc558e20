"""What somebody may have meant who typed what is no mail address: told to them as a question, never put in its place.

Japanese keyboards write full-width letters as easily as ASCII, and pasted addresses bring spaces, invisible characters,
a name or `mailto:` with them. Only one reading is offered, and only where it is an address.
"""

from __future__ import annotations

import re
import unicodedata

from todoke.model.address import LONGEST_TEXT, AddressError, parse_address

_FULL_STOP = "\u3002"  # NFKC leaves it, and makes one of its half-width form
_HYPHENS = re.compile("(?<=[A-Za-z0-9])[\u2010-\u2015\u2212\u30fc](?=[A-Za-z0-9])")
"""What stands on the hyphen's key, between letters of ASCII: in カード.jp it is a letter."""
_DOTS = re.compile(r"\.{2,}")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""General categories of characters that nobody sees in an address: controls, formats, spaces."""
_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")
_TWO_WORDS = re.compile(r"\w\s+\w")
"""A name before an address, or a slip in it: there is no telling which."""
_MAILTO = re.compile(r"mailto:([^?]*)(?:\?.*)?", re.IGNORECASE)


def intended_address(text: str) -> str:
    """The address that may be meant by a text that is none, "" where there is no telling."""
    if not 0 < len(text) <= LONGEST_TEXT:
        return ""
    plain = unicodedata.normalize("NFKC", text).replace(_FULL_STOP, ".")
    named = _NAMED.fullmatch(plain.strip())
    plain = (named[1] if named else plain).strip()
    if _TWO_WORDS.search(plain):
        return ""
    plain = _HYPHENS.sub("-", _without_unseen(plain))
    mailto = _MAILTO.fullmatch(plain)
    plain = (mailto[1] if mailto else plain).rstrip(".")
    meant = _read(plain) or _read(_without_odd_dots(plain))
    return meant if meant != text else ""


def _read(text: str) -> str:
    try:
        return str(parse_address(text))
    except AddressError:
        return ""


def _without_odd_dots(text: str) -> str:
    """Each part with its dots between other characters, one at a time."""
    return "@".join(_DOTS.sub(".", part).strip(".") for part in text.split("@"))


def _without_unseen(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN)
