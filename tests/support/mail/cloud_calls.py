"""Webhook calls of Customers Mail Cloud as it makes them, and what todoke reads in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from todoke.model.delivery import DeliveryEvent
from todoke.model.settings import Secret
from todoke.ports.events import HookRequest
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings

NOW = datetime(2031, 5, 6, 0, 0, tzinfo=UTC)
TOKEN = "0123456789abcdefghijklmnop"
ITEM = {
    "created": "2031-05-06 07:08:12",
    "returnPath": "desk@return.sub1.smtps.example",
    "from": "desk@example.org",
    "to": "aoi@example.net",
    "messageId": "<0a1b@mta02.sub1.smtps.example>",
    "reason": "",
    "senderIp": "192.0.2.20",
    "sourceIp": "",
    "status": "succeeded",
    "subject": "受付 <1>",
    "apiData": TOKEN,
}


def form_body(event_type: str, *items: object, **more: str) -> bytes:
    """A call in the default encoding."""
    event = json.dumps({event_type: items}, ensure_ascii=False)
    event = event.replace("<", "\\u003C").replace(">", "\\u003E")
    parameters = {"server_composition": "sub1", "event_type": event_type, "event": event}
    return urlencode({**parameters, **more}).encode()


def json_body(event_type: str, *items: object, **more: str) -> bytes:
    """A call in the JSON encoding."""
    event = {event_type: items}
    return json.dumps({"event_type": event_type, "event": event, **more}).encode()


def read(
    body: bytes, key: str = "", zone: str = "Asia/Tokyo", **headers: str
) -> Sequence[DeliveryEvent]:
    """The events of a call."""
    settings = CustomersMailCloudSettings(webhook_key=Secret(key), time_zone=zone)
    return CustomersMailCloudEvents(settings).read(HookRequest(headers=headers, body=body), NOW)
