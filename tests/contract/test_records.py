"""The Records port, held against the adapter before the sandbox, and the fake; then what is the adapter's alone."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
import urllib3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mail_cloud_sandbox.app import build
from support.web.local_server import serving, wait_for
from todoke.model.delivery import DeliveryEvent, Kind, Reason
from todoke.model.errors import ConfigError, RecordsUnavailable
from todoke.model.settings import Secret
from todoke.ports.events import HookRequest
from todoke.ports.records import Records, Suppression
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
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

    def block(self, address: str, at: datetime) -> None:
        """Let the service send to this address no more, from this time on."""
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
            event = DeliveryEvent(
                kind=kind, at=at, received_at=at, service="fake", token=token, recipient=recipient
            )
            self.records.events.append(event)

    def block(self, address: str, at: datetime) -> None:
        """See Stage."""
        self.records.blocked.append(Suppression(address=address, since=at))

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

    def block(self, address: str, at: datetime) -> None:
        """See Stage."""
        self.app.state.service.blocks.add(address, at.timestamp())

    def end(self) -> None:
        """See Stage."""
        self.stop()


def records_at(url: str, **changes: Any) -> CustomersMailCloudRecords:
    """The adapter for a service at `url`."""
    made = {"records_url": url, "api_user": "api@example.org", "api_key": Secret(KEY)}
    return CustomersMailCloudRecords(CustomersMailCloudSettings(**{**made, **changes}))


@pytest.fixture(params=["sandbox", "fake"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Records of each kind."""
    if request.param == "fake":
        yield FakeStage()
        return
    app = build(tmp_path, pace_seconds=0)
    server = serving(app)
    url = server.__enter__()
    app.state.service.clock = SandboxStage.present.timestamp
    records = records_at(url, timeout_seconds=5)
    ended: list[object] = []
    stop = lambda: ended or ended.append(server.__exit__(None, None, None))  # noqa: E731
    yield SandboxStage(app, url, stop, records)
    records.close()
    stop()


def of_day(records: Records, day: date = DAY) -> list[DeliveryEvent]:
    """All events of a day."""
    return [event for page in records.of_day(day, NOW) for event in page]


class TestContract:
    def test_has_a_name_a_reach_and_a_calendar(self, stage: Stage) -> None:
        """A service is called something, its records reach back some days, and it has days of its own."""
        assert stage.records.name
        assert stage.records.days > 0
        assert NOON.astimezone(stage.records.zone).date() == DAY

    def test_nothing_is_no_error(self, stage: Stage) -> None:
        """A day on which nothing happened has no page, or pages without events."""
        assert of_day(stage.records) == []
        assert list(stage.records.of_attempt("t" * 26, [DAY], NOW)) == []

    def test_all_of_a_day_however_much(self, stage: Stage) -> None:
        """Every event of the day comes once, page after page, as of `now`."""
        tokens = [f"{n:026}" for n in range(130)]
        for token in tokens:
            stage.deliver(token, NOON)
        events = of_day(stage.records)
        assert sorted((e.token, e.kind) for e in events) == sorted(
            (token, kind) for token in tokens for kind in (Kind.ACCEPTED, Kind.DELIVERED)
        )
        assert {(e.at, e.received_at) for e in events} == {(NOON.astimezone(UTC), NOW)}
        assert len(list(stage.records.of_day(DAY, NOW))) == 3

    def test_a_day_is_the_service_s_own(self, stage: Stage) -> None:
        """Days begin at midnight in the records' zone, not in ours."""
        midnight = datetime(2031, 5, 6, tzinfo=TOKYO)
        stage.deliver("before", midnight - timedelta(seconds=1))
        stage.deliver("after", midnight)
        assert {e.token for e in of_day(stage.records)} == {"after"}
        assert {e.token for e in of_day(stage.records, DAY - timedelta(days=1))} == {"before"}

    def test_of_one_attempt_alone(self, stage: Stage) -> None:
        """An attempt's events are found on the days asked for, and never those of a token that holds its own."""
        for token in ("token", "token-and-more", "other"):
            stage.deliver(token, NOON)
        stage.deliver("token", NOON + timedelta(days=1))
        days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]
        found = stage.records.of_attempt("token", days, NOW)
        assert [e.token for e in found] == ["token"] * 4
        assert len(stage.records.of_attempt("token", [DAY], NOW)) == 2

    def test_suppressed_addresses(self, stage: Stage) -> None:
        """Every address that the service will not send to, however many, each with since when; at first none."""
        assert list(stage.records.suppressions()) == []
        addresses = {f"gone{n}@example.com" for n in range(130)}
        for address in sorted(addresses):
            stage.block(address, NOON)
        found = stage.records.suppressions()
        assert {s.address for s in found} == addresses
        assert len(found) == len(addresses)
        assert {s.since for s in found} == {NOON}

    def test_a_service_that_is_gone(self, stage: Stage) -> None:
        """Without an answer every method raises RecordsUnavailable."""
        stage.end()
        for ask in (
            lambda: of_day(stage.records),
            lambda: stage.records.of_attempt("t", [DAY], NOW),
            stage.records.suppressions,
        ):
            with pytest.raises(RecordsUnavailable):
                ask()

    def test_closed(self, stage: Stage) -> None:
        """After close nothing is asked any more; closing twice is no fault."""
        stage.records.close()
        stage.records.close()
        with pytest.raises(RecordsUnavailable):
            of_day(stage.records)


def test_an_item_on_record_is_the_webhook_s_event(tmp_path: Path) -> None:
    """For every outcome of the sandbox, what the record API tells has the key of what the webhook told of it."""
    told: list[bytes] = []

    async def hook(request: Request) -> Response:
        told.append(await request.body())
        return Response("ok")

    locals_ = (
        "aoi",
        "hardbounce",
        "mailboxfull",
        "deferred",
        "late-bounce",
        "suppressed",
        "vacation",
    )
    receiver = Starlette(routes=[Route("/", hook, methods=["POST"])])
    with serving(receiver) as hook_url:
        app = build(tmp_path, webhook_url=hook_url, pace_seconds=0, webhook_batch_seconds=0)
        with serving(app) as url:
            records = records_at(url)
            now = datetime.now(TOKYO)
            stage = SandboxStage(app, url, lambda: None, records, now)
            for local in locals_:
                stage.deliver(local, now, f"{local}@example.com")
            on_record = {e.key for e in of_day(records, now.date())}
            source = CustomersMailCloudEvents(CustomersMailCloudSettings())

            def heard() -> bool:
                calls = [HookRequest(headers={}, body=body) for body in list(told)]
                return on_record <= {e.key for call in calls for e in source.read(call, NOW)}

            wait_for(heard)
            records.close()
    assert len(on_record) > 2 * len(locals_)


@dataclass
class Script:
    """A service that answers as told, and keeps what it was asked."""

    answer: Callable[[str, dict[str, Any]], Response]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def reply(self, request: Request) -> Response:
        """Answer one call."""
        body = json.loads(await request.body())
        resource = request.path_params["resource"]
        self.asked.append((resource, body))
        return self.answer(resource, body)


@pytest.fixture
def scripted() -> Iterator[tuple[Script, CustomersMailCloudRecords]]:
    """The adapter before a service that answers 204 until it is told otherwise."""
    script = Script(lambda *_: Response(status_code=204))
    path = "/transaction/v2/{resource}/list.json"
    with serving(Starlette(routes=[Route(path, script.reply, methods=["POST"])])) as url:
        records = records_at(url, server_composition="pro", timeout_seconds=5)
        yield script, records
        records.close()


Scripted = tuple[Script, CustomersMailCloudRecords]


def item(n: int, **changes: Any) -> dict[str, Any]:
    """One row."""
    return {"created": "2031-05-06 12:00:00", "status": "succeeded", "apiData": f"t{n}"} | changes


def pages_of(total: int, most: int = 100) -> Callable[[str, dict[str, Any]], Response]:
    """A service with so many deliveries, which gives at most `most` a page."""

    def answer(resource: str, asked: dict[str, Any]) -> Response:
        rows = min(int(asked["r"]), most)
        start = int(asked["p"]) * rows
        found = [item(n) for n in range(start, min(total, start + rows))]
        if resource != "deliveries" or not found:
            return Response(status_code=204)
        return JSONResponse({"deliveries": found})

    return answer


class TestCustomersMailCloud:
    def test_the_call_is_as_documented(self, scripted: Scripted) -> None:
        """Credentials, the server group, the day and the page go as JSON; nothing else does."""
        script, records = scripted
        assert of_day(records) == []
        stated = {"api_user": "api@example.org", "api_key": KEY, "server_composition": "pro"}
        wanted = {**stated, "date": "2031-05-06", "p": 0, "r": 100}
        assert script.asked == [("deliveries", wanted), ("bounces", wanted)]
        records.of_attempt("t1", [DAY], NOW)
        exact = {**wanted, "api_data": "t1", "search_option": {"api_data": "full"}}
        assert script.asked[2:] == [("deliveries", exact), ("bounces", exact)]
        records.suppressions()
        assert script.asked[4:] == [("blocks", {**stated, "p": 0, "r": 100})]

    @pytest.mark.parametrize(
        ("total", "most", "calls"),
        [(0, 100, 1), (99, 100, 1), (100, 100, 2), (237, 100, 3), (45, 10, 5), (100, 50, 3)],
    )
    def test_pages_until_one_is_short(
        self, scripted: Scripted, total: int, most: int, calls: int
    ) -> None:
        """All rows come, each once, also from a service that gives fewer a page than it is asked for."""
        script, records = scripted
        script.answer = pages_of(total, most)
        assert [e.token for e in of_day(records)] == [f"t{n}" for n in range(total)]
        assert len([1 for resource, _ in script.asked if resource == "deliveries"]) == calls

    @pytest.mark.parametrize(
        "body", [{}, {"deliveries": []}, {"deliveries": None}, {"bounces": []}]
    )
    def test_an_absent_key_is_nothing(self, scripted: Scripted, body: dict[str, Any]) -> None:
        """A list that is absent, null or empty is an empty one."""
        script, records = scripted
        script.answer = lambda *_: JSONResponse(body)
        assert of_day(records) == []

    def test_an_item_that_states_no_time_keeps_its_key(self, scripted: Scripted) -> None:
        """Asked for again, an item without a time is the same event, so nothing grows."""
        script, records = scripted
        script.answer = lambda resource, _: JSONResponse({resource: [{"apiData": "t1"}, 7]})
        first = of_day(records)
        again = [e for page in records.of_day(DAY, NOW + timedelta(days=1)) for e in page]
        assert [e.key for e in first] == [e.key for e in again]
        assert {e.kind for e in first} == {Kind.OTHER}

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Response("<html>", 200), "cannot be read"),
            (Response('{"deliveries": {"a": 1}}', 200), "cannot be read"),
            (Response(b"\xff\xfe", 200), "cannot be read"),
            (Response("", 302, {"location": "https://example.com/"}), "HTTP 302"),
            (Response("busy", 503), "HTTP 503"),
            (
                JSONResponse(
                    {"errors": [{"code": "11-006", "field": "date", "message": "bad"}]}, 400
                ),
                "HTTP 400; 11-006 date bad",
            ),
            (JSONResponse({"errors": [{"code": "01-001"}], "deliveries": []}), "HTTP 200; 01-001"),
            (JSONResponse({"errors": [{"message": f"no user {KEY}"}]}, 401), "no user ***"),
            (Response(status_code=403), "permission"),
            (
                Response(
                    gzip.compress(b'{"deliveries": []}'), headers={"content-encoding": "gzip"}
                ),
                "cannot be read",
            ),
            (Response(b" " * (8 * 1024 * 1024 + 1)), "too large"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_what_is_no_answer(self, scripted: Scripted, answer: Response, words: str) -> None:
        """Anything but a list is RecordsUnavailable, says why, and never says the key; the next call is another."""
        script, records = scripted
        script.answer = lambda *_: answer
        with pytest.raises(RecordsUnavailable) as raised:
            of_day(records)
        assert words in str(raised.value)
        assert KEY not in str(raised.value) + repr(raised.value.__cause__)
        script.answer = pages_of(3)
        assert len(of_day(records)) == 3

    def test_an_answer_that_trickles(self, scripted: Scripted) -> None:
        """A service that gives a byte now and then is left once its time is over."""
        script, records = scripted

        async def trickle() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.05)

        script.answer = lambda *_: StreamingResponse(trickle())
        slow = records_at(records._settings.records_url, timeout_seconds=1)
        with pytest.raises(RecordsUnavailable, match="cannot be read"):
            of_day(slow)
        slow.close()

    def test_a_list_without_end(self, scripted: Scripted) -> None:
        """A service that gives full pages for ever is left after a bound, not followed."""
        script, records = scripted
        full = JSONResponse({"deliveries": [item(n) for n in range(100)]})
        script.answer = lambda *_: full
        records.most_pages = 4
        pages = records.of_day(DAY, NOW)
        with pytest.raises(RecordsUnavailable, match="more than 4 pages"):
            list(pages)
        assert [asked["p"] for _, asked in script.asked] == [0, 1, 2, 3]

    def test_blocked_addresses(self, scripted: Scripted) -> None:
        """The service's list, in our words where its number is one that we know; what names nobody is left out."""
        script, records = scripted
        rows = [
            {
                "created": "2031-05-06 08:00:00",
                "email": "no-such@example.net",
                "id": "cp0example",
                "occurred": "1",
                "status": "2",
            },
            {"email": "b@example.net", "status": 5},
            {"email": "c@example.net", "status": "99", "created": "soon"},
            {"email": "d@example.net", "status": "new word"},
            {"status": "2"},
            "?",
        ]
        script.answer = lambda resource, asked: JSONResponse({resource: rows})
        whole, *rest = records.suppressions()
        assert whole == Suppression(
            address="no-such@example.net",
            since=datetime(2031, 5, 5, 23, 0, tzinfo=UTC),
            reason="2",
            cause=Reason.UNKNOWN_ADDRESS,
            service_id="cp0example",
        )
        assert rest == [
            Suppression(address="b@example.net", reason="5", cause=Reason.MAILBOX_FULL),
            Suppression(address="c@example.net", reason="99"),
            Suppression(address="d@example.net", reason="new word"),
        ]

    def test_the_key_never_crosses_a_network_in_the_clear(self) -> None:
        """Without TLS only this machine is asked; an unknown zone is a fault of the configuration, too."""
        with pytest.raises(ConfigError, match="records_url"):
            records_at("http://records.example.org")
        with pytest.raises(ConfigError, match="Nowhere"):
            records_at("https://records.example.org", time_zone="Mars/Nowhere")
        records_at("https://records.example.org").close()
