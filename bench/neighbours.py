"""How many submissions of each kind of script arrive once and are told as stored, from a page on another origin.

The scripts are those of `scripts/neighbours`, in headless Chromium; the door is a real `todoke serve` with its SQLite
store. Everything is on the loopback. Exits with 1 unless every submission is stored once and told as stored.

python bench/neighbours.py [SUBMISSIONS OF EACH KIND] [KIND ...]
"""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Error, async_playwright

from todoke.bench.server import HOST, TodokeServer

SCRIPTS = Path(__file__).parents[1] / ".emulators" / "neighbours" / "node_modules"
LANES = 3
"""Pages at once."""
AT_ONCE = 100
"""Submissions of a page before it says how they went."""
NOBODY_PORT = 9
WITHIN_MS = 60_000

CONFIG = """\
[site]
name = "Site"
url = "SITE"
door_url = "http://{host}:{port}"
[mail]
service = "smtp"
from = "Site <forms@site.example>"
[mail.smtp]
host = "{host}"
port = {smtp_port}
security = "none"
[forms.contact]
managers = ["manager@site.example"]
"""

HEAD = "<!doctype html><meta charset=utf-8><title>Site</title>"
FORM = """<form method=post action="DOOR/f/contact">
    <input name=n><input name=m value="hello"><button>Send</button></form>"""
NUMBER = "<script>document.querySelector('[name=n]').value = decodeURIComponent(location.search.slice(1))</script>"
HTMX = FORM.replace("method=post action", "hx-post")

NAVIGATING = {
    "plain form": FORM,
    "htmx 2": """<meta name=htmx-config content='{"selfRequestsOnly": false}'>
        <script src=lib/htmx2/dist/htmx.js></script>"""
    + HTMX,
    "htmx 4": """<meta name=htmx-config content='{"mode": "cors"}'>
        <script src=lib/htmx4/dist/htmx.js></script>"""
    + HTMX,
    "Turbo, form": "<script src=lib/@hotwired/turbo/dist/turbo.es2017-umd.js></script>" + FORM,
}
"""Pages whose form is sent by its button, and that end at the receipt."""

CALLING = {
    "axios, form": (
        "lib/axios/dist/axios.js",
        "axios.postForm(url, {n, m}).then((a) => a.data.ok)",
    ),
    "axios, JSON": ("lib/axios/dist/axios.js", "axios.post(url, {n, m}).then((a) => a.data.ok)"),
    "jQuery.ajax": (
        "lib/jquery/dist/jquery.js",
        "$.ajax({url, method: 'POST', data: {n, m}, headers: {'X-CSRF-Token': 'x'}}).then((a) => a.ok)",
    ),
    "jQuery.post": ("lib/jquery/dist/jquery.js", "$.post(url, $.param({n, m})).then(() => true)"),
    "Turbo.fetch": (
        "lib/@hotwired/turbo/dist/turbo.es2017-umd.js",
        "Turbo.fetch(url, {method: 'POST', body: form}).then((a) => a.ok)",
    ),
    "@formspree/core": (
        "",
        "formspree.submitForm('contact', form, {endpoint: door}).then((a) => a.kind === 'success')",
    ),
    "fetch, no-cors": (
        "",
        "fetch(url, {method: 'POST', mode: 'no-cors', body: form}).then((a) => a.type === 'opaque')",
    ),
}
"""A script, and the expression that sends the answers `n` and `m`, or `form`, and is true for what it calls success."""

RUN = """async ([door, numbers]) => {
  const url = `${door}/f/contact`, m = "hello", told = [];
  for (const n of numbers) {
    const form = new FormData();
    form.set("n", n);
    form.set("m", m);
    try { if (await (EXPRESSION)) told.push(n); } catch {}
  }
  return told;
}"""
FORMSPREE = """<script type=module>
  import { createClient } from "./lib/@formspree/core/dist/index.mjs";
  window.formspree = createClient();
</script>"""

Numbers = list[str]


async def navigate(browser: Browser, site: str, door: str, kind: str, numbers: Numbers) -> Numbers:
    """Send a form by its button, again and again; the numbers of those that ended at a receipt."""
    page, told = await browser.new_page(), []
    for number in numbers:
        try:
            await page.goto(f"{site}/{file_of(kind)}?{number}")
            await page.click("button")
            await page.wait_for_url(f"{door}/s/*", wait_until="domcontentloaded", timeout=WITHIN_MS)
            if "We have your message" in await page.title():
                told.append(number)
        except Error as error:
            print(f"{number}: {error.message.splitlines()[0]}", file=sys.stderr)
    await page.close()
    return told


async def call(browser: Browser, site: str, door: str, kind: str, numbers: Numbers) -> Numbers:
    """Let a script send answers, one after another; the numbers of those that it calls a success."""
    page, told = await browser.new_page(), []
    await page.goto(f"{site}/{file_of(kind)}")
    run = RUN.replace("EXPRESSION", CALLING[kind][1])
    for start in range(0, len(numbers), AT_ONCE):
        told += await page.evaluate(run, [door, numbers[start : start + AT_ONCE]])
    await page.close()
    return told


def file_of(kind: str) -> str:
    """The name of a kind's page."""
    return "".join(letter if letter.isalnum() else "-" for letter in kind) + ".html"


def write_site(folder: Path, door: str) -> None:
    """A page for each kind, beside the scripts."""
    (folder / "lib").symlink_to(SCRIPTS)
    for kind, body in NAVIGATING.items():
        (folder / file_of(kind)).write_text(HEAD + body.replace("DOOR", door) + NUMBER)
    for kind, (script, _) in CALLING.items():
        tag = f"<script src={script}></script>" if script else FORMSPREE
        (folder / file_of(kind)).write_text(HEAD + tag)


def serve_site(folder: Path) -> http.server.ThreadingHTTPServer:
    """The static site, on an origin of its own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    Quiet.extensions_map[".mjs"] = "text/javascript"  # Python knows it since 3.12
    server = http.server.ThreadingHTTPServer((HOST, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


async def send(browser: Browser, site: str, door: str, kind: str, count: int) -> Numbers:
    """Send `count` submissions of a kind; those that it told as stored."""
    way: Callable[..., Awaitable[Numbers]] = navigate if kind in NAVIGATING else call
    numbers = [f"{file_of(kind)}-{n}" for n in range(count)]
    lanes = [way(browser, site, door, kind, numbers[lane::LANES]) for lane in range(LANES)]
    return [number for part in await asyncio.gather(*lanes) for number in part]


def stored(config: Path, data: Path) -> Counter[str]:
    """How often each number is in the store, as `todoke export` tells."""
    command = [
        sys.executable,
        "-m",
        "todoke",
        "export",
        "--format",
        "json",
        "--config",
        str(config),
    ]
    environ = {**os.environ, "TODOKE_DATA": str(data)}
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout
    rows = map(json.loads, told.splitlines())
    return Counter(
        entry["value"] for row in rows for entry in row["entries"] if entry["name"] == "n"
    )


def main() -> int:
    """Print a line for each kind; 0 when all is as it should be."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    kinds = sys.argv[2:] or [*NAVIGATING, *CALLING]
    if not SCRIPTS.is_dir():
        print("The scripts are not there: run scripts/neighbours.", file=sys.stderr)
        return 2
    print(
        f"{'client':18}{'sent':>7}{'stored once':>13}{'twice':>7}{'told stored':>13}{'false':>7}{'seconds':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "site"
        pages.mkdir()
        with serve_site(pages) as site_server:
            site = f"http://{HOST}:{site_server.server_address[1]}"
            config = CONFIG.replace("SITE", site)
            with TodokeServer(Path(folder), NOBODY_PORT, config) as server:
                write_site(pages, f"http://{HOST}:{server.port}")
                is_good = asyncio.run(try_kinds(site, server, kinds, count))
            site_server.shutdown()
    return 0 if is_good else 1


async def try_kinds(site: str, server: TodokeServer, kinds: list[str], count: int) -> bool:
    """Send all kinds, one after another; True when all is as it should be."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        rows = [await try_kind(browser, site, server, kind, count) for kind in kinds]
        await browser.close()
    return all(rows)


async def try_kind(
    browser: Browser, site: str, server: TodokeServer, kind: str, count: int
) -> bool:
    """Send one kind and print its line; True when each submission was stored once, and told so."""
    began = time.perf_counter()
    told = await send(browser, site, f"http://{HOST}:{server.port}", kind, count)
    seconds = time.perf_counter() - began
    found = stored(server.config, server.data)
    mine = Counter({n: times for n, times in found.items() if n.startswith(f"{file_of(kind)}-")})
    once = sum(times == 1 for times in mine.values())
    row = (count, once, len(mine) - once, len(told), len(set(told) - set(mine)))
    print(
        f"{kind:18}{row[0]:>7}{row[1]:>13}{row[2]:>7}{row[3]:>13}{row[4]:>7}{seconds:>9.0f}",
        flush=True,
    )
    return row == (count, count, 0, count, 0)


if __name__ == "__main__":
    sys.exit(main())
