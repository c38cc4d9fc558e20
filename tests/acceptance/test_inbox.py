"""The inbox in a real Chromium: what a newcomer sees, and what a hostile mail cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from mail_cloud_sandbox.app import build
from support.web.local_server import serving

pytestmark = pytest.mark.acceptance

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = """<h1>Hello</h1><p style="color:#333">See <a href="https://example.com/">this</a>.</p>
<script>document.title = "stolen"; top.location = "https://example.com/"</script>
<img src="/static/icon.svg" onerror="top.document.title='stolen'"><form action="/inbox/delete" method="post">
<button>Press me</button></form><iframe src="/inbox"></iframe><meta http-equiv="refresh" content="0;url=/inbox">"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[360, 1280])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page at a phone's and a desk's width."""
    fresh = browser.new_page(viewport={"width": request.param, "height": 800})
    yield fresh
    fresh.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A sandbox that takes a moment for each state."""
    with serving(build(tmp_path, pace_seconds=0.4)) as found:
        yield found


def send(url: str, recipient: str, **more: object) -> str:
    """Send a mail; the id of its copy in the inbox."""
    parameters = {
        "api_user": "api@example.org",
        "api_key": "secret",
        "to": recipient,
        "from": {"name": "Example desk", "address": "desk@example.org"},
        "subject": "お問い合わせを受け付けました / We have your message",
        "text": "See https://example.org/s/abc?x=1&y=2.\n\n<script>alert(1)</script>",
        **more,
    }
    urllib3.request("POST", f"{url}/api/v2/emails/send.json", json=parameters)
    listing = urllib3.request("GET", f"{url}/inbox.json")
    found = json.loads(listing.data)["messages"][0]["id"]
    assert isinstance(found, str)
    return found


def faults(page: Page) -> list[str]:
    """What axe finds wrong, and whether the page is wider than the screen."""
    found = [v["id"] for v in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found


def test_inbox_moves_by_itself(page: Page, url: str) -> None:
    """A newcomer sees a mail arrive and then fail without touching anything, and opens it."""
    page.goto(url)
    page.get_by_text("No mail yet.").wait_for()
    assert faults(page) == []
    send(url, "hardbounce@example.com")
    row = page.get_by_role("link", name="hardbounce@example.com")
    row.wait_for()
    row.get_by_text("bounced").wait_for()
    assert faults(page) == []
    row.click()
    page.get_by_role("heading", name="What became of it").wait_for()
    page.get_by_text("User unknown").first.wait_for()
    assert faults(page) == []
    for view in ("Source", "Text"):
        page.get_by_role("link", name=view, exact=True).click()
        assert faults(page) == []
    assert page.locator("pre a").get_attribute("href") == "https://example.org/s/abc?x=1&y=2"


def test_search_and_delete_without_scripts(browser: Browser, url: str) -> None:
    """The inbox is whole without scripts: search by recipient, refresh, delete all."""
    send(url, "aoi@example.com")
    send(url, "ren@example.com")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/inbox")
    page.get_by_label("Recipient").fill("REN@")
    page.get_by_role("button", name="Search").click()
    assert page.locator("ul.mails li").count() == 1
    page.get_by_role("link", name="Show all").click()
    assert page.locator("ul.mails li").count() == 2
    page.get_by_role("button", name="Delete all 2 mails").click()
    page.get_by_text("No mail yet.").wait_for()
    page.context.close()


def test_hostile_html_is_shown_and_does_nothing(page: Page, url: str) -> None:
    """A mail's HTML is shown with its style; its scripts, forms, frames and redirects are dead."""
    spoken: list[str] = []
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    copy = send(url, "aoi@example.com", html=HOSTILE)
    page.goto(f"{url}/inbox/{copy}?view=html")
    frame = page.frame_locator("iframe.html")
    frame.get_by_role("heading", name="Hello").wait_for()
    assert frame.locator("p").evaluate("e => getComputedStyle(e).color") == "rgb(51, 51, 51)"
    frame.get_by_role("button", name="Press me").click()
    page.wait_for_timeout(700)
    assert page.title().startswith("お問い合わせ")
    assert page.url.endswith("?view=html")
    assert spoken == []
    assert faults_outside_mail(page) == []
    listing = urllib3.request("GET", f"{url}/inbox.json")
    assert len(json.loads(listing.data)["messages"]) == 1


def faults_outside_mail(page: Page) -> list[str]:
    """What axe finds wrong in our own part of the page; the mail is not ours."""
    found = Axe().run(page, context={"exclude": ["iframe"]}).response["violations"]
    return [v["id"] for v in found]


def test_headers_hold(url: str) -> None:
    """Every page forbids what it does not use; a mail's own HTML gets no rights at all."""
    copy = send(url, "aoi@example.com", html=HOSTILE)
    for path in (
        "/inbox",
        f"/inbox/{copy}",
        "/inbox/none",
        "/inbox.json",
        "/faults",
        "/faults.json",
        "/blocks",
    ):
        headers = urllib3.request("GET", url + path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    policy = urllib3.request("GET", f"{url}/inbox/{copy}/html").headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    source = urllib3.request("GET", f"{url}/inbox/{copy}/source.eml")
    assert source.headers["content-disposition"].startswith("attachment")


def test_nothing_there_is_said(page: Page, url: str) -> None:
    """A mail that is gone has a page that says so."""
    answer = page.goto(f"{url}/inbox/none")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("heading", name="This mail is not here").wait_for()
    assert faults(page) == []


def test_faults_are_ordered_by_hand(page: Page, url: str) -> None:
    """A fault is chosen, ordered, met and switched off, with nothing wrong on the page in any state."""
    page.goto(f"{url}/inbox")
    page.get_by_role("link", name="Faults").click()
    assert faults(page) == []
    sending = page.get_by_role("region", name="Sending mail")
    sending.get_by_label("Fault").select_option("unavailable")
    sending.get_by_label("Calls").fill("2")
    sending.get_by_role("button", name="Order").click()
    sending.get_by_text("for 2 more calls").wait_for()
    assert faults(page) == []
    answer = urllib3.request("POST", f"{url}/api/v2/emails/send.json", json={}, retries=False)
    assert answer.status == 503
    page.reload()
    sending.get_by_text("for 1 more call,").or_(sending.get_by_text("for 1 more call;")).wait_for()
    sending.get_by_role("button", name="Switch off").click()
    sending.get_by_text("no fault").wait_for()
    assert page.get_by_role("region", name="The webhook").get_by_text("no fault").count() == 1


def test_wrong_order_is_said(browser: Browser, url: str) -> None:
    """Without scripts, and past the browser's own checks, a wrong order is a page that says why."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/faults")
    hook = page.get_by_role("region", name="The webhook")
    hook.get_by_label("Fault").select_option("paused")
    hook.get_by_label("Calls").fill("3")
    hook.get_by_role("button", name="Order").click()
    page.get_by_role("alert").get_by_text("paused lasts until it is switched off").wait_for()
    page.context.close()


def test_blocked_address_is_released_by_hand(page: Page, url: str) -> None:
    """The list says what is blocked and since when, and a button releases it."""
    page.goto(f"{url}/blocks")
    page.get_by_text("No address is blocked.").wait_for()
    assert faults(page) == []
    send(url, "suppressed@example.com")
    page.reload()
    page.get_by_role("button", name="Release suppressed@example.com").wait_for()
    assert faults(page) == []
    page.get_by_role("button", name="Release suppressed@example.com").click()
    page.get_by_text("No address is blocked.").wait_for()
