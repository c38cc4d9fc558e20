"""The commands about the desk: a link into it, who is in, and what commands leave in its trail."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from todoke.cli.main import run
from todoke.cli.open import opened
from todoke.model.act import Act
from todoke.model.address import Address
from todoke.model.admission import DeskSession
from todoke.model.message import Message, Role
from todoke.model.submission import Submission
from todoke.stores.sqlite.lock import begin_serving
from todoke.stores.sqlite.store import SqliteStore
from todoke.walk.invite import hash_of

NOW = datetime.now(UTC)
CONFIG = """\
[site]
name = "Example"
door_url = "{door}"
[mail]
service = "smtp"
from = "forms@example.jp"
[forms.contact]
managers = ["manager@example.jp"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a submission, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    Path("todoke.toml").write_text(CONFIG.format(door="https://forms.example.jp"))
    Path("data").mkdir()
    store = SqliteStore(tmp_path / "data" / "todoke.db")
    submission = Submission(
        id="s1",
        form="contact",
        received_at=NOW,
        entries=(),
        language="en",
        visitor=Address("visitor@example.jp"),
        token_hash="hash1",
    )
    message = Message(
        id="m1",
        submission_id="s1",
        role=Role.CONFIRMATION,
        recipient=submission.visitor,
        language="en",
        message_id="<m1@example.jp>",
        created_at=NOW,
    )
    store.add(submission, [message], None).result(10)
    for number, person in ((1, "manager@example.jp"), (2, "")):
        session = DeskSession(
            hash=f"{number:064x}"[::-1],
            person=Address(person),
            began_at=NOW,
            seen_at=NOW,
            ends_at=NOW + timedelta(hours=12),
            browser="Firefox, Windows",
        )
        store.put_session(session)
    store.close()
    return tmp_path


def trail() -> tuple[Act, ...]:
    """What owners read of it, the newest first."""
    with opened(Path("todoke.toml")) as (_, store):
        return store.acts().acts


@pytest.mark.usefixtures("folder")
class TestLink:
    def grant(self, link: str) -> Address | None:
        """Whom a link lets in; None where it opens nothing."""
        with opened(Path("todoke.toml")) as (_, store):
            code = link.strip().partition("#code=")[2]
            grant = store.take_code(hash_of(code, ""), datetime.now(UTC))
        return grant.person if grant else None

    def test_is_for_an_owner_or_for_somebody(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever is named, in whatever spelling; it is at the door that the file states."""
        assert run(["desk"]) == 0
        link = capsys.readouterr().out
        assert link.startswith("https://forms.example.jp/desk/enter#code=")
        assert self.grant(link) == ""
        assert run(["desk", "--for", "Manager@Example.JP"]) == 0
        person = self.grant(capsys.readouterr().out)
        assert person
        assert person.key == Address("manager@example.jp").key

    def test_is_for_nobody_else(self, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence, and what to do."""
        assert run(["desk", "--for", "visitor@example.jp"]) == 2
        assert "may not enter the desk" in capsys.readouterr().err
        assert run(["desk", "--for", "visitor"]) == 2
        assert "is no mail address" in capsys.readouterr().err

    def test_on_loopback_leads_where_somebody_listens(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The demo may have another port than the file says; a proxy may stand at the stated one. A public address is
        as it is stated."""
        store = SqliteStore(folder / "data" / "todoke.db")
        begin_serving(store, "http://127.0.0.1:8425")

        def link() -> str:
            assert run(["desk"]) == 0
            return capsys.readouterr().out

        try:
            assert link().startswith("https://forms.example.jp/")
            with socket.create_server(("127.0.0.1", 0)) as proxy:
                stated = f"http://127.0.0.1:{proxy.getsockname()[1]}/f"
                Path("todoke.toml").write_text(CONFIG.format(door=stated))
                assert link().startswith(f"{stated}/desk/enter#")
            assert link().startswith("http://127.0.0.1:8425/f/desk/enter#")
            Path("todoke.toml").unlink()
            assert link().startswith("http://127.0.0.1:8425/desk/enter#")
        finally:
            store.close()

    def test_without_a_file_says_what_to_do(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Where nothing is served either."""
        Path("todoke.toml").unlink()
        assert run(["desk"]) == 2
        assert "--config" in capsys.readouterr().err
        assert run(["desk", "--for", "manager@example.jp"]) == 2
        assert "--config" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
class TestSessions:
    def test_are_listed(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For a person, and for a program; the id opens nothing."""
        assert run(["sessions"]) == 0
        out = capsys.readouterr().out
        assert "manager@example.jp\tFirefox, Windows" in out
        assert "(the command line)" in out
        assert run(["sessions", "--json"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {row["person"] for row in rows} == {"manager@example.jp", ""}
        assert all(len(row["id"]) == 8 for row in rows)

    def test_one_is_ended(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The other goes on; that is in the trail; one that is not there is said."""
        assert run(["sessions", "--end", "10000000"]) == 0
        assert run(["sessions", "--end", "10000000"]) == 1
        assert "no session 10000000" in capsys.readouterr().err
        assert run(["sessions", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["id"] == "20000000"
        assert [(a.deed, a.detail) for a in trail()] == [
            ("ended_session", f"10000000, uid {os.getuid()}")
        ]

    def test_all_are_ended(self, capsys: pytest.CaptureFixture[str]) -> None:
        """At once."""
        assert run(["sessions", "--end-all"]) == 0
        capsys.readouterr()
        assert run(["sessions"]) == 0
        assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("folder")
def test_what_commands_did_is_in_the_trail() -> None:
    """Who by number, how many, and of whom nothing."""
    assert run(["export", "--form", "contact", "-o", "out.csv"]) == 0
    assert run(["erase", "--address", "visitor@example.jp", "--yes"]) == 0
    uid = f"uid {os.getuid()}"
    assert [(act.by, act.deed, act.detail) for act in trail()] == [
        ("", "erased", f"1 of an address, {uid}"),
        ("", "exported", f"csv contact (1), {uid}"),
    ]
    assert "@" not in repr(trail())
