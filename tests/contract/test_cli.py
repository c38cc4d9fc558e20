"""The command line: what each command prints, its exit code, and that a failure is one sentence."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.places import ROOT
from support.web.local_server import serving
from todoke.cli import commands, progress
from todoke.cli.main import plain_serve, run
from todoke.cli.open import opened
from todoke.configuration import read
from todoke.demo import demo_settings
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.message import Message, Role
from todoke.model.submission import Entry, File, Submission
from todoke.stores.sqlite.lock import begin_serving
from todoke.stores.sqlite.store import SqliteStore
from todoke.toml.secrets import known_secret
from todoke.walk.silence import note_expected
from todoke.wiring import build_to_serve

NOW = datetime.now(UTC)
CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[forms.contact]
managers = ["manager@example.jp"]
"""
DOCS = (ROOT / "docs" / "cli.md").read_text("utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a configuration and two submissions, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    Path("todoke.toml").write_text(CONFIG)
    Path("data").mkdir()
    store = SqliteStore(tmp_path / "data" / "todoke.db")
    for number, age in ((1, timedelta(hours=1)), (2, timedelta(days=200))):
        submission = Submission(
            id=f"s{number}",
            form="contact",
            received_at=NOW - age,
            entries=(
                Entry("message", "=cmd|\x1b[2J"),
                Entry("file", File(name="a.txt", media_type="text/plain", content=b"1")),
            ),
            language="en",
            visitor=Address(f"visitor{number}@example.jp"),
            token_hash=f"hash{number}",
        )
        message = Message(
            id=f"m{number}",
            submission_id=submission.id,
            role=Role.CONFIRMATION,
            recipient=submission.visitor,
            language="en",
            message_id=f"<m{number}@example.jp>",
            created_at=NOW - age,
        )
        store.add(submission, [message], None).result(10)
    store.close()
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_list_is_plain_lines_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Newest first, a line each, tab-separated, without colours."""
    assert run(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["s1", "s2"]
    assert lines[0].split("\t")[2:] == ["contact", "visitor1@example.jp", "confirmation queued"]


@pytest.mark.usefixtures("folder")
def test_list_as_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Filters and the limit hold."""
    assert run(["list", "--json", "--address", "visitor2@example.jp", "--limit", "1"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["id"], found["messages"][0]["status"]) == ("s2", "queued")


@pytest.mark.parametrize(
    "mail",
    [
        'service = "smtp"\nfrom = "forms@example.jp"\nsmtp = {user = "forms"}',
        'service = "customers-mail-cloud"\nfrom = "forms@example.jp"',
    ],
)
def test_reading_needs_no_secret(
    folder: Path, mail: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands that hand over nothing work without the service's password, and make no secret of their own."""
    text = CONFIG.replace('service = "smtp"\nfrom = "forms@example.jp"', mail)
    (folder / "todoke.toml").write_text(text)
    assert run(["serve"]) == 2
    for command in (["list"], ["show", "s1"], ["export"], ["desk"], ["erase", "--id=s1", "--yes"]):
        assert run(command) == 0, capsys.readouterr().err
    assert not (folder / "data" / "secret").exists()


@pytest.mark.usefixtures("folder")
def test_show_prints_answers_without_terminal_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """A visitor's escape sequences do not reach the terminal."""
    assert run(["show", "s1"]) == 0
    out = capsys.readouterr().out
    assert "message: =cmd|␛[2J" in out
    assert "[file] a.txt" in out
    assert "confirmation to visitor1@example.jp: queued" in out


def test_show_keeps_a_secret(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever looks over a shoulder, or at what scrolled by, does not read a password; a program may."""
    store = SqliteStore(folder / "data" / "todoke.db")
    submission = Submission(
        id="s4",
        form="contact",
        received_at=NOW,
        entries=(Entry("password", "correct-horse"),),
        language="en",
        visitor=Address(""),
        token_hash="hash4",
    )
    store.add(submission, [], None).result(10)
    store.close()
    assert run(["show", "s4"]) == 0
    assert "password: [secret" in (out := capsys.readouterr().out)
    assert "correct-horse" not in out
    assert run(["show", "s4", "--json"]) == 0
    assert "correct-horse" in capsys.readouterr().out


HOSTILE = "\x1b]0;title\x07\x9b2J\x9d8;;http://evil.example\x9c\u202e\u2066\u200b\x08\x7f\ud83d"
"""C0 and C1 controls (CSI, OSC), overriding and isolating direction, nothing to see, half a character."""
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(folder: Path) -> Path:
    """The folder, with a submission of whoever attacks those who read it."""
    store = SqliteStore(folder / "data" / "todoke.db")
    entries = (
        Entry(f"x{HOSTILE}\n\nconfirmation to boss@example.jp: delivered since", f"1{HOSTILE}"),
        Entry("f", File(name=f"a{HOSTILE}\nb.txt", media_type="", content=b"1")),
    )
    submission = Submission(
        id="s3",
        form="contact",
        received_at=NOW,
        entries=entries,
        language="en",
        visitor=Address('"\x1b[2J"@evil.example'),
        token_hash="hash3",
    )
    store.add(submission, [], None).result(10)
    store.close()
    return folder


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    "command", [["show", "s3"], ["list"], ["show", "s3", "--json"], ["list", "--json"]]
)
def test_nothing_that_strangers_wrote_is_obeyed(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """No control and no override reaches the terminal, and no line looks like one of ours."""
    assert run(command) == 0
    out = capsys.readouterr().out
    assert OBEYED.search(out) is None
    assert not any(line.startswith("confirmation") for line in out.splitlines())


@pytest.mark.usefixtures("hostile")
def test_json_keeps_what_it_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads each character as it was written."""
    assert run(["show", "s3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["entries"][0]["value"] == f"1{HOSTILE}"


@pytest.mark.parametrize("output_format", ["csv", "json", "backup"])
def test_an_export_to_a_terminal_is_shown_and_not_obeyed(hostile: Path, output_format: str) -> None:
    """A file has each character that can be written; a terminal has them in a form that can be seen."""
    command = [sys.executable, "-m", "todoke", "export", "--format", output_format]
    if output_format == "backup":
        (hostile / "data" / "secret").write_text("ab" * 32)
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL) as process:
            os.close(theirs)
            shown = b"".join(iter(lambda: _read(ours), b""))
        assert process.returncode == 0
    finally:
        os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert "]0;title" in text
    assert OBEYED.search(text) is None
    assert run(["export", "--format", output_format, "-o", "out"]) == 0
    assert "]0;title" in (hostile / "out").read_text("utf-8")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux's word for the end
        return b""


@pytest.mark.usefixtures("folder")
def test_show_of_nothing_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown id is exit 1 and says so."""
    assert run(["show", "s9", "--json"]) == 1
    assert capsys.readouterr().err == "todoke: There is no submission s9.\n"


def test_export_writes_a_file_for_its_owner_only(folder: Path) -> None:
    """CSV with formulas made harmless, in a file of mode 0600."""
    assert run(["export", "-o", "out.csv", "--from", f"{NOW - timedelta(days=2):%Y-%m-%d}"]) == 0
    text = (folder / "out.csv").read_bytes().decode()
    assert text.startswith(
        "id,received_at,form,ordinal,visitor,confirmation,notification,alert,"
        "verdict,done_at,starred,assignee,notes,message,file,more_fields\r\n"
    )
    assert ",'=cmd|\x1b[2J,a.txt,\r\n" in text
    assert text.count("\r\n") == 2
    assert (folder / "out.csv").stat().st_mode & 0o777 == 0o600


def test_nobody_else_has_the_file_that_an_export_is_written_to(folder: Path) -> None:
    """In a shared folder somebody may have laid a file or a link at the name of the draft; theirs stays empty."""
    draft = folder / f".out.csv.{os.getpid()}"
    (folder / "theirs").touch(0o666)
    draft.symlink_to(folder / "theirs")
    assert run(["export", "-o", "out.csv"]) == 0
    assert (folder / "theirs").read_bytes() == b""
    draft.touch(0o666)
    with draft.open("rb") as theirs:
        assert run(["export", "-o", "out.csv"]) == 0
        assert theirs.read() == b""
    assert not (folder / "out.csv").is_symlink()
    assert (folder / "out.csv").stat().st_mode & 0o777 == 0o600


def test_export_as_a_workbook_and_the_files(folder: Path) -> None:
    """As the desk has them, for its owner only, into a file or a pipe; on a terminal there would be nothing to read."""
    assert run(["export", "--format", "xlsx", "-o", "out.xlsx"]) == 0
    with zipfile.ZipFile(folder / "out.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert re.findall(r'r="A\d".*?<t[^>]*>(.*?)</t>', sheet) == ["id", "s1", "s2"]
    assert (folder / "out.xlsx").stat().st_mode & 0o777 == 0o600
    command = [sys.executable, "-m", "todoke", "export", "--format", "zip"]
    with zipfile.ZipFile(
        io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout)
    ) as packed:
        assert [name.rpartition("/")[2] for name in packed.namelist()] == ["a.txt"] * 2
    ours, theirs = pty.openpty()
    refused = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=False)
    os.close(ours)
    os.close(theirs)
    assert refused.returncode == 2
    assert b"nothing to read on a terminal: name a file with -o." in refused.stderr


class Terminal(io.StringIO):
    """What somebody looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("output_format", ["csv", "json", "xlsx", "zip", "backup"])
def test_a_long_export_shows_how_far_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    """A bar on stderr, where that is a terminal, with how many there are; it is gone at the end."""
    (folder / "data" / "secret").write_text("ab" * 32)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    assert run(["export", "--format", output_format, "-o", "out"]) == 0
    assert "\r[####################] 2 of 2 submissions ..." in said.getvalue()
    assert "\r\x1b[K" in said.getvalue()


def test_export_as_json_is_a_record_a_line(folder: Path) -> None:
    """Every submission, whole."""
    assert run(["export", "--format", "json", "-o", "out.json"]) == 0
    records = [json.loads(line) for line in (folder / "out.json").read_text().splitlines()]
    assert [record["id"] for record in records] == ["s1", "s2"]
    assert records[0]["entries"][0]["value"] == "=cmd|\x1b[2J"


@pytest.fixture
def backup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder's backup; afterwards the data folder is another one, still empty."""
    (folder / "data" / "secret").write_text("ab" * 32)
    assert run(["export", "--format", "backup", "-o", "all.backup"]) == 0
    monkeypatch.setenv("TODOKE_DATA", "elsewhere")
    return folder / "all.backup"


def test_a_backup_is_imported_elsewhere(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its owner's alone; with the same secret the other place shows the same, and to do it again changes nothing."""
    assert backup.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    capsys.readouterr()
    assert run(["import", str(backup)]) == 0
    assert capsys.readouterr().out == "2 submissions restored.\n"
    backup.write_bytes(b"\xef\xbb\xbf" + backup.read_bytes())  # as an editor may leave it
    assert run(["import", str(backup), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"new": 0, "same": 2} | dict.fromkeys(
        (
            "different",
            "unplaced",
            "orphans",
            "joined",
            "new_links",
            "erased",
            "ended",
            "erased_again",
        ),
        0,
    )
    shown = []
    for folder in ("data", "elsewhere"):
        monkeypatch.setenv("TODOKE_DATA", folder)
        assert run(["show", "s1", "--json"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("secret", "told"),
    [("", "under a secret, and none is here"), ("cd" * 32, "under another secret than the one")],
)
def test_a_backup_of_another_secret_is_refused(
    backup: Path,
    secret: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What to do is said, and nothing is written, not even a store."""
    monkeypatch.setenv("TODOKE_SECRET", secret)
    assert run(["import", str(backup)]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "--new-links" in err
    assert str(backup.parent / "elsewhere" / "secret") in err
    assert not (backup.parent / "elsewhere").exists()


@pytest.mark.parametrize("secret", ["cd" * 32, ""])
def test_a_backup_whose_secret_is_lost_is_imported_with_new_links(
    backup: Path, secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All is kept but the links: those that visitors have are unknown, and a repetition is told one that works."""
    monkeypatch.setenv("TODOKE_SECRET", secret)
    capsys.readouterr()
    assert run(["import", str(backup), "--new-links"]) == 2
    assert "not signed with the secret here" in capsys.readouterr().err
    assert not (backup.parent / "elsewhere" / "todoke.db").exists()
    assert run(["import", str(backup), "--new-links", "--unsigned"]) == 0
    out = capsys.readouterr().out
    assert "2 submissions restored.\n2 receipt links made with the other secret" in out
    assert run(["import", str(backup), "--new-links", "--unsigned", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["new"], told["same"], told["new_links"]) == (0, 2, 0)
    shown = []
    for folder in ("data", "elsewhere"):
        monkeypatch.setenv("TODOKE_DATA", folder)
        assert run(["show", "s1", "--json"]) == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    here = known_secret(os.environ, backup.parent / "elsewhere")
    store = SqliteStore(backup.parent / "elsewhere" / "todoke.db")
    old, new = (
        ids.receipt_hash(ids.receipt_token(s, "s1")) for s in (bytes.fromhex("ab" * 32), here)
    )
    assert store.receipt(old) is None
    found = store.receipt(new)
    store.close()
    assert found
    assert found.submission.id == "s1"


def test_a_backup_of_an_early_todoke_needs_a_word(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no HMAC, so whoever imports it says that it was in no other hands; a changed one of ours is refused."""
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    text = backup.read_text("utf-8")
    *lines, end = text.splitlines(keepends=True)
    lines[0] = lines[0].replace('"version":3', '"version":1')
    summed = {"sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}
    early = {name: value for name, value in json.loads(end).items() if name != "hmac"} | summed
    backup.write_text("".join(lines) + json.dumps(early) + "\n", "utf-8")
    assert run(["import", str(backup)]) == 2
    err = capsys.readouterr().err
    assert "did not sign backups" in err
    assert "--unsigned" in err
    assert not (backup.parent / "elsewhere").exists()
    backup.write_text("".join(lines) + json.dumps(json.loads(end) | summed) + "\n", "utf-8")
    assert run(["import", str(backup), "--unsigned"]) == 2
    assert "HMAC is wrong" in capsys.readouterr().err
    backup.write_text("".join(lines) + json.dumps(early) + "\n", "utf-8")
    assert run(["import", str(backup), "--unsigned"]) == 0


def test_new_links_are_not_made_where_the_old_ones_fit(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the right secret the option changes nothing."""
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    capsys.readouterr()
    assert run(["import", str(backup), "--new-links"]) == 0
    assert capsys.readouterr().out == "2 submissions restored.\n"


@pytest.mark.parametrize("secret", ["ab" * 32, ""])
def test_a_backup_says_what_it_needs_beside_it(
    folder: Path, secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the secret lies is said, the secret is not; with the backup in a pipe too."""
    monkeypatch.setenv("TODOKE_SECRET", secret)
    (folder / "data" / "secret").write_text("ab" * 32)
    for words in ([], ["-o", "all.backup"]):
        assert run(["export", "--format", "backup", *words]) == 0
        out, err = capsys.readouterr()
        where = "TODOKE_SECRET in the environment" if secret else str(folder / "data" / "secret")
        assert where in err
        assert "beside the backup" in err
        assert "ab" * 32 not in out + err


def test_what_went_on_here_is_named_and_left(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An import over what changed is exit 1, and the configuration's missing forms are said."""
    monkeypatch.setenv("TODOKE_DATA", "data")
    config = backup.parent / "todoke.toml"
    config.write_text(config.read_text().replace("[forms.contact]", "[forms.leave]"))
    store = SqliteStore(backup.parent / "data" / "todoke.db")
    store.resend("m1", now=NOW, follow_up=lambda *_: ())
    store.close()
    assert run(["import", str(backup)]) == 1
    out, err = capsys.readouterr()
    assert "0 submissions restored." in out
    assert "1 submission are there and went on otherwise" not in out
    assert "1 submission is there and went on otherwise: left as it is.\n  s1\n" in out
    assert "The configuration has no form contact" in err


def test_a_backup_of_a_store_in_use_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is good, and what comes after is not in it."""
    store = SqliteStore(folder / "data" / "todoke.db")
    begin_serving(store)
    (folder / "data" / "secret").write_text("ab" * 32)
    assert run(["export", "--format", "backup", "-o", "all.backup"]) == 0
    assert "todoke serve is running" in capsys.readouterr().err
    store.close()


def test_commands_are_in_the_security_log(folder: Path) -> None:
    """Who exported, made a code and erased, by number; of whom is not said."""
    assert run(["export", "-o", "out.csv"]) == 0
    assert run(["desk"]) == 0
    assert run(["erase", "--id=s1", "--yes"]) == 0
    assert run(["erase", "--address=visitor2@example.jp", "--yes"]) == 0
    lines = [json.loads(x) for x in (folder / "data" / "security.log").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["exported", "desk_code_made", "erased", "erased"]
    assert {line["by"] for line in lines} == {f"uid {os.getuid()}"}
    assert (lines[0]["format"], lines[0]["submissions"]) == ("csv", 2)
    assert (lines[2]["submission"], lines[2]["submissions"]) == ("s1", 1)
    assert (lines[3]["of"], lines[3]["submissions"]) == ("address", 1)
    assert "@" not in json.dumps(lines)


@pytest.mark.usefixtures("folder")
def test_erase_asks_and_then_erases(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --yes and with nobody to ask nothing goes; with it, what was named is gone and nothing else."""
    assert run(["erase", "--older-than", "90d"]) == 2
    assert "s2" in capsys.readouterr().err
    assert run(["erase", "--older-than", "90d", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"erased": 1}
    assert run(["erase", "--address", "VISITOR1@example.jp", "--yes"]) == 0
    assert run(["erase", "--id", "s1", "--yes"]) == 1
    assert run(["list"]) == 0
    assert capsys.readouterr().out.endswith("There is nothing to erase.\n")


def test_an_import_leaves_out_who_was_erased_since(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many and by which erasure is told, without a word of whom; that one's key, and no other, brings them back."""
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    monkeypatch.setenv("TODOKE_DATA", "data")
    assert run(["erase", "--address", "VISITOR1@example.jp", "--yes"]) == 0
    assert run(["erase", "--id", "s2", "--yes"]) in {0, 1}
    capsys.readouterr()
    assert run(["import", str(backup)]) == 0
    told = capsys.readouterr().out
    assert "0 submissions restored.\n2 were erased before: left out.\n" in told
    assert "@" not in told
    assert run(["import", str(backup), "--with-erased", "0123456"]) == 2
    assert "names no erasure" in capsys.readouterr().err
    key = re.findall(r"by mailbox .*--with-erased (\w+)\)", told)[0]
    assert run(["import", str(backup), "--with-erased", key[:8], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 1
    assert run(["import", str(backup), "--with-erased", "all", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert (counted["new"], counted["same"], counted["erased"]) == (1, 1, 0)


def test_erasures_alone_are_carried_to_a_restored_file(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list that holds nobody, written before the old file is put back, erases again what came back with it."""
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    assert run(["import", str(backup)]) == 0
    monkeypatch.setenv("TODOKE_DATA", "data")
    assert run(["erase", "--address", "visitor1@example.jp", "--yes"]) == 0
    assert run(["export", "--format", "erasures", "-o", "erased.backup"]) == 0
    assert "example.jp" not in Path("erased.backup").read_text()
    monkeypatch.setenv("TODOKE_DATA", "elsewhere")
    capsys.readouterr()
    for times in (1, 0):
        assert run(["import", "erased.backup", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["erased_again"] == times
    assert run(["show", "s1"]) == 1


def test_a_backup_from_before_all_that_is_remembered_needs_a_word(
    backup: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who was erased before the oldest erasure that is remembered could come back with it."""
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    *lines, end = backup.read_text("utf-8").splitlines(keepends=True)
    lines[0] = re.sub(r'"written_at":"[^"]+"', '"written_at":"2026-01-02T03:04:05Z"', lines[0])
    lines[0] = lines[0].replace(
        ids.secret_name(bytes.fromhex("ab" * 32)), ids.secret_name(b"?" * 32)
    )
    summed = {"sha256": hashlib.sha256("".join(lines).encode()).hexdigest(), "hmac": ""}
    backup.write_text("".join(lines) + json.dumps(json.loads(end) | summed) + "\n", "utf-8")
    words = ["import", str(backup), "--new-links", "--unsigned"]
    assert run(words) == 2
    assert "was written on 2026-01-02" in capsys.readouterr().err
    assert run([*words, "--old"]) == 0


CLOUD = """service = "customers-mail-cloud"
from = "forms@example.jp"
customers_mail_cloud = {{url = "{url}", api_user = "u@example.jp"}}"""


@pytest.fixture
def cloud(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The folder's site with a sandbox as its mail service, which nobody answers for until it is served."""
    monkeypatch.setenv("TODOKE_CMC_API_KEY", "key-5f2e")
    monkeypatch.setenv("TODOKE_CMC_HOOK_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)

    def configure(url: str) -> None:
        mail = 'service = "smtp"\nfrom = "forms@example.jp"'
        (folder / "todoke.toml").write_text(CONFIG.replace(mail, CLOUD.format(url=url)))

    with serving(records_only()) as url:
        configure(url)
        yield url


def records_only() -> Starlette:
    """A mail service with nothing on record but one blocked address, of a manager."""

    async def answer(request: Request) -> Response:
        if request.path_params["resource"] != "blocks":
            return Response(status_code=204)
        block = {"email": "Manager@example.jp", "status": "2", "created": "2031-05-06 08:00:00"}
        return JSONResponse({"blocks": [block]})

    path = "/transaction/v2/{resource}/list.json"
    return Starlette(routes=[Route(path, answer, methods=["POST"])])


@pytest.mark.usefixtures("cloud")
def test_reconcile_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence, or as one object; progress is for terminals alone."""
    assert run(["suppressions"]) == 0
    assert "No list has been read yet" in capsys.readouterr().out
    assert run(["reconcile"]) == 0
    said = capsys.readouterr()
    assert "0 events read: 0 new, 0 known, 0 of other senders." in said.out
    assert "Suppressed addresses: 1" in said.out
    today = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    assert run(["reconcile", "--since", f"{today - timedelta(days=2)}", "--json"]) == 0
    said = capsys.readouterr()
    counts = {"read": 0, "new": 0, "repeated": 0, "foreign": 0, "suppressed": 1}
    found = json.loads(said.out)
    assert found.pop("days") in {3, 4}  # midnight may pass meanwhile
    assert found == counts
    assert "day 1 of" not in said.err


@pytest.mark.usefixtures("cloud")
def test_suppressions_shout_when_they_are_the_site_s_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A manager on the list is exit 1 and a warning; each address has since when, why, and the way to lift it."""
    run(["reconcile"])
    capsys.readouterr()
    assert run(["suppressions"]) == 1
    said = capsys.readouterr().out
    for text in (
        "Manager@example.jp  since 2031-05-05 23:00:00 UTC  There is no such mailbox.",
        "the service says: 2",
        "WARNING: A manager of this site.",
        "To lift one:",
        "Pro plan",
    ):
        assert text in said
    assert run(["suppressions", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["service"], found["own"]) == ("customers-mail-cloud", "manager")


def test_reconcile_without_an_answer(
    cloud: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that is not there is exit 1 and one sentence, without the key."""
    text = (folder / "todoke.toml").read_text()
    (folder / "todoke.toml").write_text(text.replace(cloud, "http://127.0.0.1:1"))
    assert run(["reconcile", "--since", "2020-01-01"]) == 1
    err = capsys.readouterr().err
    assert "records (deliveries) cannot be read" in err
    assert "key-5f2e" not in err
    assert err.count("\n") == 1


@pytest.mark.usefixtures("cloud")
def test_reconcile_of_a_day_to_come(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be on record yet."""
    assert run(["reconcile", "--since", "2999-01-01"]) == 2
    assert "yet to come" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_reconcile_needs_records(capsys: pytest.CaptureFixture[str]) -> None:
    """A service without records is a fault of the configuration; without data there is nothing to ask about."""
    assert run(["reconcile"]) == 2
    assert "keeps no records" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["reconcile", "--since", "yesterday"], "does not match"),
        (["erase"], "exactly one"),
        (["list", "--status", "sent"], "--status may be"),
        (["list", "-c", "none.toml"], "none.toml: cannot be read"),
        (["export", "--format", "xml"], "csv, json, xlsx, zip, backup or erasures"),
        (["export", "--format", "backup", "--form", "contact"], "it is whole"),
        (["export", "--format", "backup"], "The secret of this store is missing"),
        (["import", "none.backup"], "none.backup cannot be read"),
        (["import", "todoke.toml"], "todoke.toml: Line 1: it is no line of a backup"),
        (["import", "data/todoke.db"], "it is no backup. Nothing was imported"),
        (["erase", "--older-than", "soon"], "an age is written like"),
        (["export", "-o", "no/such/folder/x.csv"], "cannot be written"),
        (["serve", "--port", "no"], "--port"),
        (["serve", "-c", "none.toml"], "none.toml: cannot be read"),
        (["nonsense"], "No such command"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_bad_usage_is_exit_2_and_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was asked for wrongly is said on stderr, without a traceback."""
    assert run(arguments) == 2
    err = capsys.readouterr().err
    assert sentence in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("folder")
def test_without_a_configuration_the_data_folder_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reading needs no todoke.toml; without data it is said that there is none."""
    Path("todoke.toml").unlink()
    assert run(["list"]) == 0
    monkeypatch.setenv("TODOKE_DATA", "elsewhere")
    assert run(["list"]) == 2
    assert "no data in" in capsys.readouterr().err


def test_check_prints_findings_as_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault is exit 1 and an object a line; a good file is exit 0, and which time zone is in force is no fault."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    note = "times are shown in Asia/Tokyo (JST), as TZ says."
    two_managers = CONFIG.replace('"manager@example.jp"', '"manager@example.jp", "b@example.jp"')
    (folder / "todoke.toml").write_text(two_managers)
    assert run(["check"]) == 0
    assert capsys.readouterr().out == (
        f"note todoke.toml:1 site.time_zone: {note}\ntodoke.toml is good.\n"
    )
    (folder / "todoke.toml").write_text(two_managers.replace("smtp", "smpt"))
    assert run(["check", "--json"]) == 1
    noted, found = map(json.loads, capsys.readouterr().out.splitlines())
    assert (noted["severity"], noted["message"]) == ("note", note)
    assert (found["severity"], found["line"], found["key"]) == ("error", 5, "mail.service")


def test_check_rehearses_the_forms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that nobody can send is an error with the page's file and line, the key and what to do."""
    form = '[forms.contact]\npage = "contact.html"\n'
    (folder / "todoke.toml").write_text(CONFIG.replace("[forms.contact]\n", form))
    controls = "<input type=email name=email>\n<select name=kind required></select>"
    page = f"<meta charset=utf-8><form method=post action=/f/contact>{controls}</form>"
    (folder / "contact.html").write_text(page)
    assert run(["check", "--json"]) == 1
    (error,) = (
        f for f in map(json.loads, capsys.readouterr().out.splitlines()) if f["severity"] == "error"
    )
    assert Path(error["file"]).name == "contact.html"
    assert (error["line"], error["key"]) == (2, "forms.contact.page")
    assert error["message"].startswith('"kind" can never be filled in')
    assert error["hint"]


IN_TOKYO = CONFIG.replace("[site]\n", '[site]\ntime_zone = "Asia/Tokyo"\n')
TOKYO = ZoneInfo("Asia/Tokyo")


def test_commands_tell_times_in_the_site_s_zone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the machine's is: named where people read, with an offset in CSV; JSON is in UTC."""
    monkeypatch.setenv("TZ", "America/St_Johns")
    (folder / "todoke.toml").write_text(IN_TOKYO)
    received = (NOW - timedelta(hours=1)).astimezone(TOKYO)
    named = f"{received:%Y-%m-%d %H:%M:%S} JST"
    assert run(["list"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split("\t")[1] == named
    assert run(["show", "s1"]) == 0
    assert f"s1  {named}  form contact" in capsys.readouterr().out
    assert run(["export", "-o", "out.csv"]) == 0
    row = (folder / "out.csv").read_text().splitlines()[1]
    assert row.split(",")[1] == received.isoformat(timespec="milliseconds")
    assert run(["list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[0])["received_at"]
    assert told == f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%S.}{NOW.microsecond // 1000:03d}Z"


def test_without_a_configuration_times_are_in_the_machine_s_zone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And a TZ that names none is a fault, not UTC without a word."""
    (folder / "todoke.toml").unlink()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert run(["list"]) == 0
    assert " JST\t" in capsys.readouterr().out.splitlines()[0]
    monkeypatch.setenv("TZ", "Asia/Toyko")
    assert run(["list"]) == 2
    assert "Did you mean 'Asia/Tokyo'?" in capsys.readouterr().err


@pytest.mark.parametrize("machine", ["Asia/Tokyo", "America/St_Johns"])
def test_the_demo_is_in_the_machine_s_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    """Its settings are made here, and take the zone as those of a file do."""
    monkeypatch.setenv("TODOKE_DATA", str(tmp_path))
    monkeypatch.setenv("TZ", machine)
    zone = demo_settings("http://127.0.0.1:1", "http://127.0.0.1:2").site.time_zone
    assert (zone.name, zone.source) == (machine, "TZ")


@pytest.mark.parametrize("machine", ["UTC", "Asia/Tokyo", "America/St_Johns"])
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f%z"])
def test_export_takes_times_of_the_site_s_zone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, machine: str, form: str
) -> None:
    """What a manager types is meant there, or as the offset says that goes with it."""
    monkeypatch.setenv("TZ", machine)
    (folder / "todoke.toml").write_text(IN_TOKYO)
    received = (NOW - timedelta(hours=1)).astimezone(TOKYO)
    for moved, expected in ((-timedelta(minutes=2), 2), (timedelta(minutes=2), 1)):
        assert run(["export", "-o", "out.csv", "--from", f"{received + moved:{form}}"]) == 0
        assert len((folder / "out.csv").read_text().splitlines()) == expected


@pytest.mark.parametrize("machine", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_a_backup_is_the_same_in_every_zone(
    backup: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    """It is in UTC: only the line that says when it was made differs."""
    monkeypatch.setenv("TODOKE_DATA", "data")
    monkeypatch.setenv("TZ", machine)
    (backup.parent / "todoke.toml").write_text(IN_TOKYO)
    assert run(["export", "--format", "backup", "-o", "again.backup"]) == 0
    first, again = (
        (backup.parent / n).read_text().splitlines() for n in (backup.name, "again.backup")
    )
    assert again[1:-1] == first[1:-1]


@pytest.mark.parametrize("command", ["check", "serve"])
@pytest.mark.parametrize(
    ("line", "service", "is_good"),
    [
        ('time_zone = "Asia/Tokyo"', "smtp", False),
        ('time_zone = "UTC"', "smtp", True),
        ('time_zone = "UTC"', "customers-mail-cloud", False),
    ],
)
def test_check_and_serve_agree_where_there_is_no_time_zone_database(
    folder: Path, command: str, line: str, service: str, is_good: bool
) -> None:
    """Neither the system's nor the package: what needs none works, else one sentence says what to install."""
    text = CONFIG.replace("[site]\n", f"[site]\n{line}\n").replace("smtp", service)
    cloud = '\n[mail.customers_mail_cloud]\napi_user = "forms"\n'
    (folder / "todoke.toml").write_text(text + (cloud if service != "smtp" else ""))
    program = (
        "import sys; sys.modules['tzdata'] = None\n"
        "from todoke.cli.main import run\n"
        f"sys.exit(run(['{command}', *sys.argv[1:]]))"
    )
    secrets = {
        "TODOKE_CMC_API_KEY": "key",
        "TODOKE_CMC_HOOK_SECRET": "0123456789abcdef0123456789abcdef",
    }
    place = [] if command == "check" or not is_good else ["--host", "no.such.host.invalid"]
    done = subprocess.run(
        [sys.executable, "-c", program, *place],
        env={"PYTHONTZPATH": "", "TZ": "UTC", **secrets},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = "no time zone database to look it up in. Install one: pip install tzdata"
    assert (told in " ".join((done.stdout + done.stderr).split())) != is_good, done.stderr
    assert "Traceback" not in done.stderr
    if not is_good:
        assert done.returncode == (1 if command == "check" else 2)
    elif command == "check":
        assert done.returncode == 0


def test_desk_prints_a_link(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The link leads to where todoke answers."""
    assert folder.exists()
    assert run(["desk"]) == 0
    assert capsys.readouterr().out.startswith("https://forms.example.jp/desk/enter#code=")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["serve"], ("todoke.toml", "127.0.0.1", "8025")),
        (["serve", "--port", "1", "--host=::1"], ("todoke.toml", "::1", "1")),
        (["serve", "--config", "a.toml"], ("a.toml", "127.0.0.1", "8025")),
        (["serve", "--help"], None),
        (["serve", "--port"], None),
        (["serve", "--port", "x"], None),
        (["serve", "extra"], None),
        (["list"], None),
        ([], None),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_fast_way_takes_only_what_it_understands(
    arguments: list[str], expected: tuple[str, str, str] | None
) -> None:
    """Anything but plain options of serve goes to Typer, which explains itself."""
    found = plain_serve(arguments)
    assert (found and (found["--config"], found["--host"], found["--port"])) == expected


def test_the_fast_way_has_the_defaults_of_the_slow_one() -> None:
    """Both ways to serve agree."""
    slow = {n: str(p.default) for n, p in inspect.signature(commands.serve).parameters.items()}
    fast = plain_serve(["serve"])
    assert fast == {f"--{name}": default for name, default in slow.items()}


def command_names(group: Any = commands.commands) -> dict[str, list[str]]:
    """The commands that Typer knows, each with those under it."""
    names = {c.name or getattr(c.callback, "__name__", "") for c in group.registered_commands}
    groups = {g.name: sorted(command_names(g.typer_instance)) for g in group.registered_groups}
    return {name: [] for name in names} | groups


def test_each_command_and_option_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/cli.md has a heading for each command, and each option and each command of a group under it."""
    parts = {
        part.split("\n")[0].split()[1].rstrip("`"): part
        for part in re.split(r"(?m)^## `", DOCS)[1:]
    }
    names = command_names()
    assert set(parts) == set(names)
    for name, part in parts.items():
        for under in names[name]:
            assert f"`todoke {name} {under}" in part
        for line in [[name, under] for under in names[name]] or [[name]]:
            assert run([*line, "--help"]) == 0
            options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
            assert {option for option in options if f"`{option}" not in part} == set()


def test_without_a_configuration_a_mail_reads_as_where_it_was_served(folder: Path) -> None:
    """After how long a mail reads unknown is noted beside the data, so that no command says another word."""
    config = folder / "todoke.toml"
    config.write_text(CONFIG.replace("[forms", 'expect_events_within = "3h"\n[forms', 1))
    settings = read(config, os.environ, serving=False)
    app = build_to_serve(settings)
    app.store.close()
    config.unlink()
    with opened(Path("todoke.toml")) as (found, _):
        assert found.mail.expect_events_within == timedelta(hours=3)
    with opened(Path("todoke.toml")) as (found, store):
        note_expected(store, timedelta(days=2))
    with opened(Path("todoke.toml")) as (found, _):
        assert found.mail.expect_events_within == timedelta(days=2)


def test_a_rehearsal_at_a_terminal(folder: Path) -> None:
    """Commands are in colours, and what is answered is kept beside the configuration."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "todoke", "aws", "rehearse", "--stack", "forms"]
    environ = {**os.environ, "TERM": "xterm", "NO_COLOR": ""}
    try:
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, env=environ) as process:
            os.close(theirs)
            os.write(ours, b"y\nseen\nq\n")
            shown = b"".join(iter(lambda: _read(ours), b"")).decode()
        assert process.returncode == 0
    finally:
        os.close(ours)
    assert "\x1b[36mtodoke aws deploy --stack forms" in shown
    kept = json.loads((folder / "todoke-rehearsal.json").read_text())
    assert kept["stacks"]["forms"]["deploy"]["note"] == "seen"
