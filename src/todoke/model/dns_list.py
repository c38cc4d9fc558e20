"""Reputation lists in the DNS (RFC 5782): which name asks about an address, and which answers say that it is listed.

Values; nobody is asked here.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import msgspec

_ZONE = re.compile(
    r"(?=.{4,180}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
)
_CODES = re.compile(r"(127\.\d{1,3}\.\d{1,3}\.)(?:(\d{1,3})|\[([\d.;]{1,60})\])", re.ASCII)
_RANGE = re.compile(r"(\d{1,3})(?:\.\.(\d{1,3}))?", re.ASCII)
_LISTED = IPv4Network("127.0.0.0/8")
_ERRORS = IPv4Network("127.255.255.0/24")
"""What lists answer to whoever may not ask: of the address it says nothing."""
_REFUSED = IPv4Address("127.0.0.1")
"""Never an entry (RFC 5782 5): with this, too, some lists refuse."""
NEVER_LISTED = "127.0.0.1"
"""An address that no list has (RFC 5782 5). One that has it has everything: it is broken, or its domain was sold."""
_HOMES = frozenset({"zen", "pbl"})
"""Labels of lists, as of Spamhaus, that also have the addresses of ordinary homes: those ought to send no mail, and
visitors live there."""


class DnsList(msgspec.Struct, frozen=True):
    """A list: its `zone`, and which answers count, all of 127.0.0.0/8 where none are named."""

    zone: str
    codes: frozenset[str] = frozenset()

    @property
    def has_homes(self) -> bool:
        """Whether honest visitors are in it, as far as its name and answers tell."""
        return not self.codes and not _HOMES.isdisjoint(self.zone.split("."))

    def counts(self, answer: str) -> bool:
        """Whether an answer, an A record, says that the address is listed."""
        try:
            code = IPv4Address(answer)
        except ValueError:
            return False
        if code not in _LISTED or code in _ERRORS or code == _REFUSED:
            return False
        return not self.codes or str(code) in self.codes


def read_dns_list(text: str) -> DnsList | None:
    """`zone`, or `zone=127.0.0.[2..9;11]` as Postfix writes it; None for anything else."""
    zone, equals, code = text.strip().lower().partition("=")
    zone = zone.rstrip(".")
    if not _ZONE.fullmatch(zone):
        return None
    if not equals:
        return DnsList(zone)
    codes = _read_codes(code)
    return DnsList(zone, codes) if codes else None


def _read_codes(text: str) -> frozenset[str]:
    match = _CODES.fullmatch(text)
    if match is None:
        return frozenset()
    found: set[str] = set()
    for part in (match[2] or match[3]).split(";"):
        span = _RANGE.fullmatch(part)
        if span is None:
            return frozenset()
        first, last = int(span[1]), int(span[2] or span[1])
        found |= {f"{match[1]}{number}" for number in range(first, min(last, 255) + 1)}
    return frozenset(found) if all(map(_is_address, found)) else frozenset()


def _is_address(text: str) -> bool:
    try:
        return IPv4Address(text) in _LISTED
    except ValueError:
        return False


def public_address(text: str) -> str:
    """The address of a visitor that a list may have; "" for what is none, or is of no public network."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    found = inner or address
    return str(found) if found.is_global and not found.is_multicast else ""


def query_name(address: str, zone: str) -> str:
    """The name that asks about an address: its octets or nibbles, the last first, before the zone (RFC 5782 2)."""
    pointer = ipaddress.ip_address(address.partition("%")[0]).reverse_pointer
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"
