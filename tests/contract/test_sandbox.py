"""The sandbox over real HTTP: what is sent to it, and what it tells, by the interface of Customers Mail Cloud."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import urllib3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_server import serving, wait_for
from todoke.delivery import DeliveryEvent, Permanence, Reason, Standing, Status, standing
from todoke.events.customers_mail_cloud import CustomersMailCloudEvents
from todoke.ports import HookRequest
from todoke.sandbox.app import build
from todoke.sandbox.outcomes import OUTCOMES
from todoke.settings import CustomersMailCloudSettings, Secret

KEY = "hook-key"
TOKEN = "0123456789abcdefghijklmnop"
SEND = "/api/v2/emails/send.json"
HTTP = urllib3.PoolManager(retries=False, timeout=10)


class Receiver:
    """A webhook's receiver: keeps the calls, and refuses the first `failing` of them."""

    def __init__(self, failing: int = 0) -> None:
        self.calls: list[HookRequest] = []
        self.refused: list[bytes] = []
        self.failing = failing
        self.lock = threading.Lock()
        self.app = Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        """Take one call."""
        body = await request.body()
        with self.lock:
            if self.failing:
                self.failing -= 1
                self.refused.append(body)
                return Response("no", 503)
            self.calls.append(HookRequest(headers=dict(request.headers), body=body))
        return Response("ok")

    @property
    def events(self) -> list[DeliveryEvent]:
        """Everything told so far, as todoke reads it."""
        settings = CustomersMailCloudSettings(webhook_key=Secret(KEY))
        source, now = CustomersMailCloudEvents(settings), datetime.now(UTC)
        return [event for call in list(self.calls) for event in source.read(call, now)]

    def standing_of(self, recipient: str) -> Standing:
        """What the events add up to."""
        return standing(self.events, recipient=recipient, started_at=datetime.now(UTC))


@contextlib.contextmanager
def sandbox(data: Path, receiver: Receiver | None = None, **more: object) -> Iterator[str]:
    """A sandbox without any pace, telling `receiver`."""
    fast = {"pace_seconds": 0.0, "webhook_batch_seconds": 0.0, "webhook_key": KEY, **more}
    with contextlib.ExitStack() as stack:
        if receiver:
            fast["webhook_url"] = stack.enter_context(serving(receiver.app)) + "/hook"
        yield stack.enter_context(serving(build(data, **fast)))


def mail_to(*recipients: str, **more: object) -> dict[str, object]:
    """The parameters of a mail."""
    return {
        "api_user": "api@example.org",
        "api_key": "secret",
        "to": [{"name": "", "address": recipient} for recipient in recipients],
        "from": {"name": "Example desk", "address": "desk@example.org"},
        "subject": "We have your message",
        "text": "Thank you.",
        "headers": [{"name": "X-Api-Data", "value": TOKEN}],
        **more,
    }


def post(url: str, parameters: object) -> tuple[int, dict]:
    """Send parameters as JSON; status and answer."""
    answer = HTTP.request("POST", url, json=parameters)
    return answer.status, json.loads(answer.data) if answer.data else {}


def faults(answer: tuple[int, dict]) -> tuple[int, set[tuple[str, str]]]:
    """Status, and code and field of each error."""
    status, body = answer
    assert all(set(e) == {"code", "field", "message"} and e["message"] for e in body["errors"])
    return status, {(e["code"], e["field"]) for e in body["errors"]}


EXPECTED = {
    "aoi": (Status.DELIVERED, Permanence.NONE, None, 2),
    "hardbounce": (Status.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS, 3),
    "mailboxfull": (Status.BOUNCED, Permanence.SOFT, Reason.MAILBOX_FULL, 3),
    "policy": (Status.BOUNCED, Permanence.NONE, Reason.POLICY, 3),
    "deferred": (Status.DELIVERED, Permanence.NONE, None, 3),
    "late-bounce": (Status.BOUNCED, Permanence.HARD, Reason.UNKNOWN_ADDRESS, 3),
    "suppressed": (Status.REJECTED, Permanence.NONE, Reason.SUPPRESSED, 3),
    "complaint": (Status.DELIVERED, Permanence.NONE, None, 3),
    "vacation": (Status.DELIVERED, Permanence.NONE, None, 3),
    "silent": (Status.QUEUED, Permanence.NONE, None, 0),
    "duplicate": (Status.DELIVERED, Permanence.NONE, None, 6),
    "timeout": (Status.DELIVERED, Permanence.NONE, None, 2),
}
"""For each local part: what its events add up to, and how many there are."""


def test_every_outcome_is_expected_here():
    """No outcome of the sandbox goes untested."""
    assert set(EXPECTED) - {"aoi"} == set(OUTCOMES) - {"refuse"}


@pytest.mark.parametrize("as_json", [False, True])
def test_each_outcome_reads_as_it_should(tmp_path, as_json):
    """Each magic address ends in its status, form-encoded and as JSON, tag and letter case aside."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, webhook_json=as_json) as url:
        ids = {}
        for local in EXPECTED:
            recipient = f"{local.title()}+tag@example.com"
            try:
                ids[local] = post(url + SEND, mail_to(recipient))[1]["id"]
            except urllib3.exceptions.ProtocolError:
                assert local == "timeout"
        total = sum(count for *_, count in EXPECTED.values())
        wait_for(lambda: len(receiver.events) >= total)
    assert len(receiver.events) == total
    content_type = "application/json" if as_json else "application/x-www-form-urlencoded"
    assert {c.headers["content-type"] for c in receiver.calls} == {content_type}
    for local, (status, permanence, reason, count) in EXPECTED.items():
        recipient = f"{local.title()}+tag@example.com"
        found = receiver.standing_of(recipient)
        assert (found.status, found.permanence, found.reason) == (status, permanence, reason), local
        assert found.complained == (local == "complaint")
        own = [e for e in receiver.events if e.recipient == recipient]
        assert len(own) == count
        assert {e.token for e in own} <= {TOKEN}
        if local in ids:
            assert {e.service_id for e in own} <= {ids[local]}
            if local == "duplicate":
                assert len({e.key for e in own}) == 2


def test_refused_by_the_api(tmp_path):
    """A mail to refuse@ is answered with an error that names the field, and is kept nowhere."""
    with sandbox(tmp_path) as url:
        assert faults(post(url + SEND, mail_to("refuse@example.com")))[0] == 400
        assert json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"] == []


def test_answer_lost(tmp_path):
    """A mail to timeout@ is taken, and the connection ends without a byte of an answer."""
    with sandbox(tmp_path) as url:
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            post(url + SEND, mail_to("timeout@example.com"))
        assert "without response" in str(caught.value)
        kept = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
    assert [m["to"] for m in kept] == ["timeout@example.com"]


def test_id_is_the_message_id(tmp_path):
    """The answer's id is a Message-ID in angle brackets, the one that the mail bears."""
    with sandbox(tmp_path, server_composition="pro") as url:
        status, answer = post(url + SEND, mail_to("aoi@example.com", subject="受付"))
        (kept,) = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
        whole = json.loads(HTTP.request("GET", f"{url}/inbox/{kept['id']}.json").data)
    assert status == 200
    assert answer["id"].endswith("@mta01.pro.smtps.example>")
    mail = message_from_string(whole["source"], policy=policy.default)
    assert (mail["message-id"], mail["subject"]) == (answer["id"], "受付")
    assert mail["x-api-data"] == TOKEN
    assert whole["return_path"] == "desk@return.pro.smtps.example"


def test_both_shapes_of_values_are_taken(tmp_path):
    """Real JSON values, JSON text inside JSON, and plain addresses mean the same."""
    shapes = [
        {},
        {"to": '[{"name":"","address":"aoi@example.com"}]', "from": '{"name":"","address":"d@example.org"}'},
        {"to": "aoi@example.com"},
        {"to": {"name": "Aoi", "address": "aoi@example.com"}, "headers": "[]"},
        {"text": "", "html": "<p>Thank you.</p>", "cc": "", "replyto": {"name": "", "address": "h@example.org"}},
        {"charset": "ISO-2022-JP", "text": "ありがとうございます"},
    ]  # fmt: skip
    with sandbox(tmp_path) as url:
        for shape in shapes:
            assert post(url + SEND, mail_to("aoi@example.com", **shape))[0] == 200, shape


def test_multipart_with_files(tmp_path):
    """Files come as attachment1 to attachmentN beside text parts that hold JSON."""
    parameters = mail_to("aoi@example.com", attachments="2")
    fields = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
    fields["attachment1"] = ("a.txt", b"one\n", "text/plain")
    fields["attachment2"] = ("報告.pdf", b"%PDF-1.4", "application/pdf")
    with sandbox(tmp_path) as url:
        answer = HTTP.request("POST", url + SEND, fields=fields)
        assert answer.status == 200, answer.data
        (kept,) = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
        whole = json.loads(HTTP.request("GET", f"{url}/inbox/{kept['id']}.json").data)
        fields["attachments"] = "3"
        wrong = HTTP.request("POST", url + SEND, fields=fields)
    mail = message_from_string(whole["source"], policy=policy.default)
    files = [(p.get_filename(), p.get_content()) for p in mail.iter_attachments()]
    assert files == [("a.txt", "one\n"), ("報告.pdf", b"%PDF-1.4")]
    assert faults((wrong.status, json.loads(wrong.data))) == (400, {("11-006", "attachments")})


PERSON = {"name": "", "address": "a@example.net"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"to": None}, {("11-006", "to")}),
        ({"to": []}, {("11-006", "to")}),
        ({"to": [PERSON] * 11}, {("11-006", "to")}),
        ({"cc": [PERSON] * 11}, {("11-006", "cc")}),
        ({"to": "no address"}, {("11-006", "to")}),
        ({"to": "a@example.net,b@example.net"}, {("11-006", "to")}),
        ({"to": "a@example.net\r\nBcc: b@example.net"}, {("11-006", "to")}),
        ({"to": '[{"name"'}, {("11-006", "to")}),
        ({"to": [{"name": "a\r\nb", "address": "a@example.net"}]}, {("11-006", "to")}),
        ({"from": "desk@example.org"}, {("11-006", "from")}),
        ({"from": {"name": "", "address": "d@example.com"}}, {("13-006", "")}),
        ({"replyto": "help@example.org"}, {("11-006", "replyto")}),
        ({"headers": {"X-Api-Data": "t"}}, {("11-006", "headers")}),
        ({"headers": [{"name": "X A", "value": "t"}]}, {("11-006", "headers")}),
        ({"headers": [{"name": "X-A", "value": "t\nBcc: x"}]}, {("11-006", "headers")}),
        ({"subject": ""}, {("11-006", "subject")}),
        ({"subject": "a" * 513}, {("11-006", "subject")}),
        ({"subject": "a\nBcc: b"}, {("11-006", "subject")}),
        ({"charset": "EUC-JP"}, {("11-006", "charset")}),
        ({"text": ""}, {("11-006", "text")}),
        ({"envfrom": "nobody"}, {("11-006", "envfrom")}),
        ({"api_key": ""}, {("11-006", "api_key")}),
        ({"subject": "", "text": None}, {("11-006", "subject"), ("11-006", "text")}),
    ],
)
def test_wrong_parameters(tmp_path_factory, shared_sandbox, changes, expected):
    """Each wrong parameter is named in the documented shape, all of them at once."""
    answer = post(shared_sandbox + SEND, mail_to("aoi@example.com", **changes))
    assert faults(answer) == (400, expected)


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory) -> Iterator[str]:
    """A sandbox with one user and one sender's domain."""
    users = {"api@example.org": "secret"}
    folder = tmp_path_factory.mktemp("sandbox")
    with sandbox(folder, api_users=users, from_domains={"example.org"}) as url:
        yield url


def test_bodies_that_are_none(shared_sandbox):
    """A body that is not what it says is answered 400 in the documented shape."""
    for content_type, body in [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"[" * 100_000),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"x"),
        ("", b""),
    ]:
        headers = {"Content-Type": content_type}
        answer = HTTP.request("POST", shared_sandbox + SEND, body=body, headers=headers)
        assert faults((answer.status, json.loads(answer.data)))[0] == 400, body[:20]


def test_wrong_credentials(shared_sandbox):
    """A user or key that does not fit is answered 401."""
    for change in ({"api_key": "wrong"}, {"api_user": "other@example.org"}):
        answer = post(shared_sandbox + SEND, mail_to("aoi@example.com", **change))
        assert faults(answer) == (401, {("11-006", "api_user")})


def test_message_over_20_megabytes_after_base64(shared_sandbox):
    """A message that is too large gets the uninformative 500 that the service is known for."""
    for size, status in ((14 * 1024 * 1024, 200), (16 * 1024 * 1024, 500)):
        parameters = mail_to("aoi@example.com", attachments=1)
        fields = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        fields["attachment1"] = ("big.bin", b"\0" * size, "application/octet-stream")
        answer = HTTP.request("POST", shared_sandbox + SEND, fields=fields)
        assert answer.status == status
    assert faults((status, json.loads(answer.data))) == (500, {("01-001", "")})


def test_form_encoding_is_as_documented(tmp_path):
    r"""A call has the documented parameters, < and > as \u003C and \u003E, and times in the console's zone."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver, time_zone="Pacific/Kiritimati") as url:
        post(url + SEND, mail_to("aoi@example.com", subject="<受付>"))
        wait_for(lambda: len(receiver.events) == 2)
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
        wait_for(lambda: len(receiver.events) >= 360)
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
        wait_for(lambda: len(receiver.events) == 2)
    assert len(receiver.refused) == 2
    assert receiver.standing_of("aoi@example.com").status is Status.DELIVERED


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
        wait_for(lambda: len(receiver.events) == 2)
        assert {e.recipient for e in receiver.events} == {"aoi@example.com"}
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
        wait_for(lambda: len(receiver.events) == 3)
    assert receiver.standing_of("hardbounce@example.com").status is Status.BOUNCED


def test_deleting_the_inbox_loses_no_event(tmp_path):
    """Delete all empties the inbox; what the webhook is still owed is told all the same."""
    receiver = Receiver(failing=1)
    with sandbox(tmp_path, receiver, retry_seconds=(0.5, 0.5)) as url:
        post(url + SEND, mail_to("aoi@example.com"))
        assert HTTP.request("DELETE", url + "/inbox.json").status == 204
        assert json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"] == []
        wait_for(lambda: len(receiver.events) == 2)
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert HTTP.request("POST", url + "/inbox/delete", headers=foreign).status == 403


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


def sdk(url: str):
    """A client of the independent SDK, its address set to the sandbox."""
    module = pytest.importorskip("CustomersMailCloud", reason="the SDK is not installed")
    client = module.CustomersMailCloud("api@example.org", "secret")
    client.url = url + SEND
    client.addTo("Aoi", "aoi@example.com")
    client.setFrom("Example desk", "desk@example.org")
    client.setReplyTo("", "help@example.org")
    client.subject = "お知らせ"
    client.text = "本文"
    client.html = "<p>本文</p>"
    return client


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the SDK leaves its file open
def test_independent_sdk_is_content(tmp_path):
    """The SDK of PyPI, unchanged, sends with and without a file, and reports an error as an error."""
    file = tmp_path / "note.txt"
    file.write_bytes(b"a note\n")
    with sandbox(tmp_path / "data", from_domains={"example.org"}) as url:
        plain, with_file, wrong = sdk(url), sdk(url), sdk(url)
        assert plain.send()["id"].startswith("<")
        with_file.addFile(str(file))
        assert with_file.send()["id"].startswith("<")
        wrong.setFrom("", "desk@example.com")
        with pytest.raises(Exception, match="13-006"):
            wrong.send()
        kept = json.loads(HTTP.request("GET", url + "/inbox.json").data)["messages"]
        whole = json.loads(HTTP.request("GET", f"{url}/inbox/{kept[0]['id']}.json").data)
    assert [m["subject"] for m in kept] == ["お知らせ"] * 2
    assert [(a["name"], a["bytes"]) for a in whole["attachments"]] == [("note.txt", 7)]
