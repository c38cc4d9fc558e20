"""`todoke judge`: what is kept for review is listed with the reasons, let go, or kept as spam."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.store.desk import Desk
from todoke.cli.main import run
from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.care import SpamVerdict
from todoke.model.delivery import Status
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


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A site with a submission that is kept for review and one that is not, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TODOKE_SECRET", "ab" * 32)
    Path("todoke.toml").write_text(CONFIG)
    store = SqliteStore(tmp_path / "data" / "todoke.db")
    yield Desk(store)
    store.close()


def kept(site: Desk) -> str:
    """The id of one that is kept for review."""
    return site.add(site.submission(signals=("trap_filled", "new_one"))).submission.id


def test_what_waits_is_listed(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence for each signal, and the name of one that is not known here; for programs as lines of JSON."""
    assert run(["judge"]) == 0
    assert "Nothing is kept for review." in capsys.readouterr().out
    id_ = kept(site)
    site.move(seconds=1)
    site.add()
    assert run(["judge"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(id_)
    assert "A field that people do not see is filled in" in said
    assert "  new_one\n" in said
    assert said.count("form contact") == 1
    assert run(["judge", "--json"]) == 0
    [row] = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["id"], row["signals"]) == (id_, ["trap_filled", "new_one"])


def test_what_is_no_spam_is_let_go(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """By its reference; the guard learns, and the trail knows of it."""
    id_ = kept(site)
    assert run(["judge", ids.number(id_), "--not-spam"]) == 0
    said = capsys.readouterr().out
    assert f"{id_} is no spam." in said
    assert "leave as soon as the server looks" in said
    there = site.timeline(id_)
    assert {m.standing.status for m in there.messages} == {Status.QUEUED}
    assert [lesson.is_spam for lesson in site.store.lessons()] == [False]
    [act] = site.store.acts().acts
    assert (act.deed, act.submission) == (Deed.JUDGED, id_)


def test_what_is_spam_stays(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not there is told, and keeps none of the others."""
    id_ = kept(site)
    assert run(["judge", "0" * 26, id_, "--spam", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == {"id": id_, "verdict": "spam"}
    assert "There is no submission" in err
    there = site.timeline(id_)
    assert there.care.verdict is SpamVerdict.SPAM
    assert {m.standing.status for m in there.messages} == {Status.IN_REVIEW}


def test_without_a_secret_nothing_is_learned(
    site: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict counts all the same, and it is said."""
    monkeypatch.delenv("TODOKE_SECRET")
    id_ = kept(site)
    assert run(["judge", id_, "--spam"]) == 0
    assert "nothing was learned" in capsys.readouterr().err
    assert site.timeline(id_).care.verdict is SpamVerdict.SPAM
    assert list(site.store.lessons()) == []


def test_all_at_once(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What an attack left is judged by one command, of one form or of all; what never waited is left alone."""
    other = site.add(site.submission(form="other", signals=("bbcode",))).submission.id
    honest = site.add().submission.id
    for _ in range(3):
        site.move(seconds=1)
        kept(site)
    assert run(["judge", "--all", "--spam", "--form", "contact", "--limit", "2"]) == 0
    said = capsys.readouterr().out
    assert said.count("is spam.") == 2
    assert "1 more wait." in said
    assert run(["judge", "--all", "--spam"]) == 0
    assert site.timeline(other).care.verdict is SpamVerdict.SPAM
    assert site.timeline(honest).care.verdict is None
    capsys.readouterr()
    assert run(["judge", "--all", "--spam"]) == 0
    assert "Nothing is kept for review." in capsys.readouterr().out


@pytest.mark.parametrize(
    "asked",
    [
        ["--all"],
        ["--all", "x", "--spam"],
        ["--spam"],
        ["x", "--spam", "--not-spam"],
        ["x"],
        ["--not-spam"],
    ],
    ids=" ".join,
)
def test_half_a_command_changes_nothing(site: Desk, asked: list[str]) -> None:
    """A verdict is about something, and is one."""
    assert run(["judge", *asked]) == 2
