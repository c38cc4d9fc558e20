"""todoke.js on a page of another origin, under a strict policy, in real Chromium before a real `todoke serve`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from support.run.serving import Served, Sink, free_port, serve
from support.web.embedding import embedding, page_of
from support.web.local_server import wait_for

pytestmark = pytest.mark.acceptance

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONFIGURATION = """
[site]
name = "Garden"
url = "{site}"
door_url = "http://127.0.0.1:{door}"

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
[forms.contact.limits]
body = 30_000_000

[forms.thanks]
page = "thanks.html"
redirect = "{site}/welcome.html"
managers = ["office@example.org"]
"""
CONTROLS = """<p><label for="name">Name</label> <input id="name" name="name" required maxlength="20"
aria-describedby="note"></p>
<p id="note">As you sign.</p>
<p><label>Mail address <input name="email" type="email" required></label></p>
<fieldset><legend>Visit</legend>
<label><input type="radio" name="visit" value="shop" required> Shop</label>
<label><input type="radio" name="visit" value="garden"> Garden</label></fieldset>
<p><label for="message">Message</label> <textarea id="message" name="message"></textarea></p>
<p><label for="plan">Plan</label> <input id="plan" name="plan" type="file"></p>
<p><button name="go" value="now">Send</button></p>"""
JAPANESE = {
    "Name": "お名前",
    "Mail address": "メールアドレス",
    "Visit": "訪問先",
    "Message": "内容",
    "Send": "送信",
}


@dataclass
class Stand:
    """A site, a door, and a mail server that takes nothing for bad@... and holds back what it is told to."""

    site: str
    served: Served
    refused: set[str] = field(default_factory=lambda: {"bad@example.net"})

    @property
    def door(self) -> str:
        """Where forms go."""
        return self.served.url

    def stored(self) -> int:
        """How many submissions there are."""
        return self.served.command("list", "--json", "--limit", "1000").count('"received_at"')


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """All of it, on the loopback."""
    folder: Path = tmp_path_factory.mktemp("script")
    refused: set[str] = {"bad@example.net"}

    def answer(stage: str, recipient: str) -> str:
        return "550 5.1.1 no such user" if stage == "rcpt" and recipient in refused else ""

    sink, door, site_port = Sink(answer), free_port(), free_port()
    url, site = f"http://127.0.0.1:{door}", f"http://127.0.0.1:{site_port}"
    multipart = 'enctype="multipart/form-data"'
    japanese = CONTROLS
    for english, word in JAPANESE.items():
        japanese = japanese.replace(f">{english}<", f">{word}<").replace(
            f">{english} ", f">{word} "
        )
    pages = {
        "contact.html": page_of(url, "contact", CONTROLS, attributes=multipart),
        "contact.ja.html": page_of(
            url, "contact", japanese, attributes=multipart, lang="ja", title="お問い合わせ"
        ),
        "thanks.html": page_of(
            url, "thanks", '<p><label>Name <input name="name"></label></p><button>Send</button>'
        ),
        "stays.html": page_of(
            url,
            "thanks",
            '<p><label>Name <input name="name"></label></p><button>Send</button>',
            attributes='data-todoke-then="stay"',
        ),
        "off.html": page_of(url, "contact", CONTROLS, attributes=f'{multipart} data-todoke="off"'),
        "welcome.html": page_of(url, "thanks", "<p>Welcome</p>", title="Welcome"),
    }
    for name in ("contact.html", "thanks.html"):
        (folder / name).write_text(pages[name])
    configuration = CONFIGURATION.format(site=site, door=door, port=sink.port)
    with (
        serve(folder, configuration, port=door) as served,
        embedding(lambda: url, pages, site_port),
    ):
        yield Stand(site, served, refused)
    sink.close()


@pytest.fixture
def blocked(page: Page) -> Iterator[list[str]]:
    """What the policy or an error stopped on the page: nothing, at the end of each test."""
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on(
        "console",
        lambda m: told.append(m.text) if "Content Security Policy" in m.text else None,
    )
    yield told
    assert told == []


def fill(page: Page, stand: Stand, name: str = "contact.html", **typed: str) -> None:
    """Open a page and fill in its form."""
    page.goto(f"{stand.site}/{name}")
    answers = {"name": "Aoi", "email": "aoi@example.net", "message": "Hello"} | typed
    for field_name, value in answers.items():
        page.locator(f"[name={field_name}]").fill(value)
    page.locator("[name=visit]").first.check()


def press(page: Page) -> None:
    """Press the form's button by keyboard."""
    page.locator("form button").last.focus()
    page.keyboard.press("Enter")


def faults_of_axe(page: Page) -> list[Any]:
    """What axe finds."""
    return Axe().run(page, options=AXE).response["violations"]


@pytest.mark.usefixtures("blocked")
def test_it_is_stored_and_its_state_is_told_in_place(stand: Stand, page: Page) -> None:
    """The form gives way to what the door said, in a status that has the focus; the mail's state follows by itself."""
    before = stand.stored()
    fill(page, stand)
    press(page)
    box = page.locator(".todoke-stored")
    expect(box).to_contain_text("Thank you. Your answers are stored.")
    expect(box).to_be_focused()
    expect(box).to_contain_text("Confirmation to you: Handed over (a•••@example.net)")
    expect(page.locator("form")).to_be_hidden()
    assert page.url == f"{stand.site}/contact.html"
    assert stand.stored() == before + 1
    assert faults_of_axe(page) == []
    page.get_by_role("link", name="Your receipt").click()
    page.wait_for_url(f"{stand.door}/s/*")


@pytest.mark.usefixtures("blocked")
def test_what_the_browser_refuses_is_said_in_the_pages_language(stand: Stand, page: Page) -> None:
    """A Japanese page in an English browser: at each control, in a summary, with the focus on the first."""
    page.goto(f"{stand.site}/contact.ja.html")
    page.get_by_label("メールアドレス").fill("aoi")
    press(page)
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("入力内容をご確認ください。")
    expect(summary).to_have_attribute("lang", "ja")
    name = page.get_by_label("お名前")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description("As you sign. 入力してください。")
    assert page.locator(".todoke-error").all_inner_texts() == [
        "入力してください。",
        "入力内容をご確認ください。",
        "入力してください。",
    ]
    assert faults_of_axe(page) == []
    name.fill("葵")
    page.get_by_label("メールアドレス").fill("aoi@example.net")
    page.get_by_label("Garden").check()
    press(page)
    expect(page.locator(".todoke-stored")).to_contain_text("送信内容を受け付けました")
    expect(page.locator(".todoke-stored")).to_contain_text("受け渡し")
    assert page.locator(".todoke-error, [aria-invalid]").count() == 0
    expect(page.locator("[name=name]")).to_have_attribute("aria-describedby", "note")
    page.get_by_role("link", name="受付票").click()


@pytest.mark.usefixtures("blocked")
def test_where_the_browser_speaks_the_pages_language_its_own_words_are_said(
    stand: Stand, page: Page
) -> None:
    """They say most; of a group of radio buttons they stand once, at its legend."""
    page.goto(f"{stand.site}/contact.html")
    page.locator("[name=name]").fill("Aoi")
    page.locator("[name=email]").fill("aoi")
    press(page)
    at, group = page.locator(".todoke-error").all_inner_texts()
    assert "'@'" in at
    assert group == "Please select one of these options."
    expect(page.locator("legend + .todoke-error")).to_have_text(group)
    expect(page.locator("[name=email]")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name=group).click()
    expect(page.locator("[name=visit]").first).to_be_focused()
    assert page.url == f"{stand.site}/contact.html"


@pytest.mark.usefixtures("blocked")
@pytest.mark.parametrize(
    ("name", "said"), [("contact.html", "20 characters"), ("contact.ja.html", "20文字")]
)
def test_what_the_door_refuses_is_said_at_the_control(
    stand: Stand, page: Page, name: str, said: str
) -> None:
    """Only the door knows: its words, in the page's language; what was typed stays, and the mended form goes."""
    fill(page, stand, name)
    control = page.locator("[name=name]")
    control.evaluate(
        "(input) => { input.removeAttribute('maxlength'); input.value = 'a'.repeat(30) }"
    )
    press(page)
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(control).to_be_focused()
    expect(control).to_have_value("a" * 30)
    expect(page.locator("[name=message]")).to_have_value("Hello")
    is_japanese = name == "contact.ja.html"
    words = page.locator(".todoke-error").inner_text()
    assert ("文字" in words) == is_japanese, words
    assert faults_of_axe(page) == []
    control.fill("Aoi")
    press(page)
    expect(page.locator(".todoke-stored")).to_be_focused()


@pytest.mark.usefixtures("blocked")
def test_a_double_click_is_one_request(stand: Stand, page: Page) -> None:
    """While it is on its way the button says that it is disabled, and stays where the focus is."""
    posted: list[str] = []
    page.on("request", lambda r: posted.append(r.url) if r.method == "POST" else None)
    fill(page, stand, name="contact.html", message="Twice")
    page.evaluate(
        """() => { window.seen = []; new MutationObserver((all) => all.forEach((one) =>
        window.seen.push(`${one.attributeName} ${one.target.getAttribute(one.attributeName)}`)))
        .observe(document.querySelector('form button'), { attributes: true }) }"""
    )
    page.get_by_role("button", name="Send").dblclick()
    expect(page.locator(".todoke-stored")).to_be_visible()
    assert posted == [f"{stand.door}/f/contact"]
    assert page.evaluate("window.seen") == ["aria-disabled true", "aria-disabled null"] or (
        page.evaluate("window.seen[0]") == "aria-disabled null"
    )


@pytest.mark.usefixtures("blocked")
def test_a_lost_answer_is_no_second_submission(stand: Stand, page: Page) -> None:
    """The door stores it and the answer never comes: nothing is called confirmed, nothing typed is lost, and the same
    once more is answered as the first."""
    before, keys = stand.stored(), []

    def lose(route: Any) -> None:
        keys.append(route.request.post_data.partition('name="_idempotency"')[2].split("\r\n")[2])
        if len(keys) < 2:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/f/contact", lose)
    fill(page, stand, message="Once")
    press(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing is confirmed: no answer came.")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    expect(page.locator("[name=message]")).to_have_value("Once")
    expect(page.locator("[aria-disabled]")).to_have_count(0)
    assert faults_of_axe(page) == []
    press(page)
    expect(page.locator(".todoke-stored")).to_contain_text("Your answers are stored.")
    assert stand.stored() == before + 1
    assert keys[0] == keys[1] != ""


@pytest.mark.usefixtures("blocked")
def test_offline_in_japanese(stand: Stand, page: Page) -> None:
    """Without a network it says so in the page's language, and goes on when there is one."""
    fill(page, stand, "contact.ja.html")
    page.context.set_offline(True)
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("受け付けを確認できませんでした")
    page.context.set_offline(False)
    press(page)
    expect(page.locator(".todoke-stored")).to_contain_text("送信内容を受け付けました")


@pytest.mark.usefixtures("blocked")
def test_an_address_is_corrected_in_place(stand: Stand, page: Page) -> None:
    """The mail server does not know the address: the form for another one stands below; then the mail goes there."""
    fill(page, stand, email="bad@example.net")
    press(page)
    box = page.locator(".todoke-stored")
    expect(box).to_contain_text("Your confirmation was not delivered", timeout=20_000)
    address = box.get_by_label("Your mail address")
    assert faults_of_axe(page) == []
    address.fill("aoi@exa mple")
    address.press("Enter")
    expect(address).to_have_attribute("aria-invalid", "true")
    address.evaluate("(input) => { input.type = 'text' }")
    address.fill("aoi@@example.net")
    box.get_by_role("button", name="Correct the address").press("Enter")
    expect(box.locator(".todoke-error")).to_contain_text("This is not a mail address.")
    expect(address).to_be_focused()
    assert faults_of_axe(page) == []
    address.fill("good@example.net")
    address.press("Enter")
    expect(box).to_be_focused()
    expect(box).to_contain_text("Handed over (g•••@example.net)", timeout=20_000)
    expect(box.locator("form")).to_have_count(0)


def test_without_javascript_the_form_works(stand: Stand, browser: Browser) -> None:
    """As a plain form: to the receipt, or back with what is wrong."""
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    fill(page, stand)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(f"{stand.door}/s/*")
    plain.close()


@pytest.mark.usefixtures("blocked")
def test_where_it_goes_then(stand: Stand, page: Page) -> None:
    """To the form's redirect, as without the script, unless the page wants to stay; a form that is left alone is."""
    page.goto(f"{stand.site}/thanks.html")
    press(page)
    page.wait_for_url(f"{stand.site}/welcome.html")
    page.goto(f"{stand.site}/stays.html")
    press(page)
    expect(page.locator(".todoke-stored")).to_contain_text("Your answers are stored.")
    fill(page, stand, "off.html")
    press(page)
    page.wait_for_url(f"{stand.door}/s/*")


def test_a_page_goes_on_by_itself_where_it_wants_to(stand: Stand, page: Page) -> None:
    """What happened is an event with what the door said; whoever prevents it shows it, and the script shows nothing."""
    fill(page, stand)
    page.evaluate(
        """() => { window.heard = []; for (const name of ['stored', 'refused'])
        document.addEventListener(`todoke:${name}`, (event) => {
          event.preventDefault(); window.heard.push([event.type, event.detail]) }) }"""
    )
    control = page.locator("[name=name]")
    control.evaluate(
        "(input) => { input.removeAttribute('maxlength'); input.value = 'a'.repeat(30) }"
    )
    press(page)
    wait_for(lambda: page.evaluate("window.heard.length === 1"))
    control.fill("Aoi")
    press(page)
    wait_for(lambda: page.evaluate("window.heard.length === 2"))
    assert page.locator("[class^=todoke]").count() == 0
    expect(page.locator("form")).to_be_visible()
    (first, refused), (second, stored) = page.evaluate("window.heard")
    assert (first, refused["status"], refused["errors"][0]["field"]) == (
        "todoke:refused",
        422,
        "name",
    )
    assert (second, stored["status"], stored["ok"]) == ("todoke:stored", 200, True)
    assert stored["status_url"].startswith(f"{stand.door}/s/")
    control.fill("Jun")
    press(page)
    wait_for(lambda: page.evaluate("window.heard.length === 3"))
    assert page.evaluate("window.heard[2][1].id") != stored["id"]


def test_a_form_that_comes_later(stand: Stand, page: Page) -> None:
    """`todoke.enhance` takes it on, and gives what lets go of it."""
    page.goto(f"{stand.site}/welcome.html")
    page.evaluate(
        """(door) => { const form = document.createElement('form'); form.method = 'post';
        form.action = `${door}/f/thanks`;
        form.dataset.todokeThen = 'stay'; form.id = 'late'; form.append(document.createElement('button'));
        form.firstChild.textContent = 'Send'; document.querySelector('main').append(form);
        window.release = todoke.enhance(form) }""",
        stand.door,
    )
    page.locator("#late button").click()
    expect(page.locator(".todoke-stored")).to_be_visible()
    page.evaluate("window.release()")
    expect(page.locator(".todoke-stored")).to_have_count(0)
    with page.expect_navigation():
        page.locator("#late button").click()
    assert page.url == f"{stand.site}/welcome.html"


@pytest.mark.usefixtures("blocked")
def test_files_and_nothing_kept(stand: Stand, page: Page) -> None:
    """How much of a file has left is shown; it can be stopped; the file comes whole; the browser keeps nothing."""
    fill(page, stand)
    content = bytes(range(250)) * 20_000
    page.locator("[name=plan]").set_input_files(
        {"name": "plan.bin", "mimeType": "application/octet-stream", "buffer": content}
    )
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_500_000}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", slow)
    press(page)
    bar = page.locator(".todoke-busy progress")
    expect(page.locator(".todoke-busy [role=status]")).to_have_text("Sending …")
    wait_for(lambda: page.evaluate("document.querySelector('.todoke-busy progress').value > 0.1"))
    expect(bar).to_have_attribute("aria-label", "Sending …")
    assert faults_of_axe(page) == []
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing is confirmed")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    assert page.evaluate("document.querySelector('[name=plan]').files.length") == 1
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    press(page)
    expect(page.locator(".todoke-stored")).to_be_visible(timeout=20_000)
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.get_by_role("link", name="Your receipt").click()
    page.wait_for_url(f"{stand.door}/s/*")
