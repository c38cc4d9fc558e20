"""Whether a host is this machine itself, where nobody else can listen, or one of a network that is not public."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """True for localhost (RFC 6761 6.3) and the loopback addresses; an IPv6 address may stand in brackets."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


_LOCAL = (
    ".local",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".localdomain",
    ".corp",
    ".test",
    ".onion",
)
"""Names that no public DNS answers: RFC 6762 3 and G, 8375, 6761 6.2, 7686, and what networks call themselves."""


def is_public(host: str) -> bool:
    """False for this machine, for names that only a network of one's own knows, and for its addresses (RFC 6890)."""
    if is_loopback(host):
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return "." in host and not host.endswith(_LOCAL)
