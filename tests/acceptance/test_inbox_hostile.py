"""Mails that mean harm, in a real Chromium: each is shown, and none of them does anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mail_cloud_sandbox.app import build
from support.mail.inboxes import faults, get, listed, send
from support.mail.sandboxes import HTTP, SEND, mail_to
from support.web.browsing import chromium
from support.web.local_server import serving

pytestmark = pytest.mark.acceptance

BASIC = """<h1>Hello</h1><p style="color:#333">See <a href="https://example.com/">this</a>.</p>
<script>document.title = "stolen"; top.location = "https://example.com/"</script>
<img src="/static/icon.svg" onerror="top.document.title='stolen'"><form action="/inbox/delete" method="post">
<button>Press me</button></form><iframe src="/inbox"></iframe><meta http-equiv="refresh" content="0;url=/inbox">"""
MAILS = {
    "basic": BASIC,
    "breaks out of the attribute": """Hello"></iframe><script>top.document.title='stolen'</script>
        <h1>Hello</h1>""",
    "restyles": """<style>main, article, .top, .wrap, h2 { display: none !important } body::before { content: "gone" }
        @import url(/static/inbox.css); @font-face { font-family: x; src: url(EVIL/font) }
        html { background: url(EVIL/css); font-family: x }</style><h1>Hello</h1>
        <div style="position:fixed;inset:100px -5000px -5000px;z-index:2147483647;background:red">over all</div>""",
    "loads": """<h1>Hello</h1><img src="EVIL/img"><img srcset="EVIL/srcset 1x"><picture>
        <source srcset="EVIL/source"></picture>
        <link rel=stylesheet href="EVIL/style"><link rel=prefetch href="EVIL/prefetch">
        <link rel=dns-prefetch href="EVIL/dns">
        <link rel=preload as=image href="EVIL/preload"><link rel=icon href="EVIL/icon">
        <object data="EVIL/object"></object>
        <embed src="EVIL/embed"><video src="EVIL/video" poster="EVIL/poster" autoplay></video>
        <audio src="EVIL/audio" autoplay>
        </audio><iframe src="EVIL/frame"></iframe><svg><image href="EVIL/svg"/>
        <use href="EVIL/use#x"/></svg>
        <body background="EVIL/body"><table background="EVIL/table"><tr>
        <td style="background:url('EVIL/td')">x</table>
        <input type=image src="EVIL/input"><base href="EVIL/"><img src="relative">
        <a href=# ping="EVIL/ping">x</a>""",
    "runs": """<h1>Hello</h1><svg onload="top.document.title='stolen'"></svg>
        <details open ontoggle="top.document.title='stolen'">
        <summary>x</summary></details><a id=a href="javascript:top.document.title='stolen'" target=_self autofocus
        onfocus="top.document.title='stolen'">run</a>
        <iframe srcdoc="<script>top.document.title='stolen'</script>"></iframe>
        <math><mtext></form><form><mglyph><style></math><img src onerror="top.document.title='stolen'">""",
    "leads away": """<h1>Hello</h1><meta http-equiv=refresh content="0;url=EVIL/refresh">
        <base target=_top>
        <a href="EVIL/top" target=_top>top</a><a href="EVIL/self" target=_self>self</a>
        <a href="/inbox" target=_self>inbox</a><form action="EVIL/form" target=_top>
        <button>form</button></form>""",
    "its own policy": """<meta http-equiv=Content-Security-Policy content="default-src * 'unsafe-inline'">
        <script>top.document.title='stolen'</script><h1>Hello</h1>""",
}
"""HTML that tries to run, to load, to leave its frame or to look like the inbox; EVIL stands for another site."""

PRESSED = "a:visible, button:visible, summary:visible"
"""What somebody may press in a mail."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page at a desk's width."""
    fresh = browser.new_page(viewport={"width": 1280, "height": 800})
    yield fresh
    fresh.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A sandbox."""
    with serving(build(tmp_path, pace_seconds=0)) as found:
        yield found


class Evil:
    """Another site, which notes what it is asked for."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, str]] = []
        self.app = Starlette(
            routes=[Route("/{path:path}", self.answer, methods=["GET", "POST", "HEAD"])]
        )

    async def answer(self, request: Request) -> Response:
        """Note it."""
        self.asked.append((request.url.path, request.headers.get("referer", "")))
        return Response("<h1>Evil</h1>", media_type="text/html")


@pytest.fixture
def evil() -> Iterator[Evil]:
    """Another site."""
    found = Evil()
    with serving(found.app) as url:
        found.url = url
        yield found


@pytest.mark.parametrize("name", MAILS)
def test_hostile_html_is_shown_and_does_nothing(
    page: Page, url: str, evil: Evil, name: str
) -> None:
    """It is seen, and that is all: nothing runs, nothing is loaded, the inbox looks and is as it was."""
    spoken: list[str] = []
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    copy = send(url, "aoi@example.com", html=MAILS[name].replace("EVIL", evil.url))
    page.goto(f"{url}/inbox/{copy}")
    look = "getComputedStyle(document.querySelector('h1')).cssText + document.body.offsetHeight"
    page.goto(f"{url}/inbox/{copy}?view=html")
    before = page.evaluate(look)
    frame = page.frame_locator("iframe.html")
    frame.get_by_role("heading", name="Hello").wait_for()
    page.wait_for_timeout(700)
    assert evil.asked == []
    for n in range(frame.locator(PRESSED).count()):
        page.goto(f"{url}/inbox/{copy}?view=html")
        frame.locator(PRESSED).nth(n).click(force=True, no_wait_after=True)
        page.wait_for_timeout(300)
    for other in [other for other in page.context.pages if other is not page]:
        other.close()  # a link may open beside the inbox, with nothing told of where it stood
    assert {path for path, _ in evil.asked} <= {"/top", "/favicon.ico"}
    assert {referrer for _, referrer in evil.asked} <= {""}
    assert page.title().startswith("お問い合わせ")
    assert page.url.endswith("?view=html")
    assert page.evaluate(look) == before
    assert spoken == []
    assert faults(page) == []
    assert len(listed(url)) == 1


def test_what_was_pressed_in_a_mail_deletes_nothing(page: Page, url: str) -> None:
    """Its form is dead; its style is its own."""
    copy = send(url, "aoi@example.com", html=BASIC)
    page.goto(f"{url}/inbox/{copy}?view=html")
    frame = page.frame_locator("iframe.html")
    assert frame.locator("p").evaluate("e => getComputedStyle(e).color") == "rgb(51, 51, 51)"
    frame.get_by_role("button", name="Press me").click()
    page.wait_for_timeout(300)
    assert len(listed(url)) == 1


def test_images_are_loaded_when_asked_for_and_nothing_else(
    page: Page, url: str, evil: Evil
) -> None:
    """The sender then sees that, and not from which page."""
    copy = send(url, "aoi@example.com", html=MAILS["loads"].replace("EVIL", evil.url))
    page.goto(f"{url}/inbox/{copy}?view=html")
    page.frame_locator("iframe.html").get_by_role("heading", name="Hello").wait_for()
    assert evil.asked == []
    page.get_by_role("link", name="Load images").click()
    page.frame_locator("iframe.html").get_by_role("heading", name="Hello").wait_for()
    page.wait_for_timeout(700)
    images = {
        "/img",
        "/srcset",
        "/poster",
        "/svg",
        "/body",
        "/table",
        "/td",
        "/input",
        "/icon",
        "/preload",
        "/prefetch",
    }
    assert "/img" in {path for path, _ in evil.asked}
    assert {path for path, _ in evil.asked} <= images
    assert {referrer for _, referrer in evil.asked} == {""}


def test_headers_hold(url: str) -> None:
    """Every page forbids what it does not use; a mail's own HTML gets no rights at all, opened alone or framed."""
    copy = send(url, "aoi@example.com", html=BASIC)
    views = [
        f"/inbox/{copy}?view={view}" for view in ("text", "html", "checks", "headers", "source")
    ]
    others = [
        "/inbox",
        "/inbox/none",
        "/inbox/delete",
        "/inbox.json",
        "/faults",
        "/faults.json",
        "/blocks",
        "/none",
    ]
    for path in (*views, *others):
        headers = get(url + path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    for query in ("", "?images=load", "?colours=dark"):
        headers = get(f"{url}/inbox/{copy}/html{query}").headers
        assert headers["content-security-policy"].startswith("sandbox ")
        assert "allow-scripts" not in headers["content-security-policy"]
        assert "allow-same-origin" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
    source = get(f"{url}/inbox/{copy}/source.eml")
    assert source.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "name",
    [
        'a"; filename="b.html',
        "a\r\nSet-Cookie: x=1\r\n\r\n<script>",
        "../../etc/passwd",
        "C:\\windows\\x.exe",
        "\u202egnp.exe",
        "=?utf-8?B?PHNjcmlwdD4=?=",
        "<img src=x onerror=alert(1)>.txt",
        "あ" * 300,
        "\0",
        ";",
    ],
)
def test_file_names_are_inert(url: str, name: str) -> None:
    """They end no header, name no folder, turn no text round, and are no HTML."""
    boundary = "b" * 20
    fields = {
        key: value for key, value in mail_to("aoi@example.com").items() if isinstance(value, str)
    }
    fields |= {"to": "aoi@example.com", "from": '{"address": "d@example.org"}', "attachments": "1"}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
        for k, v in fields.items()
    ]
    quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="attachment1"; filename="{quoted}"\r\n'
        f"Content-Type: text/html\r\n\r\n<script>alert(1)</script>\r\n--{boundary}--\r\n"
    )
    media_type = f"multipart/form-data; boundary={boundary}"
    answer = HTTP.request(
        "POST", url + SEND, body="".join(parts).encode(), headers={"Content-Type": media_type}
    )
    if answer.status == 400:  # a name that the form itself cannot hold
        assert listed(url) == []
        return
    assert answer.status == 200, answer.data
    copy = listed(url)[0]["id"]
    file = get(f"{url}/inbox/{copy}/files/1")
    assert file.data == b"<script>alert(1)</script>"
    assert file.headers["content-type"] == "application/octet-stream"
    disposition = file.headers["content-disposition"]
    assert disposition.isascii()
    assert "set-cookie" not in file.headers
    plain = disposition.partition('filename="')[2].partition('"')[0]
    assert not set(plain) & set('"\\/<>;\r\n')
    for view in ("text", "headers", "source", "checks"):
        shown = get(f"{url}/inbox/{copy}?view={view}")
        assert shown.status == 200
        assert b"<img src=x" not in shown.data
        assert "\u202e" not in shown.data.decode()


def test_what_is_searched_for_and_a_subject_are_text(page: Page, url: str) -> None:
    """In an address, in a field, in a title, wherever they are shown."""
    text = """"></title><script>document.title='stolen'</script><img src=x onerror=alert(1)>'"""
    copy = send(
        url, "aoi@example.com", subject=text, html="<p>x", headers=[{"name": "X-A", "value": text}]
    )
    spoken: list[str] = []
    page.on("dialog", lambda dialog: (spoken.append(dialog.message), dialog.dismiss()))
    for path in ("/inbox", "/inbox/delete", f"/inbox/{copy}", f"/inbox/{copy}?view=headers"):
        page.goto(f"{url}{path}{'&' if '?' in path else '?'}{urlencode({'q': text})}")
        assert page.locator("img[src=x]").count() == 0
        assert page.title() != "stolen"
        page.get_by_text("onerror=alert(1)").first.wait_for()
    assert spoken == []


def test_a_huge_mail_is_shown_in_part(page: Page, url: str) -> None:
    """The page stays small; the download has all."""
    copy = send(url, "aoi@example.com", text="x " * 4_000_000, html="<p>" + "y " * 1_000_000)
    for view in ("text", "source", "checks", "headers"):
        answer = get(f"{url}/inbox/{copy}?view={view}")
        assert answer.status == 200
        assert len(answer.data) < 1_100_000
    assert len(get(f"{url}/inbox/{copy}/source.eml").data) > 8_000_000
    page.goto(f"{url}/inbox/{copy}")
    page.get_by_text("This is the beginning").wait_for()
    page.goto(f"{url}/inbox")
    page.get_by_role("link", name="aoi@example.com").wait_for()


@pytest.mark.parametrize(
    "mail",
    [
        {"html": "<div>" * 100_000 + "<a href=x>x"},
        {"html": "<a href='http://[::1'>x</a><img src='http://['>"},
        {"text": "http://[ https://] http://a:b@c:99999/ " * 50},
        {"text": "https://a.example/" + "x" * 500_000},
        {"subject": "=?no-such-charset?B?/////w==?= =?utf-8?Q?=00=0d=0aX:?="},
        {"subject": "\u202eabc\u2066 \U000e0041\ufeff"},
        {"headers": [{"name": "X-Odd", "value": "=?idna?B?AA==?= =?utf-7?B?+ADw?="}]},
        {"headers": [{"name": "X-Long", "value": "x" * 1_000_000}]},
        {"headers": [{"name": "Content-Type", "value": "multipart/mixed; boundary=x"}]},
        {"charset": "iso-2022-jp", "text": "髙①\u0000\ufffd", "html": "<p>髙①"},
        {"text": "\ud800 lone", "html": "<p>\udfff", "subject": "\ud83d"},
        {"from": {"name": "\ud800", "address": "d@example.org"}},
        {"text": "\0\x01\x1b[31m\x7f"},
    ],
    ids="-".join,
)
def test_an_odd_mail_is_taken_and_shown_or_refused(url: str, mail: dict[str, object]) -> None:
    """No fault of ours, whatever there is in it: each view of it is a page, and the list goes on."""
    body = json.dumps(
        {**mail_to("aoi@example.com"), **mail}
    )  # ASCII, with halves of characters as they are
    answer = HTTP.request(
        "POST", url + SEND, body=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status in {200, 400}, answer.data
    assert get(f"{url}/inbox").status == 200
    assert get(f"{url}/inbox?q=odd").status == 200
    if answer.status == 400:
        assert listed(url) == []
        return
    copy = listed(url)[0]["id"]
    for view in ("text", "html", "checks", "headers", "source"):
        assert get(f"{url}/inbox/{copy}?view={view}").status == 200
    for path in (f"{copy}/html", f"{copy}/source.eml", f"{copy}.json", f"{copy}/checks.json"):
        assert get(f"{url}/inbox/{path}").status in {200, 404}
