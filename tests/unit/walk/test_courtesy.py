"""Who goes first: visitors who wait, or mails that are due."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from todoke.walk.send.courtesy import CROWD, LONGEST_REST_SECONDS, REST_FACTOR, Courtesy


class Time:
    """A clock that sleeping moves, and a processor that works as told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.worked = 0.0
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept += seconds
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """A time of one's own."""
    return Time()


@pytest.fixture
def courtesy(time: Time) -> Courtesy:
    """A courtesy that lives in it."""
    return Courtesy(monotonic=lambda: time.now, processor=lambda: time.worked, sleep=time.sleep)


def hand_over(courtesy: Courtesy, time: Time, seconds: float) -> None:
    """Hand over a mail that costs so much of the processor."""
    with courtesy.turn():
        time.worked += seconds
        time.now += seconds


def crowd(courtesy: Courtesy, size: int = CROWD) -> ExitStack:
    """So many visitors wait until the stack is closed."""
    stack = ExitStack()
    for _ in range(size):
        stack.enter_context(courtesy.visitor())
    return stack


def test_without_a_crowd_nobody_rests(courtesy, time):
    """A few visitors at a time leave the sender as it is."""
    with crowd(courtesy, CROWD - 1):
        for _ in range(5):
            hand_over(courtesy, time, 0.001)
    assert time.slept == 0


def test_in_a_crowd_hand_overs_rest_for_what_they_worked(courtesy, time):
    """The share of the processor is small, and never nothing."""
    with crowd(courtesy):
        for _ in range(11):
            hand_over(courtesy, time, 0.001)
    assert time.slept == pytest.approx(10 * 0.001 * REST_FACTOR)


def test_waiting_for_a_slow_service_is_not_work(courtesy, time):
    """Only the processor's time is paid back: a slow mail service does not slow the sender further."""
    with crowd(courtesy):
        for _ in range(5):
            with courtesy.turn():
                time.now += 10
    assert time.slept == 0


def test_a_debt_is_bounded_and_forgotten_when_the_crowd_is_gone(courtesy, time):
    """One costly mail does not stop the sender for long, and not at all once nobody waits."""
    with crowd(courtesy):
        hand_over(courtesy, time, 60)
        hand_over(courtesy, time, 60)
        assert time.slept == pytest.approx(LONGEST_REST_SECONDS)
    hand_over(courtesy, time, 0.001)
    assert time.slept == pytest.approx(LONGEST_REST_SECONDS)


def test_one_thread_looks_at_the_clock_and_the_others_stand_in_line():
    """However many threads rest, one is woken to look: the looks would cost what the rest should save."""
    resting: set[int] = set()
    most_at_once = 0
    is_over = threading.Event()

    def sleep(_seconds: float) -> None:
        nonlocal most_at_once
        resting.add(threading.get_ident())
        most_at_once = max(most_at_once, len(resting))
        is_over.wait(0.01)
        resting.discard(threading.get_ident())

    worked = iter(range(100))
    courtesy = Courtesy(monotonic=lambda: 0.0, processor=lambda: next(worked), sleep=sleep)
    with crowd(courtesy):
        with courtesy.turn():
            pass
        threads = [threading.Thread(target=courtesy._rest) for _ in range(8)]
        for thread in threads:
            thread.start()
        is_over.wait(0.1)
    for thread in threads:
        thread.join()
    assert most_at_once == 1
