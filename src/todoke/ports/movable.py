"""A store whose submissions can move into another store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Protocol

from todoke.model.delivery import DeliveryEvent
from todoke.model.kept import Kept, Restored


class Movable(Protocol):
    """Gives out all submissions, and takes in those of another store. Durability and errors are those of Store."""

    def walk(self) -> Iterator[Kept]:
        """Every submission, oldest first, each as it is at one moment; what changes meanwhile may be seen or not.

        A receipt's hash, a message's id and an attempt's token are those that links, mails and services hold.
        """
        ...

    def walk_orphans(self) -> Iterator[DeliveryEvent]:
        """Every event that belongs to no attempt, in any order."""
        ...

    def restore(self, kept: Kept) -> Future[Restored]:
        """Keep a submission just as another store kept it, due work, leases and repeat key included, in one atomic
        write. To repeat it is safe.

        The future fails as that of `add` does.
        """
        ...
