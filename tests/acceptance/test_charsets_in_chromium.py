"""Chromium judges our encodings: every sequence of bytes, and forms of pages in every encoding."""

from __future__ import annotations

import http.server
import itertools
import threading
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Page
from webencodings import LABELS

from todoke.configuration import read
from todoke.forms.page.charset import read_text
from todoke.forms.rewritten import find_rewritten, restore
from todoke.forms.validate import validate
from todoke.model.charset import Charset, find_charset
from todoke.model.form import Form, Limits
from todoke.web.door.body import parse

pytestmark = pytest.mark.acceptance

READ = sorted(set(LABELS.values()) - {"replacement"})
SENT = [name for name in READ if not name.startswith("utf-16")]
SECRET = {"TODOKE_SECRET": "ab" * 32}
ENCTYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")

CHROMIUMS_OWN = {"big5": {b"\x88\x62", b"\x88\x64", b"\x88\xa3", b"\x88\xa5"}}
"""The four that are two characters (Encoding 12.1.1): Chromium 156 shows others than the standard says."""

DECODE = """async ([label, data]) => {
  const raw = Uint8Array.from(atob(data), c => c.charCodeAt(0))
  const shown = []
  for (let at = 0; at < raw.length; at += raw[at] + 1)
    shown.push(new TextDecoder(label, {ignoreBOM: true}).decode(raw.subarray(at + 1, at + 1 + raw[at])))
  return shown
}"""


def sequences(name: str) -> Iterator[bytes]:
    """Each of one byte and each of two that does not begin with ASCII, then the longer ones of an encoding."""
    every = range(256)
    yield from (bytes((a,)) for a in every)
    yield from (bytes((a, b)) for a in range(0x80, 256) for b in every)
    if name == "euc-jp":
        yield from (bytes((0x8F, a, b)) for a in range(0xA1, 0xFF) for b in range(0xA1, 0xFF))
    elif name == "gb18030":
        rows = itertools.product((0x81, 0x84, 0x90, 0xE3), range(0x30, 0x3A), range(0x81, 0xFF, 5))
        yield from (bytes((a, b, c, d)) for a, b, c in rows for d in (0x30, 0x35, 0x39))
    elif name == "iso-2022-jp":
        pairs = [bytes((a, b)) for a in range(0x21, 0x7F) for b in range(0x21, 0x7F)]
        for state in (b"\x1b(B", b"\x1b(J", b"\x1b(I"):
            yield from (state + bytes((a,)) for a in every)
        yield from (b"\x1b$B" + pair + b"\x1b(B" for pair in pairs)
        yield from (b"\x1b$@!!\x1b(B" + bytes((a,)) for a in every)


@pytest.fixture
def blank(page: Page) -> Page:
    """A page that may run scripts."""
    page.goto("about:blank")
    return page


@pytest.mark.parametrize("name", READ)
def test_every_sequence_shows_as_in_chromium(blank: Page, name: str) -> None:
    """Decoding is the browser's for all sequences of one and two bytes, and the longer ones that an encoding has."""
    charset = Charset(name)
    whole = [s for s in sequences(name) if s not in CHROMIUMS_OWN.get(name, ())]
    data = b"".join(bytes((len(sequence),)) + sequence for sequence in whole)
    shown = blank.evaluate(DECODE, [name, b64encode(data).decode()])
    differ = [
        (sequence, theirs, charset.show(sequence))
        for sequence, theirs in zip(whole, shown, strict=True)
        if charset.show(sequence) != theirs
    ]
    assert differ == []
    read = {s: charset.decode(s) for s in whole if charset.reads(s)}
    assert {s for s, theirs in zip(whole, shown, strict=True) if "\ufffd" not in theirs} <= set(
        read
    )
    assert len(read) >= 128


def test_every_label_is_one_of_chromium(blank: Page) -> None:
    """The 228 labels name the same encodings there, and what we do not know is none there either."""
    labels = [
        *(label for label in LABELS if LABELS[label] != "replacement"),
        "cp932",
        "utf_8",
        "eucjp",
    ]
    names = """labels => labels.map(label => {
        try { return new TextDecoder(label).encoding } catch { return "" }
    })"""
    theirs = blank.evaluate(names, labels)
    ours = [found.name if (found := find_charset(label)) else "" for label in labels]
    assert dict(zip(labels, ours, strict=True)) == dict(zip(labels, theirs, strict=True))


CHOICES = (
    "10時～12時",
    "3－5人（￡￢∥）",
    "¥5,000 ‾ −1",
    "€ “quoted” – ™",
    "①㈱髙﨑",
    "𠮷野家💩",
    "ｱｲｶﾞ",
    "뷁",
    "镕䶮",
    "naïve Ê̄",
    "ўЎ \u00a0.",
    "&#65;&#x3042;",
    "a\\b~c",
)
"""Values with all that encodings treat differently: options, boxes, names of fields, and what is typed."""


def page_of(enctype: str) -> str:
    """A form with all of these, each once as an option that is chosen and once as a name."""
    boxes = "".join(
        f'<input type="checkbox" name="box" value="{escape(c)}" checked>' for c in CHOICES
    )
    names = "".join(
        f'<input type="radio" name="n {escape(c)}" value="{escape(c)}" checked>' for c in CHOICES
    )
    texts = "".join(
        f'<option selected value="{escape(c)}">{n}</option>' for n, c in enumerate(CHOICES)
    )
    return (
        f'<form method="post" action="/f/contact" enctype="{enctype}">{boxes}{names}'
        f'<select name="many" multiple>{texts}</select><textarea name="typed"></textarea>'
        '<input name="email" value="aya@example.com"><button>Send</button></form>'
    )


class Site:
    """Serves one page and keeps the last request that its form made."""

    def __init__(self) -> None:
        self.page = b""
        self.content_type = ""
        self.body = b""
        self.arrived = threading.Event()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """The page, without a charset in its header."""
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(site.page)))
                self.end_headers()
                self.wfile.write(site.page)

            def do_POST(self) -> None:
                """Keep the request."""
                site.content_type = self.headers["Content-Type"]
                site.body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()
                site.arrived.set()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A site of one page."""
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


CONFIGURATION = """
[site]
name = "Minato Garden"
url = "http://www.garden.example"
door_url = "http://127.0.0.1:8140"
[mail]
service = "smtp"
from = "Minato Garden <forms@garden.example>"
[mail.smtp]
host = "127.0.0.1"
security = "none"
[forms.contact]
page = "contact.html"
managers = ["office@garden.example"]
"""


@pytest.mark.parametrize("name", SENT)
def test_what_chromium_sends_is_what_the_page_has(
    page: Page, site: Site, tmp_path: Path, name: str
) -> None:
    """In a page of each encoding every option that is chosen and every field passes, and comes back as it was."""
    charset = Charset("windows-1252" if name == "x-user-defined" else name)
    for enctype in ENCTYPES:
        html = f'<!doctype html><meta charset="{charset.name}">{page_of(enctype)}'
        site.page = charset.encode_form(
            "".join(c if charset.as_sent(c) == c else f"&#{ord(c)};" for c in html)
        )
        form = form_of(site.page, tmp_path)
        page.goto(site.url)
        typed = " ".join(CHOICES)
        page.locator("textarea").fill(typed)
        site.arrived.clear()
        page.locator("button").click()
        assert site.arrived.wait(10)
        sent = parse(site.content_type, site.body, limits=Limits(), charset=form.charset)
        entries = restore(sent, find_rewritten(form))
        assert validate(form, entries, "en") == ()
        assert [e.value for e in entries if e.name == "box"] == list(CHOICES)
        assert [e.name for e in entries if e.name.startswith("n ")] == [f"n {c}" for c in CHOICES]
        assert [e.value for e in entries if e.name == "many"] == list(CHOICES)
        assert [e.value for e in entries if e.name == "typed"] == [charset.as_sent(typed)]
        assert all(e.raw is None for e in entries)


def form_of(page: bytes, folder: Path) -> Form:
    """The form of a page in a folder."""
    (folder / "contact.html").write_bytes(page)
    (folder / "todoke.toml").write_text(CONFIGURATION)
    return read(folder / "todoke.toml", SECRET).forms["contact"]


PAGES = {
    "<meta charset=x-sjis>": "",
    "<!-- <meta charset=euc-jp> --><meta charset=gb2312>": "",
    "<!--" + "x" * 3000 + "--><meta charset=shift_jis>": "",
    "<meta charset=utf-99><meta charset=koi8-u>": "",
    "<meta charset=us-ascii>": "",
    "<meta charset=x-user-defined>": "",
    "<meta charset=utf-16le>": "",
    '<?xml version="1.0" encoding="Shift_JIS"?><!doctype html>': "",
    """<meta content="a;charset = 'euc-kr' ;b" http-equiv=content-type>""": "",
    "<meta charset=shift_jis>": "accept-charset='nope,euc-jp;x big5'",
    "<meta charset=euc-jp>": "accept-charset=UNKNOWN",
    "<meta charset=euc-kr>": "accept-charset=utf-16",
    "<meta charset=gbk>": "accept-charset=us-ascii",
}


@pytest.mark.parametrize("head", PAGES)
def test_the_encoding_of_a_form_is_the_one_that_chromium_names(
    page: Page, site: Site, tmp_path: Path, head: str
) -> None:
    """The page's and the form's, by what Chromium says of the document and fills into `_charset_`."""
    site.page = (
        f'{head}<form method="post" action="/f/contact" {PAGES[head]}><input type="hidden" name="_charset_">'
        '<input name="email"><button>Send</button></form>'
    ).encode()
    page.goto(site.url)
    assert read_text(site.page)[1] == find_charset(page.evaluate("document.characterSet"))
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator("button").click()
    form = form_of(site.page, tmp_path)
    assert f"_charset_={form.charset}&" in (sent.value.post_data or "").lower()
