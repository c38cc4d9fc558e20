"""What a page costs who opens it for the first time: the bytes and the requests, counted by Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from support.web.gallery import DESK_PAGES, OPEN_PAGES, chromium, context_of, gallery

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed"),
]
MOST_BYTES = 60_000
MOST_REQUESTS = 5


def cost(browser: Browser, url: str, cookies: Any = None) -> tuple[int, int]:
    """Bytes on the wire, heads included, and requests, the icon's included, with nothing in the cache."""
    context = context_of(browser, storage_state=cookies)
    page = context.new_page()
    asked: set[str] = set()
    received: list[int] = []
    session = context.new_cdp_session(page)
    session.on("Network.requestWillBeSent", lambda said: asked.add(said["requestId"]))
    session.on("Network.loadingFinished", lambda said: received.append(said["encodedDataLength"]))
    session.send("Network.enable")
    page.goto(url, wait_until="load")
    page.wait_for_timeout(300)  # what scripts ask for after it
    context.close()
    return sum(received), len(asked)


def test_no_page_is_large(tmp_path: Path) -> None:
    """Under 60 kB and in 5 requests at most, on the desk, too."""
    with chromium() as browser, gallery(tmp_path) as shown:
        context = context_of(browser)
        shown.enter_desk(context.new_page())
        cookies = context.storage_state()
        context.close()
        costs = {name: cost(browser, shown.url + path) for name, path in OPEN_PAGES.items()}
        costs |= {
            name: cost(browser, shown.url + path, cookies) for name, path in DESK_PAGES.items()
        }
    over = {n: c for n, c in costs.items() if c[0] > MOST_BYTES or c[1] > MOST_REQUESTS}
    assert over == {}
    assert all(received > 500 for received, _ in costs.values())
