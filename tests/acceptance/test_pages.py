"""Our pages in real Chromium: accessible, readable at each width, live, and whole without JavaScript.

With TODOKE_SCREENSHOTS=folder each page is also kept as an image, for people to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from support.variants import replace
from support.web.gallery import (
    CHROMIUM,
    DESK_PAGES,
    LONG,
    OPEN_PAGES,
    OWNER,
    SITE_URL,
    Shown,
    chromium,
    context_of,
    filled,
    gallery,
    in_japanese,
)
from support.web.local_server import serving
from support.web.look import look
from support.web.stories import (
    ANSWERS,
    EVENTS,
    NOW,
    fill,
    make_app,
    make_message,
    make_timeline,
    token_of,
)
from todoke.model.address import Address
from todoke.model.care import Remark
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind
from todoke.model.form import Site
from todoke.model.logo import SVG, Logo
from todoke.model.message import Outcome, Role
from todoke.model.submission import Entry
from todoke.ports.events import EventSource
from todoke.walk.silence import silence, watch
from todoke.web.desk import desk
from todoke.web.desk.enter import entry_link
from todoke.web.pages import assets

pytestmark = pytest.mark.acceptance


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """The pages, served over real HTTP."""
    with gallery(tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests here."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with chromium() as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 640, 1280])
def test_every_page_is_accessible(browser: Browser, shown: Shown, width: int, scheme: str) -> None:
    """On every page, by day and by night, small and wide, axe finds nothing, nothing overflows, nothing is refused."""
    wrong: list[str] = []
    context = context_of(browser, width=width, scheme=scheme)
    page = context.new_page()
    page.on(
        "console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for name, path in OPEN_PAGES.items():
        page.goto(shown.url + path)
        wrong += look(page, f"{name}-{width}-{scheme}")
    shown.enter_desk(page)
    for name, path in DESK_PAGES.items():
        page.goto(shown.url + path)
        for evidence in page.locator("summary").all():
            evidence.click()
        wrong += look(page, f"{name}-{width}-{scheme}")
    context.close()
    assert wrong == []


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_silent_service_on_the_desk(browser: Browser, width: int, locale: str) -> None:
    """The list says on top that the webhook is silent, and the page of suppressions warns of the site's own address;
    in both languages, at each width, axe finds nothing and nothing overflows."""
    store = filled()
    source = {"customers-mail-cloud": cast("EventSource", None)}
    site = Site(name="Hoshino Paper", door_url="http://127.0.0.1:8000", alert_to=(OWNER,))
    app = replace(make_app(store, site=site, clock=lambda: NOW), sources=source)
    store.put_mark("heard/customers-mail-cloud", NOW - timedelta(days=2))
    later = replace(app, clock=lambda: NOW + timedelta(hours=25))
    watch(later)
    assert silence(later) is not None
    context = context_of(browser, width=width, locale=locale)
    page = context.new_page()
    with serving(Starlette(routes=[*assets.routes(), *desk.routes(later)])) as url:
        page.goto(f"{url}/desk/enter#{entry_link(later).partition('#')[2]}")
        page.get_by_role("button").click()
        banner = page.get_by_role("region", name="No delivery reports since")
        if locale == "ja-JP":
            banner = page.get_by_role("region", name="配信レポートがありません")
        expect(banner).to_be_visible()
        assert look(page, f"desk-silent-{width}-{locale}") == []
        page.goto(f"{url}/desk/suppressions")
        expect(page.locator(".rows > li").first).to_contain_text(OWNER)
        assert look(page, f"desk-suppressions-{width}-{locale}") == []
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("status", EVENTS)
def test_receipt_says_its_state(
    browser: Browser, shown: Shown, status: str, javascript: bool
) -> None:
    """With and without JavaScript the receipt says each state in words, and offers a correction where it helps."""
    context = context_of(browser, java_script_enabled=javascript)
    page = context.new_page()
    page.goto(shown.receipt(status))
    told = page.request.get(shown.receipt(status), headers={"accept": "application/json"}).json()
    confirmation = page.locator("[data-message='0']")
    expect(confirmation.locator(".said")).to_contain_text(told["messages"][0]["text"])
    labels = [step["label"] for step in told["messages"][0]["steps"]]
    expect(confirmation.locator(".steps [data-part=label]")).to_have_text(labels)
    expect(page.get_by_label("Your mail address")).to_be_visible(
        visible=told["messages"][0]["can_correct"]
    )
    received = page.locator(".facts time")
    expect(received).to_have_text("23 November 2026, 06:32 UTC")
    if javascript:  # the reader's own time
        expect(received).to_have_attribute("title", re.compile("23 November 2026.* 15:32 GMT.9"))
    context.close()


def tell(shown: Shown, id_: str, *kinds: Kind) -> None:
    """Let the service report something of a submission's confirmation."""
    timeline = shown.store.timeline(id_)
    assert timeline
    told = next(m for m in timeline.messages if m.message.role is Role.CONFIRMATION)
    token = told.attempts[-1].attempt.token
    events = [
        DeliveryEvent(kind=k, at=NOW, received_at=NOW, service="customers-mail-cloud", token=token)
        for k in kinds
    ]
    shown.store.journal(events, lambda *_: ())


@pytest.mark.parametrize("streams", [True, False])
def test_receipt_moves_by_itself(browser: Browser, shown: Shown, streams: bool) -> None:
    """The page follows the events in place, by a stream or by polling, and keeps what is being typed."""
    context = context_of(browser)
    page = context.new_page()
    if not streams:
        page.route("**/events", lambda route: route.fulfill(status=503))
    page.goto(shown.receipt("accepted"))
    said = page.locator("[data-message='0'] .said")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(said).to_contain_text("Its report has not come yet.")
    page.evaluate("window.same = true")
    tell(shown, "accepted", Kind.DELIVERED)
    expect(said).to_contain_text("The recipient's mail server accepted it.", timeout=15000)
    tell(shown, "accepted", Kind.BOUNCED)
    expect(said).to_contain_text("could not be delivered", timeout=15000)
    field = page.get_by_label("Your mail address")
    expect(field).to_be_visible()
    field.fill("hanako@exam")
    tell(shown, "accepted", Kind.COMPLAINED)
    expect(field).to_have_value("hanako@exam")
    states = page.locator("[data-message='0'] .steps li")
    assert [s.get_attribute("data-state") for s in states.all()] == ["done", "tried", "failed"]
    assert page.evaluate("window.same"), "the page was loaded anew"
    expect(page).to_have_title(
        "Your confirmation was not delivered · We have your message · Hoshino Paper"
    )
    expect(said.locator("strong")).to_have_text("Your confirmation was not delivered")
    page.get_by_role("link", name="Correct the address").click()
    expect(field).to_be_focused()
    assert look(page, "receipt-moved") == []
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_correction(browser: Browser, shown: Shown, javascript: bool) -> None:
    """The visitor corrects the address on the receipt; a wrong one is kept and explained, a right one is tried."""
    context = context_of(browser, java_script_enabled=javascript)
    page = context.new_page()
    page.goto(shown.receipt("bounced"))
    field = page.get_by_label("Your mail address")
    field.fill("hanako@localhost")
    page.get_by_role("button", name="Try this address").click()
    for place in (page.get_by_role("alert"), page.locator("#address-error")):
        expect(place).to_contain_text("This is not a mail address.")
    expect(field).to_have_value("hanako@localhost")
    expect(page).to_have_title(re.compile("^Please check the address · Your confirmation was not"))
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    if javascript:  # axe itself needs it
        assert look(page, "receipt-wrong-address") == []
    field.fill("hanako@example.com")
    page.get_by_role("button", name="Try this address").click()
    expect(page.locator("[data-message='0'] .said")).to_contain_text("It is stored here")
    expect(page.locator("[data-message='0']")).to_contain_text("h•••@example.com")
    assert page.url == shown.receipt("bounced")
    assert shown.hints == ["hint"]
    context.close()


def correct_to(page: Page, address: str) -> None:
    """Correct the address on the receipt before us."""
    page.get_by_label("Your mail address").fill(address)
    page.get_by_role("button", name="Try this address").click()


def fail_again(shown: Shown, id_: str) -> None:
    """Hand over what is due of a submission, and let it come back."""
    [claim] = shown.store.claim(
        now=NOW,
        lease_until=NOW + timedelta(minutes=5),
        limit=1,
        service="customers-mail-cloud",
        ceiling=Ceiling.DELIVERED,
        ids=[f"{id_}-confirmation"],
    )
    returned = DeliveryEvent(
        kind=Kind.BOUNCED,
        at=NOW,
        received_at=NOW,
        service="customers-mail-cloud",
        token=claim.attempt.token,
    )
    shown.store.finish([Outcome(claim=claim, events=(returned,))], lambda *_: ())


@pytest.mark.parametrize("javascript", [True, False])
def test_corrections_to_the_end(browser: Browser, shown: Shown, javascript: bool) -> None:
    """Each correction keeps what came before; after the last the receipt says what to do, and a form that was left open
    in another tab says so as well, in its title and where the focus is."""
    context = context_of(browser, width=360, java_script_enabled=javascript)
    page, other = context.new_page(), context.new_page()
    other.goto(shown.receipt("failed"))
    page.goto(shown.receipt("failed"))
    confirmation = page.locator("[data-message='0']")
    for address in ("a@one.example", "b@two.example", "c@three.example"):
        correct_to(page, address)
        expect(confirmation).to_contain_text(f"We now send to {address[0]}•••@")
        fail_again(shown, "failed")
        page.goto(shown.receipt("failed"))
    expect(confirmation.locator("[data-earlier]")).to_have_count(3)
    expect(confirmation.locator("[data-earlier]").first).to_contain_text("h•••@example.com")
    expect(confirmation.locator("[data-earlier]").last).to_contain_text("Not delivered")
    expect(page.get_by_label("Your mail address")).to_be_hidden()
    expect(confirmation).to_contain_text("contact Hoshino Paper in another way")
    expect(page.get_by_role("link", name="Back to Hoshino Paper")).to_have_attribute(
        "href", SITE_URL
    )
    page.get_by_role("link", name="What this means").click()
    expect(confirmation).to_be_in_viewport()
    if javascript:
        assert look(page, "receipt-spent") == []
    else:
        correct_to(other, "d@four.example")
        expect(other).to_have_title(re.compile("^This cannot be done · "))
        expect(other.get_by_role("alert")).to_be_focused()
        other.goto(other.url)
        expect(other).to_have_url(shown.receipt("failed"))
    context.close()


def test_a_correction_from_elsewhere_repeats_no_post(browser: Browser, shown: Shown) -> None:
    """A page that answered a wrong address sees a correction made in another tab: it shows the receipt, and what was
    typed wrong is not sent again."""
    context = context_of(browser)
    page, other = context.new_page(), context.new_page()
    posted: list[str] = []
    page.goto(shown.receipt("bounced"))
    correct_to(page, "hanako@localhost")
    expect(page.get_by_role("alert")).to_be_visible()
    page.on("request", lambda sent: posted.append(sent.url) if sent.method == "POST" else None)
    other.goto(shown.receipt("bounced"))
    correct_to(other, "hanako@example.com")
    page.bring_to_front()
    expect(page.locator("[data-earlier]")).to_have_count(1, timeout=15_000)
    expect(page).to_have_url(shown.receipt("bounced"))
    expect(page.get_by_role("alert")).to_have_count(0)
    assert posted == []
    context.close()


CONTRASTS = """() => {
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const colour = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    const icon = element.matches(".icon");
    if (!(own || icon) || !element.getClientRects().length || element.closest(".postmark")) continue;
    const ink = luminance(colour(getComputedStyle(element).color).slice(0, 3));
    const contrast = 1.05 / (ink + 0.05); // on white: backgrounds are not printed
    if (contrast < (icon ? 3 : 4.5)) low.push(`${element.className || element.tagName}: ${contrast.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_is_dark_on_white(browser: Browser, shown: Shown, scheme: Any) -> None:
    """Whatever the theme, every printed word has a contrast of 4.5 to white, each icon of 3; no control is printed."""
    context = context_of(browser, width=640, scheme=scheme)
    page = context.new_page()
    page.emulate_media(media="print", color_scheme=scheme, reduced_motion="reduce")
    for status in (*EVENTS, "smtp", "ja", LONG):
        page.goto(shown.receipt(status))
        assert page.evaluate(CONTRASTS) == [], status
        expect(page.get_by_role("button")).to_have_count(0)
        assert look(page, f"receipt-{status}-print-{scheme}") == []
    context.close()


def test_forced_colours(browser: Browser, shown: Shown) -> None:
    """With the reader's own colours axe finds nothing, and every state still has its drawing."""
    context = context_of(browser, width=640, forced_colors="active")
    page = context.new_page()
    for status in (*EVENTS, LONG):
        page.goto(shown.receipt(status))
        assert look(page, f"receipt-{status}-forced") == []
        assert all(icon.is_visible() for icon in page.locator(".steps .icon").all())
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#ffcc00", "#7a7a7a", "#101010"])
def test_any_accent_can_be_read(browser: Browser, tmp_path: Path, accent: str, scheme: str) -> None:
    """In a light, a middling and a dark colour, with the site's logo, axe and the policy find nothing."""
    logo = Logo(SVG, b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"/>')
    context = context_of(browser, width=640, scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with gallery(tmp_path, accent=accent, logo=logo) as shown:
        page.goto(shown.receipt("bounced"))
        expect(page.get_by_role("img", name="Hoshino Paper")).to_have_js_property(
            "naturalWidth", 80
        )
        wrong = look(page, f"accent-{accent[1:]}-{scheme}")
        shown.enter_desk(page)
        wrong += look(page, f"accent-desk-{accent[1:]}-{scheme}")
    context.close()
    assert wrong == []
    assert [one for one in said if "Content Security" in one] == []


SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
"""The reader's own spacing that no page may lose anything by (WCAG 2.2, 1.4.12)."""
SPACE_OUT = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
CUT = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const { overflow, clipPath, textOverflow, webkitLineClamp } = getComputedStyle(element);
  if (overflow === "visible" || clipPath !== "none" || element.closest("svg, pre")) return false;
  if (textOverflow === "ellipsis" || webkitLineClamp !== "none") return false; // an excerpt
  if (element.matches("input, select, textarea, progress, .kept")) return false; // .kept cuts its postmark
  if (element.matches(".scroll[tabindex='0']")) return false; // a table, which may be scrolled (WCAG 2.2, 1.4.10)
  return element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize(("width", "text"), [(320, "100%"), (640, "200%"), (1280, "200%")])
def test_large_text_and_wide_spacing_lose_nothing(
    browser: Browser, shown: Shown, width: int, text: str
) -> None:
    """At 400 % zoom (320 px), with text twice as large and with wide spacing, nothing is cut or too wide."""
    context = context_of(browser, width=width)
    page = context.new_page()
    wrong: list[str] = []
    shown.enter_desk(page)
    style = f"html {{ font-size: {text} !important; }} {SPACED}"
    for name, path in (OPEN_PAGES | DESK_PAGES).items():
        page.goto(shown.url + path)
        page.evaluate(SPACE_OUT, style)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{name}: {wide} px too wide"] if wide > 0 else []
        wrong += [f"{name}: {cut} is cut" for cut in page.evaluate(CUT)]
    context.close()
    assert wrong == []


BROKEN = """() => {
  const broken = [];
  const range = document.createRange();
  const walk = document.createTreeWalker(document.getElementById("receipt"), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.parentElement.closest(".reference, .unseen, svg, [hidden]")) continue;
    for (const word of node.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top)));
      if (lines.size > 1) broken.push(word[0]);
    }
  }
  return broken;
}"""


@pytest.mark.parametrize("javascript", [True, False])
def test_words_are_not_broken(browser: Browser, shown: Shown, javascript: bool) -> None:
    """At no width does a word break inside; an address breaks after its @ and before its dots."""
    context = context_of(browser, java_script_enabled=javascript)
    page = context.new_page()
    for width in (320, 360, 412, 600, 608, 620, 640, 800, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for status in (LONG, "bounced", "accepted", "smtp"):
            page.goto(shown.receipt(status))
            assert page.evaluate(BROKEN) == [], (width, status)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    tell(shown, "smtp", Kind.BOUNCED)
    context.close()


def test_the_reference_can_be_copied(browser: Browser, shown: Shown) -> None:
    """By keyboard: the button copies the whole reference and says so; without JavaScript there is no such button."""
    context = context_of(browser, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(shown.receipt(LONG))
    expect(page.locator(".number")).to_have_text(LONG[-6:])
    page.get_by_role("button", name="Copy the reference").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=copied]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == LONG
    context.close()
    context = context_of(browser, java_script_enabled=False)
    page = context.new_page()
    page.goto(shown.receipt(LONG))
    expect(page.get_by_role("button", name="Copy the reference")).to_be_hidden()
    expect(page.locator(".reference")).to_have_css("user-select", "all")
    context.close()


def test_japanese_pages_have_no_stray_blanks(browser: Browser, shown: Shown) -> None:
    """On the receipt, the desk and the form's page no blank stands beside full-width punctuation."""
    context = context_of(browser, locale="ja-JP", java_script_enabled=False)
    page = context.new_page()
    for status in EVENTS:
        timeline = shown.store.timeline(status)
        assert timeline
        told = [m for m in timeline.messages if m.message.role is not Role.ALERT]
        fill(shown.store, in_japanese(timeline.submission.id, told))
    paths = [f"/s/{token_of(f'{status}-ja')}" for status in EVENTS]
    shown.enter_desk(page, "受付一覧", "開く")
    paths += ["/desk", "/desk/bounced", "/desk/unknown", "/desk/suppressions", "/desk/orphans"]
    for path in [*paths, "/answers?wrong=1&language=ja", "/s/nobody"]:
        page.goto(shown.url + path)
        text = page.locator("body").inner_text()
        assert not re.findall(
            "[。、：；（）「」]\u0020(?!·).{6}|.{5}[^·]\u0020[。、：；（）「」]", text
        ), path
    context.close()


def test_desk_resends(browser: Browser, shown: Shown) -> None:
    """A manager enters by a link, finds the failing submission, has the mail tried again, and leaves."""
    context = context_of(browser)
    page = context.new_page()
    shown.enter_desk(page)
    page.get_by_text("Filters").click()
    page.get_by_label("Status of a mail").select_option("rejected")
    page.get_by_role("button", name="Show").click()
    page.locator('a[href^="/desk/rejected"]').click()
    expect(page.locator(".said").first).to_contain_text("Refused by the mail service")
    page.get_by_role("button", name="Send it again Confirmation").click()
    expect(page.get_by_role("status")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("handed over again in a moment")
    expect(page.locator(".said").first).to_contain_text("It is stored here")
    assert shown.hints == ["hint"]
    with page.expect_download() as saving:
        page.get_by_role("link", name="wall.jpg").click()
    assert saving.value.suggested_filename == "wall.jpg"
    page.get_by_role("button", name="Leave the desk").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You have left the desk")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter the desk")
    context.close()


def test_answers_page_leads_to_the_fault(browser: Browser, shown: Shown) -> None:
    """Without JavaScript the error summary has the focus, and its links put the focus on the wrong control."""
    context = context_of(browser, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shown.url}/answers?wrong=1")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Message").click()
    page.keyboard.type("! ")
    expect(page.get_by_label("Message")).to_have_value(f"! {ANSWERS[3].value}")
    context.close()


def test_hostile_text_does_nothing(browser: Browser, shown: Shown) -> None:
    """Markup in every stored text runs nothing and loads nothing, on the desk and on the form page."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>'\"><svg onload=alert(3)>"
    hit: list[str] = []
    evil = make_timeline(
        make_message("bounced", submission_id="evil", diagnostic=hostile),
        id_="evil",
        visitor=Address(hostile),
        entries=(*ANSWERS[1:], Entry("name", hostile)),
    )
    fill(shown.store, evil)
    one = Remark(id="evil", by=hostile, at=NOW, text=hostile)
    shown.store.take_care("evil", lambda care: care.remark(one).assign(hostile))
    context = context_of(browser)
    page = context.new_page()
    page.on("dialog", lambda dialog: (hit.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda asked: hit.append(asked.url) if asked.url.endswith("/x") else None)
    shown.enter_desk(page)
    page.goto(f"{shown.url}/desk/evil")
    expect(page.get_by_role("heading", level=1)).to_have_text(hostile)
    assert hit == []
    context.close()
