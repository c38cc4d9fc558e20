"""Mail addresses as reports write them: in brackets, with a type, escaped for the way, or in the middle of words.

They are texts that strangers wrote, and are only compared: no mail is ever sent to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_LOCAL = r"(?:\"[^\"\n]{1,64}\"|[^\s<>()\[\],;:\"'@＜＞「」『』（）【】、。：]{1,64}(?:'[^\s<>()\[\],;:\"'@]{1,64})?)"
_DOMAIN = r"[^\W_](?:[\w-]{0,62})(?:\.[^\W_][\w-]{0,62}){1,12}"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
"""The pattern of an address in a text."""
_FOUND = re.compile(ADDRESS)
_BRACKETED = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\s\([^()]*\)")
_TYPED = re.compile(r"([A-Za-z0-9-]{1,40})[ \t]*;(.*)", re.DOTALL)
_ROUTE = re.compile(r"@[^:@\s]{1,255}(?:,@[^:@\s]{1,255}){0,10}:")
_XTEXT = re.compile(r"\+(2B|3D)")
_XTEXT_ALL = re.compile(r"\+([0-9A-F]{2})")
_UTF_8_XTEXT = re.compile(r"\\x\{([0-9A-F]{2,6})\}")
LONGEST = 320


def addresses_in(text: str) -> list[str]:
    """Every address in a text, in its order."""
    return [found.strip("'") for found in _FOUND.findall(text)] if "@" in text else []


def stated_recipient(value: str) -> str:
    """The address of a report's field, `rfc822; <a@example.com>` for instance; "" where there is none.

    What is no address of the Internet (`x400;...`) is "" too, but for a name without a domain, which is kept.
    """
    found = _TYPED.fullmatch(value.strip())
    kind, text = (found[1].lower(), found[2]) if found else ("rfc822", value)
    if kind not in {"rfc822", "utf-8", "smtp", "unknown"} and "@" not in text:
        return ""
    bare = bare_address(text)
    return _from_utf_8_xtext(bare) if kind == "utf-8" else bare


def original_recipient(value: str) -> str:
    """As `stated_recipient`, of a field that some servers leave as ORCPT had it: in xtext (RFC 3461 4).

    There only + and = are ever escaped in an address of ASCII, so no honest `user+41@` is read as something else.
    """
    return _XTEXT.sub(_character, stated_recipient(value))


def from_xtext(text: str) -> str:
    """What stands in xtext (RFC 3461 4)."""
    return _XTEXT_ALL.sub(_character, text)


def bare_address(text: str) -> str:
    """An address without name, brackets, comments and source route."""
    bracketed = _BRACKETED.search(text)
    bare = (bracketed[1] if bracketed else _COMMENT.sub("", text)).strip().strip("'\"<>,;")
    bare = _ROUTE.sub("", bare.removeprefix("mailto:"), count=1)
    words = bare.split()
    return words[0][:LONGEST] if words else ""


def has_domain(address: str) -> bool:
    """Whether it names a mailbox at a domain, and not one of the reporting machine."""
    return _FOUND.fullmatch(address) is not None


def unlike(addresses: Iterable[str], others: Iterable[str]) -> list[str]:
    """Each of the addresses once, without the others."""
    seen = {other.lower() for other in others}
    left = []
    for address in addresses:
        if address.lower() not in seen:
            seen.add(address.lower())
            left.append(address)
    return left


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character.isprintable() else found[0]


def _from_utf_8_xtext(text: str) -> str:
    return _XTEXT.sub(_character, _UTF_8_XTEXT.sub(_rune, text))


def _rune(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or not chr(code).isprintable():
        return found[0]
    return chr(code)
