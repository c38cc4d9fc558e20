"""One submission at the desk in real Chromium, in both languages, on a telephone and wide, with and without scripts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, expect

from support.variants import replace
from support.web.gallery import chromium, context_of
from support.web.local_server import serving
from support.web.look import look
from support.web.stories import (
    ANSWERS,
    CONTACT,
    fill,
    make_app,
    make_message,
    make_timeline,
    stored,
)
from todoke.model.address import Address
from todoke.model.form import Managers
from todoke.model.message import Role
from todoke.model.person import DeskSettings
from todoke.model.submission import Entry
from todoke.ports.archive import Page as Archived
from todoke.ports.archive import Query
from todoke.server.asgi import without_sender
from todoke.testing import MemoryStore
from todoke.walk.app import App
from todoke.walk.invite import invite

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed"),
]
AOI, KEN = "aoi@shop.example", "ken@shop.example"
ID = "06k3f0q9c2m7v1d4t8s5r6p0ab"
"""As long as real ones are, and beginning with a digit."""


@dataclass(frozen=True)
class Desks:
    """A desk as served, and how somebody comes in."""

    url: str
    app: App

    def enter(self, page: Page, person: str = AOI) -> None:
        """Come in by a link; without scripts its code is typed."""
        code = invite(self.app.admission, self.app.clock(), person=Address(person))
        page.goto(f"{self.url}/desk/enter#code={code}")
        if page.locator("#code").is_visible():
            page.locator("#code").fill(code)
        page.locator("main form button").first.click()
        page.wait_for_url(f"{self.url}/desk")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests here."""
    with chromium() as one:
        yield one


@pytest.fixture
def desks() -> Iterator[Desks]:
    """A submission whose confirmation arrived and whose notification bounced, between two others."""
    store = stored()
    for id_, status in ((ID[:-1] + "0", "bounced"), (ID, "delivered"), (ID[:-1] + "v", "queued")):
        fill(
            store,
            make_timeline(
                make_message(status, submission_id=id_),
                make_message(
                    "bounced", Role.NOTIFICATION, recipient=Address(AOI), submission_id=id_
                ),
                id_=id_,
                entries=(*ANSWERS, Entry("phone", "+81 3 1234 5678"), Entry("terms", "on")),
            ),
        )
    form = replace(CONTACT, managers=Managers(fixed=(Address(AOI), Address(KEN))))
    app = make_app(
        store, forms={"contact": form}, desk=DeskSettings(owners=(Address("owner@shop.example"),))
    )
    with serving(without_sender(app)) as url:
        yield Desks(url, app)


def test_worked_with_by_keys(browser: Browser, desks: Desks) -> None:
    """From one to the next, done, starred, told about; not while somebody types, and not switched off."""
    context = context_of(browser)
    page = context.new_page()
    press = page.keyboard.press
    desks.enter(page)
    page.goto(f"{desks.url}/desk/{ID}?form=contact")
    press("e")
    expect(page.locator("#done")).to_have_text("Marked as done.")
    press("s")
    expect(page.locator("#done")).to_have_text("It has a star now.")
    press("e")
    expect(page.locator("#done")).to_have_text("Open again.")
    page.get_by_label("New note").press_sequentially("les")
    expect(page.get_by_label("New note")).to_have_value("les")
    page.evaluate("document.activeElement.blur()")
    press("j")
    page.wait_for_url(f"**/desk/{ID[:-1]}0?form=contact")
    press("k")
    page.wait_for_url(f"**/desk/{ID}?form=contact")
    page.wait_for_load_state()
    press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_contain_text("Reply by mail")
    assert look(page, "desk-item-keys") == []
    dialog.get_by_label("Use these keys in this browser").uncheck()
    press("Escape")
    page.evaluate("document.activeElement.blur()")
    press("l")
    page.wait_for_timeout(300)
    assert page.url.endswith(f"{ID}?form=contact"), "they are switched off"
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_label("Use these keys in this browser").check()
    press("Escape")
    page.evaluate("document.activeElement.blur()")
    press("u")
    page.wait_for_url("**/desk?form=contact&done=unread*")
    expect(page.locator("#done")).to_have_text("Marked as unread.")
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_day_at_the_desk(browser: Browser, desks: Desks, scripts: bool) -> None:
    """Read, note, assign, send to a telephoned address, export, mark as done: by keys, with the focus where the result
    is said, and without scripts all the same."""
    context = context_of(browser, java_script_enabled=scripts, width=360)
    page = context.new_page()
    desks.enter(page)
    page.goto(f"{desks.url}/desk/{ID}?form=contact")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hana Suzuki")
    expect(page.get_by_role("link", name="Reply by mail")).to_have_attribute(
        "href", re.compile(r"mailto:hana@example\.com\?subject=Re%3A%20Contact%20us")
    )
    expect(page.get_by_role("link", name="+81 3 1234 5678")).to_have_attribute(
        "href", "tel:+81312345678"
    )
    page.get_by_label("New note").fill("She called: Tuesday.")
    page.get_by_role("button", name="Save the note").press("Enter")
    _said(page, "The note is saved.")
    page.get_by_label("Who takes it on").select_option(KEN)
    page.get_by_role("button", name="Assign").press("Enter")
    _said(page, "Assigned.")
    page.get_by_role("link", name="Send it to another address …").click()
    page.get_by_label("Mail address").fill("nonsense")
    page.get_by_role("button", name="Send it there").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is not a mail address.")
    expect(page.get_by_label("Mail address")).to_be_focused()
    page.get_by_label("Mail address").fill("hana@right.example")
    page.get_by_role("button", name="Send it there").press("Enter")
    _said(page, "The confirmation goes to the new address in a moment.")
    expect(page.get_by_text("to hana@example.com")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("link", name="Export as JSON").click()
    assert saving.value.suggested_filename == f"contact-{ID[-6:]}.json"
    page.get_by_role("button", name="Mark as done").press("Enter")
    _said(page, "Marked as done.")
    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(f"{desks.url}/desk/{ID[:-1]}0?form=contact")
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_url(re.compile(r"/desk\?form=contact#r\w+$"))  # the row that was read
    context.close()


def test_a_second_mail_is_asked_about(browser: Browser, desks: Desks) -> None:
    """What the recipient has goes out again only after a question, which can be left."""
    context = context_of(browser)
    page = context.new_page()
    desks.enter(page)
    page.goto(f"{desks.url}/desk/{ID}")
    again = page.get_by_role("link", name="Send it again … Confirmation to the visitor")
    again.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send it again?")
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.locator(".said").first).to_contain_text("Accepted by the mail server")
    again.click()
    page.get_by_role("button", name="Send it again").click()
    _said(page, "The mail is handed over again in a moment.")
    context.close()


def test_two_take_it_on_at_once(browser: Browser, desks: Desks) -> None:
    """Who comes second is told who has it."""
    pages = []
    for person in (AOI, KEN):
        page = context_of(browser).new_page()
        desks.enter(page, person)
        page.goto(f"{desks.url}/desk/{ID}")
        pages.append(page)
    for page, person in zip(pages, (AOI, KEN), strict=True):
        page.get_by_label("Who takes it on").select_option(person)
        page.get_by_role("button", name="Assign").click()
    _said(pages[0], "Assigned.")
    _said(pages[1], "Somebody else took it on meanwhile")
    expect(pages[1].get_by_label("Who takes it on")).to_have_value(AOI)
    for page in pages:
        page.context.close()


def test_erasing_shows_what_goes(browser: Browser, desks: Desks) -> None:
    """An owner erases everything of a person, and nothing is left of them."""
    context = context_of(browser)
    page = context.new_page()
    desks.enter(page, "owner@shop.example")
    page.goto(f"{desks.url}/desk/{ID}")
    page.get_by_role("link", name="Erase …").click()
    person = page.get_by_role("region", name="Everything of hana@example.com")
    expect(person).to_contain_text("Submissions3")
    person.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Submissions erased: 3.")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("body")).not_to_contain_text("Hana")
    context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_export_is_saved(
    browser: Browser, desks: Desks, tmp_path: Path, *, scripts: bool
) -> None:
    """From the list, in each format, under a name that says what it is; with scripts and without."""
    context = context_of(browser, java_script_enabled=scripts)
    page = context.new_page()
    desks.enter(page)
    page.get_by_role("link", name="Export …").click()
    expect(page.locator("main")).to_contain_text("All submissions that you may see: 3")
    for kind, ending in (("CSV", "csv"), ("XLSX", "xlsx"), ("JSON", "jsonl"), ("ZIP", "zip")):
        with page.expect_download() as saving:
            page.get_by_role("button", name=f"Save as {kind}").click()
        assert saving.value.suggested_filename.endswith(f".{ending}")
        saving.value.save_as(tmp_path / ending)
        assert (tmp_path / ending).stat().st_size > 200
    context.close()


class Held(MemoryStore):
    """A store that gives the second page of anything only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = Event()

    def page(self, query: Query) -> Archived:
        """See Archive."""
        assert not query.before or self.may_go_on.wait(60)
        return super().page(query)


def test_the_page_says_how_far_an_export_is(browser: Browser, tmp_path: Path) -> None:
    """Of how many, while the browser saves it, and no more once it is there; the file is whole."""
    store = Held()
    for number in range(250):
        fill(store, make_timeline(id_=f"{ID[:-3]}{number:03}"))
    app = make_app(store, forms={"contact": CONTACT}, desk=DeskSettings(owners=(Address(AOI),)))
    context = context_of(browser, width=360)
    page = context.new_page()
    with serving(without_sender(app)) as url:
        Desks(url, app).enter(page)
        page.goto(f"{url}/desk/export")
        going = page.locator("#progress")
        expect(going).to_be_hidden()
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save as JSON").click()
        expect(going.get_by_role("listitem")).to_have_text(
            re.compile(r"^todoke-[0-9-]+\.jsonl: 200 of 250 submissions$")
        )
        expect(going.get_by_role("progressbar")).to_have_js_property("value", 200)
        assert look(page, "export-going") == []
        store.may_go_on.set()
        saving.value.save_as(tmp_path / "all")
        expect(going).to_be_hidden()
    assert len((tmp_path / "all").read_text().splitlines()) == 250
    context.close()


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_it_is_accessible(
    browser: Browser, desks: Desks, width: int, locale: str, scheme: str
) -> None:
    """axe finds nothing, nothing overflows, whatever is done."""
    context = context_of(browser, width=width, locale=locale, scheme=scheme)
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    desks.enter(page, "owner@shop.example")
    message = f"/desk/{ID}/messages/{ID}-confirmation"
    wrong: list[str] = []
    for name, path in {
        "item": f"/desk/{ID}?done=taken",
        "resend": f"{message}/resend",
        "address": f"{message}/address",
        "erase": f"/desk/{ID}/erase",
        "export": "/desk/export?words=kozo",
        "settings": "/desk/settings?test=" + "t" * 26,
    }.items():
        page.goto(desks.url + path)
        for folded in page.locator("main summary").all():
            folded.click()
        wrong += look(page, f"desk-{name}-{locale}-{width}-{scheme}")
    context.close()
    assert (wrong, refused) == ([], [])


def _said(page: Page, words: str) -> None:
    """What was done is said, and the focus is there."""
    expect(page.get_by_role("status")).to_contain_text(words)
    expect(page.get_by_role("status")).to_be_focused()
