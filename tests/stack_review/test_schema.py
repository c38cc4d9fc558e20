"""Every type and property in CloudFormation's resource schemas: a change that nobody knows is never called safe."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stack_review import kinds
from stack_review.change_set import MISSING
from stack_review.finding import Severity
from stack_review.judges import harmless
from stack_review.judges.places import is_within
from stack_review.template import Template, from_document
from support.review.changes import change, reviewed

LINTERS = Path(__file__).parents[2] / ".emulators" / "linters" / "bin" / "python"
SCRIPT = """
import json
import sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as schemas

def places(schema, node, depth):
    for _ in range(5):
        if "$ref" not in node:
            break
        node = schema["definitions"].get(node["$ref"].split("/")[-1], {})
    found = {}
    if depth:
        for name, inner in (node.get("properties") or {}).items():
            found[name] = places(schema, inner, depth - 1)
    return found

names = schemas.get_resource_types("us-east-1")
whole = {n: schemas.get_resource_schema("us-east-1", n).schema for n in names}
wanted = set(sys.argv[1:])
print(json.dumps({
    n: places(s, {"properties": s.get("properties", {})}, 3 if n in wanted else 1) for n, s in whole.items()
}))
"""
PROGRAMS = {
    "CloudFront::Function": "FunctionCode",
    "Lambda::Function": "Architectures Code.S3Key Code.S3ObjectVersion Code.ZipFile Handler Runtime",
    "Lambda::LayerVersion": "Content.S3Key Content.S3ObjectVersion",
    "Lambda::Version": "CodeSha256",
    "StepFunctions::StateMachine": "Definition DefinitionString DefinitionS3Location DefinitionS3Location.Key"
    " DefinitionS3Location.Version",
}
"""New code is ordinary."""
SOURCES = {
    "Lambda::Function": "Code.S3Bucket",
    "Lambda::LayerVersion": "Content.S3Bucket",
    "StepFunctions::StateMachine": "DefinitionS3Location.Bucket",
}
"""Where the code is: another place is a risk, one instead of code that was written out is not."""
ON_BY_DEFAULT = {
    "ApiGatewayV2::Stage": "AutoDeploy",
    "CloudFront::Distribution": "DistributionConfig.Enabled",
    "CloudWatch::Alarm": "ActionsEnabled",
    "CloudWatch::CompositeAlarm": "ActionsEnabled",
    "KMS::Key": "Enabled",
    "Lambda::EventSourceMapping": "Enabled",
}
DANGEROUS_WHEN_ON = {
    "ApiGateway::RestApi": "DisableExecuteApiEndpoint",
    "ApiGatewayV2::Api": "DisableExecuteApiEndpoint",
    "RDS::DBInstance": "DeleteAutomatedBackups PubliclyAccessible",
}
GOOD_WHEN_ON = {
    "CloudFront::Distribution": "DistributionConfig.Aliases",
    "CloudWatch::Alarm": "AlarmActions",
    "CloudWatch::CompositeAlarm": "AlarmActions",
    "DynamoDB::Table": "DeletionProtectionEnabled SSESpecification.SSEEnabled"
    " PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
    "KMS::Key": "EnableKeyRotation",
    "Lambda::EventSourceMapping": "BisectBatchOnFunctionError",
    "RDS::DBCluster": "DeletionProtection",
    "RDS::DBInstance": "DeletionProtection",
    "S3::Bucket": "ObjectLockEnabled PublicAccessBlockConfiguration.BlockPublicAcls"
    " PublicAccessBlockConfiguration.BlockPublicPolicy PublicAccessBlockConfiguration.IgnorePublicAcls"
    " PublicAccessBlockConfiguration.RestrictPublicBuckets",
    "SQS::Queue": "SqsManagedSseEnabled",
}
CHANGES = [
    pytest.param("one", "two", (PROGRAMS,), id="another"),
    pytest.param("one", MISSING, (PROGRAMS, SOURCES, ON_BY_DEFAULT, DANGEROUS_WHEN_ON), id="gone"),
    pytest.param(MISSING, "two", (PROGRAMS, SOURCES, GOOD_WHEN_ON), id="new"),
]
"""Words that no judge can take for better, and the places where a judge finds that harmless all the same."""


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """The properties of every type, as cfn-lint carries them; of those that the review knows, three levels deep."""
    if not LINTERS.exists():
        pytest.skip("cfn-lint is not installed: scripts/aws-linters installs it")
    known = [*kinds.HOLDS, *kinds.STATELESS]
    done = subprocess.run(
        [LINTERS, "-c", SCRIPT, *known], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert len(found) > 1000
    return found


def places(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every place in a type's properties."""
    for name, inner in sorted(table.items()):
        yield (*above, name)
        yield from places(inner, (*above, name))


def side(type_: str, named: dict[str, tuple[str, ...]], value: Any) -> Template:
    """A template of one resource for each place, which has the value there."""
    resources = {}
    for name, place in named.items():
        properties: Any = value
        for key in reversed(place if value is not MISSING else ()):
            properties = {key: properties}
        resources[name] = {"Type": type_, "Properties": {} if value is MISSING else properties}
    return from_document({"Resources": resources})


def unjudged(type_: str, table: dict[str, Any], before: Any, after: Any) -> Iterator[str]:
    """The places of a type where this change came out as safe."""
    named = {f"R{n}": place for n, place in enumerate(places(table))}
    said = [
        change("Modify", name, type_.removeprefix("AWS::"), "False", ResourceType=type_)
        for name in named
    ]
    found = reviewed(side(type_, named, before), side(type_, named, after), *said)
    risky = {f.resource for f in found.findings if f.severity is not Severity.NOTE}
    return (".".join(place) for name, place in named.items() if name not in risky)


@pytest.mark.parametrize(("before", "after", "ordinary"), CHANGES)
def test_no_change_of_a_property_is_safe_unless_it_is_listed_as_harmless(
    schemas: dict[str, Any], before: Any, after: Any, ordinary: tuple[dict[str, str], ...]
) -> None:
    """Of every property of every type, only the short list is safe; a judge that cannot read a value says so."""
    safe = {
        (type_, path)
        for type_, table in schemas.items()
        for path in unjudged(type_, table, before, after)
        if not is_within(tuple(path.split(".")), harmless.known_places(type_))
    }
    expected = {
        (f"AWS::{type_}", path)
        for table in ordinary
        for type_, paths in table.items()
        for path in paths.split()
    }
    assert safe == expected


NAMED = ("DetailedMetricsEnabled", "PolicyName")
"""Names that sound so and are a mere figure, or a mere name."""


def test_the_list_of_harmless_properties_stays_short(schemas: dict[str, Any]) -> None:
    """No name on it sounds of rights, keys, limits or switches, and each is one that the schema has."""
    worrying = re.compile(
        "Policy|Role|Arn|Protect|Encrypt|Key|Principal|Public|Enabled$|State|Limit|Retention|Auth|Cidr|Target|Schedule"
    )
    count = 0
    for type_, table in schemas.items():
        if not kinds.is_known(type_):
            continue
        own = set(harmless.known_places(type_)) - {("Tags",), ("Description",)}
        count += len(own)
        for place in own:
            assert not worrying.search(place[-1]) or place[-1] in NAMED, (
                type_,
                place,
            )
            assert place[0] in table, (type_, place)
    assert 10 < count < 40


def test_a_type_that_nobody_knows_is_never_safe(schemas: dict[str, Any]) -> None:
    """Changed in whatever way, removed or added."""
    for type_ in schemas:
        if kinds.is_known(type_):
            continue
        none = from_document({"Resources": {"Q": {"Type": "AWS::SNS::Topic"}}})
        one = from_document({"Resources": {"Q": {"Type": "AWS::SNS::Topic"}, "R": {"Type": type_}}})
        assert reviewed(none, one).is_at_risk
        assert reviewed(one, none).is_at_risk


def test_whatever_goes_is_a_risk_but_for_a_short_list(schemas: dict[str, Any]) -> None:
    """Of every type there is."""
    for type_ in set(schemas) - harmless.REMOVED:
        none = from_document({"Resources": {"Q": {"Type": "AWS::SNS::Topic"}}})
        one = from_document({"Resources": {"Q": {"Type": "AWS::SNS::Topic"}, "R": {"Type": type_}}})
        assert reviewed(one, none).is_at_risk, type_
    assert len(harmless.REMOVED) < 10
