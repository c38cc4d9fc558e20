"""Forms of every kind, from a static site in Chromium through `todoke serve` and a real Postfix to mail and desk."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Page, expect

from support.mail.postfix import DOMAIN, Postfix, postfix
from support.run.serving import JSON, Served, eventually, free_port, post_json, serve, text_of
from support.web.browsing import static_site

pytestmark = pytest.mark.acceptance

MANAGER = f"manager@{DOMAIN}"
LEGACY = {"sjis": "shift_jis", "euc": "euc-jp", "jis": "iso-2022-jp"}
WORDS = (
    "表示ソ能―日本語のお問い合わせ"  # the second byte of 表, ソ and 能 is a backslash in Shift_JIS
)

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="{charset}"><title>{name}</title></head><body>
<form action="{door}/f/{name}" method="post" enctype="{enctype}">
<label>E-mail <input name="email" required></label>
<label>Message <textarea name="message" required></textarea></label>
{more}<button>Submit</button></form></body></html>"""
UPLOAD = '<label>Photo <input type="file" name="photo" accept="image/png" required></label>'
CHARSET = '<input type="hidden" name="_charset_">'

CONFIGURATION = """
[site]
name = "All kinds"
url = "{site}/"
door_url = "{door}"

[mail]
service = "smtp"
from = "Desk <desk@shop.test>"
templates = "templates"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"
"""
FORM = """
[forms.{name}]
page = "site/{name}.html"
managers = ["{manager}"]
retention = "{retention}"
confirmation = {{field = "email"}}
"""
LEAVE = """
[forms.leave]
page = "site/leave.html"
managers = {field = "email", directory = "people.csv"}
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@dataclass(frozen=True)
class Shop:
    """A static site with a form of each kind, and the todoke that takes them."""

    site: str
    served: Served
    mail: Postfix

    def notification(self, address: str) -> str:
        """The text of the manager's mail about this visitor's answers."""
        return str(eventually(lambda: self._notification(address), what=f"a mail about {address}"))

    def _notification(self, address: str) -> str:
        texts = map(text_of, self.mail.mails(MANAGER))
        return next((text for text in texts if f"  {address}\n" in text.replace("\r", "")), "")

    def enter_desk(self, page: Page, id_: str) -> None:
        """Open a submission's page as a manager."""
        page.goto(self.served.command("desk").strip().splitlines()[-1].split()[-1])
        page.get_by_role("button", name="Enter").click()
        page.goto(f"{self.served.url}/desk/{id_}")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop with its forms, its templates, and a Postfix."""
    folder = tmp_path_factory.mktemp("kinds")
    door_port = free_port()
    door = f"http://127.0.0.1:{door_port}"
    (folder / "site").mkdir()
    for name, charset in {**LEGACY, **dict.fromkeys(("plain", "upload", "leave"), "utf-8")}.items():
        text = PAGE.format(
            name=name,
            door=door,
            charset=charset,
            language="ja" if name in LEGACY else "en",
            enctype={"plain": "text/plain", "upload": "multipart/form-data"}.get(name, ""),
            more={"upload": UPLOAD, "plain": "", "leave": ""}.get(name, CHARSET),
        )
        (folder / "site" / f"{name}.html").write_bytes(text.encode(charset))
    for name, template in {
        "plain": "Own words, {{ number }}.",
        "upload": "{{ nothing.here }}",
    }.items():
        (folder / "templates" / name).mkdir(parents=True)
        (folder / "templates" / name / "confirmation.txt").write_text(template)
    with static_site(folder / "site") as site, postfix() as mail:
        text = CONFIGURATION.format(site=site, door=door, port=mail.port)
        for name in (*LEGACY, "plain", "upload"):
            text += FORM.format(name=name, manager=MANAGER, retention="30d")
        (folder / "people.csv").write_text(f"address,manager\naoi@{DOMAIN},{MANAGER}\n")
        with serve(folder, text + LEAVE, port=door_port) as served:
            yield Shop(site, served, mail)


def fill(page: Page, shop: Shop, form: str, address: str, message: str) -> None:
    """Fill in a form of the static site."""
    page.goto(f"{shop.site}/{form}.html")
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("Message").fill(message)


def submit(page: Page, shop: Shop) -> str:
    """Submit, and give the submission's id from the receipt."""
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{shop.served.url}/s/*")
    return page.locator(".reference").inner_text().strip()


@pytest.mark.parametrize("name", LEGACY)
def test_a_page_in_a_legacy_charset_is_read_right_on_the_desk_and_in_the_mail(shop, browser, name):
    """Shift_JIS, EUC-JP and ISO-2022-JP as Chromium sends them; what they lack comes as it sends that."""
    page = browser.new_page()
    fill(page, shop, name, f"{name}@{DOMAIN}", WORDS)
    id_ = submit(page, shop)
    shop.enter_desk(page, id_)
    expect(page.locator("main")).to_contain_text(WORDS)
    expect(page.locator("main")).not_to_contain_text("_charset_")
    page.close()
    assert WORDS in shop.notification(f"{name}@{DOMAIN}")


def test_a_text_plain_form_is_read_and_its_owner_s_template_is_what_the_visitor_gets(shop, browser):
    """Chromium's text/plain is taken apart again, and the confirmation is in the site's own words."""
    page = browser.new_page()
    fill(page, shop, "plain", f"plain@{DOMAIN}", "one\ntwo, three")
    id_ = submit(page, shop)
    page.close()
    text = shop.notification(f"plain@{DOMAIN}")
    assert "  one\n  two, three\n" in text.replace("\r", "")
    (mail,) = shop.mail.mails(f"plain@{DOMAIN}")
    assert text_of(mail).strip() == f"Own words, {id_[-6:]}."


def test_whoever_has_no_manager_is_told_so_and_may_try_again(shop, browser):
    """Where the directory has no fallback, an unknown address is a fault of its field, and nothing is kept."""
    page = browser.new_page()
    fill(page, shop, "leave", f"stranger@{DOMAIN}", "A day off")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{shop.served.url}/f/leave")
    expect(page.locator("main")).to_contain_text("This address is not in the directory")
    expect(page.locator("[name=email]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=email]").fill(f"aoi@{DOMAIN}")
    page.locator("main form button").click()
    page.wait_for_url(f"{shop.served.url}/s/*")
    page.close()
    assert "A day off" in shop.notification(f"aoi@{DOMAIN}")
    assert f"stranger@{DOMAIN}" not in shop.served.command("list", "--json")


def test_a_file_is_judged_by_its_content_kept_and_given_to_managers_alone(shop, browser, tmp_path):
    """A false picture is refused beside its field; a true one is named in the mail and downloaded at the desk."""
    (tmp_path / "false.png").write_bytes(b"<html><script>alert(1)</script></html>")
    (tmp_path / "true.png").write_bytes(PNG)
    page = browser.new_page()
    fill(page, shop, "upload", f"upload@{DOMAIN}", "A picture")
    page.get_by_label("Photo").set_input_files(tmp_path / "false.png")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"{shop.served.url}/f/upload")
    expect(page.locator("[name=photo]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=photo]")).to_have_attribute("accept", "image/png")
    expect(page.locator("[name=message]")).to_have_value("A picture")
    page.locator("[name=photo]").set_input_files(tmp_path / "true.png")
    page.locator("main form button").click()
    page.wait_for_url(f"{shop.served.url}/s/*")
    id_ = page.locator(".reference").inner_text().strip()
    expect(page.locator("main")).not_to_contain_text("true.png")
    assert "true.png (" in shop.notification(f"upload@{DOMAIN}")
    (mail,) = shop.mail.mails(f"upload@{DOMAIN}")
    assert "All kinds" in text_of(mail)  # its owner's template is broken, so ours is sent
    assert "template_failed" in shop.served.log.read_text()
    shop.enter_desk(page, id_)
    with page.expect_download() as download:
        page.get_by_role("link", name="true.png").click()
    assert download.value.suggested_filename == "true.png"
    assert Path(download.value.path()).read_bytes() == PNG
    stranger = urllib3.request("GET", download.value.url)
    assert stranger.status == 403
    assert PNG not in stranger.data
    page.close()


def test_addresses_beyond_ascii_are_mailed_and_shown(shop):
    """A domain in Unicode goes as A-labels, a local part by SMTPUTF8; the door and the receipt speak as designed."""
    http = urllib3.PoolManager()
    url = f"{shop.served.url}/f/plain"
    addresses = {"aoi@bücher.test": "aoi@xn--bcher-kva.test", f"葵@{DOMAIN}": f"葵@{DOMAIN}"}
    for address, mailbox in addresses.items():
        told = post_json(http, url, {"email": address, "message": "=1+1"})
        assert {"ok", "id", "status_url", "next", "messages"} <= set(told)
        queued = [{"role": role, "status": "queued"} for role in ("confirmation", "notification")]
        assert told["messages"] == queued
        assert len(shop.mail.raw(mailbox)) == 1
        receipt = http.request("GET", str(told["status_url"]), headers=JSON).json()
        assert {"id", "received_at", "messages"} <= set(receipt)
        for message in receipt["messages"]:
            assert {"role", "to", "status", "since", "can_correct"} <= set(message)
            assert message["to"] not in {address, mailbox, MANAGER}
    answer = http.request("POST", url, fields={"email": "x"}, headers=JSON)
    assert answer.status == 422
    for error in answer.json()["errors"]:
        assert set(error) == {"field", "code", "message"}


def test_what_is_exported_is_no_formula_and_what_is_erased_leaves_no_byte(shop, tmp_path):
    """Beside a running server: CSV that a spreadsheet does not calculate, and no trace of a visitor in any file."""
    canary = "canary-5f2e9c"
    fields = {"email": f"{canary}@{DOMAIN}", "message": f'=HYPERLINK("https://x.test/{canary}")'}
    post_json(urllib3.PoolManager(), f"{shop.served.url}/f/plain", fields)
    shop.notification(f"{canary}@{DOMAIN}")
    out = tmp_path / "out.csv"
    shop.served.command("export", "--output", str(out))
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    (row,) = (row for row in rows if canary in row["visitor"])
    assert row["message"] == "'" + fields["message"]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in {*"=+-@\t\r"} and cell]
    assert _holding(shop, canary)
    eventually(lambda: _states(shop, canary) <= {"accepted"}, what="an end of its mails")
    shop.served.command("erase", "--address", f"{canary}@{DOMAIN}", "--yes")
    assert not _holding(shop, canary)
    listed = shop.served.command("list", "--json", "--limit", "500")
    assert canary not in listed


def _states(shop: Shop, address: str) -> set[str]:
    lines = shop.served.command("list", "--json").splitlines()
    found = next(told for line in lines if address in (told := json.loads(line))["visitor"])
    return {message["status"] for message in found["messages"]}


def _holding(shop: Shop, canary: str) -> list[Path]:
    """The files of the data folder with these bytes in them, and the log."""
    files = [p for p in (shop.served.folder / "data").rglob("*") if p.is_file()]
    return [p for p in (*files, shop.served.log) if canary.encode() in p.read_bytes()]
