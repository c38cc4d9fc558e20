"""The door for mail services: who is let in, and when it says that events are kept."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from todoke.app import App
from todoke.delivery import DeliveryEvent, Kind
from todoke.errors import StoreUnavailable
from todoke.events.customers_mail_cloud import CustomersMailCloudEvents
from todoke.forms import Site
from todoke.ports import FollowUp, Mailbox, Mailer, Recorded, Store
from todoke.settings import CustomersMailCloudSettings, MailSettings, Secret, Settings
from todoke.web import hooks

SECRET = "s3cr3t-path-of-128-bits-or-more"
PATH = f"/hooks/customers-mail-cloud/{SECRET}"
ITEM = {"created": "2031-05-06 07:08:12", "status": "succeeded", "to": "a@example.net"}
BODY = json.dumps({"event_type": "deliveries", "event": {"deliveries": [ITEM, ITEM]}}).encode()


class Journal:
    """A store that only journals, or cannot."""

    def __init__(self, *, full: bool = False) -> None:
        self.events: list[DeliveryEvent] = []
        self.full = full

    def record(self, events: Sequence[DeliveryEvent], follow_up: FollowUp) -> Sequence[Recorded]:
        """Keep the events."""
        if self.full:
            raise StoreUnavailable
        self.events += events
        return [Recorded.NEW for _ in events]


def wire(journal: Journal, *, key: str = "", secret: str = SECRET) -> Starlette:
    """The hooks of a site that uses Customers Mail Cloud."""
    service = CustomersMailCloudSettings(hook_secret=Secret(secret), webhook_key=Secret(key))
    settings = Settings(
        site=Site(name="Example"),
        mail=MailSettings(
            service="customers-mail-cloud",
            sender=Mailbox(name="", address="desk@example.org"),
            customers_mail_cloud=service,
        ),
        forms={},
        data=Path("data"),
        secret=b"x" * 32,
    )
    source = CustomersMailCloudEvents(service)
    app = App(
        settings=settings,
        store=cast("Store", journal),
        mailer=cast("Mailer", None),
        sources={source.name: source, "other": source},
        clock=lambda: datetime(2031, 5, 6, tzinfo=UTC),
    )
    return Starlette(routes=list(hooks.routes(app)))


@dataclasses.dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def call(
    app: Starlette,
    path: str = PATH,
    body: bytes = BODY,
    method: str = "POST",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Make one call, the body in two pieces."""
    fields = {"content-type": "application/json", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in fields.items()],
        "client": ("192.0.2.1", 1),
        "server": ("127.0.0.1", 80),
    }
    middle = len(body) // 2
    incoming = [
        {"type": "http.request", "body": body[:middle], "more_body": True},
        {"type": "http.request", "body": body[middle:], "more_body": False},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    found = {k.decode().lower(): v.decode() for k, v in start["headers"]}
    return Answer(start["status"], found, b"".join(m.get("body", b"") for m in sent[1:]))


def test_events_are_journaled_before_the_answer():
    """A call with the right secret is answered 200 ok once every event is kept."""
    journal = Journal()
    answer = call(wire(journal))
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert [e.kind for e in journal.events] == [Kind.DELIVERED, Kind.DELIVERED]


def test_wrong_secret_and_unknown_service_are_the_same_nothing():
    """Whoever guesses sees the same bytes for a wrong secret, an unknown service and one that is not set up."""
    journal = Journal()
    app = wire(journal)
    answers = [
        call(app, "/hooks/customers-mail-cloud/wrong"),
        call(app, f"/hooks/customers-mail-cloud/{SECRET}x"),
        call(app, f"/hooks/ses/{SECRET}"),
        call(app, f"/hooks/other/{SECRET}"),
        call(app, "/hooks/customers-mail-cloud/%20"),
        call(app, "/hooks/customers-mail-cloud/é"),
        call(wire(journal, secret=""), "/hooks/customers-mail-cloud/"),
        call(wire(journal, secret=""), "/hooks/customers-mail-cloud/x"),
    ]
    assert {a.status for a in answers} == {404}
    assert len({(a.body, str(a.headers)) for a in answers if b"Not Found" not in a.body}) == 1
    assert journal.events == []


def test_forged_key_is_401_and_changes_nothing():
    """The secret path alone is not enough where the service's own key is configured."""
    journal = Journal()
    app = wire(journal, key="k-1")
    refused = call(app)
    assert (refused.status, journal.events) == (401, [])
    assert "www-authenticate" in refused.headers
    assert call(app, headers={"Authorization": "Bearer k-1"}).status == 200
    assert len(journal.events) == 2


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"hello", {}, 400),
        (BODY, {"content-encoding": "gzip"}, 415),
        (BODY, {"content-length": str(hooks.BODY_BYTES + 1), "expect": "100-continue"}, 413),
    ],
)
def test_what_cannot_be_read_is_refused(body, headers, status):
    """A call that cannot be read is refused for good, and nothing is kept of it."""
    journal = Journal()
    answer = call(wire(journal), body=body, headers=headers)
    assert (answer.status, journal.events) == (status, [])
    assert json.loads(answer.body)["ok"] is False


def test_store_that_cannot_write_asks_for_another_try():
    """503 with Retry-After is said while nothing can be kept, so that the service tries again."""
    answer = call(wire(Journal(full=True)))
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_only_post():
    """A page that is looked at with a browser tells nothing."""
    assert call(wire(Journal()), method="GET").status == 405


def test_no_answer_holds_the_secret():
    """No refusal repeats the secret that was stated."""
    for answer in (call(wire(Journal(full=True))), call(wire(Journal()), body=b"{")):
        assert SECRET.encode() not in answer.body
