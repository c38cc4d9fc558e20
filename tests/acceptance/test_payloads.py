"""Attack strings through every field and file name of the real product: what comes out of it is inert.

No answer is a 500; mails have the header fields and recipients that were meant and no others; no page, and no mail's
HTML, holds an element, attribute or link that a string brought along; Chromium runs nothing and reports nothing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import urllib3
from playwright.sync_api import Browser, Page

from support.run.serving import JSON, Served, Sink, eventually, free_port, serve
from support.web.browsing import chromium
from support.web.payloads import BUILT_IN, COLLECTIONS, collected, in_batches

pytestmark = pytest.mark.acceptance

HOSTILE = '\\"><img src=x onerror=alert(1)>{{7*7}}'
CONFIGURATION = """
[site]
name = "Site {hostile}"
url = "http://127.0.0.1:{port}/"
door_url = "http://127.0.0.1:{port}"
max_confirmations = 0
max_confirmations_of_form = 0
max_confirmations_of_site = 0
max_alerts = 0
pause_confirmations = false

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {smtp}
security = "none"

[guard]
review = false  # what is held back for review would not be mailed, and its mails are looked at here

[forms.any]
title = "Form {hostile}"
managers = ["manager@example.org"]
confirmation = {{ field = "email", include_answers = true }}

[forms.any.limits]
fields = 400
files = 200
body = "16 MB"

[[forms.any.fields]]
name = "email"
type = "email"

[[forms.any.fields]]
name = "file"
type = "file"
multiple = true

[forms.strict]
title = "Form {hostile}"
managers = ["manager@example.org"]

[[forms.strict.fields]]
name = "message"
type = "textarea"
required = true

[[forms.strict.fields]]
name = "email"
type = "email"
required = true
"""
HEADERS = {
    "visitor@example.net": [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
        "MIME-Version", "Content-Type",
    ],
    "manager@example.org": [
        "Date", "From", "To", "Reply-To", "Subject", "Message-ID", "Auto-Submitted",
        "X-Auto-Response-Suppress", "List-Id", "MIME-Version", "Content-Type",
    ],
}  # fmt: skip

FOREIGN = """() => [...document.querySelectorAll('*')].filter(e =>
  (e.localName === 'script' && !/^\\/static\\/[0-9a-f]+\\/[a-z]+\\.js$/.test(e.getAttribute('src') || ''))
  || ['iframe', 'object', 'embed', 'base', 'applet', 'frame', 'img', 'video', 'audio', 'math'].includes(e.localName)
  || (e.localName === 'meta' && /refresh/i.test(e.httpEquiv))
  || (e.localName === 'form' && new URL(e.action).host !== location.host)
  || [...e.attributes].some(a => /^on|^style$|^srcdoc$/i.test(a.name)
    || (/^(xlink:)?href$|^src$|^action$|^formaction$/.test(a.name)
      && !/^mailto:visitor@example\\.net\\?subject=[\\w.~%-]*&In-Reply-To=[\\w.~%-]*(&body=[\\w.~%-]*)?$/.test(a.value)
      && new URL(a.value, location).origin !== location.origin))
).map(e => e.outerHTML.slice(0, 200))"""
"""Elements that our own pages never have: scripts of others, frames, handlers, styles, links that leave, but for the
one that writes to the visitor, of which every other letter is encoded."""

ACTIVE = """() => [...document.querySelectorAll('*')].filter(e =>
  ['script', 'iframe', 'object', 'embed', 'base', 'form', 'input', 'img', 'svg', 'math', 'link'].includes(e.localName)
  || [...e.attributes].some(a => /^on|^srcdoc$/i.test(a.name)
    || (/^href$|^src$/.test(a.name) && !a.value.startsWith('http://127.0.0.1:')))
).map(e => e.outerHTML.slice(0, 200))"""
"""Elements that our mails never have."""


class Watched:
    """A page in Chromium, and whatever ran, was blocked, or was asked for elsewhere in it."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.page: Page = browser.new_page()
        self.found: list[str] = []
        self.page.on("dialog", lambda dialog: (self.found.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.found.append(str(error)))
        self.page.on("popup", lambda popup: self.found.append(popup.url))
        self.page.on("console", self._hear)
        self.page.on("request", lambda r: r.url.startswith(origin) or self.found.append(r.url))

    def _hear(self, message: object) -> None:
        text = str(getattr(message, "text", message))
        if "Content Security Policy" in text or "Refused to" in text:
            self.found.append(text)

    def look(self, url: str) -> None:
        """Open a page of ours, which must hold nothing foreign."""
        self.page.goto(url, wait_until="load")
        self.found += self.page.evaluate(FOREIGN)
        found, self.found = self.found, []
        assert found == [], url


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """Where all mails end up."""
    sink = Sink()
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Served]:
    """The product, its site and forms named as badly as can be."""
    port = free_port()
    text = CONFIGURATION.format(port=port, smtp=sink.port, hostile=HOSTILE)
    with serve(tmp_path_factory.mktemp("payloads"), text, port=port, TODOKE_LOG="INFO") as found:
        yield found


@pytest.fixture(scope="module")
def watched(served: Served) -> Iterator[Watched]:
    """Chromium with a session at the desk."""
    with chromium() as browser:
        watched = Watched(browser, served.url)
        link = re.search(r"http://\S+/desk/enter#code=\S+", served.command("desk"))
        assert link
        watched.look(link[0])
        watched.page.get_by_role("button", name="Enter").click()
        watched.page.wait_for_url("**/desk")
        yield watched


def strings(source: str) -> list[str]:
    """The list to send."""
    if source == "built-in":
        return list(BUILT_IN)
    if not COLLECTIONS.is_dir():
        pytest.skip("the collections of attack strings are not here (TODOKE_CORPORA)")
    return list(collected())


def send(served: Served, batch: list[str]) -> dict[str, str]:
    """Each string as a field's name and value and, some, as a file's name: the answer, as JSON."""
    fields: list[tuple[str, object]] = [("email", "visitor@example.net"), ("_next", batch[0])]
    fields += [(f"{n} {text}"[:200], text) for n, text in enumerate(batch)]
    fields += [
        ("file", (text[:300], b"<script>alert(1)</script>", "text/html")) for text in batch[:20]
    ]
    answer = urllib3.request("POST", f"{served.url}/f/any", fields=fields, headers=JSON)  # type: ignore[arg-type]
    assert answer.status == 200, answer.data
    told: dict[str, str] = answer.json()
    assert told["next"].startswith(f"{served.url}/")
    return told


@pytest.mark.parametrize("source", ["built-in", "collected"])
def test_attack_strings_come_out_inert(
    served: Served, sink: Sink, watched: Watched, source: str
) -> None:
    """Pages, mails and the export hold them as text."""
    batches = list(in_batches(strings(source)))
    taken = len(sink.mails)
    told = [send(served, batch) for batch in batches]
    eventually(lambda: len(sink.mails) == taken + 2 * len(told), seconds=120, what="all mails")
    for answer in told:
        watched.look(answer["status_url"])
        watched.look(f"{served.url}/desk/{answer['id']}")
        assert watched.page.locator("dd.typed").count() > 20
    watched.look(f"{served.url}/desk")
    for recipient, data in sink.mails[taken:]:
        head = data.partition(b"\r\n\r\n")[0].decode()
        assert re.findall(r"^([^\s:]+):", head, re.MULTILINE) == HEADERS[recipient]
    watched.page.goto("about:blank")  # without any policy: a mail program may have none
    for recipient in HEADERS:
        for mail in sink.to(recipient)[-len(told) :]:
            watched.page.set_content(mail.get_body(("html",)).get_content())  # type: ignore[union-attr]
            assert [*watched.found, *watched.page.evaluate(ACTIVE)] == []


@pytest.mark.parametrize("source", ["built-in", "collected"])
def test_faults_and_addresses_show_attack_strings_as_text(
    served: Served, watched: Watched, source: str
) -> None:
    """The page that asks to check the answers keeps them; addresses and searches that are strings find nothing."""
    texts = strings(source)
    page = watched.page
    for batch in in_batches(texts):
        body = "&".join(f"{quote(f'{n} {t}'[:200])}={quote(t)}" for n, t in enumerate(batch))
        answer = urllib3.request(
            "POST",
            f"{served.url}/f/strict",
            body=f"email={quote(batch[0])}&_next={quote(batch[-1])}&{body}",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"},
        )
        assert answer.status == 422
        policy = answer.headers["content-security-policy"]
        page.route("**/shown", lambda route: route.fulfill(
            status=200, body=answer.data, headers={  # noqa: B023 - it is gone before the next
                "content-type": "text/html; charset=utf-8", "content-security-policy": policy}))  # noqa: B023  # fmt: skip
        watched.look(f"{served.url}/shown")
        page.unroute("**/shown")
    for text in texts[:: max(1, len(texts) // 150)]:
        said = quote(text, safe="")
        for path in (f"/s/{said}", f"/f/{said}", f"/desk/{said}", f"/static/x/{said}", f"/{said}",
                     f"/desk?address={said}&form={said}&status={said}&before={said}",
                     f"/desk/enter?code={said}", f"/hooks/{said}/{said}"):  # fmt: skip
            cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())  # type: ignore[typeddict-item]
            answer = urllib3.request(
                "GET",
                served.url + path,
                headers={"Accept": "text/html", "Cookie": cookies},
                redirect=False,
            )
            assert answer.status < 500, path
    for text in texts[:: max(1, len(texts) // 40)]:
        said = quote(text, safe="")
        watched.look(f"{served.url}/desk?address={said}&before={said}")
        watched.look(f"{served.url}/desk/enter?code={said}")


def test_the_export_holds_no_formula(served: Served) -> None:
    """No cell of the CSV begins as a formula does, and each reads back as it was sent."""
    sent = send(served, list(BUILT_IN))
    rows = list(csv.reader(io.StringIO(served.command("export", "--format", "csv"))))
    assert not [cell for row in rows for cell in row if re.match(r"[=+\-@\t\r\n]", cell)]
    row = next(row for row in rows if row[0] == sent["id"])
    # In a column of its own, or beside its name in the one that all fields beyond the usual share.
    lines = [line for cell in row for line in cell.split("\n")]
    told = [line for line in lines if line.endswith("=cmd|'/C calc'!A0")]
    assert told
    assert not [line for line in told if line.startswith("=")]


def test_logs_hold_none_of_it(served: Served) -> None:
    """What visitors sent stands in no line of the log, and each line is one event."""
    canary = "canary-7f3a"
    fields = {"email": f"{canary}@example.net", canary: f"<{canary}>"}
    answer = urllib3.request("POST", f"{served.url}/f/any", fields=fields, headers=JSON)
    assert answer.status == 200
    token = answer.json()["status_url"].rpartition("/")[2]
    urllib3.request("GET", f"{served.url}/s/{token}")
    eventually(lambda: canary in served.command("show", answer.json()["id"], "--json"))
    log = served.log.read_text()
    assert canary not in log
    assert token not in log
    for line in log.splitlines():
        if line.startswith("{"):
            json.loads(line)


def test_erasing_leaves_nothing(served: Served) -> None:
    """After an erasure no file of the data holds a word of the person, in clear or in part of a mail."""
    canary = "erased-9c1d"
    fields = {"email": f"{canary}@example.net", "message": canary, canary: "x"}
    answer = urllib3.request("POST", f"{served.url}/f/any", fields=fields, headers=JSON)
    assert answer.status == 200
    shown = lambda: json.loads(served.command("show", answer.json()["id"], "--json"))  # noqa: E731
    eventually(lambda: all(m["status"] == "accepted" for m in shown()["messages"]))
    served.command("erase", "--address", f"{canary}@example.net", "--yes")
    holding = [
        p
        for p in Path(served.folder).rglob("*")
        if p.is_file() and canary.encode() in p.read_bytes()
    ]
    assert holding == []
