"""The guard: what is reviewed, and what repetition means."""

from __future__ import annotations

import pytest

from todoke.forms.suspicion.circumstances import UNKNOWN, Agent, Circumstances
from todoke.model.form import Form, Site
from todoke.model.submission import Entry, EntryList
from todoke.stores.memory.store import MemoryStore
from todoke.walk.guard import MOST_REMEMBERED, OFTEN, WITHIN_SECONDS, Guard, Repetition
from todoke.walk.learn import Teacher

SECRET = b"s" * 32
SITE = Site(
    name="Site",
    url="https://www.site.example/",
    door_url="https://forms.site.example",
    origins=("https://shop.example:8443",),
)
FORM = Form(name="contact")
FAKED = Circumstances(has_browsers_fields=False)
LONG = "We would like to order forty chairs for a wedding in June."


class Time:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def guard_of(threshold: int, store: MemoryStore | None = None, clock: Time | None = None) -> Guard:
    """A guard that was taught what is in the store."""
    return Guard(SITE, threshold, Teacher(SECRET), store or MemoryStore(), clock or Time())


def answers(**texts: str) -> EntryList:
    return tuple(Entry(name, text) for name, text in texts.items())


def test_signals_are_kept_from_the_threshold_on() -> None:
    """A filled trap alone is a browser's; with a sender that only calls itself one it is to be looked at."""
    guard = guard_of(8)
    trapped = answers(name="Aoi", _gotcha="x")
    assert guard.signals(FORM, trapped, UNKNOWN) == ()
    assert guard.signals(FORM, trapped, FAKED) == ("trap_filled", "disguised")
    assert guard_of(10).signals(FORM, trapped, FAKED) == ()


def test_a_form_may_do_without() -> None:
    """`review = false` keeps nothing back."""
    form = Form(name="contact", review=False)
    assert guard_of(8).signals(form, answers(_gotcha="x"), FAKED) == ()


def test_links_to_each_address_of_the_site_are_its_own() -> None:
    """With and without www, and whatever its port."""
    text = "https://site.example/1 https://www.shop.example/2 http://forms.site.example https://b.example"
    guard = guard_of(6)
    assert guard.signals(FORM, answers(message=text), FAKED) == ()
    more = f"{text} https://c.example https://d.example"
    assert guard.signals(FORM, answers(message=more), FAKED) == ("disguised", "many_links")


def test_the_same_text_again_and_again() -> None:
    """From the fourth time on within an hour it counts, whoever sends it; and never alone."""
    guard = guard_of(6)
    program = Circumstances(agent=Agent.PROGRAM)
    kept = [guard.signals(FORM, answers(name=f"N{n}", message=LONG), program) for n in range(OFTEN)]
    assert kept == [(), (), (), ("program", "repeated")]
    assert guard.signals(FORM, answers(name="Aoi", message=LONG), UNKNOWN) == ()


def test_short_texts_may_be_equal() -> None:
    """Many people write nothing but "Please send me the catalogue"."""
    guard = guard_of(6)
    program = Circumstances(agent=Agent.PROGRAM)
    for _ in range(OFTEN + 1):
        assert guard.signals(FORM, answers(message="Please send me the catalogue."), program) == ()


def test_what_came_to_nothing_is_forgotten() -> None:
    """As often as it is forgotten it did not come; what was never remembered is forgotten already."""
    repetition = Repetition(Time())
    repetition.forget(LONG)
    for _ in range(2 * OFTEN):
        assert not repetition.is_often(LONG)
        repetition.forget(LONG)
    assert not repetition._seen
    assert [repetition.is_often(LONG) for _ in range(OFTEN)] == [False, False, False, True]


@pytest.mark.parametrize(
    ("after", "is_often"), [(WITHIN_SECONDS - 1, True), (WITHIN_SECONDS, False)]
)
def test_a_repetition_is_forgotten_in_time(after: float, is_often: bool) -> None:
    """An hour after it came first it is counted anew."""
    clock = Time()
    repetition = Repetition(clock)
    for _ in range(OFTEN - 1):
        assert not repetition.is_often(LONG)
    clock.now += after
    assert repetition.is_often(LONG.upper()) is is_often


def test_what_is_remembered_is_bounded_and_no_text() -> None:
    """However many come; what came last stays; and two processes keep nothing that could be compared."""
    clock = Time()
    repetition = Repetition(clock)
    for _ in range(OFTEN - 1):
        repetition.is_often(LONG)
    for number in range(MOST_REMEMBERED - 1):
        repetition.is_often(f"text {number}")
    assert repetition.is_often(LONG)
    repetition.is_often("first")
    for number in range(MOST_REMEMBERED):
        repetition.is_often(f"other {number}")
    assert len(repetition._seen) == MOST_REMEMBERED
    assert not repetition.is_often(LONG)
    other = Repetition(clock)
    other.is_often(LONG)
    assert not set(other._seen) & set(repetition._seen)
