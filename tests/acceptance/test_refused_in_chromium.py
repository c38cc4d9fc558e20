"""Visitors who are refused while they still send, in real Chromium: they see why, and what they typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from support.run.serving import free_port
from support.web.browsing import chromium, static_site
from support.web.doors import kept, make_app, served
from todoke.model.address import Address
from todoke.model.form import Confirmation, ControlKind, Field, Form, Limits, Managers, Site
from todoke.web.door import door
from todoke.web.pages import assets

pytestmark = pytest.mark.acceptance

FORM = Form(
    name="contact",
    fields=(
        Field(name="who", label="Name", required=True),
        Field(name="message", label="Message", kind=ControlKind.TEXTAREA),
        Field(name="photo", label="Photo", kind=ControlKind.FILE),
        Field(name="consent", label="Consent"),
    ),
    managers=Managers(fixed=(Address("m@site.example"),)),
    confirmation=Confirmation(field=""),
    limits=Limits(body_bytes=1_048_576),
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Contact</title></head>
<body><form method="post" action="{door}/f/contact" enctype="multipart/form-data">
<label>Name <input name="who"></label><label>Message <textarea name="message"></textarea></label>
<label>Photo <input name="photo" type="file"></label><label>Consent <input name="consent"></label>
<button>Send</button></form></body></html>
"""
MESSAGE = 'Two lines,\nand a <b>"quotation"</b> こんにちは'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    with chromium() as running:
        yield running


def fill_in(page: Page, url: str, size: int, folder: Path) -> None:
    """Fill in the site's form with a file of `size` bytes and send it."""
    photo = folder / "IMG_1.jpg"
    with photo.open("wb") as file:
        file.truncate(size)
    page.goto(f"{url}/contact.html")
    page.get_by_label("Name").fill("Aya")
    page.get_by_label("Message").fill(MESSAGE)
    page.get_by_label("Consent").fill("yes")
    page.get_by_label("Photo").set_input_files(photo)
    page.get_by_role("button", name="Send").click()


@pytest.mark.parametrize("size", [1_500_000, 60_000_000])
def test_a_file_that_is_too_large_is_told_and_sent_anew(
    browser: Browser, tmp_path: Path, size: int
) -> None:
    """Without JavaScript: the page says so, holds all that was typed, and takes a smaller file; nothing is reset."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    app = make_app(FORM, site=Site(name="Example", door_url=address))
    routes = [*door.routes(app), *assets.routes()]
    with served(Starlette(routes=routes), port), static_site(tmp_path) as site:
        (tmp_path / "contact.html").write_text(PAGE.format(door=address), "utf-8")
        page = browser.new_context(java_script_enabled=False).new_page()
        fill_in(page, site, size, tmp_path)
        expect(page.get_by_role("alert")).to_contain_text("The form may hold 1 MB at most.")
        expect(page.get_by_label("Name")).to_have_value("Aya")
        expect(page.get_by_label("Message")).to_have_value(MESSAGE)
        expect(page.get_by_label("Consent")).to_have_value("yes")
        assert kept(app) == []
        (tmp_path / "small.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01")
        page.get_by_label("Photo").set_input_files(tmp_path / "small.jpg")
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("**/s/*")
        assert len(kept(app)) == 1


@pytest.mark.parametrize("size", [10, 60_000_000])
def test_a_page_from_elsewhere_is_told_and_loses_nothing(
    browser: Browser, tmp_path: Path, size: int
) -> None:
    """The page that refuses it shows what was typed, although the file comes before some of it."""
    app = make_app(FORM, site=Site(name="Example", origins=("https://site.example",)))
    routes = [*door.routes(app), *assets.routes()]
    with served(Starlette(routes=routes)) as port, static_site(tmp_path) as site:
        address = f"http://127.0.0.1:{port}"
        (tmp_path / "contact.html").write_text(PAGE.format(door=address), "utf-8")
        page = browser.new_context(java_script_enabled=False).new_page()
        fill_in(page, site, size, tmp_path)
        expect(page.get_by_role("heading", level=1)).to_have_text("This page may not send the form")
        expect(page.get_by_text('and a <b>"quotation"</b> こんにちは')).to_be_visible()
        expect(page.locator("dd", has_text="yes")).to_be_visible()
        assert page.locator("form").count() == 0
        assert kept(app) == []


def test_a_script_reads_why_it_was_refused(browser: Browser, tmp_path: Path) -> None:
    """fetch gets the answer, although it comes before the body is sent."""
    app = make_app(FORM)
    with served(Starlette(routes=door.routes(app))) as port, static_site(tmp_path) as site:
        (tmp_path / "contact.html").write_text("<!doctype html><title>x</title>", "utf-8")
        page = browser.new_page()
        page.goto(f"{site}/contact.html")
        answer = page.evaluate(
            """async (url) => {
                const form = new FormData();
                form.append('who', 'Aya');
                form.append('photo', new Blob([new Uint8Array(30000000)]), 'a.bin');
                const answer = await fetch(url, {method: 'POST', body: form, headers: {accept: 'application/json'}});
                return [answer.status, (await answer.json()).code];
            }""",
            f"http://127.0.0.1:{port}/f/contact",
        )
        assert answer == [413, "too_large"]
