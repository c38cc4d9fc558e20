"""The receipt page of `todoke serve` moves by itself in Chromium, whatever stands between it and the browser."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Browser, Page, Route, expect

from support.run.serving import Sink, free_port, post_json, serve

pytestmark = pytest.mark.acceptance

CONFIGURATION = """
[site]
name = "Live"
url = "http://127.0.0.1:{door}/"
door_url = "http://127.0.0.1:{door}/"

[mail]
service = "smtp"
from = "Desk <desk@example.org>"

[mail.smtp]
host = "127.0.0.1"
port = {port}
security = "none"

[forms.contact]
"""


def _reset(route: Route) -> None:
    route.abort("connectionreset")


def _unavailable(route: Route) -> None:
    route.fulfill(status=503, body="")


def _hold(route: Route) -> None:
    """A proxy that collects an answer until it is whole: of an endless one the browser hears nothing."""


BETWEEN: dict[str, Callable[[Route], None] | None] = {
    "nothing": None,
    "a network that resets the stream": _reset,
    "a server without room for the stream": _unavailable,
    "a proxy that holds the stream back": _hold,
}


def test_the_receipt_moves_by_stream_by_polling_and_by_reload(
    tmp_path: Path, browser: Browser
) -> None:
    """Where the stream comes through nothing is polled; where it does not, polling; without JavaScript, a reload."""
    handed_over = threading.Event()

    def answer(stage: str, _recipient: str) -> str:
        if stage == "data":
            handed_over.wait(60)
        return ""

    sink, door = Sink(answer), free_port()
    with serve(tmp_path, CONFIGURATION.format(door=door, port=sink.port), port=door) as served:
        http = urllib3.PoolManager()
        plain = browser.new_context(java_script_enabled=False)
        pages: dict[str, Page] = {}
        polled: list[str] = []
        for name, handler in BETWEEN.items():
            pages[name] = page = browser.new_page()
            if handler:
                page.route("**/events", handler)
        pages["no JavaScript"] = plain.new_page()
        pages["nothing"].on(
            "request",
            lambda sent: polled.append(sent.url) if sent.resource_type == "fetch" else None,
        )
        for number, page in enumerate(pages.values()):
            fields = {"email": f"v{number}@example.net", "message": "hello"}
            told = post_json(http, f"{served.url}/f/contact", fields)
            page.goto(str(told["status_url"]), wait_until="domcontentloaded")
            expect(page.locator("section.message .said")).to_contain_text("Waiting")
        handed_over.set()
        for name, page in pages.items():
            if name == "no JavaScript":
                page.get_by_role("link", name="Check again").click()
            expect(page.locator("section.message .said"), name).to_contain_text(
                "Handed over", timeout=20_000
            )
        assert not polled
        plain.close()
    sink.close()
