"""The short way to read a plain address gives what the long way gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from todoke.model.address import _PLAIN, AddressError, _parse_by_the_book, parse_address

LABEL = st.text("abz09-", min_size=1, max_size=64) | st.sampled_from(["docomo.ne", "ezweb.ne"])
LOCAL = st.text("abz09.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=66)
TOP = st.sampled_from(
    ["com", "jp", "test", "local", "localhost", "invalid", "arpa", "onion", "example", "c", "a1"]
)
ADDRESS = st.builds(
    lambda local, labels, top: f"{local}@{'.'.join([*labels, top])}",
    LOCAL,
    st.lists(LABEL, max_size=6),
    TOP,
)


@given(ADDRESS | st.emails())
def test_a_plain_address_is_read_the_same_in_both_ways(text: str) -> None:
    """Whatever the short way takes, the long way takes as the same address; what either refuses is refused."""
    parse_address.cache_clear()
    try:
        slow = _parse_by_the_book(text)
    except AddressError:
        slow = None
    try:
        fast = parse_address(text)
    except AddressError:
        fast = None
    assert fast == slow


def test_the_short_way_is_taken() -> None:
    """The addresses that people have are plain ones."""
    assert _PLAIN.fullmatch("hanako.yamada+todoke@mail.example.co.jp")
    assert not _PLAIN.fullmatch("hanako@localhost")
