"""The review of a deployment: recorded change sets, and the laws that no change set may break."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review import kinds
from stack_review.compare import Fate, Verb
from stack_review.finding import Severity, Topic
from stack_review.resolve import resolved
from stack_review.review import as_json
from stack_review.template import parse
from support.review.changes import RECORDED, change, recorded, resource, reviewed, said, template

EXPECTED: dict[str, tuple[bool, set[tuple[str, str, str]]]] = {
    "bucket_removed": (True, {("danger", "data", "Bucket"), ("risk", "data", "Table")}),
    "condition_off": (True, {("danger", "data", "Bucket"), ("risk", "unknown", "Bucket")}),
    "create": (False, {("note", "cost", "Table"), ("note", "data", "Bucket")}),
    "database_replaced": (True, {("danger", "data", "Database")}),
    "dynamic_action": (True, {("risk", "unknown", "Files")}),
    "feared_replacement": (False, set()),
    "guards_lowered": (True, {("danger", "data", "Table"), ("risk", "data", "Queue")}),
    "hidden_parameter": (True, {("risk", "unknown", "Database")}),
    "import": (False, {("note", "data", "Files")}),
    "nested_stack": (True, {("risk", "unknown", "Inner")}),
    "new_code": (False, {("note", "availability", "Version"), ("note", "availability", "Web")}),
    "policy_widened": (True, {("risk", "security", "Role")}),
    # Their alias goes on with a version that knows the old table: no new one is published.
    "table_removed": (
        True,
        {
            ("risk", "data", "Table"),
            ("risk", "availability", "Role"),
            ("risk", "availability", "Web"),
            ("note", "availability", "Web"),
        },
    ),
    "table_replaced": (True, {("risk", "data", "Table"), ("note", "availability", "Web")}),
    "unknown_types": (True, {("risk", "unknown", "Own"), ("risk", "unknown", "Thing")}),
}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_change_sets_are_judged(path: Any) -> None:
    """Each recording gives exactly the findings that a person expects, and says where it is from."""
    assert json.loads(path.read_text("utf-8"))["source"]
    found = recorded(path.stem)
    at_risk, findings = EXPECTED[path.stem]
    assert (found.is_at_risk, set(said(found))) == (at_risk, findings)


def test_a_property_s_values_come_from_the_templates_and_the_change_set() -> None:
    """What changes is shown as before and after, and what forces a replacement is named."""
    (step,) = recorded("database_replaced").steps
    (name,) = step.properties
    assert (name.name, name.before, name.after) == ("DBName", "forms", "forms2")
    assert (step.verb, step.fate, step.why) == (Verb.REPLACED, Fate.SNAPSHOT, ("DBName",))


def test_the_digest_names_one_deployment() -> None:
    """The same deployment has the same digest; another template, parameter or tag has another."""
    assert recorded("new_code").digest == recorded("new_code").digest
    digests = {recorded(path.stem).digest for path in RECORDED}
    assert len(digests) == len(RECORDED)


def test_code_that_only_policies_tell_apart_has_another_digest() -> None:
    """Two templates that differ where no change set looks are not accepted for each other."""
    old = template(T=resource("DynamoDB::Table", deletion="Retain", replacement="Retain"))
    new = template(T=resource("DynamoDB::Table", deletion="Delete", replacement="Retain"))
    assert reviewed(old, old).digest != reviewed(old, new).digest


def test_json_of_a_review_can_be_written() -> None:
    """Each recording can be given to a program."""
    for path in RECORDED:
        found = json.loads(json.dumps(as_json(recorded(path.stem))))
        assert {"digest", "at_risk", "findings", "changes"} <= set(found)


STATEFUL = st.sampled_from(sorted(kinds.HOLDS)).map(lambda t: t.removeprefix("AWS::"))
POLICY = st.sampled_from(["", "Delete", "Retain", "Snapshot", "RetainExceptOnCreate", "Nonsense"])
SAID = st.sampled_from(["", "Delete", "Retain", "Snapshot"])
LIES = st.sampled_from(["nothing", "Modify", "Add", "Remove", "Import", "Dynamic", "New"])
VALUE = st.dictionaries(
    st.sampled_from(["TableName", "BucketName", "A"]), st.text(max_size=3), max_size=2
)


def claimed(lie: str, type_: str, policy: str, replacement: str = "False") -> list[dict[str, Any]]:
    """What a change set says of the resource, true or not."""
    if lie == "nothing":
        return []
    return [change(lie, "Store", type_, replacement, PolicyAction=policy)]


@given(STATEFUL, POLICY, SAID, LIES, VALUE)
def test_no_removal_of_data_is_ever_judged_safe(
    type_: str, policy: str, action: str, lie: str, properties: dict[str, str]
) -> None:
    """Whatever the policies are and the change set claims: a resource with data that is gone is at risk."""
    old = template(Store=resource(type_, deletion=policy, **properties))
    found = reviewed(old, template(Other=resource("SNS::Topic")), *claimed(lie, type_, action))
    about = [f for f in found.findings if f.resource == "Store" and f.severity is not Severity.NOTE]
    assert about
    assert found.is_at_risk
    told = "" if lie == "nothing" else action
    kept = policy in ("Retain", "RetainExceptOnCreate") and told in ("", "Retain")
    if not kept:
        assert any((f.severity, f.topic) == (Severity.DANGER, Topic.DATA) for f in about)


@given(STATEFUL, POLICY, SAID, st.sampled_from(["True", "Conditional"]))
def test_no_replacement_of_data_is_ever_judged_safe(
    type_: str, policy: str, action: str, replacement: str
) -> None:
    """A resource with data that is replaced, or may be, is at risk; with its old one deleted, in danger."""
    old = template(Store=resource(type_, replacement=policy, A=1))
    new = template(Store=resource(type_, replacement=policy, A=2))
    said_policy = f"ReplaceAnd{action}" if action else ""
    found = reviewed(old, new, *claimed("Modify", type_, said_policy, replacement))
    severities = {f.severity for f in found.findings if f.topic is Topic.DATA}
    kept = policy in ("Retain", "RetainExceptOnCreate") and action in ("", "Retain")
    assert (Severity.RISK if kept else Severity.DANGER) in severities


@given(STATEFUL, st.sampled_from(["nothing", "Modify"]))
def test_another_type_under_the_same_name_is_a_replacement(type_: str, lie: str) -> None:
    """A resource whose type changes is another one: what the old one held is judged."""
    old, new = template(Store=resource(type_)), template(Store=resource("SNS::Topic"))
    found = reviewed(old, new, *claimed(lie, "SNS::Topic", ""))
    assert ("danger", "data", "Store") in said(found)


@pytest.mark.parametrize(
    ("type_", "name"),
    [("DynamoDB::Table", "TableName"), ("S3::Bucket", "BucketName"), ("SQS::Queue", "FifoQueue")],
)
def test_the_schema_is_believed_before_the_change_set(type_: str, name: str) -> None:
    """A property that cannot change in place replaces, though the change set says that it does not."""
    old, new = (template(Store=resource(type_, **{name: value})) for value in ("a", "b"))
    found = reviewed(old, new, change("Modify", "Store", type_, "False"))
    assert found.steps[0].verb is Verb.REPLACED
    assert ("danger", "data", "Store") in said(found)
    assert ("risk", "unknown", "Store") in said(found)


def test_an_unknown_type_is_never_called_safe() -> None:
    """Removed, replaced, changed or added it is a risk."""
    one, two = (template(X=resource("New::Thing", A=value)) for value in (1, 2))
    none = template(Y=resource("SNS::Topic"))
    with_y = template(X=resource("New::Thing", A=1), Y=resource("SNS::Topic"))
    assert reviewed(one, two, change("Modify", "X", "New::Thing", "False")).is_at_risk
    assert reviewed(with_y, none, change("Remove", "X", "New::Thing")).is_at_risk
    added = reviewed(none, with_y, change("Add", "X", "New::Thing"))
    assert said(added) == [("risk", "unknown", "X")]


def test_nothing_changes() -> None:
    """The same template twice, and an empty change set: no step, no finding, no risk."""
    same = template(T=resource("DynamoDB::Table", TableName="t"))
    found = reviewed(same, same)
    assert (found.is_empty, found.is_at_risk, found.verdict) == (True, False, "Nothing changes.")


@pytest.mark.parametrize(
    ("after", "physical_id", "is_told"),
    [("no", "", False), ("no", "queue", True), ("yes", "", True)],
)
def test_what_a_condition_leaves_out_before_and_after_does_not_change(
    after: str, physical_id: str, is_told: bool
) -> None:
    """Whatever is announced of it; but for what CloudFormation has by a name, or what is there afterwards."""
    text = """
      Parameters: {More: {Type: String}}
      Conditions: {HasMore: !Equals [!Ref More, "yes"]}
      Resources:
        X: {Type: "AWS::SQS::Queue", Condition: HasMore}
        Y: {Type: "AWS::SNS::Topic"}
    """
    old, new = (resolved(parse(textwrap.dedent(text)), {"More": one}) for one in ("no", after))
    named = {"PhysicalResourceId": physical_id} if physical_id else {}
    found = reviewed(old, new, change("Modify", "X", "SQS::Queue", "False", **named))
    assert bool(found.steps) == is_told
