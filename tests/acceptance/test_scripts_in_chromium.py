"""Scripts of a site in real Chromium, before a real door elsewhere: what is stored is never told as a failure."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route

from support.places import ROOT
from support.run.serving import free_port
from support.web.browsing import static_site
from support.web.doors import OPEN_FORM, make_app
from support.web.local_server import serving
from todoke.model.form import Field, Site
from todoke.server.asgi import without_sender
from todoke.testing import MemoryStore
from todoke.walk.app import utc_now

pytestmark = pytest.mark.acceptance

SCRIPTS = ROOT / ".emulators" / "neighbours" / "node_modules"
HTMX = {
    "htmx 2": (
        "htmx2/dist/htmx.min.js",
        '{"selfRequestsOnly": false, "responseHandling": [{"code": "[24]..", "swap": true}]}',
    ),
    "htmx 4": ("htmx4/dist/htmx.min.js", '{"mode": "cors"}'),
}
HTMX_PAGE = """<!doctype html><title>Site</title>
<meta name="htmx-config" content='{config}'>
<script src="htmx.js"></script>
<form hx-post="{door}/f/strict"><input name="a" id="a"><button>Send</button></form>"""
TURBO_PAGE = """<!doctype html><title>Site</title><script src="/site/turbo.js"></script>
<form method="post" action="/f/strict"><input name="a" id="a"><button>Send</button></form>"""


@dataclass
class Stand:
    """A site and a door, each with an origin of its own; `folder` is the site's, which the door has at /site/ too."""

    site: str
    door: str
    store: MemoryStore
    folder: Path

    def stored(self) -> int:
        """How many submissions there are."""
        return len(self.store._tables.submissions)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """Everything in place; the form leads to the site's thanks."""
    store = MemoryStore()

    async def site_file(request: Request) -> Response:
        return FileResponse(tmp_path / request.path_params["name"])

    with static_site(tmp_path) as site:
        strict = replace(OPEN_FORM, name="strict", fields=(Field(name="a", required=True),))
        led = replace(OPEN_FORM, name="led", redirect=f"{site}/thanks.html")
        port = free_port()
        own = Site(name="Site", url=site, door_url=f"http://127.0.0.1:{port}", origins=(site,))
        base = make_app(OPEN_FORM, strict, led, site=own)
        app = without_sender(replace(base, store=store, clock=utc_now))
        routes = [Route("/site/{name}", site_file), Mount("/", app)]
        with serving(Starlette(routes=routes), port, lifespan="off") as door:
            yield Stand(site, door, store, tmp_path)


@pytest.mark.parametrize(
    "init",
    [
        "body: form",
        "body: new URLSearchParams({a: 1})",
        "body: '{\"a\": 1}'",
        "body: 'a=1'",
        "body: new Blob(['{\"a\": 1}'])",
        "body: form, headers: {Accept: 'text/html'}",
        "body: form, credentials: 'include'",
        "body: form, headers: {'HX-Request': 'true'}",
        "body: form, headers: {'X-Anything': '1', 'X-Requested-With': 'XMLHttpRequest'}",
        "body: form, mode: 'no-cors'",
        "body: form, redirect: 'error'",
    ],
)
@pytest.mark.parametrize("form", ["any", "led"])
def test_a_fetch_that_is_stored_is_fulfilled(
    page: Page, stand: Stand, init: str, form: str
) -> None:
    """However it is written; without cors a script may know no more than that."""
    (stand.folder / "page.html").write_text("<!doctype html><title>Site</title>")
    page.goto(f"{stand.site}/page.html")
    status = page.evaluate(
        "([url]) => { const form = new FormData(); form.set('a', '1');"
        f" return fetch(url, {{method: 'POST', {init}}}).then((answer) => answer.status) }}",
        [f"{stand.door}/f/{form}"],
    )
    assert status == (0 if "no-cors" in init else 200)
    (submission,) = stand.store._tables.submissions.values()
    assert [(entry.name, entry.value) for entry in submission.entries] == [("a", "1")]


def test_an_old_request_object_is_answered_too(page: Page, stand: Stand) -> None:
    """XMLHttpRequest, with a listener on its upload, which makes a preflight."""
    (stand.folder / "page.html").write_text("<!doctype html><title>Site</title>")
    page.goto(f"{stand.site}/page.html")
    answer = page.evaluate(
        "([url]) => new Promise((done) => { const asked = new XMLHttpRequest();"
        " asked.open('POST', url); asked.upload.onprogress = () => {};"
        " asked.onloadend = () => done([asked.status, asked.responseText]);"
        " const form = new FormData(); form.set('a', '1'); asked.send(form) })",
        [f"{stand.door}/f/led"],
    )
    assert answer[0] == 200
    assert '"ok":true' in answer[1]
    assert stand.stored() == 1


def bring(path: str, file: Path) -> None:
    """Put a script of the npm registry into the site; skip where scripts/neighbours could not bring it."""
    if not (SCRIPTS / path).is_file():
        pytest.skip("scripts/neighbours has not brought the scripts")
    shutil.copyfile(SCRIPTS / path, file)


@pytest.mark.parametrize("kind", HTMX)
def test_htmx_shows_the_fault_and_then_goes_to_the_receipt(
    page: Page, stand: Stand, kind: str
) -> None:
    """The real script, on another origin: the fault stands above what was typed, which is kept."""
    path, config = HTMX[kind]
    bring(path, stand.folder / "htmx.js")
    (stand.folder / "htmx.html").write_text(HTMX_PAGE.format(door=stand.door, config=config))
    page.goto(f"{stand.site}/htmx.html")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check your answers.")
    assert stand.stored() == 0
    page.locator("#a").fill("hello")
    page.get_by_role("button").click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert stand.stored() == 1


def test_turbo_shows_the_page_of_faults_and_then_the_receipt(page: Page, stand: Stand) -> None:
    """The real script, on the door's own origin: 422 with a page, then a redirect that it follows."""
    bring("@hotwired/turbo/dist/turbo.es2017-umd.js", stand.folder / "turbo.js")
    (stand.folder / "turbo.html").write_text(TURBO_PAGE)
    page.goto(f"{stand.door}/site/turbo.html")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check your answers")
    assert stand.stored() == 0
    page.goto(f"{stand.door}/site/turbo.html")
    page.locator("#a").fill("hello")
    page.get_by_role("button").click()
    page.wait_for_url(f"{stand.door}/s/*")
    assert stand.stored() == 1


FOLLOW = """async ([door]) => {
  const form = new FormData();
  form.set("a", "1");
  const stored = await (await fetch(`${door}/f/any`, { method: "POST", body: form })).json();
  const asked = { headers: { Accept: "application/json", traceparent: "00-1-2-01" } };
  const receipt = await (await fetch(stored.status_url, asked)).json();
  const events = new EventSource(`${stored.status_url}/events`);
  const first = await new Promise((done, fail) => Object.assign(events, { onmessage: done, onerror: fail }));
  events.close();
  return [stored.id, receipt.id, JSON.parse(first.data).id];
}"""


def test_a_page_of_the_site_follows_the_receipt(page: Page, stand: Stand) -> None:
    """With fetch, also with a field that asks for leave, and with the browser's own event source."""
    (stand.folder / "page.html").write_text("<!doctype html><title>Site</title>")
    page.goto(f"{stand.site}/page.html")
    ids = page.evaluate(FOLLOW, [stand.door])
    assert ids == [next(iter(stand.store._tables.submissions))] * 3


def test_a_page_elsewhere_reads_why_it_is_refused(page: Page, stand: Stand, tmp_path: Path) -> None:
    """Its own origin, and what todoke.toml needs: a browser alone would say no more than "Failed to fetch"."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "page.html").write_text("<!doctype html><title>Other</title>")
    with static_site(elsewhere) as origin:
        page.goto(f"{origin}/page.html")
        told = page.evaluate(
            "([url]) => fetch(url, {method: 'POST', body: 'a=1', headers: {'X-CSRF-Token': 'x'}})"
            ".then((answer) => answer.json())",
            [f"{stand.door}/f/any"],
        )
    assert (told["code"], f"origins = [..., '{origin}']" in told["error"]) == (
        "origin_refused",
        True,
    )
    assert stand.stored() == 0


def test_what_every_neighbours_script_sends_is_stored_once_and_told_so() -> None:
    """axios, jQuery, htmx, Turbo, Formspree's, a plain form and a fetch without cors, from another origin."""
    if not SCRIPTS.is_dir():
        pytest.skip("scripts/neighbours has not brought the scripts")
    command = [sys.executable, str(ROOT / "bench" / "neighbours.py"), "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    rows = re.findall(r"(?m)^(.{18}) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +\d+$", done.stdout)
    assert len(rows) == 11, done.stdout + done.stderr
    assert {row[1:] for row in rows} == {("3", "3", "0", "3", "0")}, done.stdout + done.stderr
    assert done.returncode == 0
