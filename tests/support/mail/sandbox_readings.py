"""What todoke reads in what a sandbox's webhook tells."""

from __future__ import annotations

from datetime import UTC, datetime

from support.mail.sandboxes import KEY, Receiver
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Standing, standing
from todoke.model.settings import Secret
from todoke.ports.events import HookRequest
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings


class ReadingReceiver(Receiver):
    """A webhook's receiver that reads as todoke does."""

    @property
    def events(self) -> list[DeliveryEvent]:
        """Everything told so far, as todoke reads it."""
        settings = CustomersMailCloudSettings(webhook_key=Secret(KEY))
        source, now = CustomersMailCloudEvents(settings), datetime.now(UTC)
        requests = [HookRequest(headers=c.headers, body=c.body) for c in list(self.calls)]
        return [event for request in requests for event in source.read(request, now)]

    def standing_of(self, recipient: str) -> Standing:
        """What the events add up to."""
        return standing(self.events, recipient=Address(recipient), started_at=datetime.now(UTC))
