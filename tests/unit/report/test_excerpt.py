"""What strangers wrote, in one line of a list."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.report.excerpt import excerpt

FAMILY = "👩\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hana Suzuki", "Hana Suzuki"),
        ("  one\r\n\r\n two\tthree\u3000four ", "one two three four"),
        ("", ""),
        (" \n ", ""),
        ("x" * 21, "x" * 19 + "…"),
        ("x" * 20, "x" * 20),
        ("\u202egnp.exe\u2066\x00\x1b\ufeff", "gnp.exe"),
        ("a\ud800b", "ab"),
        ("नमस्ते", "नमस्ते"),
        ("ผู้ใหญ่", "ผู้ใหญ่"),
        ("Nguyê\u0303n Thi\u0323\u0302", "Nguyê\u0303n Thi\u0323\u0302"),
        ("z" + "\u0301" * 50 + "algo", "z" + "\u0301" * 3 + "algo"),
        (FAMILY, FAMILY),
        ("紙" * 10, "紙" * 10),
        ("紙" * 11, "紙" * 9 + "…"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_an_excerpt(text: str, shown: str) -> None:
    """As it was written, without what would disturb the line."""
    assert excerpt(text, 20) == shown


def test_a_letter_keeps_its_marks() -> None:
    """Where a text is cut, no mark is left to stand on the dots."""
    assert excerpt("ab" + "e\u0301" * 20, 6) == "abe\u0301…"


def test_of_a_long_text_little_is_read() -> None:
    """Spaces without end hide nothing that comes late, and cost nothing."""
    assert excerpt(" " * 1_000_000 + "late", 20) == "…"


@given(st.text(), st.integers(2, 50))
def test_it_is_one_line_of_so_many_characters(text: str, most: int) -> None:
    """Whatever a stranger sends."""
    shown = excerpt(text, most)
    assert len(shown) <= most
    assert shown == " ".join(shown.split())
    allowed = "\u200c\u200d\ufe0e\ufe0f"
    assert all(unicodedata.category(c)[0] != "C" or c in allowed for c in shown)
    assert excerpt(shown, most) == shown
