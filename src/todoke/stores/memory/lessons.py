"""Lessons in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

from todoke.model.lesson import MOST_LESSONS, Lesson
from todoke.stores.memory.tables import Tables


class MemoryLessons(ABC):
    """See Lessons."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Tables]: ...

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Tables]: ...

    def teach(self, lesson: Lesson) -> None:
        """See Lessons."""
        with self._writing() as tables:
            tables.lessons[lesson.id] = lesson
            tables.lessons = {one.id: one for one in _newest(tables)}

    def lessons(self) -> Sequence[Lesson]:
        """See Lessons."""
        with self._reading() as tables:
            return _newest(tables)

    def forget_lessons(self) -> None:
        """See Lessons."""
        with self._writing() as tables:
            tables.lessons.clear()


def _newest(tables: Tables) -> list[Lesson]:
    every = sorted(tables.lessons.values(), key=lambda one: (one.at, one.id), reverse=True)
    return every[:MOST_LESSONS]
