"""To which addresses a notice may go."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.webhooks.guard import is_own, is_public


@pytest.mark.parametrize("text", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"])
def test_public(text: str) -> None:
    """Addresses of the internet, also one that NAT64 gives."""
    assert is_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.251",
        "255.255.255.255",
        "0.0.0.0",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "fd00::1",
        "fe80::1",
        "ff02::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:a00:1::",
        "2001:db8::1",
        "2001::1",
        "::127.0.0.1",
        "::a9fe:a9fe",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "4000::1",
        "",
        "localhost",
        "1.2.3",
    ],
)
def test_not_public(text: str) -> None:
    """Everything else, in whichever clothes."""
    assert not is_public(text)


def test_own() -> None:
    """A network of one's own, but never where clouds keep the keys of a machine."""
    assert all(map(is_own, ["127.0.0.1", "10.0.0.1", "fd00::1", "::1", "93.184.215.14"]))
    never = ["169.254.169.254", "::ffff:169.254.169.254", "::a9fe:a9fe", "fe80::1%eth0"]
    assert not any(map(is_own, [*never, "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "x"]))


@given(st.ip_addresses(v=4))
def test_an_address_in_another_is_judged_as_itself(inner: ipaddress.IPv4Address) -> None:
    """Mapped, by 6to4, by NAT64, or in a form that is out of use."""
    number = int(inner)
    wrapped = [
        f"::ffff:{inner}",
        str(ipaddress.IPv6Address((0xFFFF << 48) | number)),
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
        str(ipaddress.IPv6Address((0x64FF9B << 96) | number)),
    ]
    assert {is_public(text) for text in wrapped} == {is_public(str(inner))}
