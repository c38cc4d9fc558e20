"""What an empty or ill-formed control is told: by its label, in the page's own words where it has some."""

from __future__ import annotations

import pytest

from todoke.forms.constraints import FaultCode, FieldFault
from todoke.forms.fault_words import say_fault
from todoke.model.form import ControlKind, Field

EMPTY = FieldFault(code=FaultCode.VALUE_MISSING)


@pytest.mark.parametrize(
    ("label", "language", "said"),
    [
        ("Your name", "en", "Please enter your name."),
        ("Your name *", "en", "Please enter your name."),
        ("Message", "en", "Please fill in “Message”."),
        ("Order number (required):", "en", "Please fill in “Order number”."),
        ("What is it about?", "en", "Please fill in this field."),
        ("Tell us in your own words how we may be of help", "en", "Please fill in this field."),
        ("", "en", "Please fill in this field."),
        (" * ", "en", "Please fill in this field."),
        ("お名前", "ja", "「お名前」を入力してください。"),
        ("お名前（必須）", "ja", "「お名前」を入力してください。"),
        ("ご住所 ※必須", "ja", "「ご住所」を入力してください。"),
        ("Your name", "ja", "「Your name」を入力してください。"),
        ("ご用件は？", "ja", "この項目を入力してください。"),
        ("お名前", "en", "Please fill in “お名前”."),
    ],
)
def test_an_empty_control_is_named(label: str, language: str, said: str) -> None:
    """Its label without the mark that it is required; a question or a sentence names nothing."""
    assert say_fault(Field(name="x", label=label), EMPTY, language) == said


@pytest.mark.parametrize("kind", [ControlKind.CHECKBOX, ControlKind.RADIO, ControlKind.SELECT])
def test_who_must_choose_is_told_to_choose(kind: ControlKind) -> None:
    """Nothing is typed there."""
    field = Field(name="x", label="Your choice", kind=kind, options=(("a", "A"), ("b", "B")))
    assert "choose" in say_fault(field, EMPTY, "en") or "tick" in say_fault(field, EMPTY, "en")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_pattern_s_title_says_it_all(language: str) -> None:
    """The page wrote it for this."""
    fault = FieldFault(code=FaultCode.PATTERN_MISMATCH)
    field = Field(name="x", pattern="HP-[0-9]{4}", title="HP- and four digits")
    assert say_fault(field, fault, language) == "HP- and four digits"
