"""The rule by which stores count an allowance says what Allowance says in memory."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from todoke.ports.allowance import Ration
from todoke.stores.rules.draw import drawn
from todoke.walk.allowance import WITHIN_SECONDS, Allowance

_SECOND = 1_000_000


@given(st.sampled_from([1, 3, 10, 30, 60]), st.lists(st.integers(0, 700), max_size=90))
def test_as_in_memory(most: int, pauses: list[int]) -> None:
    """Whatever the pauses between (times in whole seconds, of which each bound has a part that is one)."""
    ration = Ration(most, timedelta(seconds=WITHIN_SECONDS))
    now, full_at = 1_000, None
    allowance = Allowance(most, lambda: float(now))
    for pause in pauses:
        now += pause * 20
        after = drawn(full_at, ration, now * _SECOND)
        assert (after is not None) == allowance.take("a")
        full_at = after or full_at
