"""What looks suspicious, with real parts: kept with its mails, and let go at the desk or kept as spam there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Page, expect

from support.run.serving import Served, Sink, eventually, free_port, serve

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Garden"
url = "https://garden.example/"
door_url = "http://127.0.0.1:{door}"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
managers = ["office@example.org"]
"""


@pytest.fixture
def garden(tmp_path: Path) -> Iterator[tuple[Served, Sink]]:
    """A site, and the server that takes its mails."""
    sink, door = Sink(lambda *_: ""), free_port()
    with serve(tmp_path, CONFIGURATION.format(door=door, port=sink.port), port=door) as served:
        yield served, sink
    sink.close()


def post(served: Served, number: int) -> str:
    """What a program sends that fills in a trap; the id it was stored under."""
    fields = {"email": f"eve{number}@example.net", "message": "Cheap [url=x]", "_gotcha": "yes"}
    answer = urllib3.request(
        "POST", f"{served.url}/f/contact", fields=fields, headers={"Accept": "application/json"}
    )
    assert answer.status == 200
    told = answer.json()
    assert {m["status"] for m in told["messages"]} == {"in_review"}
    return str(told["id"])


def verdicts(served: Served) -> dict[str, str]:
    """What was said of each submission, by its id."""
    lines = served.command("export", "--format", "json").splitlines()
    return {one["id"]: one["care"]["verdict"] for one in map(json.loads, lines)}


def test_it_waits_until_somebody_says_what_it_is(garden: tuple[Served, Sink], page: Page) -> None:
    """No mail about it but the digest; then those of the one that is none, and never those of the others."""
    served, sink = garden
    ids = [post(served, number) for number in range(3)]
    page.goto(served.command("desk").strip().splitlines()[-1].split()[-1])
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("link", name="In review 3").click()
    page.locator(f"#r{ids[0]} a").click()
    expect(page.get_by_role("heading", name="Is this spam?")).to_be_visible()
    assert not [to for to, _ in sink.mails if "eve" in to]
    page.get_by_role("button", name="Not spam: send its mails").click()
    expect(page.get_by_role("status")).to_contain_text("It is no spam.")
    eventually(lambda: sink.to("eve0@example.net"), what="the confirmation")
    page.goto(f"{served.url}/desk?view=review")
    page.get_by_label("All on this page").check()
    page.get_by_role("button", name="Spam", exact=True).click()
    expect(page.get_by_text("Nothing waits for you to say whether it is spam.")).to_be_visible()
    assert verdicts(served) == dict(zip(ids, ["honest", "spam", "spam"], strict=True))
    assert served.command("lessons").startswith("2 marked as spam, 1 as none")
    served.command("judge", ids[1], "--not-spam")
    eventually(lambda: sink.to("eve1@example.net"), seconds=120, what="the next one")
    assert sink.to("eve2@example.net") == []
