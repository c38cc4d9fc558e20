"""How much one address may have stored."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.walk.allowance import MOST_REMEMBERED, WITHIN_SECONDS, Allowance


@dataclass
class Time:
    """A clock that is set by hand."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@given(st.integers(1, 50), st.lists(st.floats(0, 2 * WITHIN_SECONDS), max_size=120))
def test_never_more_than_the_bound_and_what_came_back(most: int, pauses: list[float]) -> None:
    """In any time: at most the bound, and its part of that time; and as much again after WITHIN_SECONDS."""
    time = Time()
    allowance = Allowance(most, time)
    taken: list[float] = []
    for pause in pauses:
        time.now += pause
        if allowance.take("a"):
            taken.append(time.now)
    for begin in range(len(taken)):
        span = taken[-1] - taken[begin]
        assert len(taken) - begin <= most + span * most / WITHIN_SECONDS + 1e-6
    time.now += WITHIN_SECONDS + 1
    assert all(allowance.take("a") for _ in range(most))
    assert not allowance.take("a")


def test_others_have_their_own() -> None:
    """One address takes nothing of another's, and nobody in particular has no bound."""
    allowance = Allowance(1, Time())
    assert allowance.take("a")
    assert not allowance.take("a")
    assert allowance.take("b")
    assert all(allowance.take("") for _ in range(9))


def test_what_was_not_stored_is_given_back() -> None:
    """Also to one that was forgotten meanwhile."""
    allowance = Allowance(1, Time())
    assert allowance.take("a")
    allowance.give_back("a")
    assert allowance.take("a")
    allowance.give_back("never seen")


@pytest.mark.parametrize("most", [0, 1])
def test_addresses_without_end_are_remembered_in_bounds(most: int) -> None:
    """Those are forgotten of which nothing came for the longest. Without a bound nobody is remembered."""
    allowance = Allowance(most, Time())
    for n in range(MOST_REMEMBERED + 1):
        assert allowance.take(str(n))
    assert allowance.take("0")
    assert allowance.take("2") is (most == 0)
