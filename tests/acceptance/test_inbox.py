"""The inbox in a real Chromium: what a newcomer sees, how it is searched, looked through and emptied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mail_cloud_sandbox.app import build
from support.mail.inboxes import faults, get, listed, send, send_inline
from support.mail.sandboxes import HTTP, SEND
from support.web.browsing import chromium
from support.web.local_server import serving

pytestmark = pytest.mark.acceptance

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
HTML = """<!doctype html><html lang="ja"><style>body { background: #fff; color: #222 }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }</style>
<p>See <a href="https://example.org/a">https://example.com/a</a>, <img src="cid:x"></p></html>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as found:
        yield found


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
    """The inbox is whole without scripts: search, mark, delete one, those found, all; it asks first."""
    for name in ("aoi", "ren", "mei", "yui"):
        send(url, f"{name}@example.com")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/inbox")
    rows = page.locator("ul.mails li")
    page.get_by_label("Search the mails").fill("問い合わせ to:REN@")
    page.get_by_role("button", name="Search").click()
    assert rows.count() == 1
    page.get_by_text("1 of 4 mails").wait_for()
    page.get_by_role("button", name="Mark 1 as read").click()
    page.get_by_role("status").get_by_text("1 mail is marked as read.").wait_for()
    page.get_by_role("link", name="Show all").click()
    assert page.locator("li.unread").count() == 3
    page.get_by_role("button", name="Delete the mail to yui@example.com").click()
    page.get_by_role("status").get_by_text("1 mail was deleted.").wait_for()
    assert rows.count() == 3
    page.get_by_label("Search the mails").fill("is:unread")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Delete 2 mails found").click()
    page.get_by_role("heading", name="Delete 2 mails?").wait_for()
    page.get_by_role("link", name="Keep them").click()
    assert rows.count() == 2
    page.get_by_role("link", name="Delete 2 mails found").click()
    send(url, "late@example.com")  # came after the question: it stays
    page.get_by_role("button", name="Delete 2 mails").click()
    page.get_by_role("status").get_by_text("2 mails were deleted.").wait_for()
    assert {mail["to"] for mail in listed(url)} == {"ren@example.com", "late@example.com"}
    page.get_by_role("link", name="Delete all 2 mails").click()
    page.get_by_role("button", name="Delete 2 mails").click()
    page.get_by_text("No mail yet.").wait_for()
    page.context.close()


def test_programs_search_and_delete(url: str) -> None:
    """The same as data; `to` alone is a part of the recipient, as it was before there was a query."""
    copies = [send(url, f"{name}@example.com") for name in ("aoi", "ren", "mei")]
    assert len(get(f"{url}/inbox.json?to=AOI@").json()["messages"]) == 1
    assert [mail["unread"] for mail in listed(url)] == [True] * 3
    HTTP.request("HEAD", f"{url}/inbox/{copies[0]}")
    get(f"{url}/inbox/{copies[0]}.json")
    assert len(listed(url, "is:unread")) == 3
    get(f"{url}/inbox/{copies[0]}")
    assert [mail["id"] for mail in listed(url, "is:read")] == [copies[0]]
    assert HTTP.request("DELETE", f"{url}/inbox/{copies[1]}.json").status == 204
    assert HTTP.request("DELETE", f"{url}/inbox/{copies[1]}.json").status == 404
    assert HTTP.request("DELETE", f"{url}/inbox.json?q=to:aoi").status == 204
    assert [mail["id"] for mail in listed(url)] == [copies[2]]
    report = get(f"{url}/inbox/{copies[2]}/checks.json").json()
    assert report["links"][0]["target"] == "https://example.org/s/abc?x=1&y=2"
    assert HTTP.request("POST", f"{url}/inbox/delete", redirect=False).status == 303
    assert len(listed(url)) == 1  # without saying up to which mail nothing goes
    assert get(f"{url}/inbox/").status == 404  # no redirect to another spelling
    for page in ("no-such/html", "no-such/source.eml", "no-such/files/1", "no-such/checks.json"):
        assert get(f"{url}/inbox/{page}").status == 404
    for deed in ("read", "unread", "delete", "links"):
        assert HTTP.request("POST", f"{url}/inbox/no-such/{deed}").status == 404


def test_keys(page: Page, url: str) -> None:
    """j and k go through the list, # deletes, u marks, / searches, ? tells; and a mail that comes moves nothing."""
    for name in ("aoi", "ren", "mei", "yui"):
        send(url, f"{name}@example.com")
    page.goto(f"{url}/inbox")

    def at() -> str:
        return page.evaluate(
            "document.activeElement.closest('li')?.querySelector('bdi').textContent ?? ''"
        )

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert at() == "mei@example.com"
    node = page.evaluate_handle("document.activeElement")
    page.evaluate(
        "getSelection().selectAllChildren(document.activeElement.querySelector('.subject'))"
    )
    send(url, "hana@example.com")
    page.get_by_role("link", name="hana@example.com").wait_for()
    page.get_by_role("link", name="hana@example.com").get_by_text("delivered").wait_for()
    assert page.evaluate("e => e === document.activeElement", node)
    assert page.evaluate("getSelection().toString()").startswith("お問い合わせ")
    page.keyboard.press("#")
    expect(page.locator("li.row")).to_have_count(4)
    expect(page.get_by_role("status")).to_have_text("The mail to mei@example.com was deleted.")
    expect(page.locator("li:focus-within bdi").first).to_have_text("ren@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What became of it").wait_for()
    page.keyboard.press("j")
    page.wait_for_url(re.compile("/inbox/"))
    page.get_by_role("definition").filter(has_text="aoi@example.com").wait_for()
    page.keyboard.press("u")
    page.locator("li.unread").filter(has_text="aoi@example.com").wait_for()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("j#?")
    assert page.locator("#q").input_value() == "j#?"
    page.locator("#q").blur()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.wait_for()
    assert faults(page) == []
    dialog.get_by_label("Listen to these keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert at() == ""
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_label("Listen to these keys").check()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert at() == "hana@example.com"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_by_day_and_by_night(page: Page, url: str, scheme: str) -> None:
    """axe finds nothing, nothing is wider than the screen."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for name in ("hardbounce", "complaint", "suppressed", "silent"):
        send(url, f"{name}@example.com")
    files = [("請求書.pdf", b"%PDF", "application/pdf")]
    copy = send(url, "a" * 60 + "@example.com", files, html=HTML, subject="x" * 500)
    HTTP.request("POST", f"{url}/faults.json", json={"place": "send", "fault": "busy"})
    views = [
        f"/inbox/{copy}?view={view}" for view in ("text", "html", "checks", "headers", "source")
    ]
    others = [
        "/inbox",
        "/inbox?q=is:bounced",
        "/inbox?deleted=2",
        "/inbox/delete",
        "/faults?changed=send",
        "/blocks",
        "/none",
    ]
    wrong = {}
    for path in (*views, *others):
        page.goto(url + path)
        if found := faults(page):
            wrong[path] = found
    assert wrong == {}
    night = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 22)"
    assert night == (scheme == "dark")


def test_a_mail_is_looked_at_from_all_sides(page: Page, url: str) -> None:
    """Its HTML at three widths and by night, its checks, links, header fields and files."""
    content = bytes(range(256)) * 40
    name = '報告 "1".pdf'
    copy = send(url, "aoi@example.com", [(name, content, "text/html")], html=HTML)
    page.goto(f"{url}/inbox/{copy}")
    page.get_by_role("link", name="HTML", exact=True).click()
    frame = page.locator("iframe.html")
    body = page.frame_locator("iframe.html").locator("body")
    for label, width in (("Phone, 360", 360), ("Tablet, 768", 768)):
        page.get_by_role("link", name=label).click()
        assert frame.evaluate("e => e.clientWidth") == width
        assert body.evaluate("() => innerWidth") == width
        assert faults(page) == []
    for label, colour in (("Dark", "rgb(17, 17, 17)"), ("Light", "rgb(255, 255, 255)")):
        page.get_by_role("link", name=label).click()
        assert body.evaluate("e => getComputedStyle(e).backgroundColor") == colour
    assert "width=tablet" in page.url
    page.get_by_role("link", name="Checks", exact=True).click()
    page.get_by_text("It says example.com and leads to example.org").wait_for()
    page.get_by_text("Images by cid: 1.").wait_for()
    page.get_by_role("link", name="Headers").click()
    page.get_by_role("row").filter(
        has_text="お問い合わせを受け付けました / We have your message"
    ).wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("報告")).click()
    assert download.value.path().read_bytes() == content
    answer = get(f"{url}/inbox/{copy}/files/1")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for number in (0, 2, 10**30):
        assert get(f"{url}/inbox/{copy}/files/{number}").status == 404


def test_links_are_asked_for_when_a_button_is_pressed(page: Page, url: str) -> None:
    """Not before; those of this machine not at all."""
    copy = send(url, "aoi@example.com", text="http://127.0.0.1/a and http://localhost:1/b")
    page.goto(f"{url}/inbox/{copy}?view=checks")
    assert page.get_by_text("Not asked:").count() == 0
    page.get_by_role("button", name="Ask whether they answer").click()
    page.get_by_text("Not asked: it leads to this machine or its network.").wait_for()
    page.get_by_text("Not asked: port 1 is not the web's.").wait_for()
    assert faults(page) == []


def test_nothing_there_is_said(page: Page, url: str) -> None:
    """A mail that is gone has a page that says so."""
    answer = page.goto(f"{url}/inbox/none")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("heading", name="This mail is not here").wait_for()
    assert faults(page) == []


def test_faults_are_ordered_by_hand(page: Page, url: str) -> None:
    """A fault is chosen, told, started, met and switched off; all are ended at once; each time it is said."""
    page.goto(f"{url}/inbox")
    page.get_by_role("link", name="Faults").click()
    assert faults(page) == []
    sending = page.get_by_role("region", name="Sending mail")
    sending.get_by_label("Fault").select_option("unavailable")
    sending.get_by_text("503 with a page of HTML; nothing is taken.").wait_for()
    sending.get_by_label("Calls").fill("2")
    sending.get_by_role("button", name="Start").click()
    told = page.get_by_role("status")
    expect(told).to_have_text("Sending mail: unavailable is in force for 2 more calls.")
    assert faults(page) == []
    answer = HTTP.request("POST", url + SEND, json={})
    assert answer.status == 503
    page.reload()
    sending.get_by_text("for 1 more call; met 1 so far.").wait_for()
    sending.get_by_role("button", name="Switch off").click()
    expect(told).to_have_text("Sending mail: no fault is in force any more.")
    sending.get_by_text("no fault").wait_for()
    assert page.get_by_role("button", name="End all").count() == 0
    for name in ("Sending mail", "The records"):
        page.get_by_role("region", name=name).get_by_role("button", name="Start").click()
    page.get_by_role("button", name="End all").click()
    expect(told).to_have_text("No fault is in force any more.")
    assert set(get(f"{url}/faults.json").json().values()) == {None}


def test_wrong_order_is_said(browser: Browser, url: str) -> None:
    """Without scripts, and past the browser's own checks, a wrong order is said, and stays filled in."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{url}/faults")
    hook = page.get_by_role("region", name="The webhook")
    hook.get_by_label("Fault").select_option("paused")
    hook.get_by_label("Calls").fill("3")
    hook.get_by_role("button", name="Start").click()
    page.get_by_role("alert").get_by_text("paused lasts until it is switched off").wait_for()
    assert hook.get_by_label("Fault").input_value() == "paused"
    assert hook.get_by_label("Calls").input_value() == "3"
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


def test_images_that_came_along_are_seen_and_nothing_else_is_loaded(page: Page, url: str) -> None:
    """An inline image is drawn in the frame, and the policy keeps the browser from asking for a remote one."""
    html = '<img id="own" alt="own" src="cid:dot"><img id="far" alt="far" src="https://far.example/x.png">'
    copy = send_inline(url, html, [("<dot>", DOT)])
    failed: dict[str, str | None] = {}
    page.on("requestfailed", lambda request: failed.update({request.url: request.failure}))
    page.goto(f"{url}/inbox/{copy}?view=html")
    frame = page.frame_locator("iframe.html")
    width = "image => image.decode().then(() => image.naturalWidth, () => 0)"
    assert frame.locator("#own").evaluate(width) == 1
    assert frame.locator("#far").evaluate(width) == 0
    assert failed == {"https://far.example/x.png": "csp"}
    assert faults(page) == []
