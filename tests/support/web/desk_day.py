"""What happens at the desk in its stories, wherever it is kept: a manager's day, and what others get to see."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import urllib3
from playwright.sync_api import Browser, Download, expect

from support.web.desk_routes import FIELDS, ROUTES, path_of
from support.web.desk_story import (
    MISTYPED,
    OFFICE,
    PERSONNEL,
    YAMADAS,
    Place,
    Visitor,
    mailto,
)
from todoke.model.address import Address

STRANGER = Address("eve@example.com")
ARRIVED = "Accepted by the mail server"


def tell_a_day(browser: Browser, place: Place, language: str, folder: Path) -> None:
    """From the link in the mail to leaving: nothing of it needs a shell."""
    office, yamada = Visitor(browser, place, language), YAMADAS[language]
    page, id_ = office.page, place.found[language]

    office.enter(OFFICE)
    office.look("list")
    expect(page.locator("#total")).to_contain_text(place.total)
    assert yamada.name not in page.locator(".inbox").inner_text(), "it is further back"

    office.follow("Attention")
    office.heading("Needs attention")
    cause = page.locator(".causes li").filter(has_text=MISTYPED)
    expect(cause).to_contain_text(office.say("There is no mail server for this domain."))
    office.look("attention")
    cause.get_by_role("link", name=office.say("Show them")).click()
    expect(page.locator(".inbox").get_by_role("link", name=yamada.name)).to_be_visible()
    office.look("attention-list")

    office.follow("Submissions")
    pages = list(office.search("山田"))
    assert sorted(chain.from_iterable(pages)) == sorted(y.name for y in YAMADAS.values())
    assert len(pages) > 1 or not place.looks_back
    while yamada.name not in pages.pop():
        page.go_back()
    office.look("found")
    page.get_by_role("link", name=yamada.name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(yamada.name)
    confirmation = page.locator("section.message").first
    expect(confirmation.locator(".said")).to_contain_text(office.say("Bounced"))
    confirmation.locator("summary").first.click()
    expect(confirmation).to_contain_text("550 5.1.2 host unknown")
    office.look("returned")

    confirmation.get_by_role("link", name=office.say("Send it to another address …")).click()
    page.get_by_label(office.say("Mail address")).fill(str(yamada.right))
    office.look("address")
    office.press("Send it there")
    office.said("The confirmation goes to the new address in a moment.")
    office.reload_until(
        lambda: office.say(ARRIVED) in confirmation.locator(".said").inner_text(),
        what="the delivery to the new address",
    )
    expect(confirmation.locator(".to")).to_contain_text(str(yamada.right))
    first, second = confirmation.locator("h3").all_text_contents()
    assert office.say("Attempt") in second
    assert str(yamada.address) in first
    assert len(place.mails(str(yamada.right))) == 1
    assert place.mails(str(yamada.address)) == []

    to, written = mailto(str(page.locator("a[href^='mailto:']").get_attribute("href")))
    assert to == str(yamada.right)
    assert written["subject"].startswith("Re: ")
    assert id_[-6:] in written["subject"]
    assert written["In-Reply-To"].startswith("<")

    page.get_by_label(office.say("New note")).fill("電話で確認: 正しい宛先")
    office.press("Save the note")
    office.said("The note is saved.")
    page.get_by_label(office.say("Who takes it on"), exact=True).select_option(str(OFFICE))
    office.press("Assign")
    office.said("Assigned.")
    office.press("Mark as done")
    office.said("Marked as done.")
    office.look("done")

    office.follow("Back to the list")
    names = {y.name for y in YAMADAS.values()}
    if place.looks_back:
        # To look through all would take the emulator too long; an address has a key.
        names = {yamada.name}
        assert [p for p in office.search(str(yamada.address)) if p] == [[yamada.name]]
    office.follow("Export …")
    office.look("export")
    table = _saved(office, "CSV", folder)
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert {row["name"] for row in rows} == names
    [own] = [row for row in rows if row["id"] == id_]
    assert (own["visitor"], own["assignee"]) == (str(yamada.address), str(OFFICE))
    assert own["confirmation"] == "delivered"
    assert own["done_at"]
    sheet = openpyxl.load_workbook(_saved(office, "XLSX", folder))["todoke"]
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows()] == [
        *([*rows[0]], *(list(row.values()) for row in rows))
    ]
    lines = _saved(office, "JSON", folder).read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in rows]
    assert zipfile.is_zipfile(_saved(office, "ZIP", folder))

    office.press("Leave the desk")
    office.heading("You have left the desk")
    office.look("left")
    office.goto(f"/desk/{id_}")
    office.heading("Enter the desk")
    office.context.close()
    assert office.wrong == []


def tell_of_others(browser: Browser, place: Place, language: str) -> None:
    """A stranger is told the same and gets no mail; who looks after another form sees and changes nothing."""
    id_, name = place.found[language], YAMADAS[language].name
    paths = (
        f"/desk/{id_}",
        f"/desk/{id_}/json",
        f"/desk/{id_}/files",
        f"/desk/{id_}/erase",
        f"/desk/{id_}/messages/{id_}-1/resend",
        f"/desk/{id_}/messages/{id_}-1/address",
    )
    stranger = Visitor(browser, place, language, width=360)
    stranger.ask(STRANGER)
    stranger.look("asked")
    for path in (*paths, "/desk/attention", "/desk/export", "/desk/trail"):
        stranger.goto(path)
        stranger.heading("Enter the desk")

    other = Visitor(browser, place, language, width=360)
    other.enter(PERSONNEL)
    other.look("empty")
    expect(other.page.locator(".inbox")).to_have_count(0)
    token = other.page.locator("input[name=token]").first.get_attribute("value") or ""
    assert not list(chain.from_iterable(other.search("山田")))
    for path in (*paths, "/desk/trail", "/desk/suppressions"):
        assert other.goto(path) == 404, path
        expect(other.page.locator("body")).not_to_contain_text(name)
    other.look("not-theirs")
    for path, fields in (
        (f"/desk/{id_}/care", "&do=open"),
        (f"/desk/{id_}/remarks", "&text=x"),
        (f"/desk/{id_}/erase", "&what=one"),
        (f"/desk/{id_}/messages/{id_}-1/resend", ""),
        (f"/desk/{id_}/messages/{id_}-1/address", f"&address={STRANGER}"),
    ):
        status, _ = _answer(place, "POST", path, _cookies(other), f"token={token}{fields}")
        assert status == 404, path
    # Of all forms a table on AWS would be looked through from end to end, twice, for what a mail told them of.
    other.goto("/desk/export?form=work" if place.aws else "/desk/export")
    saved = _saved(other, "CSV", place.folder)
    assert len(saved.read_text("utf-8-sig").splitlines()) == 1, "a heading alone"
    assert place.mails(str(STRANGER)) == []
    for one in (stranger, other):
        one.context.close()
        assert one.wrong == []


def try_each_route(browser: Browser, place: Place) -> None:
    """By the table of all routes; another's submission is answered like one that is not there."""
    id_ = place.found["en"]
    nobodys = id_[:-1] + ("0" if id_[-1] != "0" else "2")
    other = Visitor(browser, place, "en")
    other.enter(PERSONNEL)
    token = other.page.locator("input[name=token]").first.get_attribute("value") or ""
    theirs = _cookies(other)
    for name, people in ROUTES.items():
        method, fields = name.partition(" ")[0], f"token={token}{FIELDS.get(name, '')}"
        fields += "&list-form=work" * (name == "POST /desk/export")
        path, like = (path_of(name, one, message=f"{one}-1", file=0) for one in (id_, nobodys))
        status, text = _answer(place, method, path, "todoke-desk=" + "a" * 48, fields)
        assert status == 403, name
        assert "山田" not in text
        status, text = _answer(place, method, path, theirs, fields)
        is_in = "other" in people.split()
        assert status in ({200, 303} if is_in else {404}), (name, status)
        assert "山田" not in text
        if "{id}" in name:
            assert (status, text) == _answer(place, method, like, theirs, fields), name
    other.context.close()


def _saved(office: Visitor, kind: str, folder: Path) -> Path:
    """The file that a button of the export's page gives."""
    label = office.say("Save as %(format)s").replace("%(format)s", kind)
    with office.page.expect_download() as saving:
        office.page.get_by_role("button", name=label).click()
    download: Download = saving.value
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def _cookies(visitor: Visitor) -> str:
    """What their browser would send."""
    return "; ".join(f"{c['name']}={c['value']}" for c in visitor.context.cookies())


def _answer(
    place: Place, method: str, path: str, cookies: str, fields: str = ""
) -> tuple[int, str]:
    """What is answered to somebody with these cookies, at the very path; of a name below localhost only browsers know
    that it is this machine."""
    host = urlsplit(place.url)
    headers = {"host": host.netloc, "cookie": cookies, "accept-language": "en"}
    if method == "POST":
        headers |= {"origin": place.url, "content-type": "application/x-www-form-urlencoded"}
    told = urllib3.request(
        method,
        f"http://127.0.0.1:{host.port}{path}",
        body=fields,
        headers=headers,
        redirect=False,
        timeout=place.seconds,
    )
    return told.status, told.data.decode("utf-8", "replace")
