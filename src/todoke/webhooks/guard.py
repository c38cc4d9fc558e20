"""To which addresses a notice may go: an attacker's name, or our own mistake, must lead to nothing within. Pure."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

_HOLDS_IPV4 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""By NAT64 (RFC 6052), and in two forms out of use (RFC 4291 2.5.5.1, 2765): the last 32 bits are an IPv4 address."""
_LEAST_HELD = 2
"""`::` and `::1` are addresses of their own."""
_ALLOCATED = ipaddress.ip_network("2000::/3")
"""All of IPv6 that is given out (IANA). What lies outside, as fec0::/10, is nobody's or one's own."""
_NEVER_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        ("100.64.0.0/10", "192.0.0.0/24", "64:ff9b:1::/48", "2001::/23", "3fff::/20", "5f00::/16"),
    )
)
"""Of RFC 6890's registries, what older Pythons take for global (CVE-2024-4032)."""


def is_public(text: str) -> bool:
    """Whether an address is of the public internet, also where it has another one inside."""
    address = _innermost(text)
    if address is None or address.is_multicast or not address.is_global:
        return False
    if isinstance(address, IPv6Address) and address not in _ALLOCATED:
        return False
    return not any(address in net for net in _NEVER_PUBLIC if net.version == address.version)


def is_own(text: str) -> bool:
    """Whether it may be an address of one's own network or machine; where clouds keep a machine's keys is none."""
    address = _innermost(text)
    if address is None or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return not isinstance(address, IPv6Address) or str(address) != "fd00:ec2::254"


def _innermost(text: str) -> IPv4Address | IPv6Address | None:
    """The address, or the IPv4 address that it stands for. None for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if int(address) >= _LEAST_HELD and any(address in net for net in _HOLDS_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
