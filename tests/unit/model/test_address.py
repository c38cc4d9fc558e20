"""Addresses: one addr-spec, strictly read."""

from __future__ import annotations

import pytest

from todoke.model.address import AddressError, parse_address, same_mailbox


@pytest.mark.parametrize(
    "text",
    [
        "a@x.com,b@y.com",
        "a@x.com>,<b@y.com",
        "a@x.com\nBcc: b@y.com",
        "a@x.com%0aBcc:b@y.com",
        '"a b"@x.com',
        "Aoi <a@x.com>",
        "a@x",
        "a@[192.0.2.1]",
        "",
        "a" * 65 + "@x.com",
        "a@" + "x." * 130 + "com",
        "a@" + "x." * 100_000 + "com",
    ],
)
def test_anything_but_one_plain_address_is_refused(text):
    """Lists, names, comments, literals, control characters and over-long addresses are no address."""
    with pytest.raises(AddressError):
        parse_address(text)


def test_an_international_domain_travels_as_a_labels():
    """On the wire the domain is IDNA-encoded; for people it stays as written."""
    found = parse_address("aoi@例え.jp")
    assert (str(found), found.wire) == ("aoi@例え.jp", "aoi@xn--r8jz45g.jp")
    assert not found.needs_smtputf8
    assert parse_address("葵@例え.jp").needs_smtputf8


def test_honest_unusual_addresses_are_taken():
    """Apostrophes, plus tags and test domains are addresses."""
    for text in ("o'brien@example.com", "a+b@example.com", "x@shop.test"):
        assert str(parse_address(text)) == text


def test_one_mailbox_has_many_spellings():
    """Case, angle brackets and IDNA spelling do not make another mailbox."""
    assert same_mailbox("Aoi@Example.COM", "<aoi@example.com>")
    assert same_mailbox("aoi@例え.jp", "aoi@xn--r8jz45g.jp")
    assert not same_mailbox("aoi@example.com", "aoi@example.net")


def test_a_masked_address_hides_the_local_part():
    """Only its first letter and the domain are shown."""
    assert parse_address("hanako.sato@example.com").masked == "h•••@example.com"
