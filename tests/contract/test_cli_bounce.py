"""`todoke bounce` explains a returned mail in plain words, or as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.mail.returned import daemon, report
from todoke.cli.main import run
from todoke.cli.returned_mail import WHAT
from todoke.returned.returned import ReturnKind

BOUNCED = report(
    "Final-Recipient: rfc822; ann@far.example\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\x1b[2J"
)


@pytest.fixture
def bounced(tmp_path: Path) -> str:
    """A mail in a file."""
    path = tmp_path / "returned.eml"
    path.write_bytes(BOUNCED)
    return str(path)


def test_in_words(bounced: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it is, about whom, why, and what to do; nothing of it commands the terminal."""
    assert run(["bounce", bounced]) == 0
    told = capsys.readouterr().out
    assert "Not delivered, and the address is dead." in told
    assert "about       ann@far.example" in told
    assert "there is no such mailbox" in told
    assert "Ask the person for another address" in told
    assert "\x1b" not in told


def test_as_json(bounced: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line."""
    assert run(["bounce", bounced, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "file": bounced,
        "kind": "hard",
        "recipients": ["ann@far.example"],
        "permanence": "hard",
        "reason": "unknown_address",
        "status_code": "5.1.1",
        "reply_code": "550",
        "diagnostic": "550 5.1.1 User unknown [2J",
        "feedback_type": "",
        "reporting_mta": "mx.near.example",
        "envelope_id": "q+1",
        "message_id": "<abc@forms.example>",
        "at": "2026-11-30T01:00:00Z",
    }


def test_recipients_of_whom_the_same_is_said_share_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Others have their own."""
    path = tmp_path / "several.eml"
    path.write_bytes(
        report(
            """
            Final-Recipient: rfc822; ann@far.example
            Action: failed
            Status: 5.1.1

            Final-Recipient: rfc822; bob@far.example
            Action: failed
            Status: 5.1.1

            Final-Recipient: rfc822; eve@far.example
            Action: delivered
            Status: 2.1.5
            """
        )
    )
    assert run(["bounce", str(path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["kind"], row["recipients"]) for row in rows] == [
        ("hard", ["ann@far.example", "bob@far.example"]),
        ("delivered", ["eve@far.example"]),
    ]


def test_what_cannot_be_read(
    bounced: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, a sentence for each, and the others are read."""
    empty = tmp_path / "empty.eml"
    empty.write_bytes(b"")
    assert run(["bounce", str(empty), "no-such.eml", str(tmp_path), bounced]) == 1
    told = capsys.readouterr()
    assert "Not delivered" in told.out
    assert [line.rpartition(": ")[2] for line in told.err.splitlines()] == [
        "it has no header field at all.",
        "No such file or directory",
        "Is a directory",
    ]
    assert run(["bounce"]) == 2


def test_from_stdin() -> None:
    """A pipe of a mail program; no configuration is needed."""
    command = [sys.executable, "-m", "todoke", "bounce", "-"]
    words = daemon("<ann@far.example>:\nmailbox is full\n")
    told = subprocess.run(command, input=words, capture_output=True, check=True, cwd="/").stdout
    assert "The address may work again." in told.decode()


@pytest.mark.parametrize("kind", list(ReturnKind))
def test_each_kind_is_told_in_docs(kind: ReturnKind) -> None:
    """And has words here."""
    docs = (Path(__file__).parents[2] / "docs" / "returned-mail.md").read_text("utf-8")
    assert f"`{kind.value}`" in docs
    assert WHAT[kind]
