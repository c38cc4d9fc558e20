"""`todoke aws policy` on ministack with the rights of roles in force, and against CloudFormation's schemas of types."""

from __future__ import annotations

import json
import os
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from support.aws.site import PAGE, SECRETS, configuration_on_sandbox, put_secrets
from support.aws.stack import REGION, Ministack, ministack, package
from support.places import ROOT
from support.run.serving import TODOKE
from todoke.aws.deploy.rights import rights

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
SCHEMAS = next(
    (ROOT / ".emulators" / "linters").glob("lib/*/site-packages/cfnlint/data/schemas"),
    Path("absent"),
)
NOT_NEEDED = {
    "cloudfront": ("*ConnectionGroup", "GetVpcOrigin", "UpdateDistributionWithStagingConfig"),
    "codedeploy": ("RegisterOnPremisesInstance",),
    "dynamodb": (
        "*Item", "*Replica", "*StreamingDestination", "DeleteResourcePolicy", "ImportTable", "PutResourcePolicy",
        "Query", "Scan", "UpdateContributorInsights",
    ),
    "iam": ("*GroupPolicy", "*PermissionsBoundary", "*UserPolicy", "AttachRolePolicy", "DetachRolePolicy"),
    "lambda": (
        "*CodeSigningConfig", "AssociateRuntimeAlias", "DeleteProvisionedConcurrencyConfig", "GetLayerVersion",
        "PassCapacityProvider", "PutFunctionScalingConfig", "PutProvisionedConcurrencyConfig",
        "PutRuntimeManagementConfig",
    ),
    "logs": (
        "*DataProtectionPolicy", "*DeletionProtection", "*IndexPolicy", "*KmsKey", "*ResourcePolic*",
        "CreateLogDelivery", "PutBearerTokenAuthentication",
    ),
    "route53": ("ListHostedZones",),
    "s3": (
        "*Acl", "*Analytics*", "*IntelligentTiering*", "*Inventory*", "*Logging", "*Metadata*",
        "*Metrics*", "*Notification", "*ObjectLock*", "*Replication*", "DeleteBucketCors", "DeleteBucketEncryption",
        "DeleteBucketLifecycle", "DeleteObject", "PutAccelerateConfiguration", "PutBucketAbac",
    ),
    "secretsmanager": (),
    "sns": ("PutDataProtectionPolicy",),
}  # fmt: skip
"""What a type's own service is asked only for properties that the template does not set."""
OF_OTHERS = {
    "AWS::CodeDeploy::DeploymentGroup": {"iam:PassRole"},
    "AWS::Lambda::Function": {"iam:PassRole", "s3:GetObject"},
    "AWS::Scheduler::Schedule": {"iam:PassRole"},
}
"""What is asked of another service, and needed: no other type is given a role, and only code comes from a bucket."""
SERVICES = {"ApiGatewayV2": "apigateway"}
NAMED = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::Scheduler::Schedule",
}
"""Types that are named by the stack. (Of log groups ministack makes other names than CloudFormation.)"""
PARAMETERS = {
    "SiteDelivery": "none",
    "AlarmAddress": "a@garden.example",
    "RefusedPercent": "0",  # with RequestsExpected: ministack has no metric math
    "RequestsExpected": "0",
    "Dashboard": "yes",
}


def run(aws: Ministack, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`todoke aws ...`, in the folder."""
    environ = os.environ | SECRETS | {
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    return subprocess.run(
        [str(TODOKE), "aws", *words],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def role(aws: Ministack, name: str, policy: dict[str, Any] | None = None) -> str:
    """The ARN of a role that anybody may take on, with this policy."""
    iam = aws.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if policy is not None:
        iam.put_role_policy(RoleName=name, PolicyName="deploy", PolicyDocument=json.dumps(policy))
    return str(made["Role"]["Arn"])


def site(folder: Path) -> None:
    """A site owner's folder, with a package."""
    (folder / "site").mkdir()
    (folder / "site" / "contact.html").write_bytes(PAGE)
    toml = configuration_on_sandbox("http://127.0.0.1:9").encode()
    (folder / "todoke.toml").write_bytes(toml)
    (folder / "one.zip").write_bytes(package({"todoke.toml": toml, "site/contact.html": PAGE}))
    (folder / "parameters.json").write_text(json.dumps(PARAMETERS))


def test_a_role_with_the_printed_policy_deploys_and_what_it_makes_has_names_in_it(
    tmp_path: Path,
) -> None:
    """As far as ministack judges: it asks for the calls that todoke makes, not for those of CloudFormation's own."""
    site(tmp_path)
    with ministack(tmp_path, AUTH="true") as aws:
        put_secrets(aws, SECRETS)
        printed = run(
            aws, tmp_path, "policy", "--stack", "forms", "--parameters", "parameters.json"
        )
        assert printed.returncode == 0, printed.stderr
        policy = json.loads(printed.stdout)
        [calls] = [s for s in policy["Statement"] if s["Sid"] == "PlanAndDeploy"]
        calls["Resource"] = "*"  # ministack does not know of which stack a call by a change set is
        given = (
            "deploy",
            "--stack",
            "forms",
            "--package",
            "one.zip",
            "--parameters",
            "parameters.json",
            "--no-canary",
        )
        # There already: the policy that todoke would give it lets nobody in without TLS, which ministack has not.
        aws.client("s3").create_bucket(Bucket="todoke-deploy-000000000000-us-east-1")
        nobody = run(aws, tmp_path, *given, "--role", role(aws, "nobody"))
        assert nobody.returncode == 1
        assert "AccessDenied" in nobody.stderr
        done = run(aws, tmp_path, *given, "--role", role(aws, "deployer", policy))
        assert done.returncode == 0, done.stdout + done.stderr
        listed = aws.client("cloudformation").describe_stack_resources(StackName="forms")
        made = [
            (one["ResourceType"], one["PhysicalResourceId"]) for one in listed["StackResources"]
        ]
    names = {re.split("[:/]", name)[-1] for type_, name in made if type_ in NAMED}
    assert {type_ for type_, _ in made} > NAMED
    assert len(names) > 20
    assert all(name.startswith("forms-") for name in names)


def asked_by_cloudformation(type_: str) -> set[str]:
    """The rights that CloudFormation's schema of a type says its handlers need, as cfn-lint brings it."""
    if not SCHEMAS.exists():
        pytest.skip("cfn-lint is not installed: scripts/aws-linters installs it")
    name = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text("utf-8"))[type_]
    schema = json.loads((SCHEMAS / "resources" / f"{name}.json").read_text("utf-8"))
    handlers = {key: one for key, one in schema["handlers"].items() if key != "list"}
    return {right for one in handlers.values() for right in one["permissions"]}


@pytest.mark.parametrize("type_", sorted({type_ for one in rights() for type_ in one.types}))
def test_what_cloudformation_asks_for_is_given_or_known_not_to_be_needed(type_: str) -> None:
    """Nothing is forgotten, and what a statement gives beyond a type's schema it gives with a reason."""
    given = {a for one in rights() if type_ in one.types or not one.types for a in one.actions}
    asked = asked_by_cloudformation(type_)
    word = type_.split("::")[1]
    service = SERVICES.get(word, word.lower())
    left = {one for one in asked if not any(fnmatchcase(one, action) for action in given)}
    forgotten = {
        one
        for one in left
        if one.startswith(f"{service}:")
        and not any(fnmatchcase(one, f"{service}:{name}") for name in NOT_NEEDED.get(service, ()))
    }
    assert forgotten == set()
    assert left.isdisjoint(OF_OTHERS.get(type_, ()))


def test_no_action_is_given_that_no_type_asks_for() -> None:
    """But for what todoke itself calls, and what API Gateway asks of whoever turns its log on."""
    for right in rights():
        asked = {one for type_ in right.types for one in asked_by_cloudformation(type_)}
        spare = [a for a in right.actions if not any(fnmatchcase(one, a) for one in asked)]
        assert not spare or not right.types or right.sid in {"AccessLog", "PutThePackage"}, spare
