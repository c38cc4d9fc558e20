"""The erasure: submissions end here, without a trace, and stay ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from todoke.model.erased import Erased


class Erasure(Protocol):
    """Erases what is kept, and remembers what was erased. Durability and errors are those of Store."""

    def erase(
        self,
        *,
        submission_id: str = "",
        address: str = "",
        received_before: datetime | None = None,
        retained_before: datetime | None = None,
    ) -> int:
        """Erase submissions with their messages, attempts, events and files; how many.

        Exactly one condition is given: an id; an address (as visitor or recipient of a confirmation); an age; or
        retention that ended. Events that belong to nobody go too, if they name someone erased or are as old, and
        so do suppressions of someone erased. When it returns no byte of them is left in the store's files.
        StoreUnavailable may mean here that the rows are gone and traces remain; it says so, and the next erasure
        removes them. It remembers nothing by itself (walk/erase.py does, before).
        """
        ...

    def remember_erased(self, several: Sequence[Erased]) -> None:
        """Remember erasures until their `forgotten_at`; of two of the same, the later moments. They change nothing
        that is kept. To repeat it is safe."""
        ...

    def erased(self, now: datetime) -> Sequence[Erased]:
        """The erasures remembered at `now`, the oldest first."""
        ...
