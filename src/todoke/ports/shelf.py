"""The shelf: small things that are kept beside submissions: marks, suppression lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from todoke.ports.suppressions import Suppression, SuppressionList


class Shelf(Protocol):
    """Keeps small things. Durability and errors are those of Store."""

    def mark(self, name: str) -> datetime | None:
        """The moment kept under this name, or None."""
        ...

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        """Keep a moment under a name, in place of the one before; True.

        With `unless_after` it is kept only where the one before is not after that, else False: of any number of
        concurrent calls that put a later moment than `unless_after`, one gets True.
        """
        ...

    def marks(self) -> Mapping[str, datetime]:
        """Every moment kept under a name."""
        ...

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """Keep what a service's list holds at `at`, in place of what it held before."""
        ...

    def change_suppressions(
        self, service: str, address: str, change: Callable[[Suppression], Suppression | None]
    ) -> None:
        """Change the entries of a list that name this mailbox, however it is spelt; None takes one off.

        One atomic write; when the list was read stays as it is. `change` is pure, leaves the address as it is, and may
        be called more than once: of concurrent calls each sees what the one before it left.
        """
        ...

    def suppressions(self) -> Sequence[SuppressionList]:
        """The lists as last read, in the order of the services' names; one that was never read is not among them."""
        ...
