"""What the desk asks of the mail service where another process does it, in real Chromium by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from support.variants import replace
from support.web.gallery import context_of
from support.web.local_server import serving
from support.web.look import look
from support.web.stories import NOW, make_app, stored
from todoke.model.address import Address
from todoke.model.errand import Errand
from todoke.model.form import Site
from todoke.ports.suppressions import ListedFor, Suppression
from todoke.testing import FakeMailer, FakeSuppressions
from todoke.walk.app import App
from todoke.walk.errand import carry_out
from todoke.walk.invite import invite
from todoke.web.desk import desk
from todoke.web.pages import assets

pytestmark = pytest.mark.acceptance

OWNER, GONE, CROSS = "owner@shop.example", "gone+1@example.com", "cross@example.com"
WORDS = {
    "en-GB": {
        "test": "Send a test mail to me",
        "asked": "Nothing is known of it so far.",
        "again": "Look again",
        "took": "The mail service took the test mail.",
        "lift": "Lift it",
        "waits": "There is no answer yet.",
        "kept": "The mail service keeps it, and says:",
    },
    "ja-JP": {
        "test": "自分にテストメールを送る",
        "asked": "まだ何もわかっていません。",
        "again": "もう一度確認する",
        "took": "配信サービスがテストメールを受け取りました。",
        "lift": "解除する",
        "waits": "まだ回答がありません。",
        "kept": "配信サービスは解除しませんでした",
    },
}


@dataclass
class Place:
    """A desk whose errands lie in `carried` until `carry` brings them to who does them."""

    app: App
    url: str = ""
    carried: list[Errand] = field(default_factory=list)

    def carry(self) -> None:
        """Do all that was asked for."""
        while self.carried:
            carry_out(self.app, self.carried.pop(0))


@pytest.fixture
def place() -> Iterator[Place]:
    """A new one, with two addresses on the list, of which one is kept."""
    entries = [
        Suppression(address=GONE, reason="BOUNCE", listed_for=ListedFor.BOUNCE),
        Suppression(address=CROSS, reason="COMPLAINT", listed_for=ListedFor.COMPLAINT),
    ]
    store = stored()
    store.put_suppressions("ses", entries, NOW)
    site = Site(name="Hoshino Paper", door_url="http://x.example", alert_to=(Address(OWNER),))
    source = FakeSuppressions(name="ses", blocked=entries, kept={CROSS: "No."})
    made = Place(make_app(store, site=site))
    made.app = replace(
        made.app, mailer=FakeMailer(name="ses"), suppressions=source, carry=made.carried.append
    )
    with serving(Starlette(routes=[*assets.routes(), *desk.routes(made.app)])) as url:
        site = replace(site, door_url=url)
        made.app = replace(made.app, settings=replace(made.app.settings, site=site))
        made.url = url
        yield made


def press(page: Page, name: str, *, role: str = "button", nth: int = 0) -> None:
    """Come to a control by Tab, from where the page begins, and press Enter on it."""
    wanted = page.get_by_role(role, name=name).nth(nth)  # type: ignore[arg-type]
    page.evaluate("document.activeElement.blur()")
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab comes to no {role} {name}")


@pytest.mark.parametrize("locale", WORDS)
@pytest.mark.parametrize("javascript", [True, False])
def test_asked_by_keyboard_and_seen_later(
    browser: Browser, place: Place, locale: str, javascript: bool
) -> None:
    """A test mail, and two liftings, of which one is refused in the service's words; with scripts and without."""
    words = WORDS[locale]
    context = context_of(browser, width=360, locale=locale, java_script_enabled=javascript)
    page = context.new_page()
    code = invite(place.app.admission, place.app.clock(), person=Address(OWNER))
    page.goto(f"{place.url}/desk/enter?code={code}")
    page.locator("main form button").first.click()
    page.goto(f"{place.url}/desk/settings")
    page.get_by_role("button", name=words["test"]).press("Enter")
    expect(page.get_by_text(words["asked"])).to_be_visible()
    page.get_by_role("link", name=words["again"]).press("Enter")
    expect(page.get_by_text(words["asked"])).to_be_visible()
    expect(page).not_to_have_url(re.compile("#"))
    place.carry()
    page.get_by_role("link", name=words["again"]).press("Enter")  # to the very page that is shown
    expect(page.get_by_text(words["took"])).to_be_visible()

    page.goto(f"{place.url}/desk/suppressions")
    for address in (GONE, CROSS):
        row = page.get_by_role("listitem").filter(has_text=address)
        row.get_by_role("link").press("Enter")
        expect(page.get_by_text(address, exact=True)).to_be_visible()
        page.get_by_role("button", name=words["lift"], exact=True).press("Enter")
        expect(page.locator("#done")).to_be_visible()
    expect(page.get_by_text(words["waits"])).to_have_count(2)
    place.carry()
    page.get_by_role("link", name=words["again"]).press("Enter")
    expect(page.get_by_text(GONE)).to_have_count(0)
    kept = page.get_by_role("listitem").filter(has_text=CROSS)
    expect(kept).to_contain_text(words["kept"])
    expect(kept.locator("q")).to_have_text("No.")
    if javascript:
        assert look(page, f"errands-{locale}") == []
    context.close()


def test_tab_comes_to_all_of_it(browser: Browser, place: Place) -> None:
    """No control of the list or of the question is out of its reach."""
    context = context_of(browser, locale="en-GB")
    page = context.new_page()
    code = invite(place.app.admission, place.app.clock(), person=Address(OWNER))
    page.goto(f"{place.url}/desk/enter?code={code}")
    page.locator("main form button").first.click()
    page.goto(f"{place.url}/desk/suppressions")
    press(page, f"Lift it … {GONE}", role="link")
    press(page, "Lift it")
    expect(page.locator("#done")).to_be_focused()
    press(page, "Read it now")
    expect(page.get_by_text("The mail service is being asked for its list.")).to_be_visible()
    assert [type(errand).__name__ for errand in place.carried] == ["Lift", "ListReading"]
    context.close()
