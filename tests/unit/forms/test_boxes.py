"""Boxes in JSON and other bodies that a script writes."""

from __future__ import annotations

import pytest

from todoke.forms.boxes import read_boxes
from todoke.forms.validate import validate
from todoke.model.form import Field, Form
from todoke.model.submission import Entry

ONE = Field(name="x", kind="checkbox", options=(("yes", "Yes"),))
TERMS = Field(name="x", kind="checkbox", options=(("on", "on"),), required=True)
TERMS_OF_FILE = Field(name="x", kind="checkbox", required=True)
SEVERAL = Field(name="x", kind="checkbox", multiple=True, options=(("a", "A"), ("b", "B")))
TWIN = Field(name="x", kind="checkbox", options=(("true", "Yes"),), sent_anyway=("false",))


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        (ONE, ["true"], ["yes"]),
        (ONE, ["false"], []),
        (ONE, ["yes"], ["yes"]),
        (ONE, ["True"], ["True"]),
        (SEVERAL, ["false", "a"], ["a"]),
        (SEVERAL, ["true"], ["true"]),
        (TWIN, ["true", "false"], ["true", "false"]),
        (TWIN, ["false"], ["false"]),
        (Field(name="x", kind="radio", options=(("false", "No"),)), ["false"], ["false"]),
        (Field(name="x"), ["true", "false"], ["true", "false"]),
    ],
)
def test_true_ticks_a_box_and_false_leaves_it(
    field: Field, sent: list[str], read: list[str]
) -> None:
    """As a browser would have sent the box; what the page itself can send stays as it is."""
    form = Form(name="f", fields=(field,))
    entries = tuple(Entry("x", value) for value in sent)
    assert [entry.value for entry in read_boxes(form, entries)] == read


@pytest.mark.parametrize("field", [TERMS, TERMS_OF_FILE])
def test_false_is_no_consent(field: Field) -> None:
    """A required box that is false is missing, whoever wrote the field down."""
    form = Form(name="f", fields=(field,))
    (error,) = validate(form, read_boxes(form, (Entry("x", "false"),)), "en")
    assert error.code == "valueMissing"
    assert validate(form, read_boxes(form, (Entry("x", "true"),)), "en") == ()


def test_a_form_without_fields_keeps_what_was_sent() -> None:
    """Nothing is known of what is a box there."""
    entries = (Entry("x", "false"),)
    assert read_boxes(Form(name="f"), entries) == entries
