"""The courier: carries one signed notice to its webhook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from todoke.model.webhook import Webhook

TITLE = "title"
"""Beside the text for a channel, in place of header fields."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook said: its HTTP status (0: there was none, and `fault` says why), and the pause it asks for."""

    status: int = 0
    fault: str = ""
    retry_after_seconds: float | None = None


class Courier(Protocol):
    """Posts to webhooks. Safe to call from any thread."""

    def post(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Post once, to no other address than the webhook's: no redirect is followed. It never raises.

        A channel is sent the text `body` with its TITLE; how that goes is its service's affair. Of a webhook:
        The host is resolved once, and only what was found public is connected to, unless the webhook may be private.
        It ends within some half a minute, whatever the other side does; of an answer no more than its head is read.
        """
        ...

    def find(self, webhook: Webhook) -> str:
        """Why it could not be connected to, as far as its name and addresses tell; "" where they do not. No
        connection is made."""
        ...
