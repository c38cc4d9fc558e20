"""A lesson: what somebody said of one submission, and the words of it as keyed hashes: no text."""

from __future__ import annotations

from datetime import datetime

import msgspec

MOST_LESSONS = 2_000
"""As many are kept, the newest; what was learned of older ones is forgotten."""


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is a keyed hash of the submission's; `words` are those of its words, each once, in no order."""

    id: str
    at: datetime
    is_spam: bool
    words: tuple[str, ...] = ()
