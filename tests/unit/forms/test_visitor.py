"""Who wrote and what, found by the form's schema."""

from __future__ import annotations

import pytest

from todoke.forms.page.page import read_page
from todoke.forms.visitor import Said, read_said
from todoke.model.form import Field, Form
from todoke.model.submission import Entry


def said(fields: tuple[Field, ...] | None, **answers: str) -> Said:
    """What is found among these answers."""
    entries = tuple(Entry(name, value) for name, value in answers.items())
    return read_said(Form(name="f", fields=fields), entries)


def test_tokens_of_a_page_come_first() -> None:
    """Autofill tokens say what a field is, whatever it is called."""
    page = read_page(
        '<form><input name="name" placeholder="Product"><input name="a" autocomplete="section-x NAME">'
        '<input name="tel"><input name="b" autocomplete="home tel"><textarea name="c"></textarea></form>'
    )
    found = said(page.fields, name="Rose", a="Aoi", tel="see below", b="03-0000-0000", c="Hello")
    assert found == Said("Aoi", "03-0000-0000", "Hello")


@pytest.mark.parametrize(
    ("field", "answer"),
    [
        (Field(name="x", label="お名前（漢字）"), ""),
        (Field(name="x", label="お名前"), "name"),
        (Field(name="x", label="Your name"), "name"),
        (Field(name="company_name", label="Company name"), ""),
        (Field(name="x", kind="tel"), "telephone"),
        (Field(name="x", label="ご連絡先電話番号"), "telephone"),
        (Field(name="hotel"), ""),
        (Field(name="x", label="お問い合わせ内容"), "message"),
        (Field(name="x", kind="textarea"), "message"),
        (Field(name="message", kind="hidden"), ""),
        (Field(name="name", kind="password"), ""),
        (Field(name="name", kind="select", options=(("v", "V"),)), ""),
    ],
)
def test_kinds_names_and_labels_tell(field: Field, answer: str) -> None:
    """Secrets, choices and hidden fields are none of them, nor is what only resembles one."""
    found = said((field,), **{field.name: "v"})
    assert found == (Said(**{answer: "v"}) if answer else Said())


def test_a_name_in_two_parts_is_joined_in_the_forms_order() -> None:
    """The family name first where the form has it first."""
    fields = (Field(name="a", label="姓"), Field(name="b", label="名"))
    assert said(fields, a="山田", b="葵").name == "山田 葵"
    assert said(None, first_name="Aoi", last_name="Sato").name == "Aoi Sato"


def test_a_form_without_fields_goes_by_names() -> None:
    """As the door takes whatever comes, so do mails."""
    found = said(None, your_name="Aoi", phone="1", message="Hi")
    assert found == Said("Aoi", "1", "Hi")
    assert said(None, name="  ", other="x") == Said()
