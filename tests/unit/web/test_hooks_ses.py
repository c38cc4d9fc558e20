"""The hook of Amazon SES over HTTP: what is answered, and that nothing forged is kept."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from support.mail.sns_signing import NOW, TOPIC, Web, confirmation, envelope
from todoke.model.address import Address
from todoke.model.form import Site
from todoke.model.mail import Mailbox
from todoke.model.settings import MailSettings, Secret, Settings
from todoke.services.ses.events import SesEvents
from todoke.services.ses.settings import SesSettings
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.web import hooks

SECRET = "s3cr3t-path-of-128-bits-or-more"
MESSAGE = {
    "eventType": "Delivery",
    "mail": {"messageId": "0102-ses-1", "destination": ["a@example.com"]},
    "delivery": {"recipients": ["a@example.com"]},
}


class Parts:
    """The hooks over a store in memory."""

    def __init__(self, web: Web | None = None) -> None:
        ses = SesSettings(topics=(TOPIC,), hook_secret=Secret(SECRET))
        self.store = MemoryStore()
        self.web = Web() if web is None else web
        settings = Settings(
            site=Site(name="Example"),
            mail=MailSettings(
                service="ses", sender=Mailbox(name="", address=Address("d@example.org")), own=ses
            ),
            forms={},
            data=Path("data"),
            secret=b"x" * 32,
        )
        source = SesEvents(ses, fetch=self.web)
        app = App(
            settings=settings,
            store=self.store,
            mailer=FakeMailer(),
            sources={source.name: source},
            clock=lambda: NOW,
        )
        self._app = Starlette(routes=list(hooks.routes(app)))

    def call(self, body: Any, secret: str = SECRET, **headers: str) -> int:
        """The status of an answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        path = f"/hooks/ses/{secret}"
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("192.0.2.1", 1),
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, receive, send))
        return int(sent[0]["status"])


def test_a_signed_event_is_kept_once() -> None:
    """200 once it is journaled; SNS may repeat itself."""
    parts = Parts()
    assert [parts.call(envelope(MESSAGE)) for _ in range(3)] == [200] * 3
    assert len(parts.store.orphans(9)) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (envelope(MESSAGE) | {"Message": "{}"}, 401),
        (envelope(MESSAGE, TopicArn=TOPIC + "x"), 401),
        (b"{", 400),
        (json.dumps(MESSAGE).encode(), 400),
    ],
)
def test_what_is_not_proved_changes_nothing(body: Any, status: int) -> None:
    """Forged or unreadable: nothing is kept."""
    parts = Parts()
    assert parts.call(body) == status
    assert parts.store.orphans(9) == []


def test_a_certificate_that_is_not_to_be_had_asks_for_another_try() -> None:
    """503: SNS takes a 4xx for the last word."""
    assert Parts(Web({})).call(envelope(MESSAGE)) == 503


def test_raw_delivery_is_refused_unless_allowed() -> None:
    """It has no signature."""
    headers = {"x-amz-sns-rawdelivery": "true", "x-amz-sns-topic-arn": TOPIC}
    assert Parts().call(json.dumps(MESSAGE).encode(), **headers) == 401


def test_the_secret_path_comes_first() -> None:
    """A true message at a wrong address is nothing, and fetches nothing."""
    parts = Parts()
    assert parts.call(envelope(MESSAGE), secret="x") == 404
    assert parts.call(confirmation(), secret="x") == 404
    assert parts.web.asked == []
