"""Our mails as a reader sees them: small and wide, by day and by night, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from support.mail.html_mails import desk_link, html_of
from support.web.browsing import chromium
from todoke.model.message import Role


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as found:
        yield found


def faults(page: Page, name: str) -> list[str]:
    """What axe finds wrong, and whether the mail is wider than the screen."""
    if folder := os.environ.get("TODOKE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    found = [v["id"] for v in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the screen")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 640])
def test_every_mail_can_be_read(browser: Browser, width: int, scheme: str) -> None:
    """axe finds nothing and nothing overflows, whatever the accent; labels stand above answers on a telephone."""
    context = browser.new_context(
        viewport={"width": width, "height": 700},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=True,
    )
    page = context.new_page()
    for role in Role:
        for language, accent in (("en", "#ffd54a"), ("ja", "#b23a48"), ("en", "#000000")):
            page.set_content(html_of(role, language, accent))
            name = f"mail-{role.value}-{language}-{accent[1:]}-{width}-{scheme}"
            assert faults(page, name) == [], name
    for language in ("en", "ja"):
        page.set_content(desk_link(language))
        assert faults(page, f"mail-desk-{language}-{width}-{scheme}") == []
    page.set_content(html_of(Role.NOTIFICATION, "ja", "#b23a48"))
    label, answer = (page.locator(f".answers {tag}").first.bounding_box() for tag in ("dt", "dd"))
    assert label
    assert answer
    is_above = label["y"] + label["height"] <= answer["y"]
    assert is_above == (width == 360)
    button = page.get_by_role("link", name="管理画面で開く").bounding_box()
    assert button
    assert button["height"] >= 44
    assert page.locator("h1").bounding_box()
    top = page.locator(".lead").bounding_box()
    assert top
    assert top["y"] < 260  # the message begins on the first screen
    context.close()
