"""todoke.js where the door refuses for a while, or the script is not the one that the page pinned: nothing is lost."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.run.serving import Served, Sink, free_port, serve
from support.web.embedding import embedding, page_of

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Garden"
url = "{site}"
door_url = "http://127.0.0.1:{door}"
most_from_one_address = {most}
trusted_proxies = 1

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
page = "contact.html"
managers = ["office@example.org"]
"""
CONTROLS = """<p><label>Mail address <input name="email" type="email" required></label></p>
<p><label>Message <textarea name="message"></textarea></label></p><p><button>Send</button></p>"""


class Stand:
    """A site and a door."""

    def __init__(self, served: Served, site: str, pages: dict[str, str]) -> None:
        self.served, self.site, self.pages = served, site, pages

    def open(self, page: Page, name: str = "contact.html") -> None:
        """Open a page and fill in its form."""
        page.goto(f"{self.site}/{name}")
        page.locator("[name=email]").fill("aoi@example.net")
        page.locator("[name=message]").fill("Hello")


def stand(folder: Path, most: int = 1_000) -> Iterator[Stand]:
    """All of it, on the loopback."""
    sink, door, port = Sink(lambda *_: ""), free_port(), free_port()
    url, site = f"http://127.0.0.1:{door}", f"http://127.0.0.1:{port}"
    japanese = {"lang": "ja", "title": "お問い合わせ"}
    pages = {
        "contact.html": page_of(url, "contact", CONTROLS),
        "contact.ja.html": page_of(url, "contact", CONTROLS, **japanese),
    }
    (folder / "contact.html").write_text(pages["contact.html"])
    configuration = CONFIGURATION.format(site=site, door=door, port=sink.port, most=most)
    with (
        serve(folder, configuration, port=door) as served,
        embedding(lambda: url, pages, port),
    ):
        yield Stand(served, site, pages)
    sink.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Stand]:
    """One that takes what it is sent."""
    yield from stand(tmp_path)


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Stand]:
    """One that takes but one submission of an address in ten minutes."""
    yield from stand(tmp_path, most=1)


def send(page: Page) -> None:
    """Press the button."""
    page.get_by_role("button", name="Send").click()


def test_a_door_that_cannot_store_says_so(door: Stand, page: Page) -> None:
    """503: in the page's language, with everything typed still there; the button pressed again sends it, once."""
    door.open(page, "contact.ja.html")
    with closing(sqlite3.connect(door.served.folder / "data" / "todoke.db")) as other:
        other.execute("BEGIN IMMEDIATE")  # somebody else writes, and does not end
        with page.expect_response("**/f/contact") as told:
            send(page)
        assert told.value.status == 503
        expect(page.get_by_role("alert")).to_contain_text("受け付けられませんでした")
        expect(page.locator("[name=message]")).to_have_value("Hello")
        expect(page.locator(".todoke-stored")).to_have_count(0)
        expect(page.locator("[aria-disabled]")).to_have_count(0)
    send(page)
    expect(page.locator(".todoke-stored")).to_be_visible()
    assert door.served.command("list", "--json").count('"received_at"') == 1


def test_too_many_are_told_and_keep_what_they_typed(narrow: Stand, page: Page) -> None:
    """429: the next one of this address is refused, and nothing is called stored."""
    from_afar = {"x-forwarded-for": "203.0.113.9"}  # as a proxy on this machine says it
    page.route("**/f/contact", lambda r: r.continue_(headers=r.request.headers | from_afar))
    narrow.open(page)
    send(page)
    expect(page.locator(".todoke-stored")).to_contain_text("Your answers are stored.")
    narrow.open(page)
    page.locator("[name=message]").fill("Once more")
    with page.expect_response("**/f/contact") as told:
        send(page)
    assert told.value.status == 429
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[name=message]")).to_have_value("Once more")
    expect(page.locator(".todoke-stored")).to_have_count(0)
    assert narrow.served.command("list", "--json").count('"received_at"') == 1


def test_a_pinned_script_runs_and_another_does_not(door: Stand, page: Page) -> None:
    """As docs/script.md has it: with the right hash it enhances the form; with another the form works without it."""
    url = door.served.url
    with urllib.request.urlopen(f"{url}/todoke.js") as answer:
        digest = base64.b64encode(hashlib.sha384(answer.read()).digest()).decode()
    for name, pinned in (("right", digest), ("wrong", digest[::-1])):
        script = f'integrity="sha384-{pinned}" crossorigin'
        door.pages[f"{name}.html"] = page_of(url, "contact", CONTROLS, script=script)
    door.open(page, "right.html")
    send(page)
    expect(page.locator(".todoke-stored")).to_contain_text("Your answers are stored.")
    blocked: list[str] = []
    page.on("console", lambda m: blocked.append(m.text) if "integrity" in m.text else None)
    door.open(page, "wrong.html")
    page.locator("[name=message]").fill("Without it")
    send(page)
    page.wait_for_url(f"{url}/s/*")
    assert blocked
    assert door.served.command("list", "--json").count('"received_at"') == 2
