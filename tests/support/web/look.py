"""A page as somebody who cannot see it, or sees little of it, meets it."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page before us: axe's findings, and whatever is wider than the screen."""
    if folder := os.environ.get("TODOKE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = Axe().run(page, options=AXE).response["violations"]
    wrong = [f"{name}: {v['id']}: {[n['html'][:120] for n in v['nodes']]}" for v in found]
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [*wrong, *([f"{name}: {width} px too wide"] if width > 0 else [])]
