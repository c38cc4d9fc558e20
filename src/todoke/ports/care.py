"""The carebook: what the desk's people did with each submission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from todoke.model.care import Care


class Carebook(Protocol):
    """Keeps the care of submissions; a timeline carries it. Durability and errors are those of Store."""

    def take_care(self, submission_id: str, change: Callable[[Care], Care]) -> Care | None:
        """Change a submission's care, in one atomic write; what it is then, None where there is no such submission.

        `change` is pure and may be called more than once: of concurrent calls each sees what the one before it left.
        What it raises leaves as it is, and nothing is changed.
        """
        ...
