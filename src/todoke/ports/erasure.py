"""The erasure: submissions end here, without a trace."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Erasure(Protocol):
    """Erases what is kept. Durability and errors are those of Store."""

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
        removes them.
        """
        ...
