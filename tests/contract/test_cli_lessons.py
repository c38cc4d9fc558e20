"""`todoke lessons`: what the guard was taught is counted, printed and forgotten at a command line."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from todoke.cli.main import run
from todoke.model.lesson import Lesson
from todoke.stores.sqlite.store import SqliteStore

CONFIG = """\
[site]
name = "Example"
door_url = "https://forms.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
smtp = {host = "127.0.0.1"}
[forms.contact]
managers = ["manager@example.jp"]
"""
TAUGHT = [
    Lesson(id="b", at=datetime(2026, 11, 30, 1, tzinfo=UTC), is_spam=True, words=("h1", "h2")),
    Lesson(id="a", at=datetime(2026, 11, 30, tzinfo=UTC), is_spam=False, words=("h3",)),
]


@pytest.fixture(autouse=True)
def taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site at which two submissions were marked, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    Path("todoke.toml").write_text(CONFIG)
    with closing(SqliteStore(tmp_path / "data" / "todoke.db")) as store:
        for one in TAUGHT:
            store.teach(one)


def test_they_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """And it is said where they are too few to conclude anything."""
    assert run(["lessons"]) == 0
    said = capsys.readouterr().out
    assert "1 marked as spam, 1 as none" in said
    assert "before there are 10 of each" in said


def test_they_are_printed_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON for each, the newest first; afterwards there are none."""
    assert run(["lessons", "--json", "--forget"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["is_spam"], one["words"]) for one in lines] == [
        ("b", True, ["h1", "h2"]),
        ("a", False, ["h3"]),
    ]
    assert run(["lessons", "--forget"]) == 0
    said = capsys.readouterr().out
    assert "0 marked as spam, 0 as none" in said
    assert "All of them are forgotten" in said
