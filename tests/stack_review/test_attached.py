"""What is new, gone or set up otherwise: it takes hold of what was there, or lets go of it."""

from __future__ import annotations

from typing import Any

import pytest

from stack_review.change_set import read_changes
from stack_review.finding import Severity
from stack_review.review import Review, Subject, review
from stack_review.template import Template, from_document
from support.review.changes import SUBJECT, change, resource, reviewed, template

HERE = {
    "Queue": resource("SQS::Queue"),
    "Role": resource("IAM::Role"),
    "Bucket": resource("S3::Bucket"),
    "Secret": resource("SecretsManager::Secret"),
    "Logs": resource("Logs::LogGroup"),
    "Topic": resource("SNS::Topic"),
}
ALLOWED = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:t"}]}


def ref(name: str) -> dict[str, str]:
    """A reference."""
    return {"Ref": name}


def serious(found: Review) -> list[tuple[str, str]]:
    """Topic and resource of what needs acceptance."""
    return [(f.topic.value, f.resource) for f in found.findings if f.severity is not Severity.NOTE]


@pytest.mark.parametrize(
    ("type_", "properties", "target"),
    [
        ("Lambda::EventSourceMapping", {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}, "Queue"),
        ("IAM::Policy", {"Roles": [ref("Role")], "PolicyDocument": ALLOWED}, "Role"),
        ("IAM::RolePolicy", {"RoleName": ref("Role"), "PolicyDocument": ALLOWED}, "Role"),
        ("S3::BucketPolicy", {"Bucket": ref("Bucket"), "PolicyDocument": {"Statement": []}}, "Bucket"),
        ("SecretsManager::RotationSchedule", {"SecretId": ref("Secret")}, "Secret"),
        ("Logs::SubscriptionFilter", {"LogGroupName": ref("Logs"), "DestinationArn": "arn:x"}, "Logs"),
        ("SNS::Subscription", {"TopicArn": ref("Topic"), "Endpoint": "a@example.com"}, "Topic"),
        ("SQS::QueuePolicy", {"Queues": [ref("Queue")], "PolicyDocument": {"Statement": []}}, "Queue"),
    ],
)  # fmt: skip
def test_what_is_new_is_a_risk_to_what_it_takes_hold_of(
    type_: str, properties: dict[str, Any], target: str
) -> None:
    """On what is in use it is one; on what is as new as itself, or in a new stack, it is not."""
    added = {"X": resource(type_, **properties)}
    assert ("security", "X") in serious(reviewed(template(**HERE), template(**HERE, **added)))
    rest = {name: one for name, one in HERE.items() if name != target}
    assert serious(reviewed(template(**rest), template(**HERE, **added))) == []
    new = review(Subject("new", creates=True), Template(), template(**HERE, **added), ())
    assert serious(new) == []


def test_a_name_that_is_taken_fails() -> None:
    """A table under another logical id and the same name: the new one is made before the old one goes."""
    old = template(A=resource("DynamoDB::Table", TableName="t", deletion="Retain"))
    new = template(B=resource("DynamoDB::Table", TableName="t", deletion="Retain"))
    found = reviewed(old, new)
    assert any("A has that name" in f.sentence for f in found.findings)


def test_an_index_under_the_same_name_with_another_key_is_another_index() -> None:
    """Its name alone tells nothing."""

    def table(key: str) -> Template:
        index = {"IndexName": "i", "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]}
        return template(T=resource("DynamoDB::Table", GlobalSecondaryIndexes=[index]))

    found = reviewed(table("a"), table("b"))
    assert ("availability", "T") in serious(found)
    assert any(f.change == "The index i changes" for f in found.findings)


@pytest.mark.parametrize(
    ("key", "target", "authorization", "is_asked"),
    [
        ("GET /other", "integrations/a", "JWT", False),
        ("POST /form/new", "integrations/a", "JWT", False),
        ("POST /form/new", "integrations/b", "JWT", True),
        ("GET /other", "integrations/a", "NONE", True),
    ],
)
def test_a_new_route_is_judged_by_those_beside_it(
    key: str, target: str, authorization: str, is_asked: bool
) -> None:
    """It takes requests from a greedy one, or asks for nothing where the others do."""

    def route(**properties: str) -> dict[str, Any]:
        return resource("ApiGatewayV2::Route", ApiId="a", **properties)

    here = {
        "Old": route(RouteKey="ANY /form/{rest+}", Target="integrations/a", AuthorizationType="JWT")
    }
    new = route(RouteKey=key, Target=target, AuthorizationType=authorization)
    assert bool(serious(reviewed(template(**here), template(**here, New=new)))) is is_asked


def test_what_is_published_anew_takes_the_old_one_s_place() -> None:
    """As CDK names it: a version goes and another comes. One that only goes is a risk."""
    web = {"Web": resource("Lambda::Function")}
    one = {"One": resource("Lambda::Version", FunctionName=ref("Web"))}
    two = {"Two": resource("Lambda::Version", FunctionName=ref("Web"))}

    def alias(name: str) -> dict[str, Any]:
        points = {"Fn::GetAtt": [name, "Version"]}
        return {"Live": resource("Lambda::Alias", FunctionVersion=points)}

    old = template(**web, **one, **alias("One"))
    assert serious(reviewed(old, template(**web, **two, **alias("Two")))) == []
    kept = template(**web, **one, **two, **alias("One"))
    assert serious(reviewed(kept, template(**web, **one, **two, **alias("Two")))) == [
        ("availability", "Live")
    ]
    assert ("availability", "One") in serious(reviewed(old, template(**web, **alias("One"))))


def outputs(**values: Any) -> Template:
    """A stack of one queue with these outputs."""
    return from_document({"Resources": {"Q": resource("SQS::Queue")}, "Outputs": values})


ADDRESS = {"Value": "a", "Export": {"Name": "shop"}}


@pytest.mark.parametrize(
    ("after", "is_asked"),
    [
        ({"A": ADDRESS, "B": {"Value": "b"}}, False),
        ({"A": {**ADDRESS, "Description": "where it is"}}, False),
        ({"A": {**ADDRESS, "Value": "b"}}, True),
        ({"A": {"Value": "a"}}, True),
        ({}, True),
    ],
)
def test_an_output_that_somebody_may_read_is_judged(after: dict[str, Any], is_asked: bool) -> None:
    """A new one harms nobody; one that is gone, or says something else, may. Outputs alone are a change too."""
    found = reviewed(outputs(A=ADDRESS), outputs(**after))
    assert (bool(serious(found)), found.is_empty) == (is_asked, False)


@pytest.mark.parametrize(
    ("before", "after", "is_asked"),
    [
        ({"UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"ApplicationName": "a"}}}, {}, True),
        ({}, {"CreationPolicy": {"ResourceSignal": {"Count": 1}}}, True),
        ({"Metadata": {"AWS::CloudFormation::Init": {"a": 1}}}, {}, True),
        ({"Metadata": {"Comment": "a"}}, {"Metadata": {"Comment": "b"}}, False),
        ({"DeletionPolicy": "Retain"}, {"DeletionPolicy": "Delete"}, True),
        ({"DeletionPolicy": "Snapshot"}, {}, True),
        ({"DeletionPolicy": {"Fn::If": ["A", "Retain", "Delete"]}}, {"DeletionPolicy": "Delete"}, True),
        ({}, {"DeletionPolicy": "Retain"}, False),
    ],
)  # fmt: skip
def test_how_a_resource_is_updated_and_kept_is_judged(
    before: dict[str, Any], after: dict[str, Any], is_asked: bool
) -> None:
    """Beside its properties; a comment in its metadata is nothing."""
    old, new = ({"Resources": {"X": {"Type": "AWS::Lambda::Alias", **s}}} for s in (before, after))
    assert bool(serious(reviewed(from_document(old), from_document(new)))) is is_asked


SSM = "{{resolve:ssm:/protect}}"


@pytest.mark.parametrize(
    ("before", "after", "is_asked"),
    [("true", "false", True), ("false", "true", False), (None, None, True), ("****", "****", True)],
)
def test_behind_a_dynamic_reference_the_change_set_s_values_count(
    before: str | None, after: str | None, is_asked: bool
) -> None:
    """The templates are the same; without values, or with hidden ones, nobody can compare."""
    table = template(T=resource("DynamoDB::Table", DeletionProtectionEnabled=SSM))
    target = {"Attribute": "Properties", "Name": "DeletionProtectionEnabled"}
    values = {"BeforeValue": before, "AfterValue": after} if before else {}
    said = change(
        "Modify",
        "T",
        "DynamoDB::Table",
        "False",
        Details=[{"Target": {**target, **values}, "ChangeSource": "DirectModification"}],
    )
    assert bool(serious(reviewed(table, table, said))) is is_asked


def test_a_modification_that_nothing_explains_is_unknown() -> None:
    """CloudFormation says that it changes, and neither template nor change set says what."""
    same = template(T=resource("SNS::Topic"))
    assert serious(reviewed(same, same, change("Modify", "T", "SNS::Topic", "False"))) == [
        ("unknown", "T")
    ]


def test_who_is_outside_is_told_by_the_account() -> None:
    """One's own account in a new trust is nothing; another's is a risk."""

    def role(account: str) -> Template:
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        }
        return template(
            T=resource("SNS::Topic"),
            R=resource("IAM::Role", AssumeRolePolicyDocument={"Statement": [trust]}),
        )

    def asked(account: str) -> list[tuple[str, str]]:
        changes = read_changes([change("Add", "R", "IAM::Role")])
        return serious(review(SUBJECT, template(T=resource("SNS::Topic")), role(account), changes))

    assert asked(SUBJECT.account) == asked("${AWS::AccountId}") == []
    assert asked("999999999999") == [("security", "R")]


@pytest.mark.parametrize(
    ("ranges", "is_danger"),
    [
        (["0.0.0.0/0"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["::/1", "8000::/1"], True),
        ([f"{n}.0.0.0/9" for n in (1, 2)], True),
        (["192.0.2.0/24"], False),
    ],
)
def test_half_the_internet_is_the_internet(ranges: list[str], is_danger: bool) -> None:
    """However it is cut up."""
    rules = [
        {("CidrIpv6" if ":" in text else "CidrIp"): text, "FromPort": 22, "ToPort": 22}
        for text in ranges
    ]
    old = template(G=resource("EC2::SecurityGroup", SecurityGroupIngress=[]))
    new = template(G=resource("EC2::SecurityGroup", SecurityGroupIngress=rules))
    found = {f.severity for f in reviewed(old, new).findings}
    assert (Severity.DANGER in found) is is_danger
    assert Severity.RISK in found


PROTECT = [
    {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Resource": "LogicalResourceId/T*"},
]  # fmt: skip
BUT_TOPICS = {"StringEquals": {"ResourceType": ["AWS::SNS::*"]}}


@pytest.mark.parametrize(
    ("statements", "forbidden"),
    [
        ([PROTECT[0]], set()),
        (PROTECT, {"Topic"}),
        ([], {"Topic", "Queue"}),
        ([PROTECT[0], {"Effect": "Deny", "NotAction": "Update:Delete", "Resource": "*"}], {"Queue"}),
        ([PROTECT[0], {**PROTECT[1], "Resource": "*", "Condition": BUT_TOPICS}], {"Topic"}),
        ([{"Effect": "Allow", "Action": "Update:*", "NotResource": "LogicalResourceId/Queue"}], {"Queue"}),
    ],
)  # fmt: skip
def test_what_the_stack_s_own_policy_forbids_fails(
    statements: list[dict[str, Any]], forbidden: set[str]
) -> None:
    """What denies goes before what allows, and what nothing allows is denied; a new resource is free."""
    old = template(Topic=resource("SNS::Topic"), Queue=resource("SQS::Queue", DelaySeconds=5))
    new = template(
        Queue=resource("SQS::Queue", DelaySeconds=0), New=resource("SQS::Queue", DelaySeconds=5)
    )
    found = review(Subject("s", policy={"Statement": statements}), old, new, ())
    assert {f.resource for f in found.findings if "policy forbids" in f.sentence} == forbidden


@pytest.mark.parametrize(
    ("before", "after", "is_asked"),
    [
        ({}, {"Rules": {"R": {}}}, True),
        ({"Hooks": {"H": {}}}, {}, True),
        ({"Transform": "AWS::Serverless-2016-10-31"}, {"Transform": ["Own"]}, True),
        ({"Parameters": {"P": {"NoEcho": True}}}, {"Parameters": {"P": {}}}, True),
        ({"Parameters": {"P": {"NoEcho": True}}}, {"Parameters": {}}, False),
        ({"Parameters": {"P": {"Default": 1}}}, {"Parameters": {"P": {"Default": 2}}}, False),
        ({"Metadata": {"a": 1}, "Description": "a"}, {"Mappings": {"M": {}}}, False),
    ],
)
def test_what_stands_beside_the_resources_is_judged(
    before: dict[str, Any], after: dict[str, Any], is_asked: bool
) -> None:
    """Rules, hooks and macros, and a value that was hidden; a default alone is nothing."""
    same = {"Resources": {"T": resource("SNS::Topic")}}
    found = reviewed(from_document(same | before), from_document(same | after))
    assert bool(serious(found)) is is_asked


OWN = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
OTHER = "arn:aws:iam::999999999999:root"
ANY_ROLE = "arn:aws:iam::123456789012:role/*"


@pytest.mark.parametrize(
    ("type_", "path", "statement", "severities"),
    [
        ("KMS::Key", "KeyPolicy", {"Action": "kms:*", "Principal": {"AWS": OWN}, "Resource": "*"}, {"note"}),
        ("KMS::Key", "KeyPolicy", {"Action": "kms:*", "Principal": {"AWS": OTHER}, "Resource": "*"}, {"risk"}),
        ("IAM::Policy", "PolicyDocument", {"Action": "iam:PassRole", "Resource": ANY_ROLE}, {"danger"}),
        ("IAM::Policy", "PolicyDocument", {"Action": "iam:Put*", "Resource": "*"}, {"danger"}),
        ("IAM::Policy", "PolicyDocument", {"Action": "iam:PassRole", "Resource": ANY_ROLE[:-1] + "web"}, set()),
        ("IAM::Policy", "PolicyDocument", {"Action": "s3:Get*", "Resource": "*"}, {"note"}),
    ],
)  # fmt: skip
def test_a_new_right_weighs_what_it_allows_on_what(
    type_: str, path: str, statement: dict[str, Any], severities: set[str]
) -> None:
    """Rights that hand out rights are the worst; one's own account in a key's policy is what each key has."""
    document = {"Statement": [{"Effect": "Allow", **statement}]}
    found = reviewed(template(**HERE), template(**HERE, X=resource(type_, **{path: document})))
    told = {f.severity.value for f in found.findings if f.topic.value == "security"}
    assert told == severities


ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    ("type_", "properties", "is_asked"),
    [
        ("Lambda::Permission", {"Principal": "sns.amazonaws.com", "SourceArn": "arn:t"}, False),
        ("Lambda::Permission", {"Principal": "sns.amazonaws.com"}, True),
        ("Lambda::Permission", {"Principal": "999999999999"}, True),
        ("Lambda::Permission", {"Principal": SUBJECT.account}, False),
        ("Lambda::Permission", {"Principal": "*", "SourceArn": "arn:t"}, True),
        ("Lambda::Function", {"Role": {"Fn::GetAtt": ["Admin", "Arn"]}}, True),
        ("Lambda::Function", {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}, False),
        ("Lambda::Function", {"Role": "arn:aws:iam::1:role/other"}, True),
        ("ApiGateway::Method", {"RestApiId": "r", "AuthorizationType": "NONE"}, True),
        ("Lambda::Url", {"Cors": {"AllowOrigins": ["*"], "AllowCredentials": True}}, True),
        ("IAM::AccessKey", {"UserName": "u"}, True),
        ("AutoScaling::ScheduledAction", {"AutoScalingGroupName": "g"}, True),
        ("Events::Rule", {"Targets": [{"Arn": "arn:aws:events:x:999999999999:event-bus/a"}]}, True),
        ("Events::Rule", {"Targets": [{"Arn": f"arn:aws:sqs:x:{SUBJECT.account}:a"}]}, False),
        ("S3::AccessPoint", {"Policy": {"Fn::Sub": "{${Unread}}"}}, True),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [{"SourcePrefixListId": "pl-1"}]}, True),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [{"CidrIp": "192.0.2.0/24"}]}, False),
        ("ApiGateway::Method", {"RestApiId": "r", "AuthorizationType": "AWS_IAM"}, False),
    ],
)
def test_who_is_let_in_and_what_works_as_whom_is_judged_of_what_is_new(
    type_: str, properties: dict[str, Any], is_asked: bool
) -> None:
    """Another account, an administrator's role, a role from elsewhere, an open door beside closed ones."""
    here = {
        **HERE,
        "Admin": resource("IAM::Role", ManagedPolicyArns=[ADMIN]),
        "Get": resource("ApiGateway::Method", RestApiId="r", AuthorizationType="AWS_IAM"),
    }
    found = reviewed(template(**here), template(**here, X=resource(type_, **properties)))
    assert bool(serious(found)) is is_asked
