"""How much is kept of events that belong to no attempt: whoever knows a webhook's secret could fill the store."""

from __future__ import annotations

from msgspec.structs import replace

from todoke.model.delivery import DeliveryEvent

MOST = 10_000
"""The newest. One that came before its attempt was noted is joined within seconds; an account that others send with
may tell of a hundred thousand mails a day."""
_RAW_BYTES = 16_384
_WORDS = 4_096
_NAME = 512


def bounded(event: DeliveryEvent) -> DeliveryEvent:
    """The event with the beginning of what is longer than any service's: evidence enough of what belongs to nobody."""
    return replace(
        event,
        raw=event.raw[:_RAW_BYTES],
        diagnostic=event.diagnostic[:_WORDS],
        token=event.token[:_NAME],
        service_id=event.service_id[:_NAME],
        recipient=event.recipient[:_NAME],
    )
