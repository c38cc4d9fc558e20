"""When a message is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import NOW, claim
from support.variants import replace
from todoke.model.delivery import Ceiling
from todoke.model.message import Role
from todoke.model.retry import RetryPolicy

DAYS = timedelta(days=4)


def highest(_low: float, high: float) -> float:
    """The longest pause there may be."""
    return high


def lowest(low: float, _high: float) -> float:
    """The shortest pause there may be."""
    return low


def test_the_first_pause_is_short_and_later_ones_double() -> None:
    """At most 2, 4, 8 ... minutes, and 4 hours in the end."""
    policy = RetryPolicy(give_up_after=DAYS, draw=highest)
    pauses = [policy.after_deferral(claim(number=n), NOW) for n in range(1, 12)]
    minutes = [(p - NOW).total_seconds() / 60 for p in pauses if p]
    assert minutes == [2, 4, 8, 16, 32, 64, 128, 240, 240, 240, 240]


@given(st.integers(1, 10_000), st.integers(0, 5 * 86_400), st.none() | st.floats(-1, 1e12))
def test_the_next_try_is_later_and_in_time(number: int, age: int, wish: float | None) -> None:
    """A try is always after now and never after the end; at the end there is none."""
    policy = RetryPolicy(give_up_after=DAYS)
    now = NOW + timedelta(seconds=age)
    at = policy.after_deferral(claim(number=number), now, wished_seconds=wish)
    assert (at is None) == (now >= NOW + DAYS)
    assert at is None or now < at <= NOW + DAYS


def test_full_jitter_begins_at_ten_seconds() -> None:
    """Messages that failed together do not come back together, and none at once."""
    policy = RetryPolicy(give_up_after=DAYS, draw=lowest)
    assert NOW + timedelta(seconds=10) == policy.after_deferral(claim(number=9), NOW)


def test_the_services_wish_is_obeyed() -> None:
    """Retry-After is the least pause."""
    policy = RetryPolicy(give_up_after=DAYS, draw=lowest)
    assert NOW + timedelta(hours=7) == policy.after_deferral(claim(), NOW, wished_seconds=7 * 3600)


def test_there_is_a_last_try_at_the_end() -> None:
    """A pause that would go beyond the end is cut to it."""
    policy = RetryPolicy(give_up_after=DAYS, draw=highest)
    almost = NOW + DAYS - timedelta(minutes=1)
    assert policy.after_deferral(claim(number=9), almost) == NOW + DAYS


def test_a_person_who_asks_again_starts_the_time_anew() -> None:
    """An old message that is sent again has the full time."""
    policy = RetryPolicy(give_up_after=DAYS, draw=lowest)
    later = NOW + timedelta(days=30)
    assert policy.after_deferral(claim(), later) is None
    asked = replace(claim(), resend_asked_at=later)
    assert later + timedelta(seconds=10) == policy.after_deferral(asked, later)


@pytest.mark.parametrize(
    ("role", "ceiling", "again"),
    [
        (Role.CONFIRMATION, Ceiling.HANDED_OVER, False),
        (Role.CONFIRMATION, Ceiling.DELIVERED, False),
        (Role.NOTIFICATION, Ceiling.HANDED_OVER, True),
        (Role.NOTIFICATION, Ceiling.NOT_RETURNED, True),
        (Role.NOTIFICATION, Ceiling.DELIVERED, False),
        (Role.ALERT, Ceiling.HANDED_OVER, True),
        (Role.ALERT, Ceiling.DELIVERED, False),
    ],
)
def test_a_lost_answer(role: Role, ceiling: Ceiling, again: bool) -> None:
    """A visitor never gets a second copy; a manager does where nothing else can tell."""
    policy = RetryPolicy(give_up_after=DAYS, draw=lowest)
    at = policy.after_lost(claim(role, ceiling=ceiling), NOW)
    assert (NOW + timedelta(minutes=15) if again else None) == at


@given(
    st.sampled_from(sorted(Role)),
    st.sampled_from(sorted(Ceiling)),
    st.integers(1, 100),
    st.floats(0, 4 * 86_400),
)
def test_an_answer_that_is_always_lost_makes_three_copies_at_most(
    role: Role, ceiling: Ceiling, number: int, age: float
) -> None:
    """A server that never answers in time is given a manager's mail three times, and a visitor's once."""
    policy, now, copies = RetryPolicy(give_up_after=DAYS), NOW + timedelta(seconds=age), 1
    at: datetime | None = now
    while at := policy.after_lost(
        replace(claim(role, ceiling=ceiling, number=number + copies), answers_lost=copies - 1), at
    ):
        copies += 1
        assert now < at <= NOW + DAYS
    assert copies <= (1 if role is Role.CONFIRMATION or ceiling is Ceiling.DELIVERED else 3)
