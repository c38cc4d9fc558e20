"""JSON that holds what no text can is mended in its place."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.model.json_text import mended

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_what_can_be_read_means_the_same(value: object, escaped: bool, indent: int | None) -> None:
    """However it is written."""
    text = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    assert msgspec.json.decode(mended(text)) == value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (rb'["a\ud83d", 1]', ["a\ufffd", 1]),
        (rb'["\udE00\uD83D\ude00"]', ["\ufffd\U0001f600"]),
        (rb'["\ud83d\ud83d\ude00"]', ["\ufffd\U0001f600"]),
        (b'["a\tb\nc\x00"]', ["a b c "]),
        (b'{"a": "\xe4\xff", "b": "\\t"}', {"a": "\ufffd\ufffd", "b": "\t"}),
    ],
)
def test_what_no_text_can_hold_is_replaced(octets: bytes, value: object) -> None:
    """And all that stands beside it is read."""
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(octets)
    assert msgspec.json.decode(mended(octets)) == value


@given(st.binary())
def test_no_octets_are_too_strange(octets: bytes) -> None:
    """What is no JSON at all stays none; nothing raises."""
    assert mended(mended(octets)) == mended(octets)
