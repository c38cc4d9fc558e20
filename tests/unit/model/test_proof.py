"""Proof of work: only what solves a challenge of ours, for this form and in time, counts."""

from __future__ import annotations

import copy
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.solver import proof, solve
from todoke.model.proof import (
    COST,
    LEAST_NUMBER,
    LONGEST_ANSWER,
    VALID_FOR,
    derived_key,
    new_challenge,
    solved,
)

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def challenge() -> dict[str, Any]:
    """One for the form "contact"."""
    told: dict[str, Any] = msgspec.to_builtins(new_challenge(SECRET, "contact", NOW))
    return told


@pytest.fixture(scope="module")
def solution(challenge: dict[str, Any]) -> dict[str, Any]:
    """What solves it."""
    return solve(challenge)


def counts(answer: str, form: str = "contact", now: datetime = NOW, secret: bytes = SECRET) -> bool:
    """Whether an answer counts."""
    return bool(solved(secret, form, answer, now))


def test_a_challenge_is_as_altcha_states_it(challenge: dict[str, Any]) -> None:
    """The names and types of version 2 of the protocol."""
    stated = challenge["parameters"]
    assert set(challenge) == {"parameters", "signature"}
    assert list(stated) == sorted(stated)
    assert (stated["algorithm"], stated["cost"]) == ("PBKDF2/SHA-256", COST)
    assert stated["keyLength"] == 32
    assert len(stated["keyPrefix"]) == 32
    assert stated["expiresAt"] == int((NOW + VALID_FOR).timestamp())


def test_a_key_is_that_of_altcha() -> None:
    """A known answer, computed by altcha-lib 2.8.0 and the altcha package 2.3.0 alike."""
    key = derived_key(bytes(range(16)), bytes(range(16, 32)), 7)
    assert key.hex() == "d3efa83bba1824b915cd52d557d7bada223cdc1297473458cab9de331c35f748"


def test_what_solves_it_counts(challenge: dict[str, Any], solution: dict[str, Any]) -> None:
    """And names the challenge, so that it may count once."""
    assert solution["counter"] >= LEAST_NUMBER
    answer = proof(challenge, solution | {"time": 812.5})
    assert solved(SECRET, "contact", answer, NOW) == challenge["parameters"]["nonce"]
    assert len(answer) < LONGEST_ANSWER


def test_it_counts_for_one_form_in_time_under_one_secret(
    challenge: dict[str, Any], solution: dict[str, Any]
) -> None:
    """Any other is none."""
    answer = proof(challenge, solution)
    assert counts(answer, now=NOW + VALID_FOR)
    assert not counts(answer, now=NOW + VALID_FOR + timedelta(seconds=1))
    assert not counts(answer, form="order")
    assert not counts(answer, secret=SECRET[::-1])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("expiresAt", 4_000_000_000),
        ("data", {"form": "order"}),
        ("data", {}),
        ("cost", 1),
        ("keyPrefix", ""),
        ("keySignature", ""),
        ("nonce", "00" * 16),
        ("salt", "00" * 16),
        ("algorithm", "SHA-256"),
        ("keyLength", 16),
    ],
)
def test_nothing_of_a_challenge_can_be_changed(
    challenge: dict[str, Any], solution: dict[str, Any], name: str, value: object
) -> None:
    """To make it easier, last longer or serve elsewhere."""
    other = copy.deepcopy(challenge)
    other["parameters"][name] = value
    assert not counts(proof(other, solution))


def test_the_work_has_to_be_done(challenge: dict[str, Any], solution: dict[str, Any]) -> None:
    """The prefix that is stated is not the key, nor is another challenge's."""
    prefix = challenge["parameters"]["keyPrefix"]
    for key in ("", prefix, prefix + "00" * 16, solution["derivedKey"].upper(), "\udfff", "é"):
        assert not counts(proof(challenge, {"counter": 1, "derivedKey": key}))
    other = msgspec.to_builtins(new_challenge(SECRET, "contact", NOW))
    assert not counts(proof(other, solution))


@given(st.one_of(st.text(), st.binary().map(lambda b: b64encode(b).decode())))
def test_no_text_is_more_than_none(text: str) -> None:
    """Whatever comes in the field."""
    assert not counts(text)


@pytest.mark.parametrize(
    "told", ["null", "[]", "{}", '{"challenge":1}', '{"challenge":{"parameters":{}}}']
)
def test_no_json_is_more_than_none(told: str) -> None:
    """Nor whatever JSON is in it; nor what is too long to be one."""
    assert not counts(b64encode(told.encode()).decode())
    assert not counts("A" * 4_000)
