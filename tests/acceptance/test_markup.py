"""Every page and mail is valid HTML, and html-validate's rules for accessibility find nothing in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from mail_cloud_sandbox.app import build
from support.mail import sandbox_pages
from support.mail.html_mails import desk_link, html_of
from support.mail.sandboxes import HTTP
from support.web.gallery import (
    CHROMIUM,
    DESK_PAGES,
    OPEN_PAGES,
    Shown,
    chromium,
    context_of,
    disown_path,
    gallery,
)
from support.web.local_server import serving
from support.web.markup import OFF_IN_MAILS, faults_in, needs_html_validate
from support.web.stories import token_of
from todoke.model.message import Role

pytestmark = [pytest.mark.acceptance, needs_html_validate]

LANGUAGES = ("en", "ja")


def told_wrong(context: BrowserContext, shown: Shown) -> dict[str, str]:
    """Pages that only answer a post: a link asked for, a wrong correction, a note that says nothing."""
    page = context.new_page()
    page.goto(f"{shown.url}/desk/bounced")
    token = page.locator("input[name=token]").first.input_value()
    posts = {
        "desk-asked": ("/desk/ask", {"address": "eve@example.com"}),
        "disowned": (disown_path("delivered"), {}),
        "receipt-wrong": (f"/s/{token_of('bounced')}/address", {"address": "x"}),
        "desk-note-wrong": ("/desk/bounced/remarks", {"text": "", "token": token}),
        "desk-erased": ("/desk/deferred/erase", {"what": "one", "token": token}),
        "desk-code-wrong": ("/desk/enter", {"code": "AAAAA-AAAAA"}),
    }
    pages = {}
    for name, (path, form) in posts.items():
        answer = context.request.post(
            shown.url + path, form=form, headers={"sec-fetch-site": "same-origin"}
        )
        pages[name] = answer.text()
    page.close()
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_valid(tmp_path: Path, language: str) -> None:
    """Receipts in each state, forms that came back, faults, the sample site, and each page of the desk."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    (tmp_path / "pages").mkdir()
    with chromium() as browser, gallery(tmp_path) as shown:
        context = context_of(browser, locale=language)
        headers = {"accept-language": language}

        def text_of(path: str) -> str:
            return context.request.get(shown.url + path, headers=headers).text()

        pages = {name: text_of(path) for name, path in OPEN_PAGES.items()}
        words = {"en": ("Submissions", "Enter"), "ja": ("受付一覧", "開く")}[language]
        shown.enter_desk(context.new_page(), *words)
        pages |= {name: text_of(path) for name, path in DESK_PAGES.items()}
        pages |= told_wrong(context, shown)
        context.close()
    assert [name for name, text in pages.items() if "</html>" not in text] == []
    assert faults_in(tmp_path / "pages", pages) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_is_valid(tmp_path: Path, language: str) -> None:
    """But for what mail programs want otherwise."""
    mails = {role.value: html_of(role, language, "#b23a48") for role in Role}
    mails["desk-link"] = desk_link(language)
    assert faults_in(tmp_path, mails, off=OFF_IN_MAILS) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_sandbox_is_valid(tmp_path: Path, language: str) -> None:
    """With mails of all kinds, faults in force, and addresses that are blocked."""
    (tmp_path / "pages").mkdir()
    with serving(build(tmp_path / "data", pace_seconds=0)) as url:
        pages = {
            name: HTTP.request(
                "GET", url + path, headers={"accept-language": language}
            ).data.decode()
            for name, path in sandbox_pages.fill(url).items()
        }
    assert faults_in(tmp_path / "pages", pages) == []


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    """An element that may not stand there, a picture without words, a name that stands twice."""
    page = '<span><div></div></span><img src="a.png"><i id="x"></i><b id="x"></b>'
    found = " ".join(faults_in(tmp_path, {"page": page}))
    for rule in ("element-permitted-content", "wcag/h37", "no-dup-id"):
        assert rule in found
