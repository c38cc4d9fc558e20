"""A stack between two tables: what the template says then, that nothing else changes, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review.template import document
from support.places import ROOT
from todoke.aws.deploy.detach import Between, between, detached, imported
from todoke.model.errors import ConfigError

OWN = (ROOT / "src/todoke/aws/deploy/template.yaml").read_text("utf-8")
VALUES = {
    "Ref": "forms-Table-1",
    "Arn": "arn:aws:dynamodb:eu-west-1:1:table/forms-Table-1",
    "StreamArn": "arn:aws:dynamodb:eu-west-1:1:table/forms-Table-1/stream/now",
}


def small(**bodies: Any) -> str:
    """A template with a table and these resources."""
    table = {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain"}
    return json.dumps({"Resources": {"Table": table, **bodies}})


def named(value: Any) -> Any:
    """What becomes of a value that names the table."""
    text = detached(small(Other={"Type": "X", "Properties": {"P": value}}), "Table", VALUES)
    return json.loads(text)["Resources"]["Other"]["Properties"]["P"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Ref": "Table"}, VALUES["Ref"]),
        ({"Fn::GetAtt": ["Table", "StreamArn"]}, VALUES["StreamArn"]),
        ({"Fn::GetAtt": "Table.Arn"}, VALUES["Arn"]),
        ({"Fn::Sub": "${Table.Arn}/index/*"}, {"Fn::Sub": f"{VALUES['Arn']}/index/*"}),
        (
            {"Fn::Sub": "${Table} ${!Table} ${Tables}"},
            {"Fn::Sub": "forms-Table-1 ${!Table} ${Tables}"},
        ),
        (
            {"Fn::Sub": ["${Table} ${X}", {"X": {"Ref": "Table"}}]},
            {"Fn::Sub": ["forms-Table-1 ${X}", {"X": "forms-Table-1"}]},
        ),
        (
            {"Fn::Sub": ["${Table}", {"Table": "mine"}]},
            {"Fn::Sub": ["${Table}", {"Table": "mine"}]},
        ),
        ({"Fn::If": ["C", {"Ref": "Table"}, "Table"]}, {"Fn::If": ["C", "forms-Table-1", "Table"]}),
        ({"Ref": "Tables"}, {"Ref": "Tables"}),
        ({"Fn::GetAtt": ["Other", "Table"]}, {"Fn::GetAtt": ["Other", "Table"]}),
    ],
)
def test_each_way_of_naming_it_gets_the_value(value: Any, told: Any) -> None:
    """Only what means the table, however CloudFormation lets it be written."""
    assert named(value) == told


def test_an_attribute_that_nobody_can_tell_is_refused() -> None:
    """Better than a template that means something else."""
    with pytest.raises(ConfigError, match=r"Table\.TableId"):
        named({"Fn::GetAtt": ["Table", "TableId"]})


@pytest.mark.parametrize(
    ("depends", "left"), [("Table", None), (["Table"], None), (["A", "Table"], ["A"]), ("A", "A")]
)
def test_nobody_waits_for_it(depends: Any, left: Any) -> None:
    """DependsOn loses it, and goes where it was alone."""
    text = detached(small(Other={"Type": "X", "DependsOn": depends}), "Table", VALUES)
    other = json.loads(text)["Resources"]["Other"]
    assert other.get("DependsOn") in (left, [left])


def test_our_own_template_there_and_back() -> None:
    """Out, in again with nothing else changed, and whole as it was; the table is named nowhere in between."""
    out = detached(OWN, "Table", VALUES)
    content = json.loads(out)
    assert "Table" not in content["Resources"]
    assert "${Table" not in out
    assert '{"Ref":"Table"}' not in out
    assert '["Table","' not in out
    now = between(out)
    assert now == Between(OWN, "Table", is_imported=False)
    back = imported(out, now)
    assert between(back) == Between(OWN, "Table", is_imported=True)
    whole = document(OWN, "own")
    again = json.loads(back)
    assert again["Resources"]["Table"] == whole["Resources"]["Table"]
    assert again["Resources"] == {**content["Resources"], "Table": whole["Resources"]["Table"]}
    for part in set(content) - {"Resources"}:
        assert again[part] == content[part]
    assert set(content["Resources"]) == set(whole["Resources"]) - {"Table", "SenderFromStream"}
    assert len(out) < 1_000_000


def test_a_whole_template_is_not_in_between() -> None:
    """And one whose mark somebody broke is told."""
    assert between(OWN) is None
    broken = json.loads(small()) | {
        "Metadata": {"TodokeAdoption": {"Resource": "Table", "Template": "?"}}
    }
    with pytest.raises(ConfigError, match="TodokeAdoption"):
        between(json.dumps(broken))


NAMES = st.sampled_from(["Table", "Tables", "Other", "A"])
LEAVES = (
    st.text(max_size=5)
    | st.builds(lambda name: {"Ref": name}, NAMES)
    | st.builds(lambda name: {"Fn::Sub": f"${{{name}}}/x"}, NAMES)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whoever_does_not_name_it_is_as_before(value: Any) -> None:
    """The rest of the template says what it said; and to take it out twice is the same as once."""
    told = named(value)
    if '"Table"' not in json.dumps(value) and "${Table}" not in json.dumps(value):
        assert told == value
    assert named(told) == told
