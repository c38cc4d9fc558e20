"""Faults to order: what a call meets on the wire, for how many calls, and what the webhook does to its events."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

import pytest
import urllib3

from mail_cloud_sandbox.faults import CALL_FAULTS, WEBHOOK_FAULTS
from support.mail.sandboxes import HTTP, SEND, Receiver, faults, mail_to, post, sandbox
from support.web.local_server import wait_for

FAULTS = "/faults.json"


def order(url: str, place: str, fault: str, **more: object) -> None:
    """Order a fault."""
    status, answer = post(url + FAULTS, {"place": place, "fault": fault, **more})
    assert status == 200, answer
    assert answer[place]["fault"] == fault


def taken(url: str) -> int:
    """How many mails the service has."""
    return len(HTTP.request("GET", url + "/inbox.json").json()["messages"])


def answer_of(url: str) -> urllib3.BaseHTTPResponse:
    """The answer to a mail that is right, whatever it holds."""
    return HTTP.request("POST", url + SEND, json=mail_to("aoi@example.com"))


REFUSED = {
    "busy": (429, "application/json"),
    "busy-retry-after": (429, "application/json"),
    "system-error": (500, "application/json"),
    "bad-gateway": (502, "text/html; charset=utf-8"),
    "unavailable": (503, "text/html; charset=utf-8"),
    "error-in-200": (200, "application/json"),
    "unauthorized": (401, "application/json"),
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """A sandbox whose faults are ordered by one test after the other."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.mark.parametrize("fault", sorted(REFUSED))
def test_fault_that_is_an_answer(url, fault):
    """The next call is answered as ordered and nothing is taken; the one after it is as ever."""
    before = taken(url)
    order(url, "send", fault, calls=1, seconds=7)
    answer = answer_of(url)
    assert (answer.status, answer.headers["content-type"]) == REFUSED[fault]
    assert answer.headers.get("retry-after") == ("7" if fault == "busy-retry-after" else None)
    if answer.headers["content-type"] == "application/json":
        faults((answer.status, answer.json()))
    else:
        assert answer.data.startswith(b"<html>")
    if fault == "system-error":
        assert answer.json()["errors"][0]["code"] == "01-001"
    assert taken(url) == before
    assert answer_of(url).status == 200
    assert taken(url) == before + 1


def test_every_fault_of_a_call_is_tested_here():
    """No fault goes untested."""
    others = {"truncated", "slow", "drip", "dropped-before", "dropped-after"}
    assert set(CALL_FAULTS) == set(REFUSED) | others


def test_truncated_answer(url):
    """The mail is taken, and the answer is 200 with JSON that ends in the middle."""
    before = taken(url)
    order(url, "send", "truncated", calls=1)
    answer = answer_of(url)
    assert answer.status == 200
    assert answer.data.startswith(b'{"id":"<')
    with pytest.raises(ValueError):
        answer.json()
    assert taken(url) == before + 1


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_slow_answer(url, fault):
    """The mail is taken, and the whole answer comes in the end, to those who wait."""
    before = taken(url)
    order(url, "send", fault, calls=2, seconds=0.4)
    impatient = urllib3.PoolManager(retries=False, timeout=0.1)
    if fault == "slow":
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            impatient.request("POST", url + SEND, json=mail_to("aoi@example.com"))
    else:
        answer_of(url)
    assert answer_of(url).json()["id"].startswith("<")
    assert taken(url) == before + 2


@pytest.mark.parametrize(("fault", "mails"), [("dropped-before", 0), ("dropped-after", 1)])
def test_dropped_connection(url, fault, mails):
    """The connection ends without an answer: before the mail is read, or after it was taken."""
    before = taken(url)
    order(url, "send", fault, calls=1)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer_of(url)
    assert taken(url) == before + mails


def test_dropped_before_does_not_read_the_body(url):
    """The connection is closed although most of the body was never sent."""
    order(url, "send", "dropped-before", calls=1)
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        head = f"POST {SEND} HTTP/1.1\r\nHost: a.localhost\r\nContent-Type: text/json\r\nContent-Length: 9999\r\n\r\n{{"
        connection.sendall(head.encode())
        assert connection.recv(100) == b""


def test_records_have_faults_of_their_own(url):
    """A fault of the records leaves sending alone, and the other way round."""
    bounces = url + "/transaction/v2/bounces/list.json"
    base = {"api_user": "u", "api_key": "k", "server_composition": "sandbox"}
    order(url, "records", "unavailable")
    assert answer_of(url).status == 200
    assert HTTP.request("POST", bounces, json=base).status == 503
    order(url, "records", "truncated")
    post(url + SEND, mail_to("hardbounce@example.com"))
    assert not HTTP.request("POST", bounces, json=base).data.endswith(b"]}")
    assert HTTP.request("DELETE", url + FAULTS + "?place=records").json()["records"] is None
    assert HTTP.request("POST", bounces, json=base).status == 200


def test_order_lasts_for_its_calls_or_until_it_is_switched_off(tmp_path):
    """An order counts down, says what it met, gives way to the next, and survives a restart."""
    with sandbox(tmp_path) as url:
        order(url, "send", "busy", calls=2)
        assert [answer_of(url).status for _ in range(3)] == [429, 429, 200]
        assert HTTP.request("GET", url + FAULTS).json()["send"] is None
        order(url, "send", "busy")
        order(url, "send", "unavailable")
        assert [answer_of(url).status for _ in range(3)] == [503] * 3
    with sandbox(tmp_path) as url:
        assert HTTP.request("GET", url + FAULTS).json()["send"] == {
            "fault": "unavailable", "seconds": 0, "calls": None, "met": 3,
        }  # fmt: skip
        assert HTTP.request("DELETE", url + FAULTS).json() == {
            "send": None, "records": None, "webhook": None,
        }  # fmt: skip
        assert answer_of(url).status == 200


@pytest.mark.parametrize(
    "asked",
    [
        None,
        [],
        {},
        {"place": "send"},
        {"place": "door", "fault": "busy"},
        {"place": "send", "fault": "lost"},
        {"place": "webhook", "fault": "busy"},
        {"place": "send", "fault": "busy", "calls": 0},
        {"place": "send", "fault": "busy", "calls": 1.5},
        {"place": "send", "fault": "busy", "calls": "2"},
        {"place": "send", "fault": "slow", "seconds": -1},
        {"place": "send", "fault": "slow", "seconds": 1e9},
        {"place": "webhook", "fault": "paused", "calls": 2},
        {"place": "send", "fault": "busy", "seconds": True},
        {"place": {}, "fault": []},
    ],
)
def test_order_that_is_none_is_refused_with_the_reason(url, asked):
    """A wrong order is 400 with a sentence, and nothing is put into force."""
    status, answer = post(url + FAULTS, asked)
    assert status == 400
    assert len(answer["error"]) > 10
    assert answer_of(url).status == 200


def test_order_body_that_is_no_json(url):
    """A body that is not JSON, or is endless, is refused as well."""
    for body in (b"", b"{", b"\xff", b"[" * 9000, b" " * 20_000):
        assert HTTP.request("POST", url + FAULTS, body=body).status == 400


def test_page_orders_and_switches_off_without_scripts(url):
    """The page's forms do all of it; another site's page may do none of it."""
    form = {"place": "send", "fault": "busy", "calls": "3", "seconds": ""}
    page = url + "/faults"

    def submit(**fields: str) -> int:
        return HTTP.request(
            "POST", page, fields=fields, encode_multipart=False, redirect=False
        ).status

    assert submit(**form) == 303
    assert "for 3 more calls" in HTTP.request("GET", page).data.decode()
    assert submit(place="send", fault="") == 303
    assert answer_of(url).status == 200
    assert submit(**form | {"calls": "three"}) == 400
    assert submit(**form | {"fault": "<b>"}) == 400
    assert submit() == 400
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for method, where in (("POST", page), ("POST", url + FAULTS), ("DELETE", url + FAULTS)):
        assert HTTP.request(method, where, headers=foreign).status == 403


def test_eleventh_connection_of_one_user_is_one_too_many(tmp_path):
    """Ten connections of an api_user are served, an eleventh is answered 429, and another user's is not counted."""
    with sandbox(tmp_path) as url:
        place = urlsplit(url)
        pools = [
            urllib3.HTTPConnectionPool(place.hostname, place.port, maxsize=1) for _ in range(12)
        ]
        body = mail_to("aoi@example.com")
        answers = [pool.request("POST", SEND, json=body).status for pool in pools[:11]]
        assert answers == [200] * 10 + [429]
        other = body | {"api_user": "other@example.org"}
        assert pools[11].request("POST", SEND, json=other).status == 200
        pools[0].close()
        assert pools[10].request("POST", SEND, json=body).status == 200
        for pool in pools:
            pool.close()


def untold(url: str) -> int:
    """How many events will never be told."""
    kept = HTTP.request("GET", url + "/inbox.json").json()["messages"]
    logs = [HTTP.request("GET", f"{url}/inbox/{m['id']}.json").json()["log"] for m in kept]
    return sum(step["webhook"]["untold"] for log in logs for step in log)


def test_every_fault_of_the_webhook_is_tested_here():
    """No fault goes untested."""
    assert set(WEBHOOK_FAULTS) == {"lost", "doubled", "delayed", "reordered", "paused"}


def test_lost_events_are_never_told(tmp_path):
    """The events of the ordered calls are lost for good; those after them are told."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        order(url, "webhook", "lost", calls=2)
        post(
            url + SEND, mail_to("hardbounce@example.com")
        )  # one call of deliveries, one of bounces
        wait_for(lambda: untold(url) == 3)
        post(url + SEND, mail_to("ren@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
    assert {item["to"] for item in receiver.told} == {"ren@example.com"}


def test_doubled_calls_come_twice(tmp_path):
    """Each call is made twice, word for word."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        order(url, "webhook", "doubled")
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.told) == 4)
    bodies = [call.body for call in receiver.calls]
    assert bodies[::2] == bodies[1::2]


def test_delayed_events_come_later_and_once(tmp_path):
    """Events that were put off come after their time, each once, though the fault is still in force."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        order(url, "webhook", "delayed", seconds=3600)
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: HTTP.request("GET", url + FAULTS).json()["webhook"]["met"] == 1)
        order(url, "webhook", "delayed", seconds=0.2)
        post(url + SEND, mail_to("ren@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
    assert {item["to"] for item in receiver.told} == {"ren@example.com"}


def test_reordered_events_come_in_another_order(tmp_path):
    """All events come, and not in the order they happened in."""
    receiver = Receiver()
    recipients = [f"aoi+{n}@example.com" for n in range(10)]
    with sandbox(tmp_path, receiver) as url:
        order(url, "webhook", "reordered", seconds=0.5)
        post(url + SEND, mail_to(*recipients))
        wait_for(lambda: len(receiver.told) == 20)
    told = [(item["to"], item["status"]) for item in receiver.told]
    happened = [(to, status) for to in recipients for status in ("queued", "succeeded")]
    assert sorted(told) == sorted(happened)
    assert told not in (happened, sorted(happened, key=lambda one: one[1]))


def test_paused_events_wait_until_it_is_switched_off(tmp_path):
    """Nothing is told while it is paused, and all of it at once when it goes on."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        order(url, "webhook", "paused")
        for n in range(5):
            post(url + SEND, mail_to(f"aoi+{n}@example.com"))
        assert receiver.calls == []
        order(url, "webhook", "doubled", calls=1)
        wait_for(lambda: len(receiver.told) == 20)
    assert len(receiver.calls) == 2


def test_many_calls_at_once_meet_an_order_as_often_as_it_says(tmp_path):
    """Of many calls at the same moment, exactly the ordered number meets the fault."""
    with sandbox(tmp_path, connections_per_user=100) as url:
        order(url, "send", "busy", calls=5)
        found: list[int] = []
        http = urllib3.PoolManager(maxsize=20, retries=False)
        body = mail_to("aoi@example.com")
        threads = [
            threading.Thread(
                target=lambda: found.append(http.request("POST", url + SEND, json=body).status)
            )
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == [200] * 15 + [429] * 5
