"""todoke below a path of the site's own domain: the whole walk in Chromium, behind a real Caddy and a real nginx."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, Response, expect

from mail_cloud_sandbox.app import build
from support.run.serving import Served, free_port, serve
from support.web.local_server import serving
from support.web.proxies import proxy

pytestmark = pytest.mark.acceptance

BASE = "/contact-api"
SECRET = "a-secret-path-of-many-letters"
CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "{site}"
door_url = "{site}{base}/"
trusted_proxies = 1

[mail]
service = "customers-mail-cloud"
from = "Hoshino Paper <desk@shop.test>"

[mail.customers_mail_cloud]
url = "{cloud}"
api_user = "desk@shop.test"

[forms.contact]
managers = ["manager@shop.test"]

[[forms.contact.fields]]
name = "email"
type = "email"
label = "E-mail"
required = true

[[forms.contact.fields]]
name = "message"
label = "Message"
required = true
"""


@pytest.fixture(
    scope="module",
    params=[("caddy", True), ("caddy", False), ("nginx", True), ("nginx", False)],
    ids=["caddy keeps it", "caddy strips it", "nginx keeps it", "nginx strips it"],
)
def below(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Served]]:
    """todoke behind a proxy that keeps or takes off the path; its mail service's webhook calls through the proxy."""
    name, kept = request.param
    folder = tmp_path_factory.mktemp(name)
    site_port, port = free_port(), free_port()
    site = f"http://127.0.0.1:{site_port}"
    hook = f"{site}{BASE}/hooks/customers-mail-cloud/{SECRET}"
    pace = {"pace_seconds": 0.0, "webhook_batch_seconds": 0.0}
    with (
        serving(build(folder / "cloud", webhook_url=hook, **pace)) as cloud,
        serve(
            folder / "todoke",
            CONFIGURATION.format(site=site, base=BASE, cloud=cloud),
            port=port,
            TODOKE_CMC_API_KEY="any",
            TODOKE_CMC_HOOK_SECRET=SECRET,
        ) as served,
        proxy(name, folder / "proxy", site_port, port, BASE, kept=kept),
    ):
        yield site, served


def watched(page: Page) -> tuple[list[str], list[str]]:
    """What the page asks for, and what it is refused, from now on."""
    asked: list[str] = []
    refused: list[str] = []

    def ask(request: Request) -> None:
        asked.append(request.url)

    def answer(response: Response) -> None:
        if response.status >= 400:
            refused.append(f"{response.status} {response.url}")

    page.on("request", ask)
    page.on("response", answer)
    return asked, refused


def test_a_visitor_finds_everything_below_the_path(page: Page, below: tuple[str, Served]) -> None:
    """The form, its faults, the receipt that follows its mails by the webhook, the correction; nothing is missing."""
    site, _ = below
    asked, refused = watched(page)
    page.goto(f"{site}{BASE}/f/contact")
    page.evaluate("document.querySelector('form').noValidate = true")
    page.get_by_label("E-mail").fill("hardbounce@example.com")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check your answers")
    page.get_by_label("Message").fill("Do you have washi paper?")
    page.get_by_role("button").click()
    page.wait_for_url(f"{site}{BASE}/s/*")
    confirmation = page.locator("section.message").filter(has_text="Confirmation to you")
    expect(confirmation.locator(".said")).to_contain_text("was not delivered", timeout=20_000)
    page.get_by_label("Your mail address").fill("aoi@example.com")
    page.get_by_role("button", name="Try this address").click()
    expect(confirmation.locator(".said")).to_contain_text(
        "accepted", ignore_case=True, timeout=20_000
    )
    page.get_by_role("link", name="Check again").click()
    expect(confirmation.locator(".said")).to_contain_text("accepted", ignore_case=True)
    assert refused == [f"422 {site}{BASE}/f/contact"]
    assert {url for url in asked if not url.startswith(f"{site}{BASE}/")} == set()
    assert any(url.endswith("/events") for url in asked)
    assert any("/static/" in url and url.endswith(".css") for url in asked)


def test_a_manager_works_at_the_desk_below_the_path(page: Page, below: tuple[str, Served]) -> None:
    """From the link of `todoke desk` to leaving, with a cookie that goes to the desk and nowhere else on the site."""
    site, served = below
    asked, refused = watched(page)
    link = next(word for word in served.command("desk").split() if word.startswith("http"))
    assert link.startswith(f"{site}{BASE}/desk/enter#code=")
    page.goto(link)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url(f"{site}{BASE}/desk")
    (cookie,) = page.context.cookies(page.url)
    assert cookie["path"] == f"{BASE}/desk"
    assert page.context.cookies(site) == []
    page.get_by_role("searchbox").fill("hardbounce@example.com")
    page.get_by_role("button", name="Search").click()
    page.locator(".inbox .who a").first.click()
    page.get_by_role("link", name="Send it again").first.click()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("status")).to_be_focused()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Unmatched reports").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Suppressed addresses").click()
    page.get_by_role("link", name="Submissions").click()
    assert refused == []
    page.get_by_role("button", name="Leave the desk").click()
    expect(page.get_by_role("heading")).to_contain_text("You have left the desk")
    assert refused == []
    page.get_by_role("link", name="Enter again").click()
    expect(page.get_by_role("heading")).to_contain_text("Enter the desk")
    assert refused == [f"403 {site}{BASE}/desk"]
    assert {url for url in asked if not url.startswith(f"{site}{BASE}/")} == set()
