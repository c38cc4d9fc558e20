"""What the use cases need of a service's own records of the mails it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Protocol

from todoke.model.delivery import DeliveryEvent


class Records(Protocol):
    """What a service itself has on record of the mails it took: asked seldom, for what its webhook may have lost.

    `name` is the service's, `days` how many days back its records reach, `zone` that of its calendar. Every method
    may raise RecordsUnavailable: if the service does not answer, or refuses to. Safe to call from any thread.
    """

    name: str
    days: int
    zone: tzinfo

    def of_day(self, day: date, now: datetime) -> Iterator[Sequence[DeliveryEvent]]:
        """All events on record of one day (by the service's own calendar), a page at a time.

        An event equals, by its `key`, the one that the webhook told of the same thing.
        """
        ...

    def of_attempt(
        self, token: str, days: Sequence[date], now: datetime
    ) -> Sequence[DeliveryEvent]:
        """The events on record of the attempt with this token, on these days."""
        ...

    def close(self) -> None:
        """Let go of connections. Later calls raise RecordsUnavailable."""
        ...
