"""The Transaction API of the sandbox: what is on record, the block list, the statistics."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from mail_cloud_sandbox.behaviour import Behaviour
from mail_cloud_sandbox.mail import Mail, Mailbox
from mail_cloud_sandbox.service import service_on
from support.mail.sandboxes import HTTP, SEND, TOKEN, Receiver, faults, mail_to, post, sandbox
from support.web.local_server import wait_for


def test_record_apis(tmp_path):
    """deliveries/list and bounces/list give the same facts as the webhook, by page, and 204 for none."""
    base = {"api_user": "u", "api_key": "k", "server_composition": "sandbox"}
    today = f"{datetime.now(UTC) + timedelta(hours=9):%Y-%m-%d}"
    with sandbox(tmp_path) as url:
        deliveries = url + "/transaction/v2/deliveries/list.json"
        bounces = url + "/transaction/v2/bounces/list.json"
        assert post(bounces, base) == (204, {})
        for local in ("aoi", "hardbounce", "late-bounce"):
            post(url + SEND, mail_to(f"{local}@example.com"))
        rows = post(deliveries, {**base, "date": today, "r": 100})[1]["deliveries"]
        assert sorted(r["status"] for r in rows) == ["failed"] + ["queued"] * 3 + ["succeeded"] * 2
        pages = [
            post(deliveries, {**base, "date": today, "r": 4, "p": p})[1]["deliveries"]
            for p in (0, 1)
        ]
        assert [*pages[0], *pages[1]] == rows
        assert post(deliveries, {**base, "date": today, "r": 4, "p": 2})[0] == 204
        hit = post(deliveries, {**base, "date": today, "to": "AOI@", "status": "succeeded"})[1]
        assert [r["to"] for r in hit["deliveries"]] == ["aoi@example.com"]
        assert post(deliveries, {**base, "date": "2001-01-01"})[0] == 204
        found = post(bounces, {**base, "api_data": TOKEN[:9], "start_date": today})[1]["bounces"]
        assert {r["status"] for r in found} == {"2"}
        assert len(found) == 2
        form = HTTP.request("POST", bounces, fields=base, encode_multipart=False)
        assert json.loads(form.data)["bounces"] == found
        assert faults(post(deliveries, base)) == (400, {("11-006", "date")})
        other = {**base, "server_composition": "pro"}
        assert faults(post(bounces, other)) == (400, {("11-006", "server_composition")})


BASE = {"api_user": "u", "api_key": "k", "server_composition": "sandbox"}
ZONE = timedelta(hours=9)


def api(url: str, name: str, **more: object) -> tuple[int, dict]:
    """A call of the Transaction API."""
    return post(f"{url}/transaction/v2/{name}.json", {**BASE, **more})


def today() -> str:
    """The day by the console's clock."""
    return f"{datetime.now(UTC) + ZONE:%Y-%m-%d}"


def test_search_option_asks_for_the_whole_value(tmp_path):
    """Parts of addresses and tokens match, or the whole alone where search_option says full."""
    with sandbox(tmp_path) as url:
        for recipient in ("aoi@example.com", "aoi@example.com.test"):
            post(url + SEND, mail_to(recipient))
        asked = {"date": today(), "status": "succeeded", "to": "AOI@example.com"}
        assert len(api(url, "deliveries/list", **asked)[1]["deliveries"]) == 2
        for option in ({"to": "full"}, '{"to":"full"}'):
            (row,) = api(url, "deliveries/list", **asked, search_option=option)[1]["deliveries"]
            assert row["to"] == "aoi@example.com"
        part = {"date": today(), "api_data": TOKEN[:9]}
        assert api(url, "deliveries/list", **part)[0] == 200
        assert api(url, "deliveries/list", **part, search_option={"api_data": "full"})[0] == 204


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("deliveries/list", {"date": "2001-02-30"}, "date"),
        ("deliveries/list", {"date": "20010203"}, "date"),
        ("deliveries/list", {"date": "2999-01-01"}, "date"),
        ("deliveries/list", {"date": "2001-01-01", "status": "bounced"}, "status"),
        ("deliveries/list", {"date": "2001-01-01", "hour": "24"}, "hour"),
        ("deliveries/list", {"date": "2001-01-01", "minute": "5"}, "minute"),
        ("deliveries/list", {"date": "2001-01-01", "p": "-1"}, "p"),
        ("deliveries/list", {"date": "2001-01-01", "p": "١"}, "p"),
        ("deliveries/list", {"date": "2001-01-01", "search_option": "{"}, "search_option"),
        ("deliveries/list", {"date": "2001-01-01", "search_option": {"to": "x"}}, "search_option"),
        ("bounces/list", {"start_date": "2001-01-02", "end_date": "2001-01-01"}, "end_date"),
        ("bounces/list", {"status": "soft"}, "status"),
        ("blocks/list", {"removed": "maybe"}, "removed"),
        ("blocks/list", {"server_composition": "pro"}, "server_composition"),
        ("blocks/cancel", {}, "email"),
        ("statistics/list", {"year": 2031}, "month"),
        ("statistics/list", {"year": 2031, "month": 13}, "month"),
        ("statistics/list", {"api_key": ""}, "api_key"),
    ],
)
def test_wrong_parameters_are_named(shared_url, name, changes, field):
    """Each wrong parameter is answered 400 with its name."""
    assert faults(api(shared_url, name, **changes)) == (400, {("11-006", field)})


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory):
    """A sandbox without mail."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


def test_records_end_after_40_days(tmp_path):
    """What is older than the log is kept is not on record any more."""
    service, database = service_on(tmp_path, Behaviour(pace_seconds=0), lambda: 1_000_000_000.0)
    boxes = (Mailbox("", "hardbounce@example.com"),)
    service.accept(
        Mail(api_user="u", sender=Mailbox("", "d@example.org"), to=boxes, subject="s", text="t"),
        remote="",
    )

    def on_record(days: float) -> int:
        now = 1_000_000_000.0 + days * 86_400
        return len(service.records.items("bounces", now, {}, whole=(), rows=10, page=0))

    assert [on_record(days) for days in (0, 39.9, 40.1)] == [1, 1, 0]
    database.close()


def test_address_that_bounced_often_enough_is_blocked_until_it_is_released(tmp_path):
    """After two hard bounces mail is taken and suppressed; released, the address is tried again."""
    receiver = Receiver()
    address = "hardbounce@example.com"
    with sandbox(tmp_path, receiver, block_after=2) as url:

        def sent() -> str:
            before = len(receiver.told)
            assert post(url + SEND, mail_to(address.title()))[0] == 200
            wait_for(lambda: len(receiver.told) == before + 3)
            return api(url, "bounces/list", r=100)[1]["bounces"][-1]["status"]

        assert api(url, "blocks/list") == (204, {})
        assert [sent(), sent(), sent()] == ["2", "2", "10"]
        (block,) = api(url, "blocks/list")[1]["blocks"]
        assert set(block) == {"created", "email", "id", "occurred", "status"}
        assert all(isinstance(value, str) for value in block.values())
        assert (block["email"], block["occurred"], block["status"]) == (address, "2", "2")
        assert api(url, "blocks/list", email="nobody")[0] == 204
        assert api(url, "blocks/list", start_date=today(), end_date=today())[0] == 200
        assert api(url, "blocks/list", end_date="2001-01-01")[0] == 204
        assert api(url, "blocks/list", removed=True)[0] == 204
        assert api(url, "blocks/cancel", email=[address]) == (200, {"message": "success"})
        assert faults(api(url, "blocks/cancel", email=address)) == (400, {("12-001", "")})
        assert api(url, "blocks/list")[0] == 204
        assert api(url, "blocks/list", removed="true")[1]["blocks"] == [block]
        assert [sent(), sent(), sent()] == ["2", "2", "10"]


def test_suppressed_is_on_the_list_and_is_released_by_a_button(tmp_path):
    """suppressed@ is blocked from its first mail on; released on the page, mail to it is delivered."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        post(url + SEND, mail_to("suppressed@example.com"))
        post(url + SEND, mail_to("suppressed@example.com"))
        (block,) = api(url, "blocks/list")[1]["blocks"]
        page = HTTP.request("GET", url + "/blocks").data.decode()
        release = f"/blocks/{block['id']}/release"
        assert release in page
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert HTTP.request("POST", url + release, headers=foreign).status == 403
        assert api(url, "blocks/list")[0] == 200
        assert HTTP.request("POST", url + release, redirect=False).status == 303
        assert "No address is blocked" in HTTP.request("GET", url + "/blocks").data.decode()
        post(url + SEND, mail_to("suppressed@example.com"))
        states = [m["outcome"] for m in HTTP.request("GET", url + "/inbox.json").json()["messages"]]
    assert states == ["delivered", "suppressed", "suppressed"]


def test_statistics_count_a_month_by_days(tmp_path):
    """Each day has its counts, valid is queued less blocked, and total is one row of them all."""
    with sandbox(tmp_path) as url:
        for local in ("aoi", "ren", "hardbounce", "suppressed"):
            post(url + SEND, mail_to(f"{local}@example.com"))
        year, month, _ = today().split("-")
        (row,) = api(url, "statistics/list", year=year, month=month)[1]["statistics"]
        counts = {"queued": 4, "succeeded": 2, "failed": 1, "blocked": 1, "valid": 3}
        assert row == {"date": today(), **counts}
        total = api(url, "statistics/list", year=year, month=month, total=True)[1]["statistics"]
        assert total == [{"date": "total", **counts}]
        assert api(url, "statistics/list", year=2001, month=1)[0] == 204
        without = {"api_user": "u", "api_key": "k", "year": year, "month": month}
        assert post(f"{url}/transaction/v2/statistics/list.json", without)[0] == 200
