"""Identifiers and tokens."""

from __future__ import annotations

from base64 import b32hexencode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model import ids
from todoke.model.address import Address

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


SECRET = b"s" * 32
DIGITS = set("0123456789abcdefghijklmnopqrstuv")


def test_ids_sort_by_time_and_are_never_the_same():
    """A later id sorts after an earlier one; equal moments give different ids."""
    made = [
        ids.submission_id(NOW + timedelta(microseconds=n), ids.place(SECRET)) for n in range(500)
    ]
    assert made == sorted(made)
    assert len({ids.submission_id(NOW, ids.place(SECRET)) for _ in range(5000)}) == 5000
    assert all(len(i) == 26 and set(i) <= DIGITS for i in made)


@given(st.integers(min_value=0, max_value=2**50 - 1))
def test_an_id_tells_its_moment(microseconds):
    """To the microsecond, until 2060; before 2025 all are one."""
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert ids.time_of(ids.submission_id(moment, "0" * 16)) == moment
    assert ids.time_digits(datetime(1999, 1, 1, tzinfo=UTC)) == "0" * 10


def test_a_repeat_key_has_one_place():
    """The same key the same place, whoever asks; without a key each place is another."""
    one = ids.place(SECRET, visitor=Address("a@b.example"), repeat_key="k")
    assert one == ids.place(SECRET, visitor=Address("c@d.example"), repeat_key="k")
    others = {ids.place(SECRET, repeat_key="l"), ids.place(b"t" * 32, repeat_key="k")}
    assert one not in others
    assert len({ids.place(SECRET, visitor=Address("a@b.example")) for _ in range(1000)}) == 1000


def test_what_a_visitor_sent_lies_together():
    """A place begins with the visitor's home, unless others may state the same key."""
    home = ids.home(SECRET, "a@b.example")
    mine = {"visitor": "a@b.example"}
    assert ids.place(SECRET, **mine)[:6] == home
    assert ids.place(SECRET, **mine, repeat_key="k", of_visitor=True)[:6] == home
    assert ids.place(SECRET, **mine, repeat_key="k")[:6] != home
    assert len(home) == 6
    assert set(home) <= DIGITS


@given(st.binary(min_size=16, max_size=16))
def test_base32hex_is_that_of_the_rfc(data):
    """The digits are those of RFC 4648 section 7, without padding, in lower case."""
    expected = b32hexencode(data).rstrip(b"=").decode().lower()
    assert ids._base32hex(int.from_bytes(data, "big")) == expected


def test_a_receipt_token_depends_on_secret_and_submission_alone():
    """The same pair gives the same token; another secret or submission gives another."""
    one = ids.receipt_token(b"s" * 32, "a")
    assert one == ids.receipt_token(b"s" * 32, "a")
    assert len({one, ids.receipt_token(b"t" * 32, "a"), ids.receipt_token(b"s" * 32, "b")}) == 3
    assert len(one) == 1 + 32
    assert one.startswith("a")


def test_a_receipt_s_hash_says_where_and_hides_the_rest():
    """It begins with the id and holds nothing else of the token but its hash."""
    token = ids.receipt_token(b"s" * 32, "a" * 26)
    assert ids.receipt_hash(token) == "a" * 26 + ids.token_hash(token)
    assert token[26:] not in ids.receipt_hash(token)
    assert ids.receipt_hash(token[26:]) == ids.token_hash(token[26:])


def test_attempt_tokens_have_one_length_and_differ():
    """No token is a part of another."""
    made = {ids.new_attempt_token() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(token) for token in made} == {26}


def test_random_digits_are_all_as_likely():
    """Each of the 32 digits stands for eight of the 256 values of a byte."""
    assert {ids._DIGIT_OF_BYTE.count(digit) for digit in ids._DIGITS.encode()} == {8}
    assert len(ids._DIGIT_OF_BYTE) == 256


@given(st.binary(min_size=1, max_size=64), st.integers(0, 10**9))
def test_a_cursor_tells_nothing_and_leads_back(secret: bytes, seconds: int) -> None:
    """To the id, for who has the secret; with another secret, or changed anywhere, it leads nowhere."""
    id_ = ids.submission_id(NOW + timedelta(seconds=seconds), ids.place(secret))
    cursor = ids.cursor(secret, id_)
    assert ids.cursor_of(secret, cursor) == id_
    assert ids.cursor(secret, id_) == cursor
    assert ids.cursor_of(secret + b"x", cursor) == ""
    for at_ in (0, 31, 32, len(cursor) - 1):
        changed = cursor[:at_] + ("0" if cursor[at_] != "0" else "1") + cursor[at_ + 1 :]
        assert ids.cursor_of(secret, changed) == ""


def test_cursors_of_one_moment_have_nothing_in_common() -> None:
    """Who has two cannot tell whether their moments are near."""
    at = datetime(2026, 3, 4, tzinfo=UTC)
    made = [ids.cursor(b"s", ids.submission_id(at, f"{n:016}")) for n in range(50)]
    for place in range(0, len(made[0]), 8):
        assert len({cursor[place : place + 8] for cursor in made}) > 40


@pytest.mark.parametrize("text", ["", "x", "é" * 84, "0" * 84, "A" * 84, "0" * 83, "\udc80" * 84])
def test_what_is_no_cursor(text: str) -> None:
    """Leads nowhere."""
    assert ids.cursor_of(b"s", text) == ""
