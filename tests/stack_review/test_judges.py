"""The judges, one change at a time: what is said of it, and what is not."""

from __future__ import annotations

from fnmatch import fnmatch, fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack_review.judges.policies import statements, uncovered
from stack_review.template import Resource, Template
from support.review.changes import change, resource, reviewed, said, template

SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}
STATEMENT = {
    "Effect": "Allow",
    "Action": "dynamodb:PutItem",
    "Resource": "arn:aws:dynamodb:::table/a",
}


def changed(
    type_: str, before: dict[str, Any], after: dict[str, Any], replacement: str = "False"
) -> set[tuple[str, str]]:
    """Severity and topic of what is said when a resource's properties change in place."""
    old, new = (template(X=resource(type_, **properties)) for properties in (before, after))
    found = reviewed(old, new, change("Modify", "X", type_, replacement))
    return {(severity, topic) for severity, topic, _ in said(found)}


def added(type_: str, **properties: Any) -> set[tuple[str, str]]:
    """Severity and topic of what is said of a new resource."""
    new = template(Y=resource("SNS::Subscription"), X=resource(type_, **properties))
    old = template(Y=resource("SNS::Subscription"))
    return {
        (s, t) for s, t, name in said(reviewed(old, new, change("Add", "X", type_))) if name == "X"
    }


def nested(path: str, value: Any) -> dict[str, Any]:
    """`A.B` and a value as nested tables."""
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


PITR = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
LESS: list[tuple[str, str, Any, Any, tuple[str, str]]] = [
    ("DynamoDB::Table", "DeletionProtectionEnabled", True, False, ("risk", "data")),
    ("DynamoDB::Table", PITR, True, False, ("danger", "data")),
    ("DynamoDB::Table", "TimeToLiveSpecification.Enabled", True, False, ("risk", "data")),
    ("DynamoDB::Table", "TimeToLiveSpecification.AttributeName", "a", "b", ("risk", "data")),
    (
        "DynamoDB::Table",
        "StreamSpecification.StreamViewType",
        "NEW_IMAGE",
        "KEYS_ONLY",
        ("risk", "data"),
    ),
    ("DynamoDB::Table", "SSESpecification.SSEEnabled", True, False, ("risk", "security")),
    ("S3::Bucket", "VersioningConfiguration.Status", "Enabled", "Suspended", ("risk", "data")),
    ("SQS::Queue", "MessageRetentionPeriod", 1209600, 60, ("risk", "data")),
    ("SQS::Queue", "SqsManagedSseEnabled", True, False, ("risk", "security")),
    ("Logs::LogGroup", "RetentionInDays", 90, 7, ("risk", "data")),
    ("Kinesis::Stream", "RetentionPeriodHours", 48, 24, ("risk", "data")),
    ("RDS::DBInstance", "DeletionProtection", "true", "false", ("risk", "data")),
    ("RDS::DBInstance", "BackupRetentionPeriod", 7, 1, ("risk", "data")),
    (
        "RDS::DBInstance",
        "DBInstanceClass",
        "db.t4g.small",
        "db.t4g.micro",
        ("risk", "availability"),
    ),
    ("EFS::FileSystem", "BackupPolicy.Status", "ENABLED", "DISABLED", ("risk", "data")),
    ("KMS::Key", "Enabled", True, False, ("danger", "data")),
    ("Cognito::UserPool", "DeletionProtection", "ACTIVE", "INACTIVE", ("risk", "data")),
    ("Lambda::EventSourceMapping", "Enabled", True, False, ("risk", "availability")),
    (
        "ApiGatewayV2::Stage",
        "DefaultRouteSettings.ThrottlingRateLimit",
        50,
        0,
        ("risk", "availability"),
    ),
    ("Lambda::Function", "ReservedConcurrentExecutions", 5, 0, ("risk", "availability")),
    ("Events::Rule", "State", "ENABLED", "DISABLED", ("risk", "availability")),
    ("CloudWatch::Alarm", "ActionsEnabled", True, False, ("risk", "availability")),
]


EITHER_WAY = (
    "AttributeName",
    "BackupRetentionPeriod",
    "DBInstanceClass",
    "Enabled",
    "StreamViewType",
)
"""Properties that are a risk in both directions, or that may replace when the change set does not say."""


@pytest.mark.parametrize(
    ("type_", "path", "strong", "weak", "expected"), LESS, ids=lambda v: str(v)[:40]
)
def test_protection_that_is_lowered_is_found(
    type_: str, path: str, strong: Any, weak: Any, expected: tuple[str, str]
) -> None:
    """Lowering it is found, and said with its values."""
    assert expected in changed(type_, nested(path, strong), nested(path, weak))


@pytest.mark.parametrize(
    ("type_", "path", "strong", "weak"),
    [row[:4] for row in LESS if row[1].rpartition(".")[2] not in EITHER_WAY],
    ids=lambda v: str(v)[:40],
)
def test_protection_that_is_raised_is_no_risk(
    type_: str, path: str, strong: Any, weak: Any
) -> None:
    """The same change the other way round needs no acceptance."""
    found = changed(type_, nested(path, weak), nested(path, strong))
    assert not {severity for severity, _ in found} & {"danger", "risk"}


def test_time_to_live_that_is_switched_on_is_a_risk() -> None:
    """Items that carry an old time go at once."""
    path = "TimeToLiveSpecification.Enabled"
    assert ("risk", "data") in changed("DynamoDB::Table", nested(path, False), nested(path, True))


def test_logs_for_ever_are_the_most_there_is() -> None:
    """Without a number logs stay for ever: a number shortens that, and taking it away does not."""
    assert ("risk", "data") in changed("Logs::LogGroup", {}, {"RetentionInDays": 30})
    assert changed("Logs::LogGroup", {"RetentionInDays": 30}, {}) == {("note", "cost")}


def test_a_queue_s_default_is_four_days() -> None:
    """Fourteen days instead of none given is longer."""
    assert changed("SQS::Queue", {}, {"MessageRetentionPeriod": 1209600}) == set()
    assert ("risk", "data") in changed("SQS::Queue", {}, {"MessageRetentionPeriod": 60})


def test_dead_letters_that_are_dropped_are_a_danger() -> None:
    """Messages that fail would be lost."""
    policy = {"deadLetterTargetArn": "arn", "maxReceiveCount": 3}
    assert ("danger", "data") in changed("SQS::Queue", {"RedrivePolicy": policy}, {})


def test_an_index_that_goes_is_a_risk() -> None:
    """Queries that use it fail."""
    index = {"IndexName": "by-form"}
    found = changed(
        "DynamoDB::Table", {"GlobalSecondaryIndexes": [index]}, {"GlobalSecondaryIndexes": []}
    )
    assert ("risk", "availability") in found


def test_a_new_expiry_rule_is_a_risk() -> None:
    """It counts for the objects that are there."""
    rule = {"ExpirationInDays": 1, "Status": "Enabled"}
    found = changed("S3::Bucket", {}, nested("LifecycleConfiguration.Rules", [rule]))
    assert ("risk", "data") in found


def role(*statements: dict[str, Any]) -> dict[str, Any]:
    """A role with one inline policy."""
    return {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}]}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (STATEMENT | {"Action": "dynamodb:Scan"}, ("risk", "security")),
        (STATEMENT | {"Resource": "*"}, ("risk", "security")),
        (STATEMENT | {"Action": "dynamodb:*"}, ("risk", "security")),
        (STATEMENT | {"Action": "*"}, ("danger", "security")),
        (STATEMENT | {"Action": ["s3:GetObject", "iam:*"]}, ("danger", "security")),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ("risk", "security")),
    ],
    ids=str,
)
def test_rights_that_widen_are_found(statement: dict[str, Any], expected: tuple[str, str]) -> None:
    """A role may do more than before: a risk, and a danger when it may do everything."""
    assert expected in changed("IAM::Role", role(STATEMENT), role(STATEMENT, statement))


@pytest.mark.parametrize(
    "narrower",
    [
        [STATEMENT],
        [],
        [STATEMENT | {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}],
        [STATEMENT | {"Resource": "arn:aws:dynamodb:::table/a/one"}],
    ],
    ids=str,
)
def test_rights_that_narrow_may_stop_what_needs_them(narrower: list[dict[str, Any]]) -> None:
    """Fewer actions, a smaller resource, one more condition: a risk, though not to security."""
    wide = STATEMENT | {"Resource": ["arn:aws:dynamodb:::table/a", "arn:aws:dynamodb:::table/a/*"]}
    found = changed("IAM::Role", role(wide), role(*narrower))
    assert found == {("risk", "availability")}


def test_a_denial_that_is_gone_is_a_risk() -> None:
    """What was denied expressly may be allowed by somebody else."""
    deny = STATEMENT | {"Effect": "Deny"}
    assert ("risk", "security") in changed("IAM::Role", role(STATEMENT, deny), role(STATEMENT))


def test_anybody_in_a_resource_s_policy_is_a_danger() -> None:
    """A bucket, a queue or a key that the whole world may use; with a condition it is a risk."""
    open_ = {"Statement": [STATEMENT | {"Principal": "*", "Action": "s3:GetObject"}]}
    bounded = {"Statement": [{**open_["Statement"][0], "Condition": {"StringEquals": {"a": "b"}}}]}
    for type_ in ("S3::BucketPolicy", "SQS::QueuePolicy", "SNS::TopicPolicy"):
        assert ("danger", "security") in added(type_, PolicyDocument=open_)
        assert ("risk", "security") in added(type_, PolicyDocument=bounded)
    as_aws = {"Statement": [STATEMENT | {"Principal": {"AWS": "*"}}]}
    assert ("danger", "security") in added("S3::BucketPolicy", PolicyDocument=as_aws)


@pytest.mark.parametrize(
    ("type_", "properties", "expected"),
    [
        ("Lambda::Url", {"AuthType": "NONE"}, ("risk", "security")),
        ("Lambda::Permission", {"Principal": "*"}, ("danger", "security")),
        ("Lambda::Permission", {"Principal": "*", "SourceAccount": "1"}, ("risk", "security")),
        ("S3::Bucket", {"AccessControl": "PublicRead"}, ("danger", "security")),
        ("S3::Bucket", nested("PublicAccessBlockConfiguration.BlockPublicAcls", False), ("risk", "security")),
        ("RDS::DBInstance", {"PubliclyAccessible": True}, ("danger", "security")),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [SSH]}, ("danger", "security")),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [HTTPS]}, ("note", "security")),
        ("EC2::SecurityGroupIngress", {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, ("danger", "security")),
        ("IAM::Role", {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}, ("danger", "security")),
        ("EC2::NatGateway", {}, ("risk", "cost")),
        ("CloudWatch::Alarm", {}, ("note", "cost")),
        ("Logs::LogGroup", {}, ("note", "cost")),
        ("DynamoDB::Table", {}, ("risk", "cost")),
    ],
    ids=lambda v: str(v)[:50],
)  # fmt: skip
def test_what_is_new_is_judged(
    type_: str, properties: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Openings to the world, and what costs while nobody uses it."""
    assert expected in added(type_, **properties)


def test_an_ordinary_new_function_is_no_risk() -> None:
    """Narrow rights, a queue, a function: nothing to accept."""
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    }
    assert added("IAM::Role", AssumeRolePolicyDocument=trust, **role(STATEMENT)) == set()
    assert added("Lambda::Function", Handler="a.b") == set()
    assert added("SQS::Queue") == set()


def test_a_route_that_asks_for_nothing_any_more_is_a_risk() -> None:
    """It was behind a sign-in and is open now."""
    found = changed(
        "ApiGatewayV2::Route", {"AuthorizationType": "JWT"}, {"AuthorizationType": "NONE"}
    )
    assert ("risk", "security") in found


def test_a_block_on_public_access_that_is_lifted_is_a_danger() -> None:
    """Whatever the policies say now, the next one may open the bucket."""
    path = "PublicAccessBlockConfiguration.BlockPublicPolicy"
    assert ("danger", "security") in changed("S3::Bucket", nested(path, True), nested(path, False))


@pytest.mark.parametrize(
    "type_", ["ApiGatewayV2::Api", "Lambda::Function", "CloudFront::Distribution"]
)
def test_what_answers_and_is_replaced_or_removed_is_a_risk(type_: str) -> None:
    """An address changes, or answers no more."""
    assert ("risk", "availability") in changed(type_, {"A": 1}, {"A": 2}, "True")
    old = template(X=resource(type_), Y=resource("SNS::Subscription"))
    new = template(Y=resource("SNS::Subscription"))
    assert ("risk", "availability", "X") in said(reviewed(old, new, change("Remove", "X", type_)))


def test_a_replacement_under_a_fixed_name_will_fail() -> None:
    """The new one is made beside the old one, which bears the name."""
    before = {"RoleName": "forms", "Path": "/a/"}
    old, new = (
        template(X=resource("IAM::Role", **before)),
        template(X=resource("IAM::Role", RoleName="forms", Path="/b/")),
    )
    found = reviewed(old, new, change("Modify", "X", "IAM::Role", "True"))
    assert any("will fail" in finding.sentence for finding in found.findings)


WORDS = st.sampled_from(["s3:GetObject", "s3:*", "s3:Get*", "*", "sqs:SendMessage"])


@given(st.lists(WORDS, min_size=1, max_size=3), st.lists(WORDS, min_size=1, max_size=3))
def test_rights_are_widened_exactly_when_one_is_not_covered(
    before: list[str], after: list[str]
) -> None:
    """What no old action covers is new; the same policy, or a part of it, is not."""

    def made(actions: list[str]) -> Resource:
        document = {
            "Statement": [{"Effect": "Allow", "Action": a, "Resource": "*"} for a in actions]
        }
        return Resource("P", "AWS::IAM::Policy", {"PolicyDocument": document})

    def covers(old: str, new: str) -> bool:
        return old in ("*", new) or (old.endswith("*") and new.startswith(old[:-1]))

    expected = {new for new in after if not any(covers(old, new) for old in before)}
    old, new = statements(made(before)), statements(made(after))
    assert {s.actions[0] for s in uncovered(new, old)} == expected
    assert uncovered(old, old) == ()


ACTIONS = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]
THINGS = ["arn:aws:s3:::a", "arn:aws:s3:::a/b", "arn:aws:s3:::c"]
SOME = st.fixed_dictionaries(
    {
        "Action": st.lists(
            st.sampled_from([*ACTIONS, "s3:*", "*", "S3:Get*"]), min_size=1, max_size=2
        ),
        "Resource": st.lists(
            st.sampled_from([*THINGS, "*", "arn:aws:s3:::a*", "arn:aws:s3:::?"]),
            min_size=1,
            max_size=2,
        ),
        "Condition": st.sampled_from([{}, {"Bool": {"a": "true"}}]),
    }
)


@given(st.lists(SOME, max_size=3), st.lists(SOME, max_size=3))
def test_whatever_is_newly_allowed_is_found(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    """Of every action on every thing: if no statement allowed it and one does now, in whichever words, it is said."""

    def made(rows: list[dict[str, Any]]) -> Resource:
        document = {"Statement": [{"Effect": "Allow", **row} for row in rows]}
        return Resource("P", "AWS::IAM::Policy", {"PolicyDocument": document})

    def allowed(rows: list[dict[str, Any]], *, bounded: bool) -> set[tuple[str, str]]:
        return {
            (action, thing)
            for row in rows
            if bounded or not row["Condition"]
            for action in ACTIONS
            for thing in THINGS
            if any(fnmatch(action.lower(), pattern.lower()) for pattern in row["Action"])
            and any(fnmatchcase(thing, pattern) for pattern in row["Resource"])
        }

    more = [allowed(after, bounded=b) - allowed(before, bounded=b) for b in (True, False)]
    if any(more):
        assert uncovered(statements(made(after)), statements(made(before)))
    assert uncovered(statements(made(after)), statements(made([*before, *after]))) == ()


@pytest.mark.parametrize(
    ("name", "description", "is_said"),
    [
        ("Environment", "one", True),
        ("Environment", "two", False),
        ("Tags", "one", False),
        ("ReservedConcurrentExecutions", "one", False),
    ],
)
def test_a_function_that_changes_without_a_new_version_is_said(
    name: str, description: str, is_said: bool
) -> None:
    """Its alias would go on with the old settings, and nobody would notice."""

    def stack(value: object, told: str) -> Template:
        version = {"FunctionName": {"Ref": "X"}, "Description": told}
        return template(
            X=resource("Lambda::Function", **{name: value}),
            V=resource("Lambda::Version", **version),
        )

    changes = [change("Modify", "X", "Lambda::Function")]
    if description == "two":
        changes.append(change("Modify", "V", "Lambda::Version", "True"))
    found = reviewed(stack(5, "one"), stack(6, description), *changes)
    sentences = [f.sentence for f in found.findings if "No new version" in f.sentence]
    assert bool(sentences) is is_said
    if is_said:
        assert "(V stays)" in sentences[0]


def test_a_function_without_versions_changes_at_once() -> None:
    """Nothing is said where nobody calls a version."""
    assert changed("Lambda::Function", {"Timeout": 3}, {"Timeout": 5}) == set()
