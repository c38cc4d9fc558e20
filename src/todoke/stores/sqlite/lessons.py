"""Lessons in SQLite: a row each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import apsw

from todoke.model.json_text import reader, to_json
from todoke.model.lesson import MOST_LESSONS, Lesson
from todoke.stores.rules.values import micros, plain
from todoke.stores.sqlite.rows import SQL

_read: Callable[[str], Lesson] = reader(Lesson)
T = TypeVar("T")


class SqliteLessons(ABC):
    """See Lessons."""

    __slots__ = ()

    @abstractmethod
    def _write(self, apply: Any, request: Any) -> Any: ...

    @abstractmethod
    def _read(self, look: Callable[..., T], *values: Any) -> T: ...

    def teach(self, lesson: Lesson) -> None:
        """See Lessons."""
        values = {"id": plain(lesson.id), "taught_at": micros(lesson.at), "lesson": to_json(lesson)}
        self._write(_teach, values)

    def lessons(self) -> Sequence[Lesson]:
        """See Lessons."""
        return self._read(_lessons)

    def forget_lessons(self) -> None:
        """See Lessons."""
        self._write(_forget, None)


def _teach(connection: apsw.Connection, several: Sequence[dict[str, Any]]) -> list[None]:
    for values in several:
        connection.execute(SQL["teach"], values)
        connection.execute(SQL["purge_lessons"], {"most": MOST_LESSONS})
    return [None] * len(several)


def _lessons(connection: apsw.Connection) -> list[Lesson]:
    return [_read(text) for (text,) in connection.execute(SQL["lessons"], {"most": MOST_LESSONS})]


def _forget(connection: apsw.Connection, several: Sequence[None]) -> list[None]:
    connection.execute(SQL["forget_lessons"])
    return [None] * len(several)
