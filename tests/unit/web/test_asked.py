"""Whose address a request has."""

from __future__ import annotations

import pytest

from todoke.web.http.asked import client_address


def address(stated: list[str], proxies: int) -> str:
    """Of a request from 192.0.2.1 with these X-Forwarded-For fields."""
    fields = [(b"x-forwarded-for", value.encode()) for value in stated]
    return client_address({"client": ("192.0.2.1", 1), "headers": fields}, proxies)


@pytest.mark.parametrize(
    ("stated", "proxies", "found"),
    [
        (["203.0.113.9"], 0, "192.0.2.1"),
        ([], 1, "192.0.2.1"),
        (["198.51.100.7, 203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.7", "203.0.113.9"], 1, "203.0.113.9"),
        (["198.51.100.7, 203.0.113.9"], 2, "198.51.100.7"),
        (["203.0.113.9:50123"], 1, "203.0.113.9"),
        (["2001:db8::9"], 1, "2001:db8::9"),
        (["[2001:db8::9]"], 1, "2001:db8::9"),
        (["[2001:db8::9]:50123"], 1, "2001:db8::9"),
        (["203.0.113.9, unknown"], 1, "192.0.2.1"),
        (["203.0.113.9, "], 1, "192.0.2.1"),
        (["a:b:c\r\n"], 1, "192.0.2.1"),
        (["[[203.0.113.9]]"], 1, "192.0.2.1"),
    ],
)
def test_it_is_what_the_farthest_of_our_proxies_saw(
    stated: list[str], proxies: int, found: str
) -> None:
    """Its port, which some add, is no part of it; what is no address is the peer's own."""
    assert address(stated, proxies) == found
