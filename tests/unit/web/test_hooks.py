"""The door for mail services: who is let in, and when it says that events are kept."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette

from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import StoreUnavailable
from todoke.model.form import Site
from todoke.model.mail import Mailbox
from todoke.model.settings import MailSettings, Secret, Settings
from todoke.ports.journal import FollowUp, Journaled
from todoke.ports.mailer import Mailer
from todoke.ports.store import Store
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.walk.app import App
from todoke.walk.security import LINES
from todoke.web import hooks

SECRET = "s3cr3t-path-of-128-bits-or-more"
PATH = f"/hooks/customers-mail-cloud/{SECRET}"
ITEM = {"created": "2031-05-06 07:08:12", "status": "succeeded", "to": "a@example.net"}
BODY = json.dumps({"event_type": "deliveries", "event": {"deliveries": [ITEM, ITEM]}}).encode()


class Journal:
    """A store that only journals, or cannot."""

    def __init__(self, *, full: bool = False) -> None:
        self.events: list[DeliveryEvent] = []
        self.marks: dict[str, datetime] = {}
        self.full = full

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Journaled]:
        """Keep the events."""
        if self.full:
            raise StoreUnavailable
        self.events += events
        return [Journaled.NEW for _ in events]

    def mark(self, name: str) -> datetime | None:
        """See Store."""
        return self.marks.get(name)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        """See Store."""
        self.marks[name] = at
        return True


def wire(
    journal: Journal,
    *,
    key: str = "",
    secret: str = SECRET,
    networks: Sequence[str] = (),
    proxies: int = 0,
) -> Starlette:
    """The hooks of a site that uses Customers Mail Cloud."""
    service = CustomersMailCloudSettings(
        hook_secret=Secret(secret),
        webhook_key=Secret(key),
        source_addresses=tuple(map(ip_network, networks)),
    )
    settings = Settings(
        site=Site(name="Example"),
        mail=MailSettings(
            service="customers-mail-cloud",
            sender=Mailbox(name="", address=Address("desk@example.org")),
            own=service,
        ),
        forms={},
        data=Path("data"),
        secret=b"x" * 32,
        trusted_proxies=proxies,
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
    remote: str = "192.0.2.1",
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
        "client": (remote, 1),
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


def test_when_a_service_was_heard_is_marked():
    """A call that was read moves the service's mark, whatever it holds; one that was refused does not."""
    journal = Journal()
    app = wire(journal, key="k-1")
    assert call(app).status == 401
    assert call(app, body=b"{").status == 400
    assert journal.marks == {}
    empty = json.dumps({"event_type": "deliveries", "event": {"deliveries": []}, "api_key": "k-1"})
    assert call(app, body=empty.encode()).status == 200
    assert journal.marks == {"heard/customers-mail-cloud": datetime(2031, 5, 6, tzinfo=UTC)}


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


def test_refused_calls_fill_no_log(caplog):
    """Whoever read the address in a proxy's log and lacks the key, or calls from elsewhere, writes a few lines."""
    app = wire(Journal(), key="right")
    for _ in range(LINES + 5):
        assert call(app).status == 401
    app = wire(Journal(), networks=("192.0.2.0/24",))
    for _ in range(LINES + 5):
        assert call(app, remote="203.0.113.9").status == 404
    assert len(caplog.records) == 2 * LINES


def from_address(remote: str, *networks: str, proxies: int = 0, **headers: str) -> Answer:
    """A call that a peer at `remote` makes, where only `networks` may."""
    journal = Journal()
    app = wire(journal, networks=networks, proxies=proxies)
    answer = call(app, remote=remote, headers=headers)
    assert bool(journal.events) is (answer.status == 200)
    return answer


@pytest.mark.parametrize(
    ("remote", "networks", "status"),
    [
        ("192.0.2.1", (), 200),
        ("192.0.2.1", ("192.0.2.1/32",), 200),
        ("192.0.2.1", ("198.51.100.0/24", "192.0.2.0/24"), 200),
        ("::ffff:192.0.2.1", ("192.0.2.0/24",), 200),
        ("2001:db8::7", ("2001:db8::/32",), 200),
        ("192.0.2.2", ("192.0.2.1/32",), 404),
        ("2001:db8::7", ("192.0.2.0/24",), 404),
        ("", ("192.0.2.0/24",), 404),
        ("a.socket", ("192.0.2.0/24",), 404),
    ],
)
def test_a_call_from_elsewhere_is_answered_like_a_wrong_secret(remote, networks, status):
    """Where source addresses are listed, no other can call, and none can tell why."""
    answer = from_address(remote, *networks)
    assert answer.status == status
    wrong = call(wire(Journal()), "/hooks/customers-mail-cloud/wrong")
    if status == 404:
        assert (answer.status, answer.headers, answer.body) == (404, wrong.headers, wrong.body)


def test_behind_a_proxy_its_word_counts_and_nobody_else_s():
    """The address that our own proxy saw is judged; what the client wrote before it is not."""
    allowed = "192.0.2.0/24"
    seen = {"x-forwarded-for": "203.0.113.9, 192.0.2.1"}
    assert from_address("127.0.0.1", allowed, proxies=1, **seen).status == 200
    stated = {"x-forwarded-for": "192.0.2.1, 203.0.113.9"}
    assert from_address("127.0.0.1", allowed, proxies=1, **stated).status == 404
    assert from_address("127.0.0.1", allowed, **seen).status == 404


def test_two_secrets_open_the_hook_while_one_replaces_the_other():
    """Both values are live; neither the pair as a whole nor the gap between them is one."""
    journal = Journal()
    app = wire(journal, secret=f"{SECRET}, {SECRET}-next,", key="k-1,k-2")
    bearer = {"Authorization": "Bearer k-2"}
    assert call(app, PATH, headers=bearer).status == 200
    assert call(app, f"{PATH}-next", headers={"Authorization": "Bearer k-1"}).status == 200
    for path in (f"{PATH},{SECRET}-next", f"{PATH},", "/hooks/customers-mail-cloud/%20"):
        assert call(app, path, headers=bearer).status == 404
    for wrong in ("k-1,k-2", "k", ""):
        assert call(app, headers={"Authorization": f"Bearer {wrong}"}).status == 401
    assert len(journal.events) == 4


@pytest.mark.parametrize("secret", [",", " , ", ""])
def test_a_secret_without_a_value_opens_nothing(secret):
    """Not even for a caller who states nothing."""
    for path in ("/hooks/customers-mail-cloud/,", "/hooks/customers-mail-cloud/ "):
        assert call(wire(Journal(), secret=secret), path).status == 404
