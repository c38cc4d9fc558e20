"""The sandbox's webhook: what it tells, in which words, in which batches, and when it gives up."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from support.mail.sandboxes import HTTP, KEY, SEND, Receiver, mail_to, post, sandbox
from support.web.local_server import wait_for


def test_form_encoding_is_as_documented(tmp_path):
    r"""A call has the documented parameters, < and > as \u003C and \u003E, and times in the console's zone."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, time_zone="Pacific/Kiritimati") as url:
        post(url + SEND, mail_to("aoi@example.com", subject="<受付>"))
        wait_for(lambda: len(receiver.told) == 2)
    parameters = parse_qs(receiver.calls[0].body.decode(), strict_parsing=True)
    assert {name: parameters[name] for name in parameters if name != "event"} == {
        "api_key": [KEY],
        "server_composition": ["sandbox"],
        "event_type": ["deliveries"],
    }
    text = parameters["event"][0]
    assert "\\u003C受付\\u003E" in text
    assert "<" not in text
    queued = json.loads(text)["deliveries"][0]
    assert set(queued) == {
        "created", "returnPath", "from", "to", "messageId", "reason", "senderIp", "sourceIp", "status", "subject",
        "apiData",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in queued.values())
    here = datetime.now(UTC) + timedelta(hours=14)
    stated = datetime.strptime(queued["created"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert abs(here - stated) < timedelta(minutes=5)


def test_batches_hold_one_type_and_100_at_most(tmp_path):
    """Many events come in batches of one event type each, never more than a hundred, all of them once."""
    receiver = Receiver()
    recipients = [f"hardbounce+{n}@example.com" for n in range(10)]
    with sandbox(tmp_path, receiver, webhook_batch_seconds=0.3) as url:
        for _ in range(12):
            post(url + SEND, mail_to(*recipients))
        wait_for(lambda: len(receiver.told) >= 360)
    sizes = []
    for call in receiver.calls:
        (lists,) = parse_qs(call.body.decode())["event"]
        ((_, items),) = json.loads(lists).items()
        sizes.append(len(items))
    assert sum(sizes) == 360
    assert max(sizes) <= 100
    assert len(sizes) < 40


def test_call_that_is_not_taken_is_made_again(tmp_path):
    """A refused call comes again, word for word, until it is taken."""
    receiver = Receiver(failing=2)
    with sandbox(tmp_path, receiver, retry_seconds=(0.05, 0.05, 0.05)) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
    assert len(receiver.refused) == 2
    assert receiver.statuses_of("aoi@example.com") == ["queued", "succeeded"]


def test_service_gives_up_in_the_end(tmp_path):
    """After the last try the events are lost, and the inbox says so."""
    receiver = Receiver(failing=10**9)
    with sandbox(tmp_path, receiver, retry_seconds=(0.01,)) as url:
        post(url + SEND, mail_to("aoi@example.com"))

        def lost() -> bool:
            (kept,) = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
            log = json.loads(HTTP.request("GET", f"{url}/inbox/{kept['id']}.json").data)["log"]
            return sum(step["webhook"]["lost"] for step in log) == 2

        wait_for(lost)
    assert receiver.calls == []


def test_what_happens_while_the_webhook_is_off_is_never_told(tmp_path):
    """The switch works at run time: what happened while it was off is lost to the webhook, and on record."""
    receiver, enabled = Receiver(), [False]
    with sandbox(tmp_path, receiver, webhook_enabled=lambda: enabled[0]) as url:

        def untold() -> int:
            kept = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
            logs = [HTTP.request("GET", f"{url}/inbox/{m['id']}.json").json()["log"] for m in kept]
            return sum(step["webhook"]["untold"] for log in logs for step in log)

        post(url + SEND, mail_to("hardbounce@example.com"))
        wait_for(lambda: untold() == 3)
        enabled[0] = True
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
        assert {item["to"] for item in receiver.told} == {"aoi@example.com"}
        base = {"api_user": "u", "api_key": "k", "server_composition": "sandbox"}
        (row,) = post(url + "/transaction/v2/bounces/list.json", base)[1]["bounces"]
        assert row["to"] == "hardbounce@example.com"


def test_mails_and_events_survive_a_restart(tmp_path):
    """What was accepted is there after a restart, and events that nobody took before are told then."""
    with sandbox(tmp_path, None, webhook_url="http://127.0.0.1:9/hook") as url:
        post(url + SEND, mail_to("hardbounce@example.com"))
    with sandbox(tmp_path):
        pass
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        kept = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
        assert [m["to"] for m in kept] == ["hardbounce@example.com"]
        wait_for(lambda: len(receiver.told) == 3)
    assert receiver.statuses_of("hardbounce@example.com") == ["2", "failed", "queued"]


def test_deleting_the_inbox_loses_no_event(tmp_path):
    """Delete all empties the inbox; what the webhook is still owed is told all the same."""
    receiver = Receiver(failing=1)
    with sandbox(tmp_path, receiver, retry_seconds=(0.5, 0.5)) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        assert HTTP.request("DELETE", url + "/inbox.json").status == 204
        assert json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"] == []
        wait_for(lambda: len(receiver.told) == 2)
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert HTTP.request("POST", url + "/inbox/delete", headers=foreign).status == 403


def test_version_1_has_its_own_names(tmp_path):
    """Version 1 says envelopeFrom and envelopeTo, has no apiData; its messageId is the id of the answer."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_version=1) as url:
        service_id = post(url + SEND, mail_to("hardbounce@example.com"))[1]["id"]
        wait_for(lambda: len(receiver.told) == 3)
    for item in receiver.told:
        assert set(item) == {
            "created", "envelopeFrom", "envelopeTo", "messageId", "reason", "senderIp", "sourceIp", "status", "subject",
        }  # fmt: skip
    assert {item["messageId"] for item in receiver.told} == {service_id}
    assert receiver.statuses_of("hardbounce@example.com") == ["2", "failed", "queued"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"webhook_basic": f"hook:{KEY}"}, f"hook:{KEY}"),
        ({"webhook_bearer": KEY}, f"Bearer {KEY}"),
    ],
)
def test_authorization_is_sent(tmp_path, settings, expected):
    """Basic and Bearer go into the Authorization header, without an api_key in the body."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_key="", **settings) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
    for call in receiver.calls:
        stated = call.headers["authorization"]
        if stated.startswith("Basic "):
            stated = b64decode(stated.removeprefix("Basic ")).decode()
        assert stated == expected
        assert "api_key" not in parse_qs(call.body.decode())


def test_only_what_is_switched_on_is_told(tmp_path):
    """Each kind of event can be left out, as in the console; what is left out is on no list of things owed."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_events={"failed", "deferred"}) as url:
        post(url + SEND, mail_to("hardbounce@example.com"))
        post(url + SEND, mail_to("deferred@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
        kept = HTTP.request("GET", url + "/inbox.json").json()["messages"]
        logs = [HTTP.request("GET", f"{url}/inbox/{m['id']}.json").json()["log"] for m in kept]
    assert sorted(item["status"] for item in receiver.told) == ["deferred", "failed"]
    assert not any(step["webhook"]["waiting"] for log in logs for step in log)


def test_operations_on_the_block_list_are_told_when_asked_for(tmp_path):
    """With blocks switched on, blocking and releasing are told."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_events={"blocks"}, block_after=1) as url:
        post(url + SEND, mail_to("hardbounce@example.com"))
        cancel = {"api_user": "u", "api_key": "k", "server_composition": "sandbox"}
        wait_for(lambda: len(receiver.told) == 1)
        address = {"email": "hardbounce@example.com"}
        assert post(url + "/transaction/v2/blocks/cancel.json", cancel | address)[0] == 200
        wait_for(lambda: len(receiver.told) == 2)
    assert [item["operation"] for item in receiver.told] == ["block", "release"]


def test_a_full_batch_does_not_wait_for_the_interval(tmp_path):
    """A call goes out as soon as the set number of events is there, however long the interval."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_batch_seconds=3600, webhook_batch_most=2) as url:
        post(url + SEND, mail_to("deferred@example.com"))
        wait_for(lambda: len(receiver.told) == 2)
        for _ in range(2):
            post(url + SEND, mail_to("aoi@example.com"))
        wait_for(lambda: len(receiver.told) == 6)
    assert {
        len(json.loads(parse_qs(c.body.decode())["event"][0])["deliveries"]) for c in receiver.calls
    } == {2}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"webhook_version": 3}, "version"),
        ({"webhook_version": 1, "webhook_json": True}, "version 1 has no JSON"),
        ({"webhook_basic": "a:b", "webhook_bearer": "c"}, "not both"),
        ({"webhook_events": {"opened"}}, "opened"),
        ({"webhook_batch_most": 101}, "1 to 100"),
        ({"time_zone": "Asia/Tokio"}, "Asia/Tokio"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, settings, words):
    """What the console would not let one set is refused at once, with the reason."""
    with pytest.raises(ValueError, match=words), sandbox(tmp_path, **settings):
        pass
