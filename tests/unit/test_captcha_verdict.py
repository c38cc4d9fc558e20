"""What an answer of siteverify says: solved, not solved, or nothing about the visitor."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.captcha.verdict import OF_THE_TOKEN, Read, read_answer
from todoke.model.captcha import CaptchaVerdict

OWN = frozenset({"site.example"})
SOLVED, MISSING = Read(CaptchaVerdict.SOLVED), Read(CaptchaVerdict.MISSING)
ELSEWHERE = Read(CaptchaVerdict.UNKNOWN)


def said(**answer: Any) -> bytes:
    """An answer, its names with dashes."""
    return msgspec.json.encode({name.replace("_", "-"): value for name, value in answer.items()})


@pytest.mark.parametrize(
    ("hostname", "expected"),
    [
        ("site.example", SOLVED),
        ("www.Site.example.", SOLVED),
        ("shop.site.example", SOLVED),
        ("mysite.example", ELSEWHERE),
        ("site.example.evil.test", ELSEWHERE),
        ("", SOLVED),
        (None, SOLVED),
    ],
)
def test_it_counts_for_pages_of_the_site(hostname: str | None, expected: Read) -> None:
    """What was solved elsewhere speaks neither for it nor against it; a provider need not say where."""
    assert read_answer(said(success=True, hostname=hostname, error_codes=[]), OWN) == expected
    assert read_answer(said(success=True, hostname=hostname), frozenset()) == SOLVED


def test_a_low_score_is_none_that_counts() -> None:
    """By reCAPTCHA alone: hCaptcha's score says the contrary, how likely it was a program."""
    low, high = said(success=True, score=0.1), said(success=True, score=0.9)
    assert read_answer(low, OWN, has_score=True) == MISSING
    assert read_answer(high, OWN, has_score=True) == SOLVED
    assert read_answer(low, OWN) == SOLVED
    assert read_answer(said(success=True, score=None), OWN, has_score=True) == SOLVED


@pytest.mark.parametrize("code", sorted(OF_THE_TOKEN))
def test_a_token_that_is_none(code: str) -> None:
    """Or one that was used, or is too old."""
    assert read_answer(said(success=False, error_codes=[code]), OWN) == MISSING


@pytest.mark.parametrize(
    "octets",
    [
        said(success=False),
        said(success=False, error_codes=[]),
        said(success=False, error_codes=["invalid-input-secret"]),
        said(success=False, error_codes=["invalid-input-response", "invalid-input-secret"]),
        said(success=False, error_codes=["internal-error"]),
        said(success="true"),
        said(error_codes=["x"]),
        b"<html>Bad gateway</html>",
        b"",
        b"[]",
        b"\xff",
    ],
)
def test_what_is_not_the_visitor_s_fault(octets: bytes) -> None:
    """A wrong secret, a provider in trouble: nothing is held against anybody, and there is a word for the log."""
    read = read_answer(octets, OWN)
    assert read.verdict is CaptchaVerdict.UNKNOWN
    assert read.fault in {"refused", "unreadable"}


@given(st.binary(max_size=64) | st.text(max_size=64).map(lambda text: said(success=False, x=text)))
def test_no_answer_breaks_it(octets: bytes) -> None:
    """Whatever comes; and nothing but yes is yes."""
    assert read_answer(octets, OWN).verdict is not CaptchaVerdict.SOLVED
