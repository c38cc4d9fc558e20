"""What the use cases need of a service's own records of the mails it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Protocol

import msgspec

from todoke.model.delivery import DeliveryEvent, Reason


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a service will not send to.

    `since` is when the service began to, None where it does not say; `reason` its own words or number, and `cause`
    what we read in them, None where that is nothing; `service_id` its name for the entry, "" when it gives none.
    """

    address: str
    since: datetime | None = None
    reason: str = ""
    cause: Reason | None = None
    service_id: str = ""


class SuppressionList(msgspec.Struct, frozen=True, kw_only=True):
    """What a service's list held at `read_at`, in the order of the addresses."""

    service: str
    read_at: datetime
    suppressions: tuple[Suppression, ...]


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

    def suppressions(self) -> Sequence[Suppression]:
        """The addresses that the service will not send to now; empty where it keeps no list."""
        ...

    def close(self) -> None:
        """Let go of connections. Later calls raise RecordsUnavailable."""
        ...
