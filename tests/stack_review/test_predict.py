"""What is said without a change set: never less than both templates and the schemas give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review.compare import Verb
from stack_review.files import Side, review_sides
from stack_review.finding import Severity
from stack_review.review import Review
from stack_review.template import Template, from_document
from support.review.changes import RECORDED, recorded, resource, template

ONLY_CLOUDFORMATION_KNOWS = {"dynamic_action", "hidden_parameter", "nested_stack"}
"""Recordings whose risk is in no template: what CloudFormation cannot tell, what is hidden, and another stack."""


def predicted(old: Template, new: Template) -> Review:
    """The review of two templates, without a change set."""
    return review_sides("forms", Side(old), Side(new))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_the_templates_show_is_found_without_the_change_set(path: Path) -> None:
    """Each recorded risk that is in the templates is one without the recording's change set too."""
    content = json.loads(path.read_text("utf-8"))
    old = None if content["old"] is None else from_document(content["old"])
    review = review_sides(
        "forms",
        Side(old, content["parameters_before"]),
        Side(from_document(content["new"]), content["parameters"]),
    )
    assert not any("change set does not say" in f.sentence for f in review.findings)
    if path.stem not in ONLY_CLOUDFORMATION_KNOWS:
        assert review.is_at_risk == recorded(path.stem).is_at_risk


def test_a_replacement_reaches_what_cannot_change_its_reference_in_place() -> None:
    """A table's name that is made of another's, and so on; a function's environment changes in place."""
    old = template(
        First=resource("DynamoDB::Table", TableName="a"),
        Second=resource("DynamoDB::Table", TableName={"Fn::Sub": "${First}-2"}),
        Third=resource("DynamoDB::Table", TableName={"Fn::Sub": "${Second}-3"}),
        Web=resource("Lambda::Function", Environment={"Variables": {"T": {"Ref": "First"}}}),
    )
    new = template(
        **{name: vars_of(old, name) for name in ("Second", "Third", "Web")},
        First=resource("DynamoDB::Table", TableName="b"),
    )
    verbs = {step.logical_id: step.verb for step in predicted(old, new).steps}
    assert verbs == {
        "First": Verb.REPLACED,
        "Second": Verb.MAYBE_REPLACED,
        "Third": Verb.MAYBE_REPLACED,
        "Web": Verb.CHANGED,
    }


def vars_of(found: Template, name: str) -> dict[str, object]:
    """A resource of a template as it was written."""
    one = found.resources[name]
    return {"Type": one.type, "Properties": dict(one.properties)}


NAMES = st.sampled_from("ABCD")
VALUES = st.one_of(st.sampled_from(["x", "y"]), NAMES.map(lambda n: {"Ref": n}))
STACKS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4).map(
    lambda names: template(
        **{n: resource("DynamoDB::Table", TableName=v) for n, v in names.items()}
    )
)


@given(STACKS, STACKS)
def test_it_comes_to_an_end_and_calls_no_lost_table_safe(old: Template, new: Template) -> None:
    """Whatever refers to what, in circles too; a table that goes or gets another name is a danger."""
    review = predicted(old, new)
    dangers = {f.resource for f in review.findings if f.severity is Severity.DANGER}
    for name, table in old.resources.items():
        if name not in new.resources or new.resources[name].properties != table.properties:
            assert name in dangers
