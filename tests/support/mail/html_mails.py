"""The HTML of each mail of ours, with all that it may have."""

from __future__ import annotations

from support.mail.mails import CONTACT, MANAGER, NOW, VISITOR, claim, settings
from support.variants import replace
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
