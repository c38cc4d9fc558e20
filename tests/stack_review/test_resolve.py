"""Templates: what YAML and JSON say, and what parameters and conditions make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review.errors import InputError
from stack_review.resolve import references, resolved
from stack_review.template import document, from_document, parse

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: test}
  Zones: {Type: CommaDelimitedList}
Conditions:
  IsProduction: !Equals [!Ref Stage, production]
  IsTest: !Not [!Condition IsProduction]
  Both: !And [!Condition IsTest, !Condition IsProduction]
  Any: !Or [!Condition IsTest, !Condition IsProduction]
Mappings:
  Days: {test: {logs: 7}, production: {logs: 90}}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties:
      LogGroupName: !Sub "/forms/${Stage}/${AWS::Region}"
      RetentionInDays: !FindInMap [Days, !Ref Stage, logs]
      Tags: !If [IsTest, [{Key: a, Value: b}], !Ref AWS::NoValue]
      Zone: !Select [1, !Ref Zones]
      Joined: !Join ["-", [forms, !Ref Stage]]
      Parts: !Split [":", "a:b"]
  Never:
    Type: AWS::SNS::Topic
    Condition: Both
  Always:
    Type: AWS::SNS::Topic
    Condition: Any
    DependsOn: Logs
    Properties: {TopicName: !GetAtt Logs.Arn}
"""


def test_short_tags_are_written_out() -> None:
    """YAML with short tags is the JSON of the same template; a date stays a word."""
    found = document(YAML, "it")
    assert found["AWSTemplateFormatVersion"] == "2010-09-09"
    assert found["Conditions"]["IsTest"] == {"Fn::Not": [{"Condition": "IsProduction"}]}
    assert found["Resources"]["Always"]["Properties"]["TopicName"] == {
        "Fn::GetAtt": ["Logs", "Arn"]
    }


def test_parameters_mappings_and_conditions_are_worked_out() -> None:
    """What the parameters decide is decided; a resource whose condition is false does not exist."""
    values = {"Stage": "test", "Zones": "a,b", "AWS::Region": "eu-central-1"}
    found = resolved(parse(YAML), values)
    assert set(found.resources) == {"Logs", "Always"}
    assert found.resources["Logs"].properties == {
        "LogGroupName": "/forms/test/eu-central-1",
        "RetentionInDays": 7,
        "Tags": [{"Key": "a", "Value": "b"}],
        "Zone": "b",
        "Joined": "forms-test",
        "Parts": ["a", "b"],
    }


def test_no_value_leaves_nothing() -> None:
    """A property that is AWS::NoValue is not set."""
    found = resolved(parse(YAML), {"Stage": "production", "Zones": "a,b"})
    assert "Tags" not in found.resources["Logs"].properties


def test_what_cannot_be_known_stays_and_exists() -> None:
    """Without the parameter (it is hidden), conditions are open, and the resources are taken to exist."""
    found = resolved(parse(YAML), {"Zones": "a,b"})
    assert set(found.resources) == {"Logs", "Never", "Always"}
    assert found.resources["Logs"].properties["Joined"] == {
        "Fn::Join": ["-", ["forms", {"Ref": "Stage"}]]
    }
    assert found.resources["Logs"].properties["RetentionInDays"] == {
        "Fn::FindInMap": ["Days", {"Ref": "Stage"}, "logs"]
    }


def test_conditions_in_a_circle_end() -> None:
    """A condition that needs itself is open: CloudFormation will refuse the template."""
    template = from_document(
        {
            "Conditions": {"A": {"Fn::Not": [{"Condition": "A"}]}},
            "Resources": {"T": {"Type": "AWS::SNS::Topic", "Condition": "A"}},
        }
    )
    assert set(resolved(template, {}).resources) == {"T"}


def test_references_are_found_wherever_they_stand() -> None:
    """Ref, GetAtt in both shapes, Sub and DependsOn."""
    template = from_document(
        {
            "Resources": {
                "T": {
                    "Type": "AWS::SNS::Topic",
                    "DependsOn": ["E"],
                    "Properties": {
                        "A": [{"Ref": "A"}],
                        "B": {"x": {"Fn::GetAtt": ["B", "Arn"]}},
                        "C": {"Fn::GetAtt": "C.Arn"},
                        "D": {"Fn::Sub": "${D.Arn}/${!Literal}"},
                    },
                }
            }
        }
    )
    assert references(template.resources["T"]) == {"A", "B", "C", "D", "E"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("a: [", "not YAML"),
        ("a: 1", "no Resources"),
        ("Resources: {A: 1}", "A has no Type"),
        ("Resources: {A: {Type: X, Properties: 1}}", "Properties of A"),
        ("{Resources: {A: {Type: X}}, Conditions: [1]}", "not JSON"),
        ("Resources: {A: {Type: X}}\nConditions: [1]", "Conditions is no table"),
        ("Resources: !!python/object/apply:os.system [id]", "not YAML"),
    ],
)
def test_what_is_no_template_is_refused_in_words(text: str, words: str) -> None:
    """The error says what is wrong; no tag makes an object of Python's."""
    with pytest.raises(InputError, match=words):
        parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::If",
                    "Fn::Sub",
                    "Fn::Join",
                    "Fn::Select",
                    "Fn::Split",
                    "Fn::FindInMap",
                    "a",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_nonsense_in_functions_never_fails(value: object) -> None:
    """A function that is used wrongly stays as it is: CloudFormation says what is wrong with it."""
    template = from_document(
        {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"A": value}}}}
    )
    resolved(template, {"a": "b"})
