"""How a sandbox behaves: what the console and the plan of a real account would set, and how fast things happen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mail_cloud_sandbox.defaults import KEEP_BYTES, KEEP_MAILS
from mail_cloud_sandbox.outcomes import BLOCKS, BOUNCES, COMPLAINTS, DELIVERIES

DELIVERY_EVENTS = ("queued", "succeeded", "failed", "deferred")
EVENT_KINDS = (*DELIVERY_EVENTS, BOUNCES, BLOCKS, COMPLAINTS)
"""What the console lets one switch on, each by itself; complaints are the sandbox's own."""
USUAL_EVENTS = frozenset(EVENT_KINDS) - {BLOCKS}
"""Blocks come on Pro alone."""
MOST_BATCH = 100
"""The most events in one call, as documented."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The settings of a sandbox.

    `webhook_url` "" means that no webhook is set up. `webhook_enabled` is asked whenever there is something to tell:
    while it says no, what happens is lost to the webhook for good, as with the webhook switched off in the console;
    the records have it all the same. `webhook_key` is the api_key in the body; `webhook_basic` ("user:password") and
    `webhook_bearer` go into the Authorization header, one of them at most. `webhook_json` is the console's "use JSON
    format", which version 1 does not have. `webhook_events` are the EVENT_KINDS that are switched on. A call goes out
    `webhook_batch_seconds` after its first event, or when `webhook_batch_most` are there. `retry_seconds` are the
    waits before each further try of a call; then its events are lost, as a real service gives up.

    `api_users` (user to key) None takes any pair, `from_domains` None any sender. `connections_per_user` is how many
    connections may be open for one api_user. An address is blocked after `block_after` hard bounces; 0: never.
    `keep_mails` mails of `keep_bytes` in all are kept; beyond that the oldest go.
    `pace_seconds` sets how far apart the states of a mail come; 0 is at once.

    Raises ValueError: if settings are none, or do not go together.
    """

    webhook_url: str = ""
    webhook_enabled: Callable[[], bool] = _always
    webhook_key: str = ""
    webhook_basic: str = ""
    webhook_bearer: str = ""
    webhook_json: bool = False
    webhook_version: int = 2
    webhook_events: Collection[str] = USUAL_EVENTS
    webhook_batch_seconds: float = 1.0
    webhook_batch_most: int = MOST_BATCH
    webhook_timeout_seconds: float = 5.0
    retry_seconds: tuple[float, ...] = (1.0, 5.0, 30.0, 120.0, 600.0)
    api_users: Mapping[str, str] | None = None
    from_domains: Collection[str] | None = None
    connections_per_user: int = 10
    block_after: int = 0
    keep_mails: int = KEEP_MAILS
    keep_bytes: int = KEEP_BYTES
    server_composition: str = "sandbox"
    time_zone: str = "Asia/Tokyo"
    pace_seconds: float = 1.5

    def __post_init__(self) -> None:
        """Check what cannot be left to the types."""
        if self.webhook_version not in {1, 2}:
            raise ValueError(f"webhook version {self.webhook_version}: there are versions 1 and 2")
        if self.webhook_version == 1 and self.webhook_json:
            raise ValueError("webhook version 1 has no JSON format: use version 2")
        if self.webhook_basic and self.webhook_bearer:
            raise ValueError("one Authorization header holds Basic or Bearer, not both")
        unknown = sorted(set(self.webhook_events) - set(EVENT_KINDS))
        if unknown:
            raise ValueError(f"no event kind {', '.join(unknown)}: use {', '.join(EVENT_KINDS)}")
        if not 1 <= self.webhook_batch_most <= MOST_BATCH:
            raise ValueError(f"a webhook call holds 1 to {MOST_BATCH} events")
        if self.keep_mails < 1 or self.keep_bytes < 1:
            raise ValueError("at least one mail is kept")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {self.time_zone!r}") from error

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the times in events and records."""
        return ZoneInfo(self.time_zone)

    @property
    def domain(self) -> str:
        """The domain that this server group's own names end in."""
        return f"{self.server_composition}.smtps.example"

    def tells(self, event_type: str, status: str) -> bool:
        """Whether the webhook is told of this kind of event."""
        kind = status if event_type == DELIVERIES else event_type
        return bool(self.webhook_url) and kind in self.webhook_events
