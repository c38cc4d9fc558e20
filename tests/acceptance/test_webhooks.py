"""Notices from the real product: told once they are true, after a crash too, and never in the way of mails."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
import urllib3

from support.run.serving import Served, Sink, eventually, post_json, serve
from support.web.receivers import OK, Receiver, receiver
from todoke.model.webhook_key import read_key
from todoke.walk.notices.sign import signature

pytestmark = pytest.mark.acceptance

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRETS = f"crm={KEY}"
CONFIGURATION = """
[site]
name = "Webhooks"
url = "http://127.0.0.1/"
door_url = "http://127.0.0.1/"
[mail]
service = "smtp"
from = "Desk <desk@example.org>"
[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
[forms.contact]
managers = ["manager@example.org"]
"""
WEBHOOK = """
[webhooks.crm]
url = "{url}"
answers = true
allow_private = true
any_port = true
"""
BUSY = b"HTTP/1.1 503 Busy\r\n\r\n"


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server."""
    made = Sink()
    yield made
    made.close()


def configuration(sink: Sink, there: Receiver) -> str:
    """The file with one webhook."""
    return CONFIGURATION.format(port=sink.port) + WEBHOOK.format(url=there.url)


def post(served: Served, text: str = "hello") -> str:
    """Post a form; its id."""
    fields = {"email": "aoi@example.net", "text": text}
    with urllib3.PoolManager() as http:
        return str(post_json(http, f"{served.url}/f/contact", fields)["id"])


def notices(served: Served) -> list[dict[str, object]]:
    """What the command tells of them."""
    lines = served.command("webhooks", "--json").splitlines()
    return [json.loads(line) for line in lines]


def test_a_submission_is_told(tmp_path: Path, sink: Sink) -> None:
    """Signed, with its answers, once; the command shows it and has it told again under the same id."""
    with (
        receiver() as there,
        serve(tmp_path, configuration(sink, there), TODOKE_WEBHOOK_SECRETS=SECRETS) as served,
    ):
        id_ = post(served)
        eventually(lambda: there.came, what="a notice")
        _, headers, body = there.came[0]
        said = json.loads(body)
        assert said["type"] == "submission.accepted"
        assert said["data"]["submission"]["id"] == id_
        assert {"name": "text", "value": "hello"} in said["data"]["answers"]
        name, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        assert headers["webhook-signature"] == signature(read_key(KEY) or b"", name, stamp, body)
        eventually(lambda: notices(served)[0]["state"] == "told", what="the log")
        (told,) = notices(served)
        assert (told["id"], told["submission"]) == (name, id_)
        served.command("webhooks", "--redeliver", name)
        eventually(lambda: len(there.came) > 1, what="a redelivery")
        assert there.came[1][1]["webhook-id"] == name
        assert "told" in served.command("webhooks")
        assert "took it" in served.command("webhooks", "--test", "crm")
        assert there.told[-1]["type"] == "webhook.test"
        assert len(there.came) == 3


def test_a_kill_between_storing_and_telling(tmp_path: Path, sink: Sink) -> None:
    """The receiver was not there; the process is killed at once; after a start each is told, under its own id."""
    with (
        receiver(answers=[BUSY]) as there,
        serve(tmp_path, configuration(sink, there), TODOKE_WEBHOOK_SECRETS=SECRETS) as served,
    ):
        ids = {post(served, str(n)) for n in range(5)}
        served.kill(signal.SIGKILL)
        before = {headers["webhook-id"] for _, headers, _ in there.came}
        there.answers = [OK]
        there.came.clear()
        served.start()
        eventually(lambda: len(there.told) >= len(ids), what="all notices")
        assert {said["data"]["submission"]["id"] for said in there.told} == ids
        names = {headers["webhook-id"] for _, headers, _ in there.came}
        assert len(names) == 5
        assert before <= names


def test_one_that_hangs_holds_up_no_mail(tmp_path: Path, sink: Sink) -> None:
    """Mails go out, forms are taken, and the process ends in time."""
    with (
        receiver(hangs=True) as there,
        serve(tmp_path, configuration(sink, there), TODOKE_WEBHOOK_SECRETS=SECRETS) as served,
    ):
        for n in range(20):
            post(served, str(n))
        eventually(lambda: len(sink.to("manager@example.org")) == 20, seconds=12, what="all mails")
        assert there.connections >= 1
        assert not there.came
        assert served.stop() == 0


def test_without_webhooks_nothing_is_written(tmp_path: Path, sink: Sink) -> None:
    """Not one row."""
    with serve(tmp_path, CONFIGURATION.format(port=sink.port)) as served:
        post(served)
        eventually(lambda: sink.mails, what="a mail")
        assert served.command("webhooks", "--json") == ""
        assert "no webhook" in served.command("webhooks")
        served.stop()
    database = apsw.Connection(str(tmp_path / "data" / "todoke.db"))
    assert database.execute("SELECT count(*) FROM notices").get == 0
    database.close()
