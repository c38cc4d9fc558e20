"""Reputation lists in the DNS: how they are written, asked, and what counts as an answer."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.dns_list import DnsList, public_address, query_name, read_dns_list

ANY = DnsList("list.example.org")


def test_how_one_is_written() -> None:
    """A zone, perhaps with the answers that count, as Postfix writes them."""
    assert read_dns_list(" List.Example.org. ") == ANY
    some = read_dns_list("list.example.org=127.0.0.[2..4;9]")
    assert some == DnsList(
        "list.example.org", frozenset({"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"})
    )
    assert read_dns_list("list.example.org=127.0.1.2") == DnsList(
        "list.example.org", frozenset({"127.0.1.2"})
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "list",
        "https://list.example.org",
        "list.example.org:53",
        "*.example.org",
        "a..example.org",
        "-a.example.org",
        "192.0.2.1",
        "list.example.org=",
        "list.example.org=127.0.0.256",
        "list.example.org=127.0.0.[9..2]",
        "list.example.org=127.0.0.[2..]",
        "list.example.org=127.0.0.[2,3]",
        "list.example.org=10.0.0.2",
        f"{'a.' * 100}example.org",
    ],
)
def test_what_is_none(text: str) -> None:
    """Nothing else names a list."""
    assert read_dns_list(text) is None


@given(st.text(max_size=40) | st.from_regex(r"l\.example=127[.0-9\[\];]{1,20}", fullmatch=True))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever is written, it is a list or none, and all that counts lies in 127.0.0.0/8."""
    one = read_dns_list(text)
    codes = one.codes if one else frozenset()
    assert all(ipaddress.ip_address(code) in ipaddress.ip_network("127.0.0.0/8") for code in codes)


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        ("127.0.0.2", True),
        ("127.0.1.9", True),
        ("127.255.254.1", True),
        ("127.0.0.1", False),
        ("127.255.255.252", False),
        ("127.255.255.254", False),
        ("127.255.255.255", False),
        ("192.0.2.1", False),
        ("128.0.0.2", False),
        ("no address", False),
        ("", False),
    ],
)
def test_which_answers_count(answer: str, counts: bool) -> None:
    """Not what says that we may not ask, and no address of a page where a domain was sold."""
    assert ANY.counts(answer) is counts
    assert not DnsList("x.example", frozenset({"127.0.0.4"})).counts(answer)


def test_only_the_named_answers_count() -> None:
    """A list with homes in it may be used for its other parts."""
    some = read_dns_list("zen.example.org=127.0.0.[2..9]")
    assert some
    assert some.counts("127.0.0.4")
    assert not some.counts("127.0.0.10")
    assert not some.has_homes
    assert DnsList("zen.example.org").has_homes
    assert DnsList("key.zen.dq.example.org").has_homes
    assert not ANY.has_homes


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.99", "99.2.0.192.list.example.org"),
        (
            "2001:db8:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.list.example.org",
        ),
    ],
)
def test_the_name_that_is_asked_for(address: str, name: str) -> None:
    """RFC 5782's own examples."""
    assert query_name(address, "list.example.org") == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2606:4700::1", "2606:4700::1"),
        ("10.0.0.1", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("fe80::1%eth0", ""),
        ("224.0.0.1", ""),
        ("/run/socket", ""),
        ("", ""),
    ],
)
def test_whom_a_list_may_have(text: str, expected: str) -> None:
    """Nobody of this network, and no proxy of ours: no address of it leaves."""
    assert public_address(text) == expected
