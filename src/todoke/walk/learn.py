"""Learn from what people say is spam and what is none: a lesson each, and the filter that they make.

Words are kept as hashes by the site's secret: what a submission said is not kept by what was learned of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from todoke.forms.suspicion.answers import free_texts, roles_of
from todoke.forms.suspicion.filter import EMPTY_FILTER, WordFilter, filter_of, words_of
from todoke.model import ids
from todoke.model.form import Form
from todoke.model.lesson import Lesson
from todoke.model.submission import Submission, without
from todoke.ports.lessons import Lessons

SPOKE = 5


class Teacher:
    """Knows words by their hashes, and what was learned: read when `refresh` is called, and not before."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.filter: WordFilter = EMPTY_FILTER
        self.hash_of: Callable[[str], str] = lru_cache(maxsize=16_384)(self._hash_of)

    def refresh(self, kept: Lessons) -> None:
        """Read what was learned, here or elsewhere. Raises StoreError."""
        self.filter = filter_of(kept.lessons())

    def is_spam(self, texts: Sequence[str]) -> bool:
        """Whether the filter takes these texts for spam."""
        known = self.filter
        return known.knows_enough and known.is_spam(map(self.hash_of, words_of(texts)))

    def teach(
        self, kept: Lessons, form: Form, submission: Submission, now: datetime, *, is_spam: bool
    ) -> None:
        """Keep what somebody said of a submission, in place of what was said of it before. Raises StoreError."""
        words = words_of(_texts(form, submission))
        kept.teach(
            Lesson(
                id=ids.signature(self._secret, b"todoke lesson", submission.id)[:16],
                at=now,
                is_spam=is_spam,
                words=tuple(map(self.hash_of, words)),
            )
        )

    def spoke(self, form: Form, submission: Submission) -> tuple[str, ...]:
        """The words of a submission that speak for spam, the ones that say most first: why the filter thinks so."""
        known = self.filter if self.filter.knows_enough else EMPTY_FILTER
        told = {
            word: known.tells(self.hash_of(word)) for word in words_of(_texts(form, submission))
        }
        loud = sorted((w for w, weight in told.items() if weight > 0), key=lambda w: -told[w])
        return tuple(loud[:SPOKE])

    def _hash_of(self, word: str) -> str:
        return ids.signature(self._secret, b"todoke word", word)[:8]


def _texts(form: Form, submission: Submission) -> list[str]:
    entries = without(submission.entries, form.confirmation.field)
    return free_texts(roles_of(form), entries)
