"""What the use cases need of the list of addresses that a mail service will not send to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from todoke.model.delivery import Reason


class ListedFor(StrEnum):
    """Why a service put an address on its list, where it says so in a word of its own and no more exactly."""

    BOUNCE = "bounce"
    """Mail to it came back for good."""
    COMPLAINT = "complaint"
    """Whoever reads its mail called one unwanted."""
    HAND = "hand"
    """A person put it there, or it unsubscribed."""


class Lifting(msgspec.Struct, frozen=True, kw_only=True):
    """That a person asked to have an entry taken off, and what came of it.

    `ended_at` is None until something did. Then `refusal` has the service's words, "" where it could not be asked.
    """

    asked_at: datetime
    ended_at: datetime | None = None
    refusal: str = ""


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a service will not send to.

    `since` is when the service began to, None where it does not say; `reason` its own words or number, and `cause`
    and `listed_for` what we read in them, None where that is nothing; `service_id` its name for the entry, "" when it
    gives none. `lifting` is ours: that it was asked to be lifted, and is still there.
    """

    address: str
    since: datetime | None = None
    reason: str = ""
    cause: Reason | None = None
    service_id: str = ""
    listed_for: ListedFor | None = None
    lifting: Lifting | None = None


class SuppressionList(msgspec.Struct, frozen=True, kw_only=True):
    """What a service's list held at `read_at`, in the order of the addresses."""

    service: str
    read_at: datetime
    suppressions: tuple[Suppression, ...]


class SuppressionSource(Protocol):
    """A service's own list, as it is now: asked once a day, and when a person wants to know.

    `name` is the service's; `lifts` says whether an entry can be taken off by a call: if not, `lift` is never called.
    Every method may raise RecordsUnavailable: if the service does not answer, or refuses us. Safe to call from any
    thread.
    """

    name: str
    lifts: bool

    def suppressions(self) -> Sequence[Suppression]:
        """The addresses that the service will not send to now, as it spells them."""
        ...

    def lift(self, address: str) -> None:
        """Have the service send to this address again, which is spelt as its list has it; nothing if it does already.

        Another failure puts it back. Raises LiftRefused: if the service keeps this entry, with its words. After
        RecordsUnavailable it may be lifted or not; to repeat it is safe.
        """
        ...

    def close(self) -> None:
        """Let go of connections. Later calls raise RecordsUnavailable."""
        ...
