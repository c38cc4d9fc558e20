"""The independent SDK of PyPI (CustomersMailCloud 1.2.2), unchanged, against the sandbox.

It knows nothing of the sandbox: a second opinion on the requests that the service takes and the answers it gives.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.metadata import version

import pytest

from support.mail.sandboxes import HTTP, KEY, SEND, Receiver, post, sandbox
from support.web.local_server import wait_for

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # the SDK leaves its files open
SDK = pytest.importorskip("CustomersMailCloud", reason="the SDK is not installed")


@pytest.fixture(autouse=True)
def files_closed() -> Iterator[None]:
    """The SDK's files are closed here, not in the next test of this process."""
    yield
    gc.collect()


@pytest.fixture
def url(tmp_path) -> Iterator[str]:
    """A sandbox with one user and one sender's domain."""
    account = {"api_users": {"api@example.org": "secret"}, "from_domains": {"example.org"}}
    with sandbox(tmp_path / "data", **account) as found:
        yield found


def client_of(url: str, to: str = "aoi@example.com"):
    """The SDK with everything set that it can set, its address that of the sandbox."""
    client = SDK.CustomersMailCloud("api@example.org", "secret")
    client.url = url + SEND
    client.addTo("葵 Aoi", to)
    client.setFrom("Example desk", "desk@example.org")
    client.setReplyTo("", "help@example.org")
    client.env_from = "bounce@example.org"
    client.subject = "お知らせ"
    client.text = "本文"
    client.html = "<p>本文</p>"
    return client


def newest(url: str) -> tuple[dict[str, object], EmailMessage]:
    """The newest mail of the inbox, and its source parsed."""
    listed = HTTP.request("GET", url + "/inbox.json").json()["messages"][0]
    whole = HTTP.request("GET", f"{url}/inbox/{listed['id']}.json").json()
    return whole, message_from_bytes(whole["source"].encode(), policy=policy.default)


def test_it_is_the_version_that_was_looked_at():
    """The SDK is the one whose code is known."""
    assert version("CustomersMailCloud") == "1.2.2"


@pytest.mark.parametrize("files", [(), ("note.txt",), ("note.txt", "報告 2.pdf")])
def test_all_it_sets_arrives_as_json_and_with_files(url, tmp_path, files):
    """With and without files, every field that the SDK sets is in the mail, and the answer has the mail's id."""
    client = client_of(url)
    for name in files:
        (tmp_path / name).write_bytes(f"in {name}\n".encode())
        client.addFile(str(tmp_path / name))
    answer = client.send()
    whole, mail = newest(url)
    assert answer == {"id": whole["message_id"]}
    assert str(mail["To"]) == "葵 Aoi <aoi@example.com>"
    assert str(mail["From"]) == "Example desk <desk@example.org>"
    assert (str(mail["Reply-To"]), str(mail["Subject"])) == ("help@example.org", "お知らせ")
    assert str(whole["return_path"]).startswith("bounce@return.")
    for kind, text in (("plain", "本文"), ("html", "<p>本文</p>")):
        part = mail.get_body((kind,))
        assert part is not None
        assert part.get_content().strip() == text
    found = [
        (part.get_filename(), part.get_payload(decode=True)) for part in mail.iter_attachments()
    ]
    assert found == [(name, f"in {name}\n".encode()) for name in files]


def test_ten_recipients_get_a_copy_each(url):
    """Ten addresses in one header are as many as are taken."""
    client = client_of(url)
    for n in range(9):
        client.addTo("", f"ren+{n}@example.com")
    client.send()
    kept = HTTP.request("GET", url + "/inbox.json").json()["messages"]
    assert len({mail["to"] for mail in kept}) == 10


def errors_of(client) -> list[tuple[str, str]]:
    """Code and field of each error that the SDK reports: it raises the raw body."""
    with pytest.raises(Exception) as caught:  # it has no class of its own
        client.send()
    body = json.loads(caught.value.args[0])
    return [(error["code"], error["field"]) for error in body["errors"]]


def test_every_error_reaches_its_user(url, tmp_path):
    """What is wrong with a call is raised with the documented body, and nothing of it is kept."""
    wrong = client_of(url)
    wrong.setFrom("", "desk@example.com")
    assert errors_of(wrong) == [("13-006", "")]
    wrong = client_of(url)
    wrong.api_key = "guessed"
    assert errors_of(wrong) == [("11-006", "api_user")]
    wrong = client_of(url, "no address")
    wrong.subject = "x" * 513
    assert errors_of(wrong) == [("11-006", "to"), ("11-006", "subject")]
    wrong = client_of(url)
    for n in range(10):
        wrong.addTo("", f"ren+{n}@example.com")
    assert errors_of(wrong) == [("11-006", "to")]
    note = tmp_path / "note.txt"
    note.write_bytes(b"a note\n")
    wrong = client_of(url)
    for _ in range(11):
        wrong.addFile(str(note))
    assert errors_of(wrong) == [("11-006", "attachments")]
    note.write_bytes(b"\0" * 16 * 1024 * 1024)
    wrong = client_of(url)
    wrong.addFile(str(note))
    assert errors_of(wrong) == [("01-001", "")]
    assert errors_of(client_of(url, "refuse@example.com")) == [("11-006", "to")]
    assert HTTP.request("GET", url + "/inbox.json").json()["messages"] == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [("busy", b"11-006"), ("system-error", b"01-001"), ("unavailable", b"<html>")],
)
def test_ordered_faults_reach_its_user(url, fault, words):
    """A fault is raised with its body, whatever that is, and the next call is taken."""
    post(url + "/faults.json", {"place": "send", "fault": fault, "calls": 1})
    with pytest.raises(Exception) as caught:
        client_of(url).send()
    assert words in caught.value.args[0]
    assert client_of(url).send()["id"]


def test_the_webhook_tells_of_its_mail_by_the_id_it_was_given(tmp_path):
    """It sends no X-Api-Data (1.2.2 loses headers): the id of the answer is what the events name."""
    receiver = Receiver()
    with sandbox(tmp_path, receiver) as url:
        answer = client_of(url, "hardbounce@example.com").send()
        wait_for(lambda: len(receiver.told) == 3)
    assert all(KEY.encode() in call.body for call in receiver.calls)
    assert {(item["messageId"], item["apiData"]) for item in receiver.told} == {(answer["id"], "")}
    assert receiver.statuses_of("hardbounce@example.com") == ["2", "failed", "queued"]
