"""Every page by keyboard alone: Tab comes to each control, in the order in which they stand, and can be seen there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from support.web.gallery import (
    DESK_PAGES,
    OPEN_PAGES,
    Shown,
    context_of,
    gallery,
)

pytestmark = pytest.mark.acceptance

NAME = """const name = (e) => `${e.tagName.toLowerCase()}#${[...document.querySelectorAll("*")].indexOf(e)} `
  + (e.textContent.trim() || e.getAttribute("aria-label") || e.name || "").slice(0, 30);"""
CONTROLS = (
    """() => {"""
    + NAME
    + """
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex='0']");
  const isFirst = (e) => e.type !== "radio"
    || e === (document.querySelector(`[name="${e.name}"]:checked`) ?? document.querySelector(`[name="${e.name}"]`));
  return [...all].filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.type !== "hidden"
    && e.tabIndex >= 0 && isFirst(e)).map(name);
}"""
)
"""What Tab has to come to. Of radio buttons it is one of a group; the arrows reach the others."""
HERE = (
    """() => {"""
    + NAME
    + """
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const isRing = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const isMarked = [e, e.closest("label"), e.closest("li")].some((one) => one
    && (isRing(getComputedStyle(one)) || isRing(getComputedStyle(one, "::after"))));
  const isOnTop = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top && (e.contains(top) || top.contains(e));
  };
  const isSeen = [...e.getClientRects()].some(({ left, top, width, height }) => [0.1, 0.5, 0.9].some(
    (part) => isOnTop(left + width / 2, top + height * part)));
  return { name: name(e), isMarked, isSeen };
}"""
)
"""Where the focus is: is it marked there, and does nothing lie over it."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The pages, served over real HTTP."""
    with gallery(tmp_path_factory.mktemp("gallery")) as served:
        yield served


def walk(page: Page) -> list[str]:
    """What is wrong on a way by Tab through the page before us, from its beginning to beyond its end."""
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); scrollTo(0, 0)")
    wanted = page.evaluate(CONTROLS)
    came: list[str] = []
    wrong: list[str] = []
    for _ in range(len(wanted) + 20):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None or (len(came) == len(wanted) and here["name"] == came[0]):
            break  # out of the page; without a window around it that may be its beginning
        if came and here["name"] == came[-1]:
            continue  # a date has three parts and a picker
        came.append(here["name"])
        wrong += [f"no mark at {here['name']}"] if not here["isMarked"] else []
        wrong += [f"not to be seen: {here['name']}"] if not here["isSeen"] else []
    if came != wanted:
        at = next(
            (n for n, (a, b) in enumerate(zip(came, wanted, strict=False)) if a != b),
            min(len(came), len(wanted)),
        )
        wrong.append(f"after {at} controls: {came[at : at + 2]} and not {wanted[at : at + 2]}")
    return wrong


@pytest.mark.parametrize("width", [360, 1280])
def test_tab_leads_through_every_page(browser: Browser, shown: Shown, width: int) -> None:
    """To each control, in order, seen and marked, and out again at the end; on the desk, too."""
    context = context_of(browser, width=width)
    page = context.new_page()
    wrong: list[str] = []
    for name, path in OPEN_PAGES.items():
        page.goto(shown.url + path)
        wrong += [f"{name}: {found}" for found in walk(page)]
    shown.enter_desk(page)
    for name, path in DESK_PAGES.items():
        page.goto(shown.url + path)
        wrong += [f"{name}: {found}" for found in walk(page)]
    context.close()
    assert wrong == []
