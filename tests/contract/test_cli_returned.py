"""`todoke returned` as a mail server calls it: a mail on stdin, and an exit code that it obeys."""

from __future__ import annotations

import io
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest

from support.mail.mails import VISITOR
from support.mail.returned import report
from todoke.cli.main import run
from todoke.configuration import read
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Status
from todoke.model.message import Message, Role
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.mailer import Accepted
from todoke.returned.entity import LONGEST
from todoke.stores.sqlite.store import SqliteStore
from todoke.testing import FakeMailer
from todoke.walk.app import App, utc_now
from todoke.walk.send.round import send_round

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[mail.smtp]
host = "mail.example.jp"
user = "forms"
returns_to = "returns@bounces.example.jp"
[forms.contact]
managers = ["manager@example.jp"]
"""
BOUNCED = report(
    f"Final-Recipient: rfc822; {VISITOR}\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 User unknown"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's folder, as a mail server enters it: without the password."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    (tmp_path / "todoke.toml").write_text(CONFIG)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret").write_text("ab" * 32)
    return tmp_path


def handed_over() -> Address:
    """Store a submission and hand its confirmation over; the signed return path of the attempt."""
    settings = read(Path("todoke.toml"), {"TODOKE_SECRET": "ab" * 32}, serving=False)
    now = utc_now()
    submission = Submission(
        id="s1",
        form="contact",
        received_at=now,
        entries=(),
        language="en",
        visitor=Address(VISITOR),
        token_hash="h",
    )
    message = Message(
        id="s1-1",
        submission_id="s1",
        role=Role.CONFIRMATION,
        recipient=Address(VISITOR),
        language="en",
        message_id="<s1-1@example.jp>",
        created_at=now,
    )
    mailer = FakeMailer(ceiling=Ceiling.NOT_RETURNED, answers={VISITOR: [Accepted()]})
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        store.add(submission, [message], None).result()
        send_round(App(settings=settings, store=store, mailer=mailer), 10)
    return signed(settings, mailer.sent[0].token)


def signed(settings: Settings, token: str) -> Address:
    """The return path of an attempt."""
    path = settings.mail.own.return_path
    assert path
    return path.signed(settings.secret, token, Address(VISITOR), utc_now())


def status() -> Status:
    """Of the confirmation."""
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        timeline = store.timeline("s1")
    assert timeline
    return timeline.messages[0].standing.status


def piped(raw: bytes, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command with a mail on stdin, all of which it reads."""
    octets = io.BytesIO(raw)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets))
    code = run(["returned", *arguments])
    assert octets.tell() == len(raw)
    return code


def test_a_returned_mail_is_taken_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0 in both cases, and nothing on stdout names anybody."""
    path = handed_over()
    assert status() is Status.ACCEPTED
    assert piped(BOUNCED, monkeypatch, "--recipient", path) == 0
    assert status() is Status.BOUNCED
    assert piped(BOUNCED, monkeypatch, f"--recipient={path.upper()}") == 0
    assert capsys.readouterr().out == "taken\nknown already\n"


def test_what_means_nothing_is_taken_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that is told to keep it would pipe it for days."""
    path = handed_over()
    assert piped(b"Subject: hello\n\nHow are you?", monkeypatch, "--recipient", path) == 0
    assert piped(b"", monkeypatch, "--recipient", path) == 0
    assert piped(BOUNCED, monkeypatch, "--recipient", "returns@bounces.example.jp") == 0
    assert piped(BOUNCED, monkeypatch, "--recipient", "--config") == 0
    assert piped(b"X" * (LONGEST + 1_000), monkeypatch) == 0
    assert status() is Status.ACCEPTED
    told = capsys.readouterr()
    assert [line.partition(";")[0] for line in told.out.splitlines()] == [
        "no report about a mail",
        "no mail",
        "a report without a valid return path of ours",
        "a report without a valid return path of ours",
        "no mail",
    ]
    assert VISITOR not in told.out + told.err


def test_what_was_erased_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing of it is kept."""
    path = handed_over()
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        store.erase(submission_id="s1")
    assert piped(BOUNCED, monkeypatch, "--recipient", path) == 0
    assert capsys.readouterr().out.startswith("a report about what is not here any more")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("todoke.toml", "cannot be read"),
        ("data/secret", "The secret of this store is missing"),
        ("data/todoke.db", "There is no data in"),
        ("returns_to", "sets no return path (mail.smtp.returns_to)"),
    ],
)
def test_the_server_keeps_what_cannot_be_taken_now(
    spoil: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 75, EX_TEMPFAIL, with one sentence: nothing of a mail is lost by a fault that can be mended."""
    path = handed_over()
    if spoil == "returns_to":
        Path("todoke.toml").write_text(CONFIG.replace("returns_to", "# returns_to"))
    else:
        Path(spoil).unlink()
    assert piped(BOUNCED, monkeypatch, "--recipient", path) == 75
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""
    assert "Traceback" not in told.err


def test_a_store_that_is_broken_makes_the_server_keep_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one on a full disk does."""
    path = handed_over()
    for beside in Path("data").glob("todoke.db*"):
        beside.unlink()
    (Path("data") / "todoke.db").write_bytes(b"no database at all" * 1_000)
    assert piped(BOUNCED, monkeypatch, "--recipient", path) == 75
    assert "Traceback" not in capsys.readouterr().err
