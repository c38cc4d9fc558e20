"""No word that somebody else wrote holds a part of a secret."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.redaction import MASK, NOTHING_SECRET, PART, Redaction

SECRET = "päss wörd-Gwq81/x+y"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        SECRET.replace(" ", ""),
        SECRET[3:12],
        f'"{SECRET}"',
        json.dumps(SECRET),
        quote(SECRET),
        base64_of(SECRET),
        base64_of(f"\0u\0{SECRET}"),
        base64_of(f"\0us\0{SECRET}"),
        base64_of(f"\0use\0{SECRET}"),
        base64_of(f"\0user\0{SECRET}")[:20],
    ],
)
def test_no_spelling_of_a_secret_is_repeated(echo: str) -> None:
    """As it is, in part, in JSON, percent-encoded, or in base64 with whatever before it."""
    said = Redaction(SECRET).text(f"535 5.7.8 bad: {echo}, sorry")
    assert said.startswith(f"535 5.7.8 bad: {MASK}")
    assert said.endswith(" sorry")
    kept = said.replace("535 5.7.8 bad:", "").replace(", sorry", "").replace(MASK, "")
    assert not any(echo[i : i + PART] in kept for i in range(len(echo) - PART + 1))


def test_other_words_stay() -> None:
    """What a server says of a login is evidence."""
    words = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled"
    assert Redaction(SECRET).text(words) == words
    assert NOTHING_SECRET.text(words) == words
    assert Redaction("").text(words) == words
    assert Redaction("a").text(words) == words


def test_the_whole_word_goes() -> None:
    """What stands beside a part of a secret may be more of it."""
    assert Redaction("letmein").text("login u:letmein2 refused") == f"login {MASK} refused"
    assert Redaction("open").text("open") == MASK
    assert Redaction("first-secret", "other-secret").text("other-secret first-secret x") == (
        f"{MASK} {MASK} x"
    )


def test_octets_that_are_no_utf_8_are_read_all_the_same() -> None:
    """A server may answer in any encoding, and a password may be in any."""
    latin = b"p\xe4ssw\xf6rd".decode("utf-8", "surrogateescape")
    assert Redaction(latin).octets(b"bad p\xe4ssw\xf6rd \xff") == b"bad *** \xff"
    encoded = base64.b64encode(b"\0u\0p\xe4ssw\xf6rd")
    assert Redaction(latin).octets(b"bad " + encoded) == b"bad ***"
    assert Redaction("\ud800secret").text("\ud800secret") == MASK


@given(st.text(min_size=4, max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_a_secret_is_in_no_words_afterwards(secret: str, before: str, after: str) -> None:
    """Whatever it is, and whatever stands around it."""
    said = Redaction(secret).text(before + secret + after)
    if secret not in MASK:
        assert secret not in said
