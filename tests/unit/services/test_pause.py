"""The pause that a mail service asks for over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.services.http.post import LONGEST_PAUSE, read_pause

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("120", 120),
        (" 60 ", 60),
        ("0", 0),
        ("99999999", LONGEST_PAUSE),
        ("9" * 400, LONGEST_PAUSE),
        (format_datetime(NOW + timedelta(minutes=30), usegmt=True), 1800),
        ("Wednesday, 06-May-26 07:38:09 GMT", 1800),
        (format_datetime(NOW - timedelta(minutes=30), usegmt=True), 0),
        ("Thu, 01 Jan 9998 00:00:00 GMT", LONGEST_PAUSE),
        ("", None),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_a_pause_is_a_number_or_a_date(field: str, seconds: float | None) -> None:
    """RFC 9110 10.2.3; a date that is over asks for none, and none is longer than a day."""
    assert read_pause(field, NOW) == seconds


@given(st.text(max_size=40))
def test_no_field_is_too_strange(field: str) -> None:
    """Whatever a server writes there, it is a pause within bounds or none."""
    assert 0 <= (read_pause(field, NOW) or 0) <= LONGEST_PAUSE
