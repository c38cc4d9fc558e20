"""Ask the record API of Customers Mail Cloud (Transaction API v2) for deliveries and bounces.

The vendor asks for once a day at most; records reach back 40 days. An item equals the webhook's, so both are read by
the same words (events/).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo

from msgspec import Raw

from todoke.model.delivery import DeliveryEvent
from todoke.services.customers_mail_cloud.events import read_item, zone_of
from todoke.services.customers_mail_cloud.lists import RecordLists
from todoke.services.customers_mail_cloud.settings import NAME, CustomersMailCloudSettings

_EVENTS = ("deliveries", "bounces")


class CustomersMailCloudRecords:
    """See ports.Records. Raises ConfigError when made: as RecordLists does, or if the time zone is not known."""

    name = NAME
    days = 40
    zone: tzinfo

    def __init__(self, settings: CustomersMailCloudSettings) -> None:
        self.zone = zone_of(settings)
        self._lists = RecordLists(settings)

    def of_day(self, day: date, now: datetime) -> Iterator[Sequence[DeliveryEvent]]:
        """See ports.Records."""
        for resource in _EVENTS:
            for rows in self._lists.pages(resource, date=day.isoformat()):
                yield self._events(resource, rows, day, now)

    def of_attempt(
        self, token: str, days: Sequence[date], now: datetime
    ) -> Sequence[DeliveryEvent]:
        """See ports.Records. The search may be for a part, whatever is asked for, so what comes is compared again."""
        asked = {"api_data": token, "search_option": {"api_data": "full"}}
        return [
            event
            for day in days
            for resource in _EVENTS
            for rows in self._lists.pages(resource, date=day.isoformat(), **asked)
            for event in self._events(resource, rows, day, now)
            if event.token == token
        ]

    def close(self) -> None:
        """See ports.Records."""
        self._lists.close()

    def _events(
        self, resource: str, rows: Sequence[Raw], day: date, now: datetime
    ) -> list[DeliveryEvent]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return [
            read_item(resource, bytes(row), zone=self.zone, now=now, undated_at=midnight)
            for row in rows
        ]
