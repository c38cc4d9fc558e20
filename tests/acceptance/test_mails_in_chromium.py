"""Our mails as a reader sees them: small and wide, by day and by night, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from support.mail.mails import CONTACT, MANAGER, NOW, VISITOR, claim, settings
from support.variants import replace
from support.web.browsing import chromium
from todoke.mail.compose import compose
from todoke.mail.desk_mail import compose_desk_link
from todoke.model.form import Confirmation, Field, Form
from todoke.model.message import Note, Role
from todoke.model.submission import Entry, File

FILE = Entry("photo", File(name="庭の写真" * 9 + ".jpg", media_type="image/jpeg", content=b"x"))
FORMS = {
    "en": replace(
        CONTACT,
        fields=(*(CONTACT.fields or ()), Field(name="tel", kind="tel", label="Telephone number")),
    ),
    "ja": Form(
        name="contact",
        title="お問い合わせ",
        page_language="ja",
        fields=(
            Field(name="name", label="お名前"),
            Field(name="tel", kind="tel", label="日中に連絡のつく電話番号（携帯電話可）"),
            Field(name="email", kind="email", label="メールアドレス"),
            Field(name="message", kind="textarea", label="お問い合わせ内容"),
        ),
    ),
}
TYPED = {
    "en": ("Alexandra Featherstonehaugh", "Good morning,\n\nas on www.example.com/washi, please. "),
    "ja": ("山田 太郎", "はじめまして。\n和紙の見本帳を三冊お送りいただくことはできますか。"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as found:
        yield found


def html_of(role: Role, language: str, accent: str) -> str:
    """A mail with all that it may have."""
    name, message = TYPED[language]
    entries = (
        Entry("name", name),
        Entry("email", VISITOR),
        Entry("tel", "+44 20 7946 0000"),
        Entry("message", message * 9),
        Entry("unknown_field_with_a_name_that_has_no_end_and_no_space", "x" * 300),
        FILE,
    )
    form = replace(
        FORMS[language], confirmation=Confirmation(include_answers=True, receipt_link=True)
    )
    usual = settings(forms={"contact": form})
    site = replace(usual.site, accent=accent, name="星野紙店" if language == "ja" else "Garden")
    made = claim(role, entries, language=language, note=Note.BOUNCED)
    return compose(made, replace(usual, site=site)).html


def desk_link(language: str) -> str:
    """The mail that lets somebody into the desk."""
    mail = compose_desk_link(
        settings(),
        MANAGER,
        code="abcd-efgh",
        url="https://door.example.org/desk/enter/abcd",
        minutes=10,
        language=language,
        now=NOW,
    )
    return mail.html


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
