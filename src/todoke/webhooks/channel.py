"""Sentences to people, by Apprise: Slack, Teams, Discord, LINE, SMS and a hundred others by an address each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from todoke.model.log import get_logger
from todoke.model.webhook import Webhook
from todoke.ports.courier import TITLE, Courier, Reply

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelCourier:
    """Tells channels itself, and leaves webhooks to `others`."""

    others: Courier

    def post(self, webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> Reply:
        """See Courier. Apprise says whether it was taken, no more. What it logs has addresses: secrets."""
        if not webhook.is_channel:
            return self.others.post(webhook, body, headers)
        try:
            import apprise  # noqa: PLC0415 - a quarter of a second, and an extra
        except ImportError:
            return Reply(fault="no_apprise")
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        channel = apprise.Apprise(asset=apprise.AppriseAsset(app_id="todoke", app_url=""))
        if not channel.add(webhook.url):
            return Reply(fault="bad_address")
        try:
            was_taken = channel.notify(
                title=headers[TITLE], body=body.decode(), body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - of a hundred plugins one may raise anything
            log.warning("channel_failed", channel=webhook.name, error=type(error).__name__)
            return Reply(fault="channel")
        return Reply(status=200) if was_taken else Reply(fault="channel")

    def find(self, webhook: Webhook) -> str:
        """See Courier. Of a channel nothing is known before it is told."""
        return "" if webhook.is_channel else self.others.find(webhook)
