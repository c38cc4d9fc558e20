"""Whether an address is one of the public internet: what a page may make the sandbox ask for. Pure."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Whether it is public. Not so: this machine, its networks, metadata services, what is reserved or for many.

    An IPv4 address inside an IPv6 one counts as what it is. Raises ValueError: if it is no address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(ip)
    found = inner if inner is not None else ip
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _inner(ip: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
