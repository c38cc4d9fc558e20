"""Version 1 and version 2 side by side: one mistyped address in the demo, with the mail service's webhook off and on.

With TODOKE_SCREENSHOTS=docs/services the test of the pictures writes the two that the documentation shows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from support.run.demos import Demo, demo_in
from support.run.serving import eventually
from todoke.model.address import Address

pytestmark = pytest.mark.acceptance

MISTYPED = Address("hardbounce@example.com")
HANDED_OVER = "Handed over to the mail service. This service cannot tell whether it arrived."
RETURNED = "It came back or could not be delivered."


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all walks."""
    with demo_in(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a visitor with and without JavaScript."""
    scripts = request.param == "with JavaScript"
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})  # fmt: skip
    yield context.new_page()
    context.close()


def own(page: Page) -> Locator:
    """The part of a receipt that tells of the confirmation."""
    heading = page.get_by_role("heading", name="Confirmation to you")
    return page.locator("section.message").filter(has=heading)


def switch(page: Page, demo: Demo, state: str) -> None:
    """Go to the home page and see to it that the webhook is on or off."""
    page.goto(demo.printed["Sample site"])
    button = page.get_by_role("button", name=f"Switch it {state}")
    if button.count():
        button.click()
    expect(page.locator(".switch")).to_contain_text(f"The webhook is {state}.")


def send_to_a_mistyped_address(page: Page, demo: Demo, text: str) -> None:
    """Fill in the contact form, and come to the receipt."""
    page.goto(demo.printed["Contact form"])
    page.get_by_label("Your name").fill("Hana")
    page.get_by_label("Mail address").fill(MISTYPED)
    page.get_by_label("What is it about?").select_option("order")
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your message")


def reads(page: Page, words: str) -> bool:
    """Look at the receipt again; whether it says so of the confirmation."""
    page.reload()
    return words in own(page).inner_text()


def is_untold(demo: Demo) -> bool:
    """Whether all of the newest mail's events have happened, and the webhook told none of them."""
    (newest, *_) = demo.webhook_log(MISTYPED) or [[]]
    return len(newest) == 3 and all(e["untold"] and not e["posted"] for e in newest)


def test_off_it_says_no_more_than_it_knows_and_on_it_says_what_happened(demo, page):
    """One typing error: handed over for ever without the webhook; returned, and open to correction, with it."""
    switch(page, demo, "off")
    send_to_a_mistyped_address(page, demo, f"Webhook off, {id(page)}")
    eventually(lambda: reads(page, HANDED_OVER), what="the hand-over")
    eventually(lambda: is_untold(demo), what="the bounce that nobody tells")
    assert reads(page, HANDED_OVER)
    expect(page.get_by_label("Your mail address")).to_be_hidden()
    first = page.url

    switch(page, demo, "on")
    send_to_a_mistyped_address(page, demo, f"Webhook on, {id(page)}")
    assert page.url != first
    eventually(lambda: reads(page, RETURNED), what="the bounce")
    expect(own(page)).to_contain_text("Not delivered")
    expect(page.get_by_label("Your mail address")).to_be_visible()

    page.goto(first)
    expect(own(page)).to_contain_text(HANDED_OVER)


def test_each_column_s_button_tells_its_version(demo, page):
    """One click sets the switch and sends; what is lost while it is off is not told when it is on."""
    receipts = []
    for number, words in ((1, HANDED_OVER), (2, RETURNED), (1, HANDED_OVER)):
        page.goto(demo.printed["Sample site"])
        column = page.locator(".version").nth(number - 1)
        expect(column).to_contain_text(f"Version {number}")
        column.get_by_role("button", name="Send to a mistyped address").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("We have your message")
        eventually(lambda words=words: reads(page, words), what=words)
        if number == 1:
            eventually(lambda: is_untold(demo), what="the bounce that nobody tells")
        receipts.append(page.url)
    assert len(set(receipts)) == 3
    page.goto(receipts[0])
    expect(own(page)).to_contain_text(HANDED_OVER)
    page.goto(demo.printed["Sample site"])
    expect(page.locator(".version[data-now]")).to_contain_text("Version 1")


def test_the_switch_outlives_a_restart(demo, browser):
    """Whoever comes back the next day finds it as it was left, and receipts made before say what they said."""
    page = browser.new_page()
    switch(page, demo, "off")
    send_to_a_mistyped_address(page, demo, "Before the restart")
    eventually(lambda: reads(page, HANDED_OVER))
    token = page.url.partition("/s/")[2]
    demo.stop()
    demo.start()
    page.goto(demo.printed["Sample site"])
    expect(page.locator(".switch")).to_contain_text("The webhook is off.")
    page.goto(f"{demo.printed['Sample site']}s/{token}")
    expect(own(page)).to_contain_text(HANDED_OVER)
    page.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_home_page_is_accessible_and_fits(demo, browser, width):
    """By axe, at both widths, with the switch on and off; it needs no mouse."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    refused = []
    page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    for state in ("off", "on"):
        switch(page, demo, state)
        photograph(page, f"versions-{state}-{width}")
        found = Axe().run(page).response["violations"]
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Switch it off").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".switch")).to_contain_text("The webhook is off.")
    assert refused == []
    page.close()


def photograph(page: Page, name: str, shown: Locator | None = None) -> None:
    """Keep a picture, where TODOKE_SCREENSHOTS names a folder."""
    if folder := os.environ.get("TODOKE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = Path(folder) / f"{name}.png"
        if shown:
            shown.screenshot(path=path)
        else:
            page.screenshot(path=path, full_page=True)


@pytest.mark.parametrize(("state", "words"), [("off", HANDED_OVER), ("on", RETURNED)])
def test_the_pictures_of_both_receipts(demo, browser, state, words):
    """What docs/services/customers-mail-cloud.md shows is what a visitor sees, at both widths."""
    page = browser.new_page(viewport={"width": 760, "height": 900}, reduced_motion="reduce")
    switch(page, demo, state)
    send_to_a_mistyped_address(page, demo, f"A picture of webhook {state}")
    expect(own(page)).to_contain_text(words, timeout=30_000)
    photograph(page, f"receipt-webhook-{state}", own(page))
    assert page.locator("form.correct:visible").count() == (1 if state == "on" else 0)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if os.environ.get("TODOKE_SCREENSHOTS", "").startswith("/"):
            photograph(page, f"receipt-webhook-{state}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()
