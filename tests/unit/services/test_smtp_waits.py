"""How long each step of a hand-over by SMTP may take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.services.smtp.settings import SmtpSettings, Waits


def test_the_defaults_are_those_of_the_rfc() -> None:
    """RFC 5321 4.5.3.2.1 to 6; connecting is our own."""
    wanted = Waits(connect=10, answer=300, data=120, block=180, dot=600)
    assert SmtpSettings().waits == wanted


@given(st.floats(1, 600))
def test_the_slowest_hand_over_is_the_sum_of_its_steps(timeout: float) -> None:
    """Each step is waited for, none longer than `timeout` but the dot, which gets twice that and is the longest."""
    settings = SmtpSettings(timeout_seconds=timeout)
    waits = settings.waits
    assert max(waits.connect, waits.answer, waits.data, waits.block) == timeout
    assert waits.dot == 2 * timeout
    steps = (waits.connect, waits.session, waits.envelope, waits.writing, waits.dot)
    assert settings.slowest_seconds == pytest.approx(sum(steps))
    assert settings.fits_function == (sum(steps) + 10 < 280)
