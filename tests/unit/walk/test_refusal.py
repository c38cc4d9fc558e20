"""Visitors who were not served: counted all, told to the log within bounds."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.testing import FakeClock
from todoke.walk.refusal import LINES, LINES_OF_A_KIND, WINDOW_SECONDS, Refusal, Refusals
from todoke.walk.tally import Counted, Tally

NEWER_PAGE = Refusal(
    form="contact", status=422, code="invalid", faults=(("topic", "unknown_option"),)
)


class Story:
    """Refusals over a clock that is moved by hand, and what they told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tally = Tally()
        self.refusals = Refusals(self.tally, FakeClock(), lambda: self.now)


def facts(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """What each line says, its event's name and level among it."""
    return [{"event": r.message, "level": r.levelname, **vars(r)["facts"]} for r in caplog.records]


def test_a_line_says_what_the_owner_needs_to_mend_it(caplog: pytest.LogCaptureFixture) -> None:
    """The form, the status, the code and each faulty field; what is ours to mend is an error, with the store's word."""
    story = Story()
    with caplog.at_level(logging.WARNING):
        story.refusals.note(NEWER_PAGE)
        story.refusals.note(
            Refusal(form="contact", status=503, code="unavailable", why="the disk is full")
        )
    assert facts(caplog) == [
        {
            "event": "refused",
            "level": "WARNING",
            "form": "contact",
            "status": 422,
            "code": "invalid",
            "fields": {"topic": "unknown_option"},
        },
        {
            "event": "refused",
            "level": "ERROR",
            "form": "contact",
            "status": 503,
            "code": "unavailable",
            "why": "the disk is full",
        },
    ]


def test_what_has_no_line_of_its_own_is_summed_up_in_one(caplog: pytest.LogCaptureFixture) -> None:
    """Once the window is over, whether or not another one comes; nothing is lost of the count."""
    story = Story()
    with caplog.at_level(logging.WARNING):
        for _ in range(1000):
            story.refusals.note(NEWER_PAGE)
        story.refusals.sum_up()
        assert len(caplog.records) == LINES_OF_A_KIND
        story.now += WINDOW_SECONDS
        story.refusals.sum_up()
        story.refusals.sum_up()
    *_, last = facts(caplog)
    assert len(caplog.records) == LINES_OF_A_KIND + 1
    kind = {"form": "contact", "status": 422, "code": "invalid", "times": 1000 - LINES_OF_A_KIND}
    assert (last["event"], last["times"], last["most"]) == ("refused_more", kind["times"], [kind])
    assert story.tally.counts(Counted.REFUSED) == {("contact", "422", "invalid"): 1000}
    assert story.tally.counts(Counted.FAULTS) == {("contact", "topic", "unknown_option"): 1000}


def test_what_had_no_line_yet_has_one_before_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """A restart within the window loses nothing of the sum."""
    story = Story()
    with caplog.at_level(logging.WARNING):
        for _ in range(LINES_OF_A_KIND + 3):
            story.refusals.note(NEWER_PAGE)
        story.refusals.sum_up(early=True)
        story.refusals.sum_up(early=True)
    told = facts(caplog)
    assert (len(told), told[-1]["event"], told[-1]["times"]) == (
        LINES_OF_A_KIND + 1,
        "refused_more",
        3,
    )


def test_a_flood_of_one_kind_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """What strangers send all day long leaves room for the honest visitor who is refused once."""
    story = Story()
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            story.refusals.note(Refusal(form="", status=404, code="not_found"))
        story.refusals.note(NEWER_PAGE)
    assert facts(caplog)[-1]["fields"] == {"topic": "unknown_option"}


@given(
    st.lists(
        st.builds(
            Refusal,
            form=st.just("contact"),
            status=st.sampled_from([403, 413, 422]),
            code=st.sampled_from(["a", "b"]),
            faults=st.lists(st.tuples(st.text(max_size=3), st.just("x")), max_size=3).map(tuple),
            origin=st.text(max_size=5),
        ),
        max_size=200,
    )
)
def test_strangers_write_a_bounded_number_of_lines(refusals: list[Refusal]) -> None:
    """However they vary what they send: so many lines in a window, one for the rest, and every one is counted."""
    story, lines = Story(), []
    handler = logging.Handler()
    handler.emit = lines.append  # type: ignore[method-assign]
    logger = logging.getLogger("todoke.walk.refusal")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        for refusal in refusals:
            story.refusals.note(refusal)
        story.now += WINDOW_SECONDS
        story.refusals.sum_up()
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    assert len(lines) <= LINES + 1
    assert sum(story.tally.counts(Counted.REFUSED).values()) == len(refusals)


def test_the_latest_are_remembered_newest_first() -> None:
    """A few, with their time, for whoever asks how it goes."""
    story = Story()
    for status in range(400, 450):
        story.refusals.note(Refusal(form="contact", status=status, code="x"))
    newest = [refusal.status for _, refusal in story.refusals.latest]
    assert newest[:2] == [449, 448]
    assert len(newest) == 20
