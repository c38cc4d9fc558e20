"""Coming into the desk as people do, in real Chromium, with the demo's own mails: in, not in, and out again.

With TODOKE_SCREENSHOTS=folder each page is also kept as an image, for people to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.run.demos import Demo, demo_in
from support.run.serving import eventually, free_port, text_of
from support.variants import replace
from support.web.letters import AOI, shop
from support.web.local_server import serving
from support.web.provider import CLIENT, SECRET, Provider
from todoke.demo import HERE
from todoke.identity.provider import OidcProvider
from todoke.model.oidc import OidcSettings
from todoke.model.person import DeskSettings
from todoke.model.settings import Secret
from todoke.server.asgi import without_sender

pytestmark = pytest.mark.acceptance

CONFIG = str(HERE / "todoke.toml")
OFFICE, SATO = "office@hoshino-paper.example", "sato@example.com"
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WORDS = {
    "en": {
        "shut": "Enter the desk",
        "address": "Your mail address",
        "ask": "Mail me a link",
        "asked": "Look into your mailbox",
        "code": "Code from the mail",
        "enter": "Enter",
        "elsewhere": "This link was asked for in another browser",
        "used": "It may be used already",
        "leave": "Leave the desk",
        "left": "You have left the desk",
        "nothing": "There is nothing here",
    },
    "ja": {
        "shut": "管理画面を開く",
        "address": "メールアドレス",
        "ask": "リンクをメールで受け取る",
        "asked": "メールをご確認ください",
        "code": "メールのコード",
        "enter": "開く",
        "elsewhere": "このリンクは別のブラウザーで取得された",
        "used": "すでに使用された",
        "leave": "ログアウト",
        "left": "管理画面からログアウトしました",
        "nothing": "見つかりませんでした",
    },
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with a message to the office, and a request for leave that Sato has to answer."""
    with demo_in(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="module")
def told(demo: Demo, browser: Browser) -> dict[str, str]:
    """The links to the desk in the notifications of both, by who got them."""
    page = browser.new_page()
    site = demo.printed["Sample site"]
    page.goto(f"{site}contact.html")
    page.get_by_label("Your name").fill("Hana")
    page.get_by_label("Mail address").fill("hana@example.com")
    page.get_by_label("What is it about?").select_option("samples")
    page.get_by_label("Your message").fill("Samples of kozo, please")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/s/*")
    page.goto(f"{site}leave.html")
    page.locator("input[type=email]").fill("aoi@example.com")
    page.locator("input[name=from]").fill("2026-12-24")
    page.locator("input[name=to]").fill("2026-12-25")
    page.locator("input[name=kind]").first.check()
    page.locator("input[name=days]").fill("2")
    page.locator("main form button").last.click()
    page.wait_for_url("**/s/*")
    page.close()
    return {who: link_in(demo, who, r"\S+/desk/[0-9a-v]{26}") for who in (OFFICE, SATO)}


def link_in(demo: Demo, who: str, pattern: str) -> str:
    """A link in the newest mail to somebody that has one."""

    def look() -> str:
        for mail in demo.mails(who):
            if found := re.search(pattern, text_of(mail)):
                return found[0]
        return ""

    return str(eventually(look, seconds=30, what=f"a mail to {who}"))


class Person:
    """Somebody in a browser of their own, who reads one language."""

    def __init__(self, demo: Demo, context: BrowserContext, language: str) -> None:
        self.demo, self.context, self.words = demo, context, WORDS[language]
        self.language = language
        self.page = context.new_page()

    def expect_heading(self, name: str) -> None:
        """The page that is shown; whoever looks at it with other eyes can use it as well."""
        expect(self.page.get_by_role("heading", name=self.words[name], exact=True)).to_be_visible()
        look(self.page, f"{self.language}-{name}")

    def ask(self, who: str, at: str) -> None:
        """Go there, be asked to enter, and ask for a link."""
        self.page.goto(at)
        self.expect_heading("shut")
        self.page.get_by_label(self.words["address"]).fill(who)
        self.page.get_by_role("button", name=self.words["ask"]).click()
        self.expect_heading("asked")

    def mailed(self, who: str) -> tuple[str, str]:
        """The link and the code of the newest mail."""
        before = len(self.demo.mails(who, "/desk/enter#code="))
        assert before >= 0
        link = link_in(self.demo, who, r"\S+/desk/enter#code=\S+")
        return link, link.partition("#code=")[2]

    def press_enter(self) -> None:
        """The one button of the page of a link."""
        self.page.get_by_role("button", name=self.words["enter"], exact=True).click()

    def leave(self) -> None:
        """The button at the end of each page."""
        self.page.get_by_role("button", name=self.words["leave"]).click()
        self.expect_heading("left")


def look(page: Page, name: str) -> None:
    """Nothing is wrong with the page before us, nor wider than the screen."""
    if folder := os.environ.get("TODOKE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(folder) / f"enter-{name}-{width}.png", full_page=True)
    found = Axe().run(page, options=AXE).response["violations"]
    assert not [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found], name
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name


def come(
    browser: Browser, demo: Demo, language: str, *, width: int = 1280, scripts: bool = True
) -> Person:
    """A new browser."""
    context = browser.new_context(
        locale={"en": "en-GB", "ja": "ja-JP"}[language],
        viewport={"width": width, "height": 800},
        java_script_enabled=scripts,
    )
    context.set_default_timeout(20_000)
    return Person(demo, context, language)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_manager_follows_a_notification_and_comes_to_that_submission(
    browser: Browser, demo: Demo, told: dict[str, str], language: str
) -> None:
    """Asked to enter on the way; after leaving, neither the back button nor the link shows anything of it."""
    person = come(browser, demo, language)
    person.ask(OFFICE, told[OFFICE])
    link, _ = person.mailed(OFFICE)
    person.page.goto(link)
    person.expect_heading("shut")
    expect(person.page.get_by_label("Code")).to_be_hidden()
    assert "#" not in person.page.url, "the code is not in the browser's history"
    person.press_enter()
    expect(person.page).to_have_url(told[OFFICE])
    expect(person.page.get_by_text("Samples of kozo, please").first).to_be_visible()
    person.leave()
    person.page.go_back()
    expect(person.page.get_by_text("Samples of kozo")).to_have_count(0)
    person.page.goto(told[OFFICE])
    person.expect_heading("shut")
    person.page.goto(link)
    person.press_enter()
    expect(person.page.get_by_role("alert")).to_contain_text(person.words["elsewhere"])
    person.context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_code_is_typed_without_scripts_on_a_telephone(
    browser: Browser, demo: Demo, told: dict[str, str], language: str
) -> None:
    """In small letters, from another device."""
    person = come(browser, demo, language, width=360, scripts=False)
    person.page.goto(told[SATO])
    person.page.get_by_label(person.words["address"]).fill(SATO)
    person.page.get_by_role("button", name=person.words["ask"]).click()
    _, code = person.mailed(SATO)
    person.page.get_by_label(person.words["code"]).fill(code.lower().replace("-", ""))
    person.press_enter()
    expect(person.page).to_have_url(told[SATO])
    person.page.get_by_role("button", name=person.words["leave"]).click()
    expect(person.page.get_by_role("heading", name=person.words["left"])).to_be_visible()
    person.context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_link_opened_in_another_browser_says_where_to_go(
    browser: Browser, demo: Demo, told: dict[str, str], language: str
) -> None:
    """As a mail program's own browser would: the code to type stands there, and is good where it was asked for."""
    person, program = come(browser, demo, language), come(browser, demo, language, width=360)
    person.ask(OFFICE, told[OFFICE])
    link, code = person.mailed(OFFICE)
    program.page.goto(link)
    program.press_enter()
    expect(program.page.get_by_role("alert")).to_contain_text(program.words["elsewhere"])
    expect(program.page.get_by_role("alert")).to_contain_text(code)
    look(program.page, f"{language}-elsewhere")
    person.page.get_by_label(person.words["code"]).fill(code)
    person.press_enter()
    expect(person.page).to_have_url(told[OFFICE])
    for one in (person, program):
        one.context.close()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_strangers_and_managers_of_other_forms_get_nowhere(
    browser: Browser, demo: Demo, told: dict[str, str], language: str
) -> None:
    """A stranger is answered alike, and mailed nothing. Who answers for leave does not see what the office was sent."""
    stranger = come(browser, demo, language)
    stranger.ask("eve@example.com", told[OFFICE])
    stranger.page.get_by_label(stranger.words["code"]).fill("AAAAA-AAAAA")
    stranger.press_enter()
    expect(stranger.page.get_by_role("alert")).to_contain_text(stranger.words["used"])
    look(stranger.page, f"{language}-refused")
    assert demo.mails("eve@example.com") == []
    link = demo.command("desk", "--for", SATO, "--config", CONFIG)[0]
    assert link.startswith(demo.printed["Sample site"]), "at the port that the demo has"
    sato = come(browser, demo, language)
    sato.page.goto(link)
    sato.press_enter()
    expect(sato.page.get_by_text("aoi@example.com").first).to_be_visible()
    expect(sato.page.get_by_text("hana@example.com")).to_have_count(0)
    answer = sato.page.goto(told[OFFICE])
    assert answer
    assert answer.status == 404
    for path in ("trail", "orphans", "suppressions"):
        answer = sato.page.goto(f"{demo.printed['Sample site']}desk/{path}")
        assert answer
        assert answer.status == 404
    for one in (stranger, sato):
        one.context.close()


def test_sessions_and_the_trail_are_readable(browser: Browser, demo: Demo) -> None:
    """An owner sees who is in and who did what, in both languages, on a telephone too."""
    for language, width in (("en", 1280), ("ja", 360)):
        owner = come(browser, demo, language, width=width)
        owner.page.goto(demo.command("desk", "--for", OFFICE, "--config", CONFIG)[0])
        owner.press_enter()
        owner.page.goto(f"{demo.printed['Sample site']}desk/sessions")
        expect(owner.page.get_by_text(OFFICE).first).to_be_visible()
        look(owner.page, f"{language}-sessions")
        owner.page.goto(f"{demo.printed['Sample site']}desk/trail")
        look(owner.page, f"{language}-trail")
        owner.leave()
        owner.context.close()


def test_a_provider_s_button_leads_there_and_back_and_out(browser: Browser) -> None:
    """One press where somebody has signed in there; a stranger of the provider is told, with the address it gave."""
    door, other = free_port(), free_port()
    provider = Provider(
        f"http://127.0.0.1:{other}", {"sub": "1", "email": str(AOI), "email_verified": True}
    )
    stated = OidcSettings(issuer=provider.url, client_id=CLIENT, name="Garden login")
    app, _ = shop()
    site = replace(app.settings.site, door_url=f"http://127.0.0.1:{door}")
    identity = OidcProvider(stated, Secret(SECRET), site.door_url)
    settings = replace(app.settings, site=site, desk=DeskSettings(oidc=stated))
    app = replace(app, identity=identity, settings=settings)
    with serving(provider.app(), other), serving(without_sender(app), door):
        page = browser.new_page()
        page.goto(f"{site.door_url}/desk/s1")
        look(page, "en-provider")
        page.get_by_role("link", name="Enter with Garden login").click()
        expect(page).to_have_url(f"{site.door_url}/desk/s1")
        page.get_by_role("button", name="Leave the desk").click()
        look(page, "en-left-provider")
        page.get_by_role("link", name="Sign out of Garden login as well").click()
        expect(page).to_have_url(f"{site.door_url}/desk")
        assert provider.asked[-1] == "out"
        provider.person = {"sub": "2", "email": "eve@evil.example", "email_verified": True}
        page.get_by_role("link", name="Enter with Garden login").click()
        expect(page.get_by_role("alert")).to_contain_text("eve@evil.example")
        look(page, "en-not-named")
        page.close()
    identity.close()
