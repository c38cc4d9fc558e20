"""A working day at the desk, in real Chromium, in English and Japanese, and on the emulated AWS.

A manager asks for a link, finds 山田 among many submissions, deals with a mail that came back, exports, and leaves;
a stranger and the manager of another form get nowhere. With TODOKE_SCREENSHOTS=folder each page is kept as an image.
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Download, expect

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.emulators import Emulator, client_of
from support.aws.site import (
    HOOK_SECRET,
    PAGE,
    SECRETS,
    configuration_on_sandbox,
    door_by_path,
    put_secrets,
)
from support.aws.stack import deploy, ministack, package
from support.run.serving import free_port
from support.web.desk_story import (
    MISTYPED,
    OFFICE,
    OTHER_FORM,
    PERSONNEL,
    YAMADAS,
    Place,
    Visitor,
    fill,
    mailto,
)
from support.web.local_server import serving
from todoke.configuration import read
from todoke.model.address import Address
from todoke.server.asgi import application
from todoke.stores.dynamodb.store import DynamoStore
from todoke.walk.app import utc_now
from todoke.wiring import build

pytestmark = pytest.mark.acceptance

ON_ONE_MACHINE = 2_000
ON_AWS = 1_200
"""Filling takes ministack half a minute, and a search looks through the newest thousand before it says how far it came:
one 山田 is within them, the other is not."""
STRANGER = Address("eve@example.com")
ARRIVED = "Accepted by the mail server"


@pytest.fixture(scope="module")
def on_one_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """SQLite."""
    folder = tmp_path_factory.mktemp("office")
    door, sandbox = free_port(), free_port()
    urls = [f"http://127.0.0.1:{port}" for port in (door, sandbox)]
    text = configuration_on_sandbox(urls[1], site=urls[0]) + OTHER_FORM
    text = text.replace("[site]", f'[site]\ndoor_url = "{urls[0]}"')
    (folder / "site").mkdir()
    (folder / "site" / "contact.html").write_bytes(PAGE)
    (folder / "todoke.toml").write_text(text)
    environ = SECRETS | {"TODOKE_DATA": str(folder / "data")}
    app = build(read(folder / "todoke.toml", environ))
    found = fill(app.store, app.settings.secret, ON_ONE_MACHINE)
    hook = f"{urls[0]}/hooks/customers-mail-cloud/{HOOK_SECRET}"
    mail = build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.1)
    with serving(mail, sandbox), serving(application(app), door):
        yield Place(
            folder, urls[0], urls[1], found, f"{ON_ONE_MACHINE:,}", looks_back=False, seconds=60
        )


@pytest.fixture(scope="module")
def on_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The real template on ministack. The sender is held while the table is filled: nothing of it is due."""
    folder = tmp_path_factory.mktemp("cloud")
    port = free_port()
    sandbox = f"http://127.0.0.1:{port}"
    with ministack(folder) as aws:
        put_secrets(aws, SECRETS)
        text = configuration_on_sandbox(sandbox, site=aws.url) + OTHER_FORM
        content = package({"todoke.toml": text.encode(), "site/contact.html": PAGE})
        outputs = deploy(aws, content, RefusedPercent="0", RequestsExpected="0")
        secret = bytes.fromhex(SECRETS["TODOKE_SECRET"])
        client = client_of(Emulator(aws.url))
        store = DynamoStore(outputs["TableName"], secret=secret, clock=utc_now, client=client)
        found = fill(store, secret, ON_AWS)
        store.close()
        hook = f"{door_by_path(aws, outputs)}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        with serving(build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.1), port):
            yield Place(
                folder, outputs["DoorUrl"], sandbox, found, "99+", looks_back=True, seconds=90
            )


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The same office, wherever it is kept."""
    name = {"sqlite": "on_one_machine", "aws": "on_aws"}[request.param]
    found: Place = request.getfixturevalue(name)
    expect.set_options(timeout=found.seconds * 1_000)
    yield found
    expect.set_options(timeout=5_000)


WHEN_ASKED = [
    pytest.mark.aws,
    pytest.mark.skipif(
        not os.environ.get("TODOKE_DESK_ON_AWS"),
        reason="a minute on a quiet machine, and many where others use the emulator: `make desk-on-aws`",
    ),
]


@pytest.mark.parametrize(
    ("place", "language"),
    [("sqlite", "en"), ("sqlite", "ja"), pytest.param("aws", "en", marks=WHEN_ASKED)],
    indirect=["place"],
)
def test_a_day_of_a_manager(browser: Browser, place: Place, tmp_path: Path, language: str) -> None:
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
    table = _saved(office, "CSV", tmp_path)
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert {row["name"] for row in rows} == names
    [own] = [row for row in rows if row["id"] == id_]
    assert (own["visitor"], own["assignee"]) == (str(yamada.address), str(OFFICE))
    assert own["confirmation"] == "delivered"
    assert own["done_at"]
    sheet = openpyxl.load_workbook(_saved(office, "XLSX", tmp_path))["todoke"]
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows()] == [
        *([*rows[0]], *(list(row.values()) for row in rows))
    ]
    lines = _saved(office, "JSON", tmp_path).read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in rows]
    assert zipfile.is_zipfile(_saved(office, "ZIP", tmp_path))

    office.press("Leave the desk")
    office.heading("You have left the desk")
    office.look("left")
    office.goto(f"/desk/{id_}")
    office.heading("Enter the desk")
    office.context.close()
    assert office.wrong == []


def _saved(office: Visitor, kind: str, folder: Path) -> Path:
    """The file that a button of the export's page gives."""
    label = office.say("Save as %(format)s").replace("%(format)s", kind)
    with office.page.expect_download() as saving:
        office.page.get_by_role("button", name=label).click()
    download: Download = saving.value
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_strangers_and_the_manager_of_another_form_get_nowhere(
    browser: Browser, place: Place, language: str
) -> None:
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
    assert list(other.search("山田")) == [[]]
    for path in (*paths, "/desk/trail", "/desk/suppressions"):
        assert other.goto(path) == 404, path
        expect(other.page.locator("body")).not_to_contain_text(name)
    other.look("not-theirs")
    for path, fields in (
        (f"/desk/{id_}/care", {"do": "open"}),
        (f"/desk/{id_}/remarks", {"text": "x"}),
        (f"/desk/{id_}/erase", {"what": "submission"}),
        (f"/desk/{id_}/messages/{id_}-1/resend", {}),
        (f"/desk/{id_}/messages/{id_}-1/address", {"address": str(STRANGER)}),
    ):
        answer = other.context.request.post(
            f"{place.url}{path}", form={"token": token, **fields}, headers={"origin": place.url}
        )
        assert answer.status == 404, path
    other.goto("/desk/export")
    saved = _saved(other, "CSV", place.folder)
    assert len(saved.read_text("utf-8-sig").splitlines()) == 1, "a heading alone"
    assert place.mails(str(STRANGER)) == []
    for one in (stranger, other):
        one.context.close()
        assert one.wrong == []
