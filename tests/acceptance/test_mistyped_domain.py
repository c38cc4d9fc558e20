"""A visitor mistypes a mail domain: it is stored at once, the receipt asks what was meant, and one key corrects it."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from support.run.serving import Sink, eventually, free_port, post_json, serve

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "http://127.0.0.1:{door}/"
door_url = "http://127.0.0.1:{door}/"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
fields = [
    {{name = "email", type = "email", label = "Mail address", required = true}},
    {{name = "message", type = "textarea", label = "Message"}},
]
"""
SAID = {
    "en": ("Did you mean a•••@gmail.com?", "Yes, correct it", "We now send to a•••@gmail.com"),
    "ja": (
        "a•••@gmail.comの間違いではありませんか？",
        "はい、訂正します",
        "宛先をa•••@gmail.comに変更しました",
    ),
}


def _press(page: Page, name: str) -> None:
    """Come to a button by Tab alone, and press it."""
    button = page.get_by_role("button", name=name)
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            return page.keyboard.press("Enter")
    raise AssertionError(f"no way by Tab to {name}")


def test_the_receipt_asks_and_one_key_corrects(tmp_path: Path, browser: Browser) -> None:
    """In English and Japanese, with JavaScript and without: the form is stored, and the mail goes to what was meant."""
    sink, door = Sink(lambda _stage, _recipient: ""), free_port()
    with serve(tmp_path, CONFIGURATION.format(door=door, port=sink.port), port=door) as served:
        for number, (language, scripts) in enumerate(
            (language, scripts) for language in SAID for scripts in (True, False)
        ):
            asked, button, corrected = SAID[language]
            context = browser.new_context(
                locale=language,
                java_script_enabled=scripts,
                viewport={"width": 360, "height": 740},
            )
            page = context.new_page()
            page.goto(f"{served.url}/f/contact")
            page.locator("[name=email]").fill(f"ann{number}@gmial.com")
            page.locator("[name=message]").fill("Hello")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.locator("[data-part=suggestion]")).to_contain_text(asked)
            eventually(lambda n=number: sink.to(f"ann{n}@gmial.com"), what="what was typed")
            if scripts:
                expect(page.locator("section.message .said")).to_contain_text(
                    "Handed over" if language == "en" else "受け渡し", timeout=20_000
                )
                expect(page.locator("[data-part=suggestion]")).to_contain_text(asked)
                assert Axe().run(page).response["violations"] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            _press(page, button)
            expect(page.locator("[data-part=corrected]")).to_contain_text(corrected)
            expect(page.locator("[data-part=suggestion]")).to_be_hidden()
            [mail] = eventually(lambda n=number: sink.to(f"ann{n}@gmail.com"), what="the mail")
            assert mail["to"] == f"ann{number}@gmail.com"
            context.close()
    sink.close()


def test_a_script_is_told_and_the_receipt_shows_it_live(tmp_path: Path, browser: Browser) -> None:
    """The door's JSON has the suggestion; a receipt that is open loses its question when another tab answers it."""
    sink, door = Sink(lambda _stage, _recipient: ""), free_port()
    with serve(tmp_path, CONFIGURATION.format(door=door, port=sink.port), port=door) as served:
        http = urllib3.PoolManager()
        fields = {"email": "ann@docomo.ne.jo", "message": "hello"}
        told = post_json(http, f"{served.url}/f/contact", fields)
        assert [hint["suggestion"] for hint in told["hints"]] == ["ann@docomo.ne.jp"]  # type: ignore[attr-defined]
        page, other = browser.new_page(), browser.new_page()
        page.goto(str(told["status_url"]))
        expect(page.locator("[data-part=suggestion]")).to_be_visible()
        other.goto(str(told["status_url"]))
        other.get_by_role("button", name="Yes, correct it").click()
        expect(page.locator("[data-part=suggestion]")).to_be_hidden(timeout=20_000)
        eventually(lambda: sink.to("ann@docomo.ne.jp"), what="the mail")
    sink.close()


def test_a_form_may_ask_first(tmp_path: Path, browser: Browser) -> None:
    """By keyboard, in Japanese without JavaScript: the focus is on the question, and either button stores the form."""
    sink, door = Sink(lambda _stage, _recipient: ""), free_port()
    configuration = CONFIGURATION.format(door=door, port=sink.port) + "ask_about_typos = true\n"
    with serve(tmp_path, configuration, port=door) as served:
        for language, button, address in (
            ("en", "Send it with ann@gmail.com", "ann@gmail.com"),
            ("en", "Send it as it is", "ann@gmial.com"),
            ("ja", "ann@gmail.com で送信する", "ann@gmail.com"),
            ("ja", "このまま送信する", "ann@gmial.com"),
        ):
            context = browser.new_context(
                locale=language,
                java_script_enabled=language == "en",
                viewport={"width": 360, "height": 740},
            )
            page = context.new_page()
            page.goto(f"{served.url}/f/contact")
            page.locator("[name=email]").fill("ann@gmial.com")
            page.locator("[name=message]").fill(f"{language} {button}")
            page.keyboard.press("Tab")
            page.keyboard.press("Enter")
            expect(page.locator(".question")).to_be_focused()
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            if language == "en":
                assert Axe().run(page).response["violations"] == []
            before = len(sink.to(address))
            _press(page, button)
            expect(page.locator(".kept h1")).to_be_visible()
            eventually(
                lambda a=address, b=before: len(sink.to(a)) > b, what=f"the mail to {address}"
            )
            context.close()
    sink.close()
