"""Ordinary changes of an ordinary stack: how many of them ask for acceptance. A gate that always rings is not heard."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from stack_review.files import Side, review_sides
from stack_review.finding import Severity
from stack_review.review import Review
from stack_review.template import document, from_document

STACK = """
Parameters:
  Memory: {Type: Number, Default: 256}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: k, AttributeType: S}]
      KeySchema: [{AttributeName: k, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: web
          PolicyDocument:
            Statement: [{Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: !GetAtt Table.Arn}]
  Web:
    Type: AWS::Lambda::Function
    Properties:
      Code: {S3Bucket: code, S3Key: one.zip}
      Handler: web.handle
      Runtime: python3.12
      MemorySize: !Ref Memory
      Timeout: 10
      ReservedConcurrentExecutions: 10
      Role: !GetAtt Role.Arn
      Environment: {Variables: {TABLE: !Ref Table, LOG_LEVEL: info}}
  Version: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Web, Description: one.zip}}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Web, FunctionVersion: !GetAtt Version.Version, Name: live}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Sub '/aws/lambda/${Web}', RetentionInDays: 30}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 345600
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Dead: {Type: 'AWS::SQS::Queue'}
  Reader:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Table.StreamArn, FunctionName: !Ref Live, StartingPosition: LATEST}
  Api: {Type: 'AWS::ApiGatewayV2::Api', Properties: {Name: web, ProtocolType: HTTP}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !Ref Live, PayloadFormatVersion: '2.0'}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: POST /form, Target: !Sub 'integrations/${Integration}'}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: live, AutoDeploy: true, DefaultRouteSettings: {ThrottlingRateLimit: 50}}
  May:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Live, Action: 'lambda:InvokeFunction', Principal: apigateway.amazonaws.com}
  Topic: {Type: 'AWS::SNS::Topic'}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmActions: [!Ref Topic], MetricName: Errors, Namespace: AWS/Lambda, Threshold: 1}
  Site:
    Type: AWS::CloudFront::Distribution
    Properties: {DistributionConfig: {Enabled: true, Comment: the site, Aliases: [www.example.com]}}
Outputs:
  Address: {Value: !GetAtt Api.ApiEndpoint}
"""
Change = Callable[[dict[str, Any]], None]


def put(path: str, value: Any) -> Change:
    """Set one property: `Web.Timeout`."""

    def change(content: dict[str, Any]) -> None:
        name, *keys, last = path.split(".")
        table = content["Resources"][name].setdefault("Properties", {})
        for key in keys:
            table = table.setdefault(key, {})
        table[last] = value

    return change


def add(text: str, part: str = "Resources") -> Change:
    """Add resources, as a template has them."""
    return lambda content: content[part].update(document(text, "what is added"))


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(content: dict[str, Any]) -> None:
        for one in changes:
            one(content)

    return change


def tag(content: dict[str, Any]) -> None:
    """A tag on everything that takes one."""
    for name in ("Table", "Role", "Web", "Queue", "Dead", "Topic", "Logs", "Site"):
        put(f"{name}.Tags", [{"Key": "team", "Value": "web"}])(content)


def split(content: dict[str, Any]) -> None:
    """The same rights in two statements."""
    (policy,) = content["Resources"]["Role"]["Properties"]["Policies"]
    (one,) = policy["PolicyDocument"]["Statement"]
    policy["PolicyDocument"]["Statement"] = [{**one, "Action": a} for a in one["Action"]]


DEFINITIONS = [{"AttributeName": n, "AttributeType": "S"} for n in "km"]
INDEX = {"IndexName": "m", "KeySchema": [{"AttributeName": "m", "KeyType": "HASH"}]}
CODE = both(put("Web.Code.S3Key", "two.zip"), put("Version.Description", "two.zip"))
FUNCTION = """
Job: {Type: 'AWS::Lambda::Function', Properties: {Handler: job.handle, Role: !GetAtt JobRole.Arn, Code: {S3Key: a}}}
JobRole: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: {Statement: [
  {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}
JobLogs: {Type: 'AWS::Logs::LogGroup', Properties: {RetentionInDays: 30}}
"""
ORDINARY: dict[str, Change] = {
    "new code": CODE,
    "a longer timeout": put("Web.Timeout", 20),
    "a tag on everything": tag,
    "an alarm": add("Slow: {Type: 'AWS::CloudWatch::Alarm', Properties: {AlarmActions: [!Ref Topic], Threshold: 5}}"),
    "a route to the same function": add(
        "Get: {Type: 'AWS::ApiGatewayV2::Route', Properties: {ApiId: !Ref Api, RouteKey: GET /form,"
        " Target: !Sub 'integrations/${Integration}'}}"
    ),
    "logs kept longer": put("Logs.RetentionInDays", 90),
    "more memory": put("Web.MemorySize", 512),
    "a description": put("Web.Description", "answers forms"),
    "an output": add("Queue: {Value: !Ref Queue}", "Outputs"),
    "a parameter's default": lambda content: content["Parameters"]["Memory"].update(Default=512),
    "a queue": add("More: {Type: 'AWS::SQS::Queue'}"),
    "a table": add(
        "Second: {Type: 'AWS::DynamoDB::Table', DeletionPolicy: Retain, UpdateReplacePolicy: Retain, Properties:"
        " {BillingMode: PAY_PER_REQUEST, KeySchema: [{AttributeName: k, KeyType: HASH}]}}"
    ),
    "a function": add(FUNCTION),
    "a bucket": add(
        "Files: {Type: 'AWS::S3::Bucket', DeletionPolicy: Retain, UpdateReplacePolicy: Retain, Properties:"
        " {PublicAccessBlockConfiguration: {BlockPublicAcls: true, BlockPublicPolicy: true,"
        " IgnorePublicAcls: true, RestrictPublicBuckets: true}}}"
    ),
    "a higher throttle": put("Stage.DefaultRouteSettings.ThrottlingRateLimit", 100),
    "deletion protection": put("Table.DeletionProtectionEnabled", True),
    "point-in-time recovery": put("Table.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", True),
    "a newer runtime": both(put("Web.Runtime", "python3.13"), CODE),
    "one more who is told": put("Alarm.AlarmActions", [{"Ref": "Topic"}, "arn:aws:sns:x:1:second"]),
    "messages kept longer": put("Queue.MessageRetentionPeriod", 1209600),
    "more tries": put("Queue.RedrivePolicy.maxReceiveCount", 10),
    "more at once": put("Web.ReservedConcurrentExecutions", 20),
    "an index": both(put("Table.AttributeDefinitions", DEFINITIONS), put("Table.GlobalSecondaryIndexes", [INDEX])),
    "a comment": put("Site.DistributionConfig.Comment", "our site"),
    "an alarm's description": put("Alarm.AlarmDescription", "the function fails"),
    "a setting for new code": both(put("Web.Environment.Variables.PAGE_SIZE", "50"), CODE),
    "another log level": put("Web.Environment.Variables.LOG_LEVEL", "debug"),
    "one more name of the site": put("Site.DistributionConfig.Aliases", ["www.example.com", "example.com"]),
    "the same rights in two statements": split,
    "one more address for alarms": add(
        "Mail: {Type: 'AWS::SNS::Subscription', Properties: {TopicArn: !Ref Topic, Endpoint: a@b.example}}"
    ),
}  # fmt: skip
ASKED = {"an index", "a setting for new code", "one more address for alarms"}
"""Those that ask for acceptance: an index interrupts, a setting may be any, an address gets what is published."""


def changed(change: Change) -> Review:
    """The review of one change of the stack."""
    before = document(STACK, "the stack")
    after = copy.deepcopy(before)
    change(after)
    return review_sides("web", Side(from_document(before)), Side(from_document(after)))


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_change_needs_no_acceptance(name: str) -> None:
    """But for the few that are known to; and each is seen as a change."""
    found = changed(ORDINARY[name])
    serious = [f for f in found.findings if f.severity is not Severity.NOTE]
    assert not found.is_empty
    assert bool(serious) == (name in ASKED), serious


def test_of_thirty_ordinary_changes_three_ask() -> None:
    """More would teach people to accept without reading."""
    assert len(ORDINARY) == 30
    assert len(ASKED) <= 3


WATCHED = """
AtWork:
  Type: AWS::CloudWatch::Alarm
  Properties:
    Dimensions: [{Name: FunctionName, Value: !Ref Web}, {Name: ExecutedVersion, Value: %s}]
"""


@pytest.mark.parametrize(
    ("watched", "is_asked"), [("!GetAtt Version.Version", False), ("!Ref Version", True)]
)
def test_an_alarm_goes_on_with_the_number_of_the_version_that_is_published(
    watched: str, is_asked: bool
) -> None:
    """It watches whatever version is at work; what else becomes another of a version no dimension is for."""
    before = document(STACK, "the stack")
    add(textwrap.dedent(WATCHED % watched))(before)
    after = copy.deepcopy(before)
    CODE(after)
    found = review_sides("web", Side(from_document(before)), Side(from_document(after)))
    serious = [f.resource for f in found.findings if f.severity is not Severity.NOTE]
    assert serious == (["AtWork"] if is_asked else [])
