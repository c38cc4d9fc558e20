"""Read the blocked addresses of Customers Mail Cloud (Transaction API v2).

Its documentation speaks of an API to lift one, and we have seen none of it: what is blocked is lifted by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from todoke.model.delivery import Reason
from todoke.model.errors import LiftRefused
from todoke.model.json_text import UNREADABLE
from todoke.ports.suppressions import Suppression
from todoke.services.customers_mail_cloud.events import BOUNCES, plain, zone_of
from todoke.services.customers_mail_cloud.lists import RecordLists
from todoke.services.customers_mail_cloud.settings import NAME, CustomersMailCloudSettings
from todoke.services.meaning import read_moment


class _Block(msgspec.Struct):
    """The properties of a blocked address that are used; any may be absent, and numbers may be numbers."""

    email: Any = ""
    created: Any = ""
    status: Any = ""
    id: Any = ""


_block = msgspec.json.Decoder(_Block)


class CustomersMailCloudSuppressions:
    """See ports.SuppressionSource.

    Raises ConfigError when made: as RecordLists does, or if the time zone is not known.
    """

    name = NAME
    lifts = False

    def __init__(self, settings: CustomersMailCloudSettings) -> None:
        self._zone = zone_of(settings)
        self._lists = RecordLists(settings)

    def suppressions(self) -> Sequence[Suppression]:
        """See ports.SuppressionSource. Entries without an address are left out."""
        found = [self._suppression(row) for rows in self._lists.pages("blocks") for row in rows]
        return [suppression for suppression in found if suppression.address]

    def lift(self, address: str) -> None:
        """See ports.SuppressionSource: never done."""
        raise LiftRefused(f"{NAME} has no call to lift {address} that is documented.")

    def close(self) -> None:
        """See ports.SuppressionSource."""
        self._lists.close()

    def _suppression(self, row: Raw) -> Suppression:
        try:
            block = _block.decode(row)
        except UNREADABLE:
            return Suppression(address="")
        status = plain(block.status)
        meaning = BOUNCES.get(status)
        return Suppression(
            address=plain(block.email),
            since=read_moment(plain(block.created), self._zone),
            reason=status,
            cause=meaning.reason if meaning and meaning.reason is not Reason.OTHER else None,
            service_id=plain(block.id),
        )
