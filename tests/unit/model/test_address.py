"""Addresses: one addr-spec, strictly read."""

from __future__ import annotations

import pytest

from todoke.model.address import Address, AddressError, mailbox_key, parse_address, same_mailbox
from todoke.model.json_text import reader, to_json
from todoke.model.mail import Mailbox
from todoke.model.show import show_address


@pytest.mark.parametrize(
    "text",
    [
        "a@x.com,b@y.com",
        "a@x.com>,<b@y.com",
        "a@x.com\nBcc: b@y.com",
        "a@x.com%0aBcc:b@y.com",
        '"a b"@x.com',
        '"a b"@docomo.ne.jp',
        '"a..b"@x.com',
        "a..b@x.com",
        "a.@x.com",
        ".a@x.com",
        "a..b@docomo.ne.jp.evil.com",
        "a..b@notdocomo.ne.jp",
        "a@docomo..ne.jp",
        "..@" + "a" * 240 + ".docomo.ne.jp",
        "." * 63 + "@docomo.ne.jp",
        "=?utf-8?q?a?=@x.com",
        "a=?b@x.com",
        "=?a..@docomo.ne.jp",
        "ａｏｉ@x.com",
        "aoi＠x.com",
        "aoi@ｘ．com",
        "aoi@x。com",
        "aoi@x｡com",
        "aoi@ⅷ.example.com",
        "\u3000aoi@x.com",
        "aoi\u200b@x.com",
        "aoi@x.com\u200b",
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


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("aya..h@docomo.ne.jp", '"aya..h"@docomo.ne.jp'),
        ("aya.@docomo.ne.jp", '"aya."@docomo.ne.jp'),
        (".aya@ezweb.ne.jp", '".aya"@ezweb.ne.jp'),
        ("a...b.@t3.ezweb.ne.jp", '"a...b."@t3.ezweb.ne.jp'),
        ("Aya..H@DoCoMo.ne.jp", '"Aya..H"@docomo.ne.jp'),
        ('"aya..h"@docomo.ne.jp', '"aya..h"@docomo.ne.jp'),
        ('"aya\\..h"@docomo.ne.jp', '"aya..h"@docomo.ne.jp'),
        ('"aya"@docomo.ne.jp', "aya@docomo.ne.jp"),
        ('"aoi"@example.com', "aoi@example.com"),
        ("a-._-b@ezweb.ne.jp", "a-._-b@ezweb.ne.jp"),
        ("a.b@docomo.ne.jp", "a.b@docomo.ne.jp"),
    ],
)
def test_the_odd_dots_of_docomo_and_au_are_quoted_on_the_wire(typed: str, wire: str) -> None:
    """Such addresses were given out until 2009: kept as people write them, sent as RFC 5321 4.1.2 can write them."""
    found = parse_address(typed)
    assert '"' not in found
    assert found.wire == wire
    assert found.bare == wire.replace('"', "")
    assert parse_address(found) == parse_address(found.wire) == found
    assert Address(str(found)).wire == wire


@pytest.mark.parametrize(
    "event", ['"aya..h"@docomo.ne.jp', '<"AYA..H"@docomo.ne.jp>', "aya..h@DOCOMO.ne.jp"]
)
def test_quotes_do_not_make_another_mailbox(event: str) -> None:
    """A delivery event may name the mailbox with the quotes that it was sent with, or without."""
    assert mailbox_key(event) == parse_address("aya..h@docomo.ne.jp").key == "aya..h@docomo.ne.jp"
    assert not same_mailbox(event, "aya.h@docomo.ne.jp")


def test_one_mailbox_has_many_spellings():
    """Case, angle brackets and IDNA spelling do not make another mailbox."""
    assert same_mailbox("Aoi@Example.COM", "<aoi@example.com>")
    assert same_mailbox("aoi@例え.jp", "aoi@xn--r8jz45g.jp")
    assert not same_mailbox("aoi@example.com", "aoi@example.net")
    assert not same_mailbox("straße@example.com", "strasse@example.com")


def test_a_masked_address_hides_the_local_part():
    """Only its first letter and the domain are shown."""
    assert parse_address("hanako.sato@example.com").masked == "h•••@example.com"


class TestKept:
    """What a store gives back is an address again, whatever it holds."""

    @pytest.mark.parametrize("text", ["", "a", "a@b@c", "a b@x.test", "a@\ud800", "@"])
    def test_nothing_that_was_stored_fails_to_be_read(self, text: str) -> None:
        """It is the text that it was, has a key, and can be shown; only its way into a mail is barred."""
        address = Address(text)
        assert (str(address), address.key) == (text, mailbox_key(text))
        assert show_address(address) == text
        assert address.masked.startswith((address.local[:1], "•••"))
        assert not address.is_readable
        with pytest.raises(AddressError):
            _ = address.wire

    @pytest.mark.parametrize("text", ["Aoi+Tag@Example.com", "aoi@bücher.test", "葵@例え.jp"])
    def test_a_kept_address_is_the_one_that_was_parsed(self, text: str) -> None:
        """Equal in all its parts, and written as the text that it is."""
        parsed = parse_address(text)
        kept = Address(str(parsed))
        assert (kept, kept.wire, kept.key) == (parsed, parsed.wire, parsed.key)
        assert kept.needs_smtputf8 is parsed.needs_smtputf8

    def test_an_address_is_written_and_read_as_a_text(self) -> None:
        """A backup of before is read, and one of today could be read before."""
        box = Mailbox(name="", address=parse_address("aoi@bücher.test"))
        assert to_json(box) == '{"name":"","address":"aoi@bücher.test"}'
        back = reader(Mailbox)(to_json(box))
        assert back == box
        assert isinstance(back.address, Address)
        assert back.address.wire == "aoi@xn--bcher-kva.test"
