"""What the records of Customers Mail Cloud do beyond the port: calls, pages, and answers that are none."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mail_cloud_sandbox.app import build
from support.mail.list_stages import cloud_list
from support.mail.records_stages import DAY, KEY, NOW, TOKYO, SandboxStage, of_day, records_at
from support.web.local_server import serving, wait_for
from todoke.model.delivery import Kind, Reason
from todoke.model.errors import ConfigError, RecordsUnavailable
from todoke.ports.events import HookRequest
from todoke.ports.suppressions import Suppression
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings


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
        blocked = cloud_list(records._lists._settings.records_url, server_composition="pro")
        blocked.suppressions()
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
        slow = records_at(records._lists._settings.records_url, timeout_seconds=1)
        with pytest.raises(RecordsUnavailable, match="cannot be read"):
            of_day(slow)
        slow.close()

    def test_a_list_without_end(self, scripted: Scripted) -> None:
        """A service that gives full pages for ever is left after a bound, not followed."""
        script, records = scripted
        full = JSONResponse({"deliveries": [item(n) for n in range(100)]})
        script.answer = lambda *_: full
        records._lists.most_pages = 4
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
        whole, *rest = cloud_list(records._lists._settings.records_url).suppressions()
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
