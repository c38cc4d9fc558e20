"""Fill in a form: what a control sends untouched, what it takes, and why it may take nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from todoke.forms.constraints import nearest_allowed
from todoke.forms.fill import (
    SamplePerson,
    examples,
    fill,
    has_false_example,
    untouched,
    why_impossible,
)
from todoke.forms.page.page import read_page
from todoke.forms.validate import validate
from todoke.model.address import parse_address
from todoke.model.form import Confirmation, ControlKind, Field, Form, Managers
from todoke.model.submission import Entry

NOBODY = Form(name="f", confirmation=Confirmation(field=""))


def only(control: str) -> Field:
    (field,) = read_page(f"<form method=post>{control}</form>").fields
    return field


def is_taken(field: Field, values: tuple[str, ...]) -> bool:
    form = replace(NOBODY, fields=(field,))
    return validate(form, tuple(Entry(field.name, value) for value in values), "en") == ()


@pytest.mark.parametrize(
    ("control", "sent"),
    [
        ("<input name=x>", ("",)),
        ("<input name=x value=' a\n'>", (" a",)),
        ("<textarea name=x>\na\nb</textarea>", ("a\nb",)),
        ("<input name=x type=email value=' a@b '>", ("a@b",)),
        ("<input name=x type=number value=1e2>", ("1e2",)),
        ("<input name=x type=number value=many>", ("",)),
        ("<input name=x type=date value=2026-02-30>", ("",)),
        ("<input name=x type=datetime-local value='2026-02-03 10:00'>", ("2026-02-03T10:00",)),
        ("<input name=x type=color>", ("#000000",)),
        ("<input name=x type=color value=#ABCDEF>", ("#abcdef",)),
        ("<input name=x type=range>", ("50",)),
        ("<input name=x type=range min=10 max=5>", ("10",)),
        ("<input name=x type=range value=300>", ("100",)),
        ("<input name=x type=range min=0 max=10 step=4 value=6>", ("8",)),
        ("<input name=x type=checkbox>", ()),
        ("<input name=x type=checkbox checked>", ("on",)),
        ("<select name=x><option>a<option>b</select>", ("a",)),
        ("<input type=hidden name=x value=0><input type=checkbox name=x value=1>", ("0",)),
        ("<input name=x value=a><input name=x>", ("a", "")),
        ("<input name=x type=file>", ()),
    ],
)
def test_what_is_sent_untouched(control: str, sent: tuple[str, ...]) -> None:
    """As the page has it, in the form in which the control holds it."""
    assert untouched(only(control)) == sent


@pytest.mark.parametrize(
    "control",
    [
        "<input name=x required minlength=40 maxlength=41>",
        "<input name=x type=email required minlength=40>",
        "<input name=x type=url required minlength=60>",
        "<input name=x type=tel required minlength=20>",
        "<input name=x type=number required min=0.5 max=0.7 step=0.1>",
        "<input name=x type=number required max=-5 min=-9 step=4 value=3>",
        "<input name=x type=date required min=2020-01-02 max=2020-01-03 step=7>",
        "<input name=x type=month required max=1969-11>",
        "<input name=x type=week required min=2020-W10 step=3>",
        "<input name=x type=time required min=22:00 max=06:00>",
        "<input name=x type=datetime-local required max=1999-01-01T00:00 step=any>",
        r"<input name=x required pattern='\d{3}-\d{4}'>",
        r"<input name=x required pattern='(?=.*\d)(?=.*[a-z])(?=.*[A-Z]).{8,}' minlength=12>",
        "<input name=x required pattern='RFD[A-Z]+' title='e.g. RFDXYZ'>",
        "<input name=x type=email required pattern='.+@example[.]co[.]jp'>",
        "<input name=x type=email required multiple>",
        r"<input name=x type=url required pattern='.*\.myco\..*'>",
        r"<input name=x type=tel required pattern='^((8|\+998)[\- ]?)?(\(?\d{3}\)?[\- ]?)?[\d\- ]{7,10}$'>",
        "<input name=x required pattern='|^[a-zA-Z ñÑáéíóúüç.0-9]*$|'>",
        "<select name=x required><option value=''>-<option>b</select>",
        "<input type=checkbox name=x value=a required><input type=checkbox name=x value=b required>",
        "<input type=radio name=x value=a required><input type=radio name=x value=b>",
        "<input name=x required><input name=x required>",
    ],
)
def test_a_control_is_filled_in_as_its_rules_want(control: str) -> None:
    """With something, and without a fault."""
    field = only(control)
    values = fill(NOBODY, field, SamplePerson())
    assert values
    assert all(values)
    assert is_taken(field, values)
    assert why_impossible(field) == ""


@pytest.mark.parametrize(
    ("control", "why"),
    [
        ("<select name=x required><option value=''>-</select>", "no answer"),
        ("<select name=x required><option value='' disabled>-</select>", "no answer"),
        ("<select name=x required><option disabled>-<option value=''>None</select>", ""),
        ("<input name=x minlength=5 maxlength=3>", "5 characters, and its maxlength is 3"),
        ("<input name=x maxlength=0>", "1 characters, and its maxlength is 0"),
        ("<input name=x type=number min=5 max=3>", "between min 5 and max 3"),
        ("<input name=x type=number min=1 max=2 value=0 step=5>", ""),
        ("<input name=x type=number max=4 min=1 step=7>", ""),
        ("<input name=x type=date min=2026-02-01 max=2026-01-01>", "between min 2026-02-01"),
        ("<input name=x type=time min=22:00 max=06:00>", ""),
        ("<input name=x type=range min=22 max=6>", ""),
        ("<input name=x minlength=5 maxlength=3 value=abcdefg>", ""),
        ("<input name=x pattern='(?=RFD)(?=.*Z)[A-Z]{6}'>", ""),
        ("<input name=x type=hidden>", ""),
    ],
)
def test_why_a_control_takes_nothing(control: str, why: str) -> None:
    """Only where that is certain: not of a pattern, nor where what the page puts in passes."""
    said = why_impossible(only(control))
    assert why in said
    assert bool(said) is bool(why)


def test_a_step_may_leave_no_value() -> None:
    """Steps are counted from the page's value where there is no min."""
    field = Field(name="x", kind=ControlKind.RANGE, min="", max="4", value="-3", step="9")
    assert nearest_allowed(field) is None
    assert why_impossible(replace(field, value="")) == ""


def test_an_answer_that_finds_somebody_comes_first() -> None:
    """Of a choice and of a text; a confirmation's address goes into the field of whatever kind."""
    managers = Managers(field="x", by_value={"b": (parse_address("m@example.com"),)})
    form = Form(name="f", managers=managers, confirmation=Confirmation(field="y"))
    choice = Field(name="x", kind=ControlKind.SELECT, options=(("a", "A"), ("b", "B")))
    assert fill(form, choice, SamplePerson()) == ("b",)
    assert fill(form, Field(name="x"), SamplePerson()) == ("b",)
    assert fill(form, Field(name="y"), SamplePerson(address="a@example.com")) == ("a@example.com",)
    assert fill(form, Field(name="y", kind=ControlKind.NUMBER), SamplePerson()) is None


@pytest.mark.parametrize(
    ("pattern", "title", "is_false"),
    [
        (r"\d{3}-\d{4}", "例: 1234567", True),
        (r"\d{7}", "郵便番号（例：1234567、ハイフンなし）", False),
        (r"\d{7}", "ハイフンなし 例)1234567", False),
        (r"[A-Z]{2}\d{2}", "e.g. AB12 or CD34", False),
        (r"[A-Z]{2}\d{2}", 'For example "AB-12"', True),
        (r"\d{8}", "for example 8 digits", False),
        (r"[A-Z ]+", "Example: your name in capitals", False),
        (r"[ァ-ヶー]+", "例：タロウ", False),
        (r"[ァ-ヶー]+", "例：たろう", True),
        (r"[A-Z]+", "Three letters", False),
        ("", "e.g. 12", False),
        (r".+@example[.]com", "must end with @example.com", False),
        (r"[A-Z]{2}\d", "事例番号 12", False),
        (r"[A-G](#|b)?m?", "e.g. G, F#m, Bb", False),
        (r"[0-9]{3}", "Format: 1234-1234-123", False),
    ],
)
def test_an_example_that_the_pattern_refuses(pattern: str, title: str, is_false: bool) -> None:
    """Only what is plainly an example, in whatever reading."""
    assert has_false_example(Field(name="x", pattern=pattern, title=title)) is is_false


def test_examples_are_read_out_of_sentences() -> None:
    """Whole, in parts, and word for word."""
    shown = examples(Field(name="x", placeholder="such as AB 12, or CD 34 (capitals)."))
    assert {"AB 12", "CD 34", "12"} <= set(shown)


SCALES = st.sampled_from([ControlKind.NUMBER, ControlKind.RANGE])


@given(SCALES, *[st.integers(-50, 50)] * 3, st.integers(1, 30), st.booleans())
def test_a_value_is_found_just_where_there_is_one(
    kind: ControlKind, least: int, most: int, value: int, step: int, has_least: bool
) -> None:
    """Beside every whole number tried one by one."""
    field = Field(
        name="x", kind=kind, min=str(least) * has_least, max=str(most), value=str(value), step=str(step)
    )  # fmt: skip
    some = [n for n in range(-200, 201) if is_taken(field, (str(n),))]
    found = nearest_allowed(field)
    assert (found is not None) is bool(some)
    assert found is None or is_taken(field, (found,))
