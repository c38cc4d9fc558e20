"""`todoke import-form`: a page in, the section of todoke.toml and the line to change out; and what is not fetched."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from support.web.local_server import serving
from todoke.cli import page_source
from todoke.cli.main import run
from todoke.configuration import check

CONFIG = """\
[site]
name = "Example"
url = "https://site.example.jp"
door_url = "https://door.example.jp"
[mail]
service = "smtp"
from = "forms@example.jp"
[mail.smtp]
host = "127.0.0.1"
security = "none"
"""
PAGE = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>Contact</title>
<form method="POST" action="https://api.web3forms.com/submit">
<input type="hidden" name="access_key" value="k-1">
<input type="hidden" name="redirect" value="https://site.example.jp/thanks">
<input type="hidden" name="webhook" value="https://elsewhere.example/\x1b[2J">
<label>Mail <input name="email" type="email" required></label><button>Send</button></form>
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a configuration and the page."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "todoke.toml").write_text(CONFIG)
    (tmp_path / "contact.html").write_text(PAGE)
    return tmp_path


def test_its_section_is_a_configuration_and_the_line_is_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`todoke check` finds nothing wrong with what it printed, once the one line of the page is changed."""
    assert run(["import-form", "contact.html"]) == 0
    told = capsys.readouterr().out
    section = tomllib.loads(told)["forms"]["contact"]
    assert section == {
        "dialect": "web3forms",
        "keys": ["k-1"],
        "page": "contact.html",
        "language": "ja",
        "managers": ["you@example.org"],
        "redirect": "https://site.example.jp/thanks",
    }
    before, after = (
        'action="https://api.web3forms.com/submit"',
        'action="https://door.example.jp/submit"',
    )
    assert f"Change line 2 of the page: {before}" in told
    assert f"becomes: {after}" in told
    assert 'line 5: "webhook" is not obeyed' in told
    assert "\x1b" not in told
    (folder / "contact.html").write_text(PAGE.replace(before, after))
    (folder / "todoke.toml").write_text(CONFIG + told.replace("you@example.org", "m@example.jp"))
    environ = {"TODOKE_SECRET": "ab" * 32}
    assert [f for f in check(folder / "todoke.toml", environ) if "forms" in f.key] == []


def test_as_json_it_is_one_object_a_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the section as text, and each thing that is not obeyed."""
    assert run(["import-form", "contact.html", "--json", "--door", "https://d.example/"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dialect"], told["key"], told["line"]) == ("web3forms", "k-1", 2)
    assert told["after"] == 'action="https://d.example/submit"'
    assert [row["name"] for row in told["not_obeyed"]] == ["webhook"]
    assert tomllib.loads(told["toml"])["forms"]["contact"]["dialect"] == "web3forms"


def test_a_page_s_words_cannot_become_settings(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quotes and line ends stay inside their values and comments."""
    page = PAGE.replace("k-1", "a&#10;[site]&quot;\\").replace("webhook", "_cc")
    (folder / "contact.html").write_text(page.replace("elsewhere", "&#10;[mail]&#10;"))
    assert run(["import-form", "contact.html"]) == 0
    told = tomllib.loads(capsys.readouterr().out)
    assert set(told) == {"forms"}
    assert told["forms"]["contact"]["keys"] == ['a\n[site]"\\']


def test_a_page_without_such_a_form_is_said_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1; so is a file that is not there."""
    (folder / "plain.html").write_text('<form action="/x"><input name="a"></form>')
    assert run(["import-form", "plain.html"]) == 1
    assert "no form of another product" in capsys.readouterr().err
    assert run(["import-form", "none.html"]) == 1
    assert "cannot be read" in capsys.readouterr().err


@pytest.fixture
def site() -> Iterator[str]:
    """A site on this machine."""

    async def page(_: Request) -> Response:
        return Response(
            PAGE.replace("Contact", "\u5c4a").encode("shift_jis"),
            media_type="text/html; charset=shift_jis",
        )

    async def again(_: Request) -> Response:
        return RedirectResponse("/again")

    async def moved(_: Request) -> Response:
        return RedirectResponse("/contact")

    async def large(_: Request) -> Response:
        return Response(b"x" * (page_source.MOST_BYTES + 1))

    routes = [
        Route("/contact", page),
        Route("/again", again),
        Route("/moved", moved),
        Route("/large", large),
    ]
    with serving(Starlette(routes=routes), lifespan="off") as url:
        yield url


def test_a_page_of_this_network_is_fetched_only_when_that_is_said(
    folder: Path, site: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An address may lead anywhere."""
    assert run(["import-form", f"{site}/contact"]) == 1
    assert "Say --local" in capsys.readouterr().err
    assert run(["import-form", f"{site}/moved", "--local"]) == 0
    section = tomllib.loads(capsys.readouterr().out)["forms"]["contact"]
    assert section["page_url"] == f"{site}/contact"


@pytest.mark.parametrize(
    ("path", "said"),
    [("/again", "more than 3 redirects"), ("/large", "no page"), ("/none", "answers 404")],
)
def test_what_is_no_page_is_not_read_on(
    folder: Path, site: str, path: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor what leads on for ever, or is too much."""
    assert run(["import-form", f"{site}{path}", "--local"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "host", ["localhost", "10.0.0.1", "[::1]", "169.254.169.254", "2130706433"]
)
def test_no_spelling_of_a_near_address_is_asked(
    folder: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what it resolves to, not by how it is written."""
    assert run(["import-form", f"http://{host}:1/"]) == 1
    assert "Say --local" in capsys.readouterr().err
