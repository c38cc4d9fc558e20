"""When mail itself is at fault, a channel tells it: the real product, the real Apprise, a mail server that is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import urllib3

from support.run.serving import Served, Sink, eventually, free_port, post_json, serve
from support.web.receivers import Receiver, receiver

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Hoshino Paper"
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
[channels.team]
language = "{language}"
"""


@pytest.fixture
def room() -> Iterator[Receiver]:
    """Where the channel's messages arrive."""
    with receiver() as there:
        yield there


def post(served: Served, visitor: str) -> str:
    """Post a form; its id."""
    with urllib3.PoolManager() as http:
        told = post_json(http, f"{served.url}/f/contact", {"email": visitor, "text": "hello"})
    return str(told["id"])


def said(room: Receiver) -> list[dict[str, str]]:
    """What people read there, the first one first."""
    return [json.loads(body) for _, _, body in room.came]


def serving(
    folder: Path, room: Receiver, port: int, language: str
) -> AbstractContextManager[Served]:
    """A site with this mail server and this channel."""
    text = CONFIGURATION.format(port=port, language=language)
    address = f"team=json://127.0.0.1:{room.port}/"
    return serve(folder, text, TODOKE_CHANNELS=address)


@pytest.mark.parametrize(
    ("language", "waits", "again"),
    [
        ("en", "All mail waits", "Mail leaves again"),
        ("ja", "すべてのメールが待機しています", "メールの送信が再開しました"),
    ],
)
def test_the_mail_service_dies(
    tmp_path: Path, room: Receiver, language: str, waits: str, again: str
) -> None:
    """The channel tells it within a minute, once; the service comes back, that is told, and the accounts balance."""
    port = free_port()
    with serving(tmp_path, room, port, language) as served:
        post(served, "aoi@example.net")
        eventually(lambda: said(room), seconds=60, what="word that mail waits")
        [first] = said(room)
        assert first["title"] == f"Hoshino Paper - {waits}"
        assert "aoi@" not in first["message"]
        sink = Sink(port=port)
        try:
            eventually(lambda: len(said(room)) == 2, seconds=90, what="word that mail leaves")
            assert said(room)[1]["title"] == f"Hoshino Paper - {again}"
            eventually(lambda: len(sink.mails) == 2, seconds=90, what="the mails")
        finally:
            sink.close()
        accounts = json.loads(served.command("report", "--json"))
        assert (accounts["stored"], accounts["planned"]) == (1, 2)
        assert accounts["is_closed"]
        assert "json" not in served.log.read_text()


def test_a_mail_that_is_refused(tmp_path: Path, room: Receiver) -> None:
    """The channel says which, why and what to do, with the reference and no address."""

    def answer(stage: str, recipient: str) -> str:
        return "550 5.1.1 no such user" if recipient.startswith("typo") else ""

    sink = Sink(answer)
    try:
        with serving(tmp_path, room, sink.port, "en") as served:
            id_ = post(served, "typo@example.net")
            eventually(lambda: said(room), what="word of the mail")
            [told] = said(room)
            assert told["title"] == "Hoshino Paper - contact: a mail did not arrive"
            assert "mistyped" in told["message"]
            assert f"/desk/{id_}" in told["message"]
            assert "typo@" not in told["message"]
            assert "team" in served.command("webhooks")
    finally:
        sink.close()
