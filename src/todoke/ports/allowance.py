"""What somebody may have so much of in a time, counted where all processes see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol


class Ration(NamedTuple):
    """At most `most` at once, which come back evenly within `within`."""

    most: int
    within: timedelta


class Allowances(Protocol):
    """Counts what is drawn under a name. Durability and errors are those of Store."""

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """Whether one more is free under this name, which then counts.

        Of any number of concurrent calls no more get True than are free. A call that raised may have counted. A name
        is forgotten some time after all of it has come back.
        """
        ...

    def draw_each(self, names: Sequence[str], ration: Ration, now: datetime) -> Sequence[bool]:
        """The same for several names, in their order, as if each were drawn by itself; a store may do it in one write.

        One that is named twice is drawn twice.
        """
        ...

    def use_up(self, name: str, ration: Ration, until: datetime) -> None:
        """Let none be free under this name before this moment; then one is, and the rest come back evenly.

        What was used up for longer stays so.
        """
        ...

    def put_back(self, name: str, ration: Ration, now: datetime) -> None:
        """Let one that was drawn not count."""
        ...
