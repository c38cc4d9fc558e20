"""The signed return path: what is written into it is read from it, and nothing else is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.address import Address
from todoke.model.return_path import DELIMITERS, GOOD_FOR, LONGEST_NAME, ReturnPath

SECRET, OTHER = b"s" * 32, b"t" * 32
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
VISITOR = Address("aoi@example.net")
PATH = ReturnPath(address=Address("returns@bounces.example.org"))
ABOUT = timedelta(minutes=18)

tokens = st.text("0123456789abcdefghijklmnopqrstuv", min_size=26, max_size=26)
longer = st.text("0123456789abcdefghijklmnopqrstuv", min_size=52, max_size=52)
paths = st.builds(
    ReturnPath,
    address=st.sampled_from(
        [Address(f"{name}@bounces.example.org") for name in ("r", "Returns", "a.b-c", "x" * 11)]
    ),
    delimiter=st.sampled_from(DELIMITERS),
)
moments = st.timedeltas(timedelta(0), timedelta(days=9_000)).map(lambda since: FIRST + since)


@given(paths, tokens | longer, moments, st.timedeltas(timedelta(0), GOOD_FOR - ABOUT))
def test_what_was_signed_is_read(path, token, now, later):
    """The attempt, its recipient and about when, until its time is over; in a local part that any server takes."""
    signed = path.signed(SECRET, token, VISITOR, now)
    mark = path.read(SECRET, signed, now + later)
    assert mark is not None
    assert mark.is_of(token)
    assert mark.is_for(SECRET, "<AOI@Example.net>")
    assert not mark.is_for(SECRET, "midori@example.net")
    assert now - ABOUT <= mark.handed_over_at <= now
    assert len(signed.local) <= 64
    assert Address(signed).wire == signed
    assert path.read(SECRET, signed, now + GOOD_FOR) is None


@given(paths, tokens | longer, st.data())
def test_case_does_not_matter(path, token, data):
    """Some servers write small letters, and some capitals."""
    signed = path.signed(SECRET, token, VISITOR, NOW)
    other = "".join(data.draw(st.sampled_from([c.lower(), c.upper()])) for c in signed)
    assert path.read(SECRET, f" <{other}> ", NOW) == path.read(SECRET, signed, NOW)


@given(tokens | longer, st.data())
def test_any_changed_character_is_refused(token, data):
    """And each that is left out or put in."""
    signed = PATH.signed(SECRET, token, VISITOR, NOW)
    place = data.draw(st.integers(0, len(signed) - 1))
    put = data.draw(st.sampled_from(["", "+", "\u212a", *"0123456789abcdefghijklmnopqrstuvwxyz@."]))
    changed = signed[:place] + put + signed[place + 1 :]
    if changed.lower() == signed.lower():
        return
    assert PATH.read(SECRET, changed, NOW) is None
    inserted = signed[:place] + (put or "0") + signed[place:]
    assert PATH.read(SECRET, inserted, NOW) is None


@given(st.text(max_size=90))
def test_anything_else_is_nothing(text):
    """Whatever a stranger writes."""
    assert PATH.read(SECRET, text, NOW) is None
    assert PATH.read(SECRET, f"returns+{text}@bounces.example.org", NOW) is None


@pytest.mark.parametrize(
    "other",
    [
        ReturnPath(address=Address("returns@example.org")),
        ReturnPath(address=Address("other@bounces.example.org")),
        ReturnPath(address=PATH.address, delimiter="-"),
    ],
)
def test_one_site_s_path_is_not_another_s(other):
    """Nor one of another secret."""
    signed = PATH.signed(SECRET, "t" * 26, VISITOR, NOW)
    assert other.read(SECRET, signed, NOW) is None
    assert PATH.read(OTHER, signed, NOW) is None


def test_a_name_of_the_greatest_length_has_room():
    """64 octets, RFC 5321 4.5.3.1.1."""
    path = ReturnPath(address=Address(f"{'x' * LONGEST_NAME}@example.org"))
    assert len(path.signed(SECRET, "t" * 52, VISITOR, NOW).local) == 64


def test_a_domain_is_known_in_both_spellings():
    """In Unicode as it is set, in A-labels as it comes back."""
    path = ReturnPath(address=Address("returns@bücher.example"))
    signed = path.signed(SECRET, "t" * 26, VISITOR, NOW)
    assert path.read(SECRET, signed.wire, NOW) == path.read(SECRET, signed, NOW) is not None
