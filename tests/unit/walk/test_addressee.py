"""Who reads a mailbox: spellings of one addressee are one, two stay two, and where no person reads."""

from __future__ import annotations

import pytest

from todoke.model.address import Address, addressee_key, parse_address
from todoke.walk.send.restraint import is_person

VICTIM = [
    f"{local}@{domain}"
    for local in (
        "anna.lee",
        "Anna.Lee",
        "ANNALEE",
        "a.n.n.a.l.e.e",
        "annalee+1",
        "anna.lee+Shop.x",
    )
    for domain in ("example.org", "EXAMPLE.ORG", "Example.Org")
]


def test_spellings_of_one_addressee_are_one() -> None:
    """Case, dots and what follows a plus make no other addressee, nor does the other name of a service, or quotes."""
    assert {addressee_key(parse_address(text)) for text in VICTIM} == {"annalee@example.org"}
    assert addressee_key(parse_address('"anna.lee"@example.org')) == "annalee@example.org"
    assert addressee_key(Address("a.b@googlemail.com")) == addressee_key(Address("ab+x@gmail.com"))
    assert addressee_key(Address("anna@ya.ru")) == addressee_key(Address("Anna@yandex.com"))
    assert addressee_key(Address("anna@pm.me")) == addressee_key(Address("anna@protonmail.ch"))
    assert addressee_key(parse_address("anna@bücher.example")) == addressee_key(
        parse_address("ANNA@xn--bcher-kva.example")
    )


@pytest.mark.parametrize(
    "other",
    ["annalee@example.com", "anna@example.org", "anna-lee@example.org", "annale@example.org"],
)
def test_others_are_others(other: str) -> None:
    """Nothing else is folded: a hyphen is a letter, and so is each domain."""
    assert addressee_key(Address(other)) != "annalee@example.org"


@pytest.mark.parametrize("text", ["+x@example.org", "a..b@docomo.ne.jp"])
def test_what_is_all_tag_is_still_somebody(text: str) -> None:
    """A key is never a domain alone, by which all its people would be one."""
    assert not addressee_key(Address(text)).startswith("@")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "postmaster@example.org",
            "Abuse@example.org",
            "no-reply@example.org",
            "mailer-daemon@example.org",
        ),
        *("noreply+x@example.org", "list-request@example.org", "owner-list@example.org"),
        *("5551234567@vtext.com", "5551234567@TXT.att.net", "5551234567@tmomail.net"),
    ],
)
def test_no_person_reads_confirmations_there(address: str) -> None:
    """Those who run mail systems, what takes no answers, list managers, and gateways to text messages."""
    assert not is_person(Address(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "info@example.org",
            "sales@example.org",
            "support@example.org",
            "office@example.org",
            "admin@example.org",
        ),
        *(
            "hanako@docomo.ne.jp",
            "taro.@ezweb.ne.jp",
            "i.love.you@softbank.ne.jp",
            "bounce@example.org",
        ),
        *(
            "noc.hara@example.org",
            "abuse-help@example.org",
            "securityguard@example.org",
            "anna@att.net",
        ),
    ],
)
def test_people(address: str) -> None:
    """Small firms write from info@, and telephones in Japan have mailboxes like others."""
    assert is_person(Address(address))
