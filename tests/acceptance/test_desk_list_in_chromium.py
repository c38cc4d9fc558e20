"""The desk's list in real Chromium: worked with by keyboard alone, live, and whole without JavaScript.

With TODOKE_SCREENSHOTS=folder each page is also kept as an image, for people to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from starlette.applications import Starlette

from support.web.browsing import chromium
from support.web.local_server import serving
from support.web.stories import EVENTS, NOW, make_app, make_message, make_timeline, stored
from todoke.model.address import Address
from todoke.model.form import Form, Managers, Site
from todoke.model.message import Role, Timeline
from todoke.model.submission import Entry
from todoke.walk.app import App
from todoke.web.desk import desk
from todoke.web.desk.enter import entry_link
from todoke.web.pages import assets

pytestmark = pytest.mark.acceptance

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
AOI = Address("aoi.tanaka@shop.example")
FORMS = {
    "contact": Form(name="contact", title="Contact us", managers=Managers(fixed=(AOI,))),
    "leave": Form(name="leave", title="Leave request"),
}
HOSTILE = (
    ("Z" * 10_000, "W" * 10_000),
    ("z" + "\u0301" * 3_000 + "algo", "o" + "\u0336\u0489" * 2_000),
    ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>'),
    ("\u202egnp.exe\u2066", "مرحبا كيف الحال"),
    ("𒐫" * 200, "﷽" * 200),
    ("a\u00a0" * 500, "\u3000" * 5_000),
)


def one(id_: str, hours: int, status: str = "delivered", **changes: Any) -> Timeline:
    """A submission of so many hours ago with two messages."""
    second = status if status == "in_review" else "delivered"
    messages = (
        make_message(status, submission_id=id_),
        make_message(second, Role.NOTIFICATION, recipient=AOI, submission_id=id_),
    )
    return make_timeline(
        *messages, id_=id_, **{"received_at": NOW - timedelta(hours=hours), **changes}
    )


def office() -> App:
    """Some submissions in every state, some of which try to break their row, and two pages of others."""
    odd = [
        one(f"h{n}", n + 9, entries=(Entry("name", name), Entry("message", message)))
        for n, (name, message) in enumerate(HOSTILE)
    ]
    states = [one(status, n, status) for n, status in enumerate(EVENTS)]
    rest = [one(f"s{n:02}", n + 20, form="leave") for n in range(60)]
    store = stored(*states, *odd, *rest)
    store.take_care("delivered", lambda care: care.done(NOW).assign(str(AOI)))
    store.take_care("h0", lambda care: care.star(on=True).read(NOW))
    site = Site(name="Hoshino Paper", door_url="http://127.0.0.1:8000")
    return make_app(store, forms=FORMS, site=site)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests here."""
    with chromium() as opened:
        yield opened


class At:
    """Somebody before the list."""

    def __init__(self, browser: Browser, url: str, app: App, **context: Any) -> None:
        self.app = app
        self.url = url
        self.context: BrowserContext = browser.new_context(
            reduced_motion="reduce", timezone_id="Asia/Tokyo", **{"locale": "en-GB", **context}
        )
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.wrong.append(said.text) if "Content Security" in said.text else None,
        )
        _, _, code = entry_link(app).partition("#code=")
        self.page.goto(f"{url}/desk/enter?code={code}")
        self.page.get_by_role("button").first.click()
        expect(self.page.locator(".inbox > li").first).to_be_visible()
        self.page.wait_for_load_state()  # its keys are there once its script has run

    def open(self, query: str = "") -> Page:
        """The list as it is asked for."""
        self.page.goto(f"{self.url}/desk?{query}")
        return self.page

    def focused(self) -> str:
        """The id of the row that has the focus."""
        found = self.page.evaluate("document.activeElement.closest('.inbox > li')?.id ?? ''")
        return str(found).removeprefix("r")

    def care(self, id_: str) -> Any:
        """What the store has of it."""
        timeline = self.app.archive.timeline(id_)
        assert timeline
        return timeline.care

    def look(self, name: str) -> list[str]:
        """What is wrong with the page before us: axe's findings, what overflows, what the console says."""
        if folder := os.environ.get("TODOKE_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        found = Axe().run(self.page, options=AXE).response["violations"]
        wrong = [f"{name}: {v['id']}: {[n['html'][:160] for n in v['nodes']][:3]}" for v in found]
        width = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return [*wrong, *self.wrong, *([f"{name}: {width} px too wide"] if width > 0 else [])]


@pytest.fixture
def served() -> Iterator[tuple[str, App]]:
    """The desk over real HTTP."""
    app = office()
    routes = [*assets.routes(app.settings.site), *desk.routes(app)]
    with serving(Starlette(routes=routes)) as url:
        yield url, app


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [
        (320, "light", "ja-JP"),
        (360, "dark", "en-GB"),
        (768, "light", "en-GB"),
        (1280, "dark", "ja-JP"),
    ],
)
def test_the_list_is_accessible(
    browser: Browser, served: tuple[str, App], width: int, scheme: Any, locale: str
) -> None:
    """axe finds nothing, and nothing overflows: on phones, at 400 % zoom (320 px), by night, in both languages."""
    at = At(
        browser,
        *served,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=locale,
    )
    name = f"desk-list-{width}-{scheme}-{locale}"
    wrong = at.look(name)
    at.page.locator(".find-more summary").click()
    at.page.locator(".inbox input").first.check()
    wrong += at.look(f"{name}-open")
    at.open("words=hana&status=not_delivered&since=2026-11-01")
    wrong += at.look(f"{name}-filtered")
    at.open("words=nothing")
    wrong += at.look(f"{name}-empty")
    for path in ("attention", "figures", "outage"):
        at.page.goto(f"{at.url}/desk/{path}")
        wrong += at.look(f"desk-{path}-{width}-{scheme}-{locale}")
    at.context.close()
    assert wrong == []


@pytest.mark.parametrize("width", [360, 1280])
def test_no_row_is_broken(browser: Browser, served: tuple[str, App], width: int) -> None:
    """By what strangers call themselves: each is as high as the others, and nothing of it lies over its neighbours."""
    at = At(browser, *served, viewport={"width": width, "height": 800})
    heights = at.page.evaluate(
        "[...document.querySelectorAll('.inbox > li')].map(row => row.getBoundingClientRect().height)"
    )
    assert max(heights) - min(heights) < 24
    outside = at.page.evaluate(
        """[...document.querySelectorAll('.inbox > li > *')].filter(part => {
          const row = part.parentElement.getBoundingClientRect(), own = part.getBoundingClientRect();
          return own.right > row.right + 1 || own.bottom > row.bottom + 1 || own.left < row.left - 1;
        }).map(part => part.outerHTML.slice(0, 100))"""
    )
    assert outside == []
    at.context.close()


def test_worked_with_by_keyboard_alone(browser: Browser, served: tuple[str, App]) -> None:
    """From row to row, marked, opened, come back to, searched, and told about; without a mouse."""
    at = At(browser, *served)
    page, press = at.page, at.page.keyboard.press
    press("j")
    assert at.focused() == "queued"
    press("j")
    press("j")
    press("k")
    assert at.focused() == "failed"
    press("s")
    star = page.locator("#rfailed .star")
    expect(star).to_have_accessible_name("Take the star off Hana Suzuki")
    assert at.care("failed").starred
    assert at.focused() == "failed"
    press("e")
    expect(page.locator("#rfailed")).to_have_class("done")
    press("e")
    expect(page.locator("#rfailed.done")).to_have_count(0)
    press("u")
    expect(page.locator("#rfailed")).to_have_class("unread")
    assert (at.care("failed").done_at, at.care("failed").read_at) == (None, None)
    press("x")
    expect(page.locator("#rfailed input")).to_be_checked()
    expect(page.get_by_role("button", name="Mark as done")).to_be_visible()
    press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    press("/")
    expect(page.locator("#words")).to_be_focused()
    press("j")  # is typed
    expect(page.locator("#words")).to_have_value("j")
    page.keyboard.type("ustnothing")
    press("Enter")
    expect(page.get_by_text("Nothing that is stored fits.")).to_be_visible()
    assert page.url.endswith("/desk?words=justnothing")
    at.open()
    press("j")
    press("j")
    press("Enter")
    page.wait_for_url("**/desk/failed")
    page.go_back()
    page.wait_for_url("**#rfailed")
    expect(page.locator("#rfailed")).to_be_in_viewport()
    assert at.wrong == []
    at.context.close()


def test_keys_can_be_switched_off(browser: Browser, served: tuple[str, App]) -> None:
    """For good in this browser (WCAG 2.2, 2.1.4); keys with Ctrl, Alt or Meta are the browser's own at any time."""
    at = At(browser, *served)
    page = at.page
    for combined in ("Control+j", "Alt+j", "Meta+j"):
        page.keyboard.press(combined)
    assert at.focused() == ""
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_label("Use these keys in this browser").uncheck()
    page.get_by_role("button", name="Close").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert at.focused() == ""
    at.open()
    page.keyboard.press("j")
    assert at.focused() == ""
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_label("Use these keys in this browser").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert at.focused() != ""
    at.context.close()


def test_what_comes_in_shows_up(browser: Browser, served: tuple[str, App]) -> None:
    """As a button that says how many, told politely; the list then has them, and what was chosen is not lost."""
    at = At(browser, *served)
    page = at.page
    page.clock.install()
    at.open()
    came = one("new1", 0, received_at=NOW + timedelta(seconds=1))
    at.app.store.add(came.submission, [m.message for m in came.messages], None).result()
    page.clock.run_for(11_000)
    button = page.get_by_role("button", name="1 new submission: show it")
    expect(button).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("1 new submission")
    button.click()
    expect(page.locator(".inbox > li").first).to_have_attribute("id", "rnew1")
    expect(button).to_be_hidden()
    assert at.focused() == "new1"
    assert at.wrong == []
    at.context.close()


def test_a_page_that_nobody_touches_asks_no_more(browser: Browser, served: tuple[str, App]) -> None:
    """After half an hour, until somebody is there again; nor does an older page of the list."""
    at = At(browser, *served)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/desk/news" in request.url:
            asked.append(request.url)

    def asks() -> bool:
        for _ in range(20):
            at.page.clock.run_for(30_000)  # our clock; the answer before takes the machine's time
            at.page.wait_for_timeout(100)
            if asked:
                return True
        return False

    at.page.on("request", note)
    at.page.clock.install()
    at.open()
    assert asks()
    at.page.clock.fast_forward(31 * 60_000)
    at.page.wait_for_timeout(500)
    asked.clear()
    at.page.clock.run_for(120_000)
    assert asked == []
    at.page.mouse.click(5, 5)
    assert asks()
    at.page.get_by_role("link", name="Older").click()
    at.page.wait_for_url("**before=**")
    asked.clear()
    at.page.clock.run_for(120_000)
    assert asked == []
    at.context.close()


def test_marks_on_several(browser: Browser, served: tuple[str, App]) -> None:
    """Those that are chosen, in place; and all on the page at one click."""
    at = At(browser, *served)
    page = at.page
    expect(page.get_by_role("button", name="Mark as done")).to_be_hidden()
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Mark as read").click()
    expect(page.locator(".inbox .unread")).to_have_count(0)
    assert page.locator(".inbox > li").count() == 50
    assert at.care("s30").read_at == NOW
    assert at.care("s40").read_at is None
    at.context.close()


def test_what_was_marked_is_told_and_the_place_is_kept(
    browser: Browser, served: tuple[str, App]
) -> None:
    """Whoever works through a list hears what was done, goes on at the next row, and loses nothing that is chosen."""
    at = At(browser, *served)
    page, said = at.page, at.page.locator("#said")
    at.open("view=attention")
    order = [str(row.get_attribute("id")) for row in page.locator(".inbox > li").all()]
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(said).to_have_text("Marked as done.")
    expect(page.locator(f"#{order[1]}")).to_have_count(0)
    assert f"r{at.focused()}" == order[2]
    page.keyboard.press("e")
    expect(said).to_have_text("Marked as done.\u00a0")  # another text, so that it is read again

    at.open()
    page.locator("#rs30 input").check()
    page.locator("#rs31 input").check()
    page.locator("#rs32 .star").click()
    expect(said).to_be_in_viewport()
    expect(said).to_have_text("It has a star now.")
    assert page.locator("#rs32 .star").evaluate("star => star === document.activeElement")
    assert page.locator(".inbox input:checked").count() == 2
    expect(page.get_by_role("button", name="Mark as done")).to_be_in_viewport()
    page.get_by_role("button", name="Mark as done").click()
    expect(said).to_have_text("Marked as done. 2 submissions")
    assert at.focused() == "s30"
    expect(page.locator("#rs30")).to_be_in_viewport()
    at.context.close()
    assert at.wrong == []


def test_without_a_connection_nothing_is_lost(browser: Browser, served: tuple[str, App]) -> None:
    """It is said that nothing was done; the page and what is chosen stay, and it can be tried again."""
    at = At(browser, *served)
    page = at.page
    page.locator("#rs30 input").check()
    at.context.set_offline(True)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.locator("#said")).to_contain_text("This was not done: there is no connection.")
    expect(page.locator("#rs30 input")).to_be_checked()
    assert at.care("s30").done_at is None
    at.context.set_offline(False)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.locator("#rs30")).to_have_class("done")
    at.context.close()


def test_a_row_is_told_whole(browser: Browser, served: tuple[str, App]) -> None:
    """With a screen reader: how its mails fare, how it begins, of which form and when, and not the name alone."""
    at = At(browser, *served)
    link = at.page.locator("#rbounced .who a")
    expect(link).to_have_accessible_description(
        re.compile(r"^unread Bounced · confirmation .*Contact us \d+ yesterday$")
    )
    expect(at.page.locator("#rs30 .who a")).not_to_have_accessible_description(
        re.compile("accepted")
    )
    at.context.close()


def test_what_failed_is_sent_again(browser: Browser, served: tuple[str, App]) -> None:
    """Chosen on the list, looked at, agreed to; the list says that it is on its way."""
    at = At(browser, *served)
    page = at.page
    page.get_by_role("region", name="Needs attention").get_by_role("link").nth(1).click()
    expect(page.locator(".inbox > li")).to_have_count(3)
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Send again what failed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Send again what failed")
    expect(page.get_by_text("Their address cannot be expected to work")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".inbox > li")).to_have_count(3)
    at.context.close()


def test_without_javascript(browser: Browser, served: tuple[str, App]) -> None:
    """It is filtered, marked and paged by plain links and forms."""
    at = At(browser, *served, java_script_enabled=False)
    page = at.page
    expect(page.get_by_role("button", name="Keyboard")).to_be_hidden()
    page.locator(".find-more summary").click()
    page.get_by_label("Status of a mail").select_option("not_delivered")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".inbox > li")).to_have_count(3)
    page.locator("#rbounced input").check()
    page.get_by_role("button", name="Mark as done").click()
    assert page.url.endswith("/desk?status=not_delivered&done=done")
    expect(page.get_by_role("status").first).to_have_text("Marked as done.")
    expect(page.locator("#rbounced")).to_have_class("done")
    page.locator("#rfailed .star").click()
    assert page.url.endswith("#rfailed")
    expect(page.locator("#rfailed .star")).to_have_accessible_name("Take the star off Hana Suzuki")
    page.get_by_role("link", name="Status: Not delivered").click()
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("#rqueued")).to_be_visible()
    at.context.close()


def test_a_page_is_light(browser: Browser, served: tuple[str, App]) -> None:
    """Under 60 kB, and no more than five requests for all of it."""
    at = At(browser, *served)
    asked: list[str] = []
    at.page.on("request", lambda request: asked.append(request.url))
    answer = at.page.goto(f"{at.url}/desk")
    assert answer
    assert len(answer.body()) < 60_000
    assert len(asked) <= 5
    at.context.close()
