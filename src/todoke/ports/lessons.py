"""The lessons: what people said is spam and what is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from todoke.model.lesson import Lesson


class Lessons(Protocol):
    """Keeps lessons, MOST_LESSONS of them at least and the newest of all. Durability and errors are those of Store."""

    def teach(self, lesson: Lesson) -> None:
        """Keep a lesson, in place of one of the same id: who thinks better of it teaches it anew."""
        ...

    def lessons(self) -> Sequence[Lesson]:
        """Those kept, MOST_LESSONS at most, the newest first (of one time by id)."""
        ...

    def forget_lessons(self) -> None:
        """Forget all of them."""
        ...
