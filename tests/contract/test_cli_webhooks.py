"""`todoke webhooks`: the log, a test, and what the owner may do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.web.receivers import Receiver, receiver
from todoke.cli.main import run
from todoke.model.notice import Notice, NoticeTry, NoticeType, Telling
from todoke.stores.sqlite.store import SqliteStore
from todoke.walk.notices.off import off_since, turn_off

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[forms.contact]
managers = ["manager@example.jp"]
[webhooks.crm]
url = "{url}"
allow_private = true
any_port = true
"""
NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
NOTICE = Notice(
    id="0" * 26, webhook="crm", type=NoticeType.PAUSED, at=NOW, form="contact", reason="complaints"
)


@dataclass
class Place:
    """A site's data, its receiver, and what is printed."""

    there: Receiver
    capsys: pytest.CaptureFixture[str]

    def store(self) -> closing[SqliteStore]:
        """The store, to be closed."""
        return closing(SqliteStore(Path("data/todoke.db")))

    def run(self, *words: str) -> tuple[int, str]:
        """Run the command; its code, and all that it says."""
        code = run(["webhooks", *words])
        said = self.capsys.readouterr()
        return code, said.out + said.err


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    """A site with one webhook and one notice, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    monkeypatch.setenv("TODOKE_WEBHOOK_SECRETS", "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with receiver() as there:
        Path("todoke.toml").write_text(CONFIG.format(url=there.url))
        made = Place(there, capsys)
        with made.store() as store:
            store.put_notices([NOTICE], NOW)
        yield made


def test_the_log(place: Place) -> None:
    """What waits, what was told and what was given up, with each try; no more of the address than its origin."""
    assert json.loads(place.run("--json")[1]) == {
        "webhook": "crm",
        "id": NOTICE.id,
        "type": "form.paused",
        "at": "2026-05-06T07:08:09Z",
        "form": "contact",
        "submission": None,
        "state": "waits",
        "due_at": "2026-05-06T07:08:09Z",
        "off": False,
        "tries": [],
    }
    with place.store() as store:
        [claim] = store.claim_notices("crm", now=NOW, lease_until=NOW, limit=1)
        tried = NoticeTry(NOW, 500, "status")
        store.finish_notices([Telling(claim=claim, tried=tried)])
    code, said = place.run()
    assert code == 0
    assert "given up  (it refused (500))" in said
    assert "key=1" not in said
    told = json.loads(place.run("--json")[1])
    assert told["tries"] == [{"at": "2026-05-06T07:08:09Z", "status": 500, "fault": "status"}]


def test_redelivery(place: Place) -> None:
    """Of a notice that is there."""
    assert place.run("--redeliver", NOTICE.id)[0] == 0
    code, said = place.run("--redeliver", "\x1b[31mx")
    assert code == 1
    assert "\x1b" not in said


def test_one_that_is_off(place: Place) -> None:
    """It is said, with the command that mends it; that is obeyed."""
    with place.store() as store:
        turn_off(store, "crm", NOW)
    code, said = place.run()
    assert code == 1
    assert "todoke webhooks --enable crm" in said
    assert place.run("--enable", "crm")[0] == 0
    with place.store() as store:
        assert off_since(store, "crm") is None
    assert place.run()[0] == 0
    assert "It was not off" in place.run("--enable", "crm")[1]
    assert place.run("--enable", "other")[0] == 2


def test_a_test(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posted at once, kept nowhere; exit 1 when it is not taken."""
    assert place.run("--test", "crm") == (0, "crm took it (204).\n")
    place.there.answers = [b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"]
    code, said = place.run("--test", "crm", "--json")
    assert code == 1
    assert json.loads(said)["fault"] == "redirect"
    assert [one["type"] for one in place.there.told] == ["webhook.test"] * 2
    assert place.run("--test", "other")[0] == 2
    monkeypatch.delenv("TODOKE_WEBHOOK_SECRETS")
    code, said = place.run("--test", "crm")
    assert code == 2
    assert "has no secret of crm" in said


def test_a_new_secret(place: Place) -> None:
    """Another each time; only one thing at once."""
    first, second = (place.run("--new-secret")[1] for _ in range(2))
    assert first.startswith("whsec_")
    assert first != second
    assert place.run("--new-secret", "--enable", "crm")[0] == 2
