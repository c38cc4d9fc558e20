"""Every Records as the contract suite needs it: a new one joins by a stage here and a row of the table below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import urllib3
from starlette.applications import Starlette

from mail_cloud_sandbox.app import build
from support.web.local_server import serving
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import RecordsUnavailable
from todoke.model.settings import Secret
from todoke.ports.records import Records
from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.testing import FakeRecords

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2031, 5, 6, 12, 0, tzinfo=TOKYO)
DAY = NOON.date()
NOW = NOON + timedelta(hours=1)
KEY = "SECRET-key-93b1"


class Stage(Protocol):
    """Records with a way to let something be put on them."""

    records: Records

    def deliver(self, token: str, at: datetime, recipient: str = "aoi@example.com") -> None:
        """Let a mail with this token be taken and delivered at this time."""
        ...

    def end(self) -> None:
        """Let the service be there no more."""
        ...


@dataclass
class FakeStage:
    """The fake."""

    records: FakeRecords = field(default_factory=lambda: FakeRecords(zone=TOKYO))

    def deliver(self, token: str, at: datetime, recipient: str = "aoi@example.com") -> None:
        """See Stage."""
        for kind in (Kind.ACCEPTED, Kind.DELIVERED):
            told = at.astimezone(UTC)
            event = DeliveryEvent(
                kind=kind,
                at=told,
                received_at=told,
                service="fake",
                token=token,
                recipient=recipient,
                raw=f"{kind} {token} {recipient}".encode(),
            )
            self.records.events.append(event)

    def end(self) -> None:
        """See Stage."""
        self.records.fault = RecordsUnavailable()


@dataclass
class SandboxStage:
    """The adapter, before a sandbox whose clock is set."""

    app: Starlette
    url: str
    stop: Callable[[], object]
    records: CustomersMailCloudRecords
    present: datetime = NOW + timedelta(days=9)

    def deliver(self, token: str, at: datetime, recipient: str = "aoi@example.com") -> None:
        """See Stage."""
        self.app.state.service.clock = at.timestamp
        mail = {
            "api_user": "api@example.org",
            "api_key": KEY,
            "to": [{"name": "", "address": recipient}],
            "from": {"name": "", "address": "desk@example.org"},
            "subject": "Hello",
            "text": "Hello",
            "headers": [{"name": "X-Api-Data", "value": token}],
        }
        answer = urllib3.request("POST", f"{self.url}/api/v2/emails/send.json", json=mail)
        assert answer.status == 200, answer.data
        self.app.state.service.clock = self.present.timestamp

    def end(self) -> None:
        """See Stage."""
        self.stop()


def records_at(url: str, **changes: Any) -> CustomersMailCloudRecords:
    """The adapter for a service at `url`."""
    made = {"records_url": url, "api_user": "api@example.org", "api_key": Secret(KEY)}
    return CustomersMailCloudRecords(CustomersMailCloudSettings(**{**made, **changes}))


@contextmanager
def fake(_folder: Path) -> Iterator[Stage]:
    """The fake."""
    yield FakeStage()


@contextmanager
def sandbox(folder: Path) -> Iterator[Stage]:
    """Customers Mail Cloud, as the sandbox plays it."""
    app = build(folder, pace_seconds=0)
    server = serving(app)
    url = server.__enter__()
    app.state.service.clock = SandboxStage.present.timestamp
    records = records_at(url, timeout_seconds=5)
    ended: list[object] = []
    stop = lambda: ended or ended.append(server.__exit__(None, None, None))  # noqa: E731
    yield SandboxStage(app, url, stop, records)
    records.close()
    stop()


STAGES: Mapping[str, Callable[[Path], AbstractContextManager[Stage]]] = {
    "customers-mail-cloud": sandbox,
    "fake": fake,
}
"""Each service that keeps records, by its name."""


def of_day(records: Records, day: date = DAY) -> list[DeliveryEvent]:
    """All events of a day."""
    return [event for page in records.of_day(day, NOW) for event in page]
