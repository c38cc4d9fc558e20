"""Lessons in DynamoDB: an item each, in one partition; people give few a second. One ends after a year or so."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from datetime import timedelta

from todoke.model.json_text import reader, to_json
from todoke.model.lesson import MOST_LESSONS, Lesson
from todoke.stores.dynamodb.client import DynamoTable, Item, key_of
from todoke.stores.dynamodb.items import epoch
from todoke.stores.rules.values import plain

_LESSONS = "lesson"
_KEPT = timedelta(days=400)
_read: Callable[[str], Lesson] = reader(Lesson)


class DynamoLessons(ABC):
    """See Lessons."""

    _table: DynamoTable

    def teach(self, lesson: Lesson) -> None:
        """See Lessons."""
        item: Item = {"k": _LESSONS, "r": f"={plain(lesson.id)}", "b": to_json(lesson)}
        self._table.put({**item, "e": epoch(lesson.at + _KEPT)})

    def lessons(self) -> Sequence[Lesson]:
        """See Lessons."""
        items = self._table.query_all("k = :k", {":k": _LESSONS})
        every = [_read(str(item["b"])) for item in items]
        return sorted(every, key=lambda one: (one.at, one.id), reverse=True)[:MOST_LESSONS]

    def forget_lessons(self) -> None:
        """See Lessons. One write for each: what is taught meanwhile may stay."""
        for item in list(self._table.query_all("k = :k", {":k": _LESSONS})):
            self._table.delete(key_of(item))
