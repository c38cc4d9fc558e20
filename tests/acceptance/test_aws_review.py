"""`todoke aws plan | deploy | status | logs | destroy` against CloudFormation as ministack emulates it."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.aws.stack import REGION, Ministack, ministack
from support.run.serving import TODOKE

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
TEMPLATE: dict[str, Any] = {
    "Parameters": {"Wait": {"Type": "Number", "Default": 0}},
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            },
        },
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"ReceiveMessageWaitTimeSeconds": {"Ref": "Wait"}},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Web": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {
                    "ZipFile": "def handler(event, context):\n    print('hello from', event)\n"
                },
            },
        },
    },
    "Outputs": {"TableName": {"Value": {"Ref": "Table"}}},
}


class Stack:
    """A stack of its own for one test, and the command line to deploy it with."""

    def __init__(self, aws: Ministack, folder: Path, name: str) -> None:
        self.aws = aws
        self.folder = folder
        self.name = name
        self.template = copy.deepcopy(TEMPLATE)

    @property
    def resources(self) -> dict[str, Any]:
        """The resources of its template, to be changed."""
        found: dict[str, Any] = self.template["Resources"]
        return found

    def run(
        self, command: str, *options: str, answer: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """`todoke aws COMMAND --stack NAME ...`."""
        return self.execute(str(TODOKE), "aws", command, *options, answer=answer)

    def review(self, *options: str) -> subprocess.CompletedProcess[str]:
        """`python -m stack_review --stack NAME ...` of the template as it is now."""
        python = str(TODOKE.with_name("python"))
        return self.execute(python, "-m", "stack_review", "--template", self.written(), *options)

    def execute(self, *command: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """A command that is told of this stack."""
        environ = os.environ | {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        return subprocess.run(
            [*command, "--stack", self.name],
            env=environ,
            cwd=self.folder,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    def plan(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Plan the template as it is now."""
        return self.run("plan", "--template", self.written(), *options)

    def deploy(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Deploy the template as it is now, without a canary."""
        return self.run("deploy", "--template", self.written(), "--no-canary", *options)

    def written(self) -> str:
        """The template as a file."""
        path = self.folder / "template.json"
        path.write_text(json.dumps(self.template))
        return str(path)

    @property
    def status(self) -> str:
        """What CloudFormation says of it; "" when there is none."""
        rows = self.aws.client("cloudformation").list_stacks()["StackSummaries"]
        found = [r["StackStatus"] for r in rows if r["StackName"] == self.name]
        return found[0] if found and found[0] != "DELETE_COMPLETE" else ""

    def table(self) -> str:
        """The physical name of its table."""
        found = self.aws.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId="Table"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def key(self) -> str:
        """The name of its table's key."""
        found = self.aws.client("dynamodb").describe_table(TableName=self.table())
        return str(found["Table"]["KeySchema"][0]["AttributeName"])

    def tables(self) -> list[str]:
        """Every table there is."""
        names: list[str] = self.aws.client("dynamodb").list_tables()["TableNames"]
        return names

    def change_sets(self) -> list[Any]:
        """Those that were left behind."""
        found = self.aws.client("cloudformation").list_change_sets(StackName=self.name)
        return [r for r in found["Summaries"] if r["ExecutionStatus"] == "AVAILABLE"]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """One ministack for all tests of this file."""
    with ministack(tmp_path_factory.mktemp("ministack")) as started:
        yield started


@pytest.fixture
def stack(aws: Ministack, tmp_path: Path, request: pytest.FixtureRequest) -> Stack:
    """A name that no other test uses."""
    return Stack(aws, tmp_path, request.node.name.replace("_", "-")[:60])


def test_a_plan_of_a_new_stack_leaves_nothing(stack: Stack) -> None:
    """Exit 0, every output in one go, and neither a change set nor a stack stays behind."""
    done = stack.plan("--markdown", "r.md", "--html", "r.html", "--brief", "r.txt", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["counts"] == {"added": 4}
    for name in ("r.md", "r.html", "r.txt"):
        assert found["digest"] in (stack.folder / name).read_text()
    assert stack.status == ""


def test_a_kept_change_set_stays(stack: Stack) -> None:
    """With --keep the change set is there to be looked at in the console."""
    assert stack.plan("--keep").returncode == 0
    assert stack.status == "REVIEW_IN_PROGRESS"
    assert len(stack.change_sets()) == 1
    again = stack.plan()
    assert again.returncode == 0, again.stderr
    assert len(stack.change_sets()) == 1  # another's change set is not cleaned away


def test_the_review_alone_sees_what_the_plan_sees(stack: Stack) -> None:
    """Before there is a stack and after: the same findings and exit, and nothing stays behind."""
    assert json.loads(stack.review("--json").stdout)["counts"] == {"added": 4}
    assert stack.status == ""
    assert stack.deploy().returncode == 0
    stack.resources["Table"]["Properties"]["TableName"] = "other"
    alone, planned = stack.review("--parameter", "Wait=0", "--json"), stack.plan("--json")
    assert (alone.returncode, alone.stderr) == (planned.returncode, planned.stderr) == (1, "")
    assert json.loads(alone.stdout) == json.loads(planned.stdout)
    assert stack.change_sets() == []
    assert stack.status == "CREATE_COMPLETE"
    kept = stack.review("--keep")
    assert "stack-review-" in kept.stderr
    assert len(stack.change_sets()) == 1


def test_a_live_stack_s_own_policy_is_asked_for(stack: Stack) -> None:
    """What it forbids is said before CloudFormation refuses it."""
    assert stack.deploy().returncode == 0
    deny = {"Effect": "Deny", "Action": "Update:Delete", "Principal": "*", "Resource": "*"}
    policy = {"Statement": [{**deny, "Effect": "Allow", "Action": "Update:*"}, deny]}
    stack.aws.client("cloudformation").set_stack_policy(
        StackName=stack.name, StackPolicyBody=json.dumps(policy)
    )
    del stack.resources["Queue"]
    planned = stack.plan()
    assert planned.returncode == 1
    assert "The stack's policy forbids it (Update:Delete)" in planned.stdout


def test_create_and_update_without_risk(stack: Stack) -> None:
    """Both go through without acceptance, the progress is shown, and a third deployment finds nothing to do."""
    made = stack.deploy()
    assert made.returncode == 0, made.stderr
    assert "CREATE_COMPLETE Table" in made.stdout
    (stack.folder / "p.yaml").write_text("Wait: 5\n")
    stack.resources["Web"]["Properties"]["Handler"] = "index.other"
    changed = stack.deploy("--parameters", "p.yaml")
    assert changed.returncode == 0, changed.stderr
    assert "Queue  AWS::SQS::Queue  changed" in changed.stdout
    assert "parameter Wait: 0 -> 5" in changed.stdout
    assert stack.status == "UPDATE_COMPLETE"
    assert "Nothing changes." in stack.deploy().stdout
    assert stack.change_sets() == []


def test_an_update_that_replaces_the_table_is_refused_until_it_is_accepted(stack: Stack) -> None:
    """Exit 1 and nothing happens; another digest does not help; with its own, just that is executed."""
    assert stack.deploy().returncode == 0
    properties = stack.resources["Table"]["Properties"]
    properties["AttributeDefinitions"][0]["AttributeName"] = "id"
    properties["KeySchema"][0]["AttributeName"] = "id"
    planned = stack.plan("--json")
    review = json.loads(planned.stdout)
    assert planned.returncode == 1
    assert ("risk", "data", "Table") in {
        (f["severity"], f["topic"], f["resource"]) for f in review["findings"]
    }
    for options in ((), ("--accept", "0123456789abcdef")):
        assert stack.deploy(*options).returncode == 1
        assert stack.key() == "pk"
    properties["TableName"] = "sneaked-in-after-the-review"
    assert stack.deploy("--accept", review["digest"]).returncode == 1
    assert stack.key() == "pk"
    del properties["TableName"]
    accepted = stack.deploy("--accept", review["digest"])
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert stack.key() == "id"


BROKEN = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 999_999}}
"""A queue that no template check finds wrong, and that cannot be made."""


def test_a_failing_update_is_rolled_back_with_its_cause_in_words(stack: Stack) -> None:
    """The first real failure is told, not its echoes, and the former deployment is in force."""
    assert stack.deploy().returncode == 0
    stack.resources["Second"] = BROKEN
    stack.resources["Web"]["Properties"]["Handler"] = "index.other"
    done = stack.deploy()
    assert done.returncode == 1
    assert "Second (AWS::SQS::Queue) could not be" in done.stderr
    assert "VisibilityTimeout" in done.stderr
    assert "the former deployment is in force" in done.stderr
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    del stack.resources["Second"]
    assert stack.deploy().returncode == 0


def test_a_first_deployment_that_fails_is_explained(stack: Stack) -> None:
    """The stack that was never whole is named, `plan` says what to do about it, and that works."""
    stack.resources["Second"] = BROKEN
    done = stack.deploy()
    assert done.returncode == 1
    assert "Second (AWS::SQS::Queue) could not be made" in done.stderr
    assert stack.status == "ROLLBACK_COMPLETE"
    planned = stack.plan()
    assert planned.returncode == 2
    assert f"todoke aws destroy --stack {stack.name}" in planned.stderr
    assert stack.run("destroy", "--yes").returncode == 0
    assert stack.status == ""


def test_destroy_keeps_the_table(stack: Stack) -> None:
    """The stack goes, the table stays with what is in it, and its name is told."""
    assert stack.deploy().returncode == 0
    table = stack.table()
    stack.aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "1"}})
    assert stack.run("destroy", answer="no\n").returncode == 1
    assert stack.status == "CREATE_COMPLETE"
    done = stack.run("destroy", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"Kept: Table (AWS::DynamoDB::Table): {table}" in done.stdout
    assert stack.status == ""
    assert stack.aws.client("dynamodb").scan(TableName=table)["Count"] == 1


def test_destroy_refuses_to_take_data_along(stack: Stack) -> None:
    """A table that is not retained, and a queue with a message in it, stop it; --delete-data needs the name typed."""
    del stack.resources["Table"]["DeletionPolicy"]
    assert stack.deploy().returncode == 0
    table = stack.table()
    done = stack.run("destroy", "--yes")
    assert done.returncode == 1
    assert f"Table ({table}: the items of the table)" in done.stderr
    assert stack.run("destroy", "--delete-data", "--yes", answer="yes\n").returncode == 1
    assert table in stack.tables()
    gone = stack.run("destroy", "--delete-data", answer=f"{stack.name}\n")
    assert gone.returncode == 0, gone.stderr
    assert table not in stack.tables()


def test_delete_data_takes_what_was_retained(stack: Stack) -> None:
    """A retained and protected table, and a bucket with objects in it, go when that is asked for by name."""
    stack.resources["Table"]["Properties"]["DeletionProtectionEnabled"] = True
    stack.resources["Files"] = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    assert stack.deploy().returncode == 0
    table = stack.table()
    bucket = stack.aws.client("cloudformation").describe_stack_resource(
        StackName=stack.name, LogicalResourceId="Files"
    )["StackResourceDetail"]["PhysicalResourceId"]
    s3 = stack.aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    done = stack.run("destroy", "--delete-data", answer=f"{stack.name}\n")
    assert done.returncode == 0, done.stderr
    assert table not in stack.tables()
    assert bucket not in [row["Name"] for row in s3.list_buckets()["Buckets"]]


def test_status_and_logs(stack: Stack) -> None:
    """Outputs and the depth of the queue are shown, and what the function wrote."""
    assert stack.deploy().returncode == 0
    resources = stack.aws.client("cloudformation").list_stack_resources(StackName=stack.name)
    names = {
        r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources["StackResourceSummaries"]
    }
    stack.aws.client("sqs").send_message(QueueUrl=names["Queue"], MessageBody="1")
    stack.aws.client("lambda").invoke(FunctionName=names["Web"], Payload=b'"Aoi"')
    found = json.loads(stack.run("status", "--json").stdout)
    assert found["outputs"] == {"TableName": names["Table"]}
    assert found["is_well"]
    (queue,) = found["queues"]
    assert queue["waiting"] == 1
    logs = stack.run("logs", "--function", "web", "--since", "1h")
    assert "hello from Aoi" in logs.stdout, logs.stderr
    assert stack.run("logs", "--function", "nobody").returncode == 1
    assert stack.run("logs", "--since", "long ago").returncode == 2


def test_what_is_wrong_is_one_sentence(stack: Stack) -> None:
    """No stack, no template, no file: exit 1 or 2, and never a traceback."""
    assert stack.run("status").returncode == 1
    assert stack.run("destroy").returncode == 1
    bad = stack.folder / "bad.yaml"
    bad.write_text("Resources: {A: {Type: 'AWS::No::Such'}}")
    for options in (("--template", str(bad)), ("--template", "missing.yaml")):
        done = stack.run("plan", *options)
        assert done.returncode in (1, 2)
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("todoke: ")
    assert stack.status == ""
