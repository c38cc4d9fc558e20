"""`todoke list` and `todoke show` find a submission by words, states, and the reference that receipts show."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from support.store.desk import Desk
from support.variants import replace
from todoke.cli.main import run
from todoke.model import ids
from todoke.model.care import Remark
from todoke.model.delivery import Kind
from todoke.model.submission import Entry
from todoke.stores.sqlite.store import SqliteStore


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three submissions in a data folder without a configuration; their ids, oldest first."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("TZ", "UTC")
    with closing(SqliteStore(tmp_path / "data" / "todoke.db")) as store:
        desk = Desk(store)
        found = []
        for text in ("The gardens", "山田太郎です", "Nothing else"):
            desk.move(seconds=1)
            found.append(desk.add(entries=(Entry("text", text),)).submission.id)
        claims = {c.message.submission_id: c for c in desk.claim(limit=6)}
        desk.finish(claims[found[0]], Kind.BOUNCED)
        desk.finish(claims[found[1]], Kind.ANSWER_LOST)
        remark = Remark(id="1", by="me@site.example", at=desk.now, text="Called\nback")
        store.take_care(found[2], lambda c: c.done(desk.now).star(on=True).remark(remark))
    return found


def _listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert run(["list", *options]) == 0
    return [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]


def test_list_by_words_and_states(kept: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Words in any script; several states, "unknown" among them."""
    gardens, yamada, _ = kept
    assert _listed(capsys, "--words", "garden") == [gardens]
    assert _listed(capsys, "--words", "山田") == [yamada]
    assert _listed(capsys, "--words", "garden 山田") == []
    assert _listed(capsys, "--status", "unknown") == [yamada]
    assert _listed(capsys, "--status", "unknown", "--status", "bounced") == [yamada, gardens]
    assert run(["list", "--status", "sent"]) == 2
    assert "unknown" in capsys.readouterr().err
    assert run(["list", "--words", "..."]) == 2
    assert "--words" in capsys.readouterr().err


def test_show_by_reference(kept: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Its six letters in any case, or some of them; of several that begin so, a list."""
    for named in (ids.number(kept[1]), ids.number(kept[1]).upper(), kept[1]):
        assert run(["show", named]) == 0
        assert "山田太郎です" in capsys.readouterr().out
    assert run(["show", "gardens"]) == 1
    assert run(["show", "zzzzzz"]) == 1
    assert "no submission zzzzzz" in capsys.readouterr().err


def test_show_lists_those_that_begin_alike(
    kept: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is shown another's submission because two references begin with the same letters."""
    with closing(SqliteStore(Path("data") / "todoke.db")) as store:
        desk = Desk(store)
        one = desk.submission()
        twin = desk.submission()
        begin = ids.number(one.id)[:3]
        twin_id = twin.id[:-6] + begin + ("000" if ids.number(one.id)[3:] != "000" else "111")
        for submission in (one, replace(twin, id=twin_id)):
            store.add(submission, (), None).result()
    assert run(["show", begin]) == 1
    told = capsys.readouterr().err
    assert one.id in told
    assert twin_id in told


def test_show_tells_what_the_desk_did(kept: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Done, starred and remarked upon, for people and for programs."""
    assert run(["show", kept[2]]) == 0
    told = capsys.readouterr().out
    assert "done" in told
    assert "starred" in told
    assert "me@site.example: Called" in told
    assert run(["show", kept[2], "--json"]) == 0
    care = json.loads(capsys.readouterr().out)["care"]
    assert care["starred"] is True
    assert [remark["text"] for remark in care["remarks"]] == ["Called\nback"]
