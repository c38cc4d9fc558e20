"""The walk, with real parts: a page on another origin, Chromium, `todoke serve`, and a real Postfix on loopback.

Postfix takes, refuses (550), defers (451) or keeps silent for chosen addresses; the receipt page shows each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.mail.postfix import DOMAIN, Postfix, postfix
from support.run.serving import Served, Sink, eventually, free_port, serve
from support.web.browsing import static_site

pytestmark = pytest.mark.acceptance

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Write to us</title></head><body>
<h1>Write to us</h1>
<form action="{door}/f/contact" method="post">
<label>Name <input name="name" required maxlength="40"></label>
<label>E-mail <input name="email" type="email" required></label>
<label>Message <textarea name="message" required></textarea></label>
<button>Submit</button></form></body></html>"""

CONFIGURATION = """
[site]
name = "Hoshino Paper"
url = "{site}/"
door_url = "{door}"
origins = ["{site}"]

[mail]
service = "smtp"
from = "Hoshino Paper <desk@shop.test>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
timeout = "3s"

[forms.contact]
page = "site/contact.html"
managers = ["manager@{domain}"]
"""


@pytest.fixture(scope="module")
def mail_server() -> Iterator[Postfix]:
    """One Postfix for all walks."""
    with postfix() as server:
        yield server


@contextlib.contextmanager
def shop(folder: Path, mail_port: int) -> Iterator[tuple[str, Served]]:
    """A static site with a contact form, and a todoke of its own on another origin."""
    (folder / "site").mkdir()
    port = free_port()
    door = f"http://127.0.0.1:{port}"
    (folder / "site" / "contact.html").write_text(PAGE.format(door=door))
    with static_site(folder / "site") as site:
        text = CONFIGURATION.format(site=site, door=door, port=mail_port, domain=DOMAIN)
        with serve(folder, text, port=port) as served:
            yield site, served


@pytest.fixture(scope="module")
def walk(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Postfix
) -> Iterator[tuple[str, Served]]:
    """The shop, with the real Postfix to hand mails to."""
    with shop(tmp_path_factory.mktemp("walk"), mail_server.port) as found:
        yield found


def fill(page: Page, site: str, address: str, *, name: str = "Aoi") -> None:
    """Fill the form on the static page, as a visitor does, and submit it."""
    page.goto(f"{site}/contact.html")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Message").fill("Do you have washi paper in A3?")
    page.get_by_role("button", name="Submit").click()


def confirmation(page: Page) -> object:
    """The part of the receipt that tells of the visitor's own mail."""
    return page.locator("li, article, section").filter(has_text="Confirmation to you").last


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("aoi", "Handed over"),
        ("nobody", "Not delivered"),
        ("full", "Not delivered"),
        ("busy", "Delayed"),
        ("tarpit", "Delayed"),
    ],
)
def test_the_receipt_shows_what_became_of_each_mail(walk, browser, name, label):
    """Taken, refused, deferred and silent: the page moves to the truth by itself and never claims a delivery."""
    site, served = walk
    page = browser.new_page()
    fill(page, site, f"{name}@{DOMAIN}")
    page.wait_for_url(f"{served.url}/s/*")
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    expect(confirmation(page)).to_contain_text(label, timeout=30_000)
    expect(page.locator("main")).not_to_contain_text(f"{name}@{DOMAIN}")
    expect(page.locator("main")).not_to_contain_text("Accepted by the mail server")
    page.close()


def test_both_mails_lie_in_the_maildir_and_speak_as_they_should(walk, browser, mail_server):
    """The visitor's holds none of their words; the manager's holds the answers and answers to the visitor."""
    site, served = walk
    page = browser.new_page()
    fill(page, site, f"hanako@{DOMAIN}", name="Hanako Sato")
    page.wait_for_url(f"{served.url}/s/*")
    page.close()
    (mail,) = mail_server.mails(f"hanako@{DOMAIN}")
    assert mail["From"] == "Hoshino Paper <desk@shop.test>"
    assert mail["Auto-Submitted"] == "auto-replied"
    text = mail.get_body(("plain",)).get_content()
    assert "washi" not in text
    assert "Hanako" not in text

    def notifications() -> list[EmailMessage]:
        mails = mail_server.mails(f"manager@{DOMAIN}")
        return [m for m in mails if "Hanako Sato" in m.get_body(("plain",)).get_content()]

    eventually(notifications, seconds=20, what="the manager's mail")
    found = notifications()
    assert [m["Reply-To"] for m in found] == [f"hanako@{DOMAIN}"]
    assert "washi paper in A3" in found[0].get_body(("plain",)).get_content()


def test_a_mistyped_address_is_corrected_on_the_receipt_and_the_mail_arrives(
    walk, browser, mail_server
):
    """The visitor sees that it failed, corrects it there, and the mail goes to the right address."""
    site, served = walk
    page = browser.new_page()
    fill(page, site, f"nobody@{DOMAIN}", name="Corrector")
    page.wait_for_url(f"{served.url}/s/*")
    expect(confirmation(page)).to_contain_text("Not delivered", timeout=30_000)
    page.get_by_label("Your mail address").fill(f"corrected@{DOMAIN}")
    page.get_by_role("button", name="Try this address").click()
    expect(confirmation(page)).to_contain_text("Handed over", timeout=30_000)
    page.close()
    assert mail_server.mails(f"corrected@{DOMAIN}")


def test_without_javascript_errors_are_shown_and_what_was_typed_is_kept(walk, browser):
    """The server holds the page's own rules: each broken one is named, and nothing has to be typed again."""
    site, served = walk
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/contact.html")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_label("Name").fill("N" * 40)
    page.get_by_label("E-mail").fill("not an address")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{served.url}/f/contact")
    expect(page.locator("[name=name]")).to_have_value("N" * 40)
    expect(page.locator("[name=email]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=message]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=email]").fill(f"retyped@{DOMAIN}")
    page.locator("[name=message]").fill("Now it is right.")
    page.locator("main form button").click()
    page.wait_for_url(f"{served.url}/s/*")
    expect(page.get_by_role("heading", name="We have your message")).to_be_visible()
    page.context.close()


def test_a_script_on_the_page_s_origin_gets_json_and_a_stranger_s_origin_a_readable_refusal(
    walk, browser
):
    """fetch() from the site reads the answer, errors included; another origin reads why it was refused."""
    site, served = walk
    page = browser.new_page()
    page.goto(f"{site}/contact.html")
    post = """([url, body]) => fetch(url, {method: 'POST', body: new URLSearchParams(body),
        headers: {'Accept': 'application/json', 'Idempotency-Key': 'k1'}})
        .then(async r => [r.status, await r.json()])"""
    good = {"name": "A", "email": f"script@{DOMAIN}", "message": "hello"}
    status, answer = page.evaluate(post, [f"{served.url}/f/contact", good])
    assert (status, answer["ok"]) == (200, True)
    again = page.evaluate(post, [f"{served.url}/f/contact", good])
    assert again == [200, answer]
    status, answer = page.evaluate(post, [f"{served.url}/f/contact", {"name": "A"}])
    assert status == 422
    assert {e["field"] for e in answer["errors"]} == {"email", "message"}
    page.goto(site.replace("127.0.0.1", "localhost") + "/contact.html")
    status, answer = page.evaluate(post, [f"{served.url}/f/contact", good])
    assert (status, answer["code"]) == (403, "origin_refused")
    page.close()


def test_a_lost_answer_reads_unknown_and_the_visitor_is_not_mailed_twice(tmp_path, browser):
    """The server took the mail and the connection broke: the page says that nobody knows, and nothing is repeated."""
    visitor = "aoi@example.net"
    sink = Sink(lambda stage, to: "drop" if (stage, to) == ("data", visitor) else "")
    with shop(tmp_path, sink.port) as (site, served):
        page = browser.new_page()
        fill(page, site, visitor)
        page.wait_for_url(f"{served.url}/s/*")
        expect(confirmation(page)).to_contain_text("Not known", timeout=30_000)
        assert len(sink.to(visitor)) == 1
        page.close()
    sink.close()
