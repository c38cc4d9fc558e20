"""What the use cases need of a service's webhook calls: the delivery events in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from todoke.model.delivery import DeliveryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """A webhook call: header names in lower case, the raw body, and the peer's address."""

    headers: Mapping[str, str]
    body: bytes
    remote: str = ""


class EventSource(Protocol):
    """Reads a service's webhook calls. `name` is the service's. Safe to call from several threads."""

    name: str

    def read(self, request: HookRequest, now: datetime) -> Sequence[DeliveryEvent]:
        """The events in a call, each with its raw evidence; words it does not know become Kind.OTHER.

        To read a call again gives the same events, by their `key`, but for what states no time: it is dated `now`.
        Raises Forged: if the call does not prove that it is the service's. Malformed: if it cannot be read.
        TooLarge: if it tells more events than the service ever does.
        Unverifiable: if its proof cannot be looked at now.
        """
        ...
