"""The carebook: what the desk's people did with each submission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from todoke.model.care import Care
from todoke.model.notice import Notice


class Carebook(Protocol):
    """Keeps the care of submissions; a timeline carries it. Durability and errors are those of Store."""

    def take_care(
        self,
        submission_id: str,
        change: Callable[[Care], Care],
        notices: Sequence[Notice] = (),
    ) -> Care | None:
        """Change a submission's care, in one atomic write; what it is then, None where there is no such submission.

        A change that makes its verdict HONEST makes the messages in review due at `judged_at`, and keeps `notices`, due
        then too; one that makes it SPAM puts those in review that were never tried, but for alerts. Both are part of
        the write. Of several who say the same the first counts.

        `change` is pure and may be called more than once: of concurrent calls each sees what the one before it left.
        What it raises leaves as it is, and nothing is changed.
        """
        ...
