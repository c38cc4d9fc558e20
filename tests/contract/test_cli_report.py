"""`todoke report`: the accounts for people, for programs, and as a page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from support.store.desk import Desk
from todoke.cli.main import run
from todoke.model.delivery import Ceiling, Kind
from todoke.model.message import Role
from todoke.stores.sqlite.store import SqliteStore

CONFIG = """\
[site]
name = "Example <b>"
door_url = "https://forms.example.jp"
language = "ja"
[mail]
service = "smtp"
from = "forms@example.jp"
smtp = {host = "127.0.0.1"}
[forms.contact]
managers = ["manager@example.jp"]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A site with nothing in it yet, as the working folder."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("TODOKE_")]:
        monkeypatch.delenv(variable)
    Path("todoke.toml").write_text(CONFIG)
    store = SqliteStore(tmp_path / "data" / "todoke.db")
    yield Desk(store, now=datetime.now(UTC) - timedelta(minutes=5))
    store.close()


def _sent(site: Desk, *kinds: Kind, ceiling: Ceiling = Ceiling.DELIVERED) -> str:
    """The id of a submission whose one mail came to this."""
    message = site.add_one()
    [claim] = site.claim(message.id, ceiling=ceiling)
    site.finish(claim, *kinds)
    site.move(seconds=1)
    return message.submission_id


def _story(site: Desk) -> tuple[str, str]:
    """Four submissions; the ids of one whose mail waits and of one whose confirmation was never planned."""
    _sent(site, Kind.ACCEPTED, Kind.DELIVERED)
    _sent(site, Kind.ACCEPTED, Kind.BOUNCED)
    waits = site.add_one().submission_id
    site.move(seconds=1)
    kept = site.submission()
    gap = site.add(kept, site.message(kept, Role.NOTIFICATION)).submission.id
    return waits, gap


def test_an_empty_site_has_balanced_accounts(
    site: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is open where nothing came."""
    assert run(["report", "--week"]) == 0
    said = capsys.readouterr().out
    assert "the last 7 days" in said
    assert "Nothing is open" in said
    assert "No mail's end is proven" in said


def test_what_is_open_is_named(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """First what was never planned, by which the exit code is 1."""
    waits, gap = _story(site)
    assert run(["report"]) == 1
    said = capsys.readouterr().out
    assert "submissions stored" in said
    lines = said.splitlines()
    [missing] = [line for line in lines if "never planned" in line]
    assert gap in missing
    named = [line for line in lines if line.startswith("  ") and waits in line]
    assert len(named) == 1
    assert lines.index(missing) < lines.index(named[0])
    assert "50 % of the mails whose end is known were delivered" in said
    assert "visitor.example" in said


def test_programs_get_one_object(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """In which the stages add up to what was planned."""
    waits, gap = _story(site)
    assert run(["report", "--days", "2", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["stored"], told["planned"], told["handed_over"]) == (4, 4, 2)
    assert sum(told["stages"].values()) == told["planned"]
    assert (told["stages"]["delivered"], told["stages"]["returned"]) == (1, 1)
    assert told["stages"]["waiting"] == 2
    assert {(o["submission"], o["stage"]) for o in told["open"]} == {
        (waits, "waiting"),
        (gap, "waiting"),
        (gap, "never_planned"),
    }
    assert told["whole"]["delivery_rate"] == 0.5
    assert sum(day["submissions"] for day in told["by_day"].values()) == 4
    assert set(told["by_domain"]) == {"visitor.example", "site.example"}


def test_without_reports_the_hand_over_is_the_end(
    site: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such accounts are closed, and claim no delivery."""
    _sent(site, Kind.ACCEPTED, ceiling=Ceiling.HANDED_OVER)
    assert run(["report", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_closed"]
    assert told["stages"]["unreported"] == 1
    assert told["whole"]["delivery_rate"] is None


class _Tags(HTMLParser):
    """What a page has of tags and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]


def test_the_page_needs_nothing_else(site: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One file in the site's language: no script, nothing loaded, and what people named is escaped."""
    _, gap = _story(site)
    assert run(["report", "--html", "report.html"]) == 1
    assert "report.html" in capsys.readouterr().out
    page = Path("report.html").read_text("utf-8")
    read = _Tags()
    read.feed(page)
    assert read.tags.isdisjoint({"script", "link", "img", "b"})
    assert read.addresses == []
    assert {"svg", "table", "style"} <= read.tags
    assert gap in page
    assert 'lang="ja"' in page
    assert "メールの収支" in page


def test_one_of_json_and_a_page(site: Desk) -> None:
    """Both at once is a mistake."""
    assert run(["report", "--json", "--html", "report.html"]) == 2
    assert not Path("report.html").exists()
