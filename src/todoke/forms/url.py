"""Is a text an absolute URL, as a browser parses one (WHATWG URL 4.4), for type=url. Called by validity.

Only the verdict, not the parts: a scheme, and for the schemes of the web a host and a port that can be. Linear.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote_to_bytes

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
SPECIAL = frozenset({"http", "https", "ws", "wss", "ftp"})
STRIPPED = "".join(chr(code) for code in range(0x21))
TAB_OR_NEWLINE = str.maketrans("", "", "\t\n\r")
# URL 3.1: a domain also forbids control characters, % and DEL; an opaque host of another scheme does not.
FORBIDDEN_HOST = re.compile(r"[\0\t\n\r #/:<>?@\[\\\]^|]")
FORBIDDEN_DOMAIN = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")
NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# Dots that IDNA reads as full stops, and code points that it drops (UTS 46, "mapped" and "ignored").
DOTS = str.maketrans({"。": ".", "．": ".", "｡": ".", "\xad": None, "\u200b": None, "\u2060": None})
LONGEST_HOST = 2_000


def is_absolute_url(text: str) -> bool:
    """True when `text` parses as a URL without a base."""
    text = text.strip(STRIPPED).translate(TAB_OR_NEWLINE)
    found = SCHEME.match(text)
    if not found:
        return False
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme in SPECIAL:
        authority = re.split(r"[/\\?#]", rest.lstrip("/\\"), maxsplit=1)[0]
        return _is_authority(authority, special=True)
    if scheme == "file":
        return _is_file(rest)
    if not rest.startswith("//"):
        return True
    authority = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    return not authority or _is_authority(authority, special=False)


def _is_file(rest: str) -> bool:
    slashes = re.match(r"[/\\]{2}", rest)
    if not slashes:
        return True
    host = re.split(r"[/\\?#]", rest[2:], maxsplit=1)[0]
    return not host or bool(re.fullmatch(r"[A-Za-z][:|]", host)) or _is_host(host, special=True)


def _is_authority(authority: str, *, special: bool) -> bool:
    host_and_port = authority.rpartition("@")[2]
    host, port = host_and_port, ""
    if not host_and_port.endswith("]") and ":" in host_and_port:
        cut = host_and_port.find(":", max(host_and_port.rfind("]"), 0))
        host, port = host_and_port[:cut], host_and_port[cut + 1 :]
    if port and not (port.isascii() and port.isdigit() and _is_port(port)):
        return False
    return bool(host) and _is_host(host, special=special)


def _is_port(port: str) -> bool:
    digits = port.lstrip("0")
    return len(digits) <= 5 and int(digits or "0") <= 65_535


def _is_host(host: str, *, special: bool) -> bool:
    if host.startswith("["):
        return host.endswith("]") and _is_ipv6(host[1:-1])
    if not special:
        return not FORBIDDEN_HOST.search(host)
    if len(host) > LONGEST_HOST:
        return False
    domain = unquote_to_bytes(host).decode("utf-8", "replace").translate(DOTS)
    if not domain or "\ufffd" in domain or FORBIDDEN_DOMAIN.search(domain):
        return False
    return _is_ipv4_or_name(domain)


def _is_ipv6(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _is_ipv4_or_name(domain: str) -> bool:
    """A name whose last label is a number must be an IPv4 address in one of its spellings (URL 3.5)."""
    labels = domain.removesuffix(".").split(".")
    last = labels[-1]
    if not (last.isascii() and NUMBER.fullmatch(last)):
        return True
    if len(labels) > 4 or not all(label.isascii() and NUMBER.fullmatch(label) for label in labels):
        return False
    numbers = [_ipv4_number(label) for label in labels]
    if any(number is None for number in numbers):
        return False
    *first, end = (number for number in numbers if number is not None)
    return all(number <= 255 for number in first) and end < 256 ** (5 - len(labels))


def _ipv4_number(label: str) -> int | None:
    """Decimal, octal with a leading 0, or hexadecimal with 0x."""
    if len(label) > 20:
        return None
    if label[:2].lower() == "0x":
        return int(label[2:] or "0", 16)
    base = 8 if len(label) > 1 and label.startswith("0") else 10
    try:
        return int(label, base)
    except ValueError:
        return None
