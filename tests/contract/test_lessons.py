"""Lessons: the same promises of every store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.store.desk import START, Desk
from todoke.model.lesson import MOST_LESSONS, Lesson
from todoke.stores.dynamodb.store import DynamoStore


def lesson(name: str, minutes: float = 0, *words: str, is_spam: bool = True) -> Lesson:
    return Lesson(id=name, at=START + timedelta(minutes=minutes), is_spam=is_spam, words=words)


def test_they_are_kept_newest_first(desk: Desk) -> None:
    """All that they hold, in the order of their times."""
    kept = [lesson("a", 2, "w1", "w2"), lesson("b", 1), lesson("c", 0, "言葉", is_spam=False)]
    for one in (kept[1], kept[2], kept[0]):
        desk.store.teach(one)
    assert list(desk.store.lessons()) == kept


def test_who_thinks_better_teaches_anew(desk: Desk) -> None:
    """The later word takes the place of the one before; to say it twice is to say it once."""
    for one in (lesson("a", 0, "w"), lesson("a", 1, "w", is_spam=False)):
        desk.store.teach(one)
        desk.store.teach(one)
    assert list(desk.store.lessons()) == [lesson("a", 1, "w", is_spam=False)]


def test_all_can_be_forgotten(desk: Desk) -> None:
    """And anything learned afterwards; where nothing was learned nothing is there."""
    assert list(desk.store.lessons()) == []
    desk.store.teach(lesson("a"))
    desk.store.forget_lessons()
    desk.store.forget_lessons()
    assert list(desk.store.lessons()) == []
    desk.store.teach(lesson("b"))
    assert [one.id for one in desk.store.lessons()] == ["b"]


def test_the_newest_are_kept(desk: Desk) -> None:
    """So many of them; an older one that is taught late is forgotten before them."""
    if isinstance(desk.store, DynamoStore):
        pytest.skip("there they end by time; the newest are chosen when they are read")
    for number in range(MOST_LESSONS):
        desk.store.teach(lesson(f"n{number:05}", number))
    desk.store.teach(lesson("late", MOST_LESSONS))
    desk.store.teach(lesson("early", -1))
    found = [one.id for one in desk.store.lessons()]
    assert len(found) == MOST_LESSONS
    assert (found[0], found[-1]) == ("late", "n00001")
