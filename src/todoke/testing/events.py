"""An event source whose service speaks our own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import Forged, Malformed
from todoke.model.json_text import UNREADABLE, to_json
from todoke.ports.events import HookRequest

_call = msgspec.json.Decoder(list[msgspec.Raw])
_event = msgspec.json.Decoder(DeliveryEvent)


@dataclass(slots=True)
class FakeEvents:
    """A call is a JSON list of delivery events; the header `x-key` with `key` proves it to be the service's."""

    name: str = "fake"
    key: str = "the key of the fake"

    def call(self, *events: DeliveryEvent) -> HookRequest:
        """The call that tells these events, whose evidence it becomes."""
        told = [to_json(replace(event, raw=b"")) for event in events]
        return HookRequest(headers={"x-key": self.key}, body=f"[{','.join(told)}]".encode())

    def read(self, request: HookRequest, now: datetime) -> Sequence[DeliveryEvent]:
        """See EventSource."""
        if request.headers.get("x-key") != self.key:
            raise Forged
        try:
            items = _call.decode(request.body)
        except UNREADABLE as error:
            raise Malformed("The call is no list of delivery events.") from error
        return [self._read_item(bytes(item), now) for item in items]

    def _read_item(self, raw: bytes, now: datetime) -> DeliveryEvent:
        try:
            event = _event.decode(raw)
            at = event.at.astimezone(UTC)
        except (*UNREADABLE, ValueError, OverflowError):
            event, at = DeliveryEvent(kind=Kind.OTHER, at=now, received_at=now, service=""), now
        return replace(event, at=at, received_at=now, service=self.name, raw=raw)
