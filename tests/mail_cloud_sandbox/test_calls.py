"""The calls that send mail: what is taken, what is kept of it, and how each wrong parameter is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_string, policy

import pytest
import urllib3

from support.mail.sandboxes import HTTP, SEND, TOKEN, faults, mail_to, post, sandbox


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
