"""The link that begins an answer: whole, bounded, and nothing of a visitor's adds a field to it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.web.stories import NOW
from todoke.model.address import NOBODY, Address
from todoke.model.zone import UTC_ZONE
from todoke.report.reply import LONGEST, reply_link, reply_subject

HANA = Address("hana@example.com")


def link(to: Address = HANA, **changes: Any) -> str:
    """A link to the visitor."""
    given: dict[str, Any] = {
        "subject": "Re: Contact us (abc123)",
        "text": "Do you have kozo?\nIn large sheets.",
        "received_at": NOW,
        "zone": UTC_ZONE,
        "language": "en",
    }
    return reply_link(to, **{**given, **changes})


def fields(mailto: str) -> list[tuple[str, str]]:
    """The header fields and the body of a link, as a mail program reads them (RFC 6068 2)."""
    return [(name, value) for name, value in parse_qsl(urlsplit(mailto).query.replace("+", "%2B"))]


def test_what_it_says() -> None:
    """To whom, about what, to which mail, and the quoted message."""
    made = link(in_reply_to="<s1.confirmation.0a@example.com>")
    assert made.startswith("mailto:hana@example.com?")
    assert fields(made) == [
        ("subject", "Re: Contact us (abc123)"),
        ("In-Reply-To", "<s1.confirmation.0a@example.com>"),
        (
            "body",
            "\r\n\r\nOn 23 November 2026, 06:34 UTC you wrote:\r\n> Do you have kozo?\r\n> In large sheets.",
        ),
    ]


def test_the_subject_has_the_number() -> None:
    """Which the visitor knows from the confirmation; a long title is cut."""
    id_ = "06k3f0q9c2m7v1d4t8s5r6p0ab"
    assert reply_subject("Contact us", id_) == "Re: Contact us (r6p0ab)"
    assert reply_subject("x" * 99, id_) == f"Re: {'x' * 60}… (r6p0ab)"


def test_nobody_gets_none() -> None:
    """Neither where there is no address, nor where a kept text is none."""
    assert link(NOBODY) == link(Address("not an address")) == ""


@pytest.mark.parametrize(
    "hostile",
    [
        "a\r\nBcc: x@evil.example",
        "a&bcc=x@evil.example",
        "a%0D%0ABcc:%20x@evil.example",
        "?cc=x@evil.example#",
        "\ud800",
        "😀" * 500,
        "\x00\u202e",
    ],
)
def test_a_visitor_adds_no_field(hostile: str) -> None:
    """Whatever is in the message, and in the title of a form."""
    made = link(text=hostile, subject=f"Re: {hostile}"[:100])
    assert [name for name, _ in fields(made)] == ["subject", "body"]
    assert made.isascii()
    assert not set(made) & set("\r\n \"'<>#")
    assert len(made) <= LONGEST


@given(st.text(max_size=3_000), st.text(max_size=60))
def test_it_is_never_too_long(text: str, subject: str) -> None:
    """And as much as fits is quoted, cut at a character; what is cut says so."""
    made = link(text=text, subject=subject)
    assert len(made) <= LONGEST
    body = dict(fields(made)).get("body", "")
    quoted = body.partition("you wrote:\r\n")[2]
    lines = [f"> {line}".rstrip() for line in text.strip().splitlines()]
    whole = "\r\n".join(lines).encode(errors="replace").decode()
    assert quoted == whole or (quoted.endswith("…") and whole.startswith(quoted[:-1]))


@pytest.mark.parametrize(
    "address", ["a&b=c@example.com", "a?b@example.com", "a%b@example.com", "花@例え.jp"]
)
def test_odd_addresses_are_one_recipient(address: str) -> None:
    """What stands for something in a link is encoded."""
    made = link(Address(address))
    assert unquote(urlsplit(made).path) == address
    assert [name for name, _ in fields(made)] == ["subject", "body"]


def test_a_mail_can_be_made_of_it() -> None:
    """The fields are such as a mail takes."""
    mail = EmailMessage()
    for name, value in fields(link(in_reply_to="<x@example.com>")):
        if name != "body":
            mail[name] = value
    assert mail["In-Reply-To"] == "<x@example.com>"


@pytest.mark.parametrize(
    "rest", ["x" * 1_000_000, "\n" * 5_000 + "x", " " * 5_000 + "x", "漢" * 9_999]
)
def test_what_is_left_out_is_told(rest: str) -> None:
    """However much it is, and of whatever: the quote ends with the sign that there is more."""
    made = link(text=f"Hi{rest}")
    assert len(made) <= LONGEST
    assert unquote(made).endswith("…")
