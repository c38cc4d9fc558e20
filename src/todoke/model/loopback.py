"""Whether a host is this machine itself, where nobody else can listen."""

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
