"""The release pipeline: its template is clean, and each stage's script does its work, run by hand against ministack.

No emulator runs CodePipeline or CodeBuild themselves.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from stack_review.plan import BODY_LIMIT
from stack_review.template import document, parse
from support.aws.pipeline_scripts import SCRIPTS, exported, run_script
from support.aws.stack import REGION, ROOT, Ministack, ministack

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

DEPLOY = ROOT / "src" / "todoke" / "aws" / "deploy"
LINTERS = ROOT / ".emulators" / "linters" / "bin"
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    },
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """One ministack for all tests of this file."""
    with ministack(tmp_path_factory.mktemp("ministack")) as started:
        yield started


def run(
    script: str, folder: Path, aws: Ministack, **environ: str
) -> subprocess.CompletedProcess[str]:
    """A script of the pipeline, against this ministack."""
    return run_script(script, folder, environ, aws_url=aws.url)


@pytest.mark.parametrize("name", ["pipeline.yaml"])
def test_the_template_passes_the_linters(name: str) -> None:
    """cfn-lint finds nothing; checkov fails nothing, and what is skipped says why."""
    if not (LINTERS / "checkov").exists():
        pytest.skip("cfn-lint and checkov are not installed: scripts/aws-linters installs them")
    path = DEPLOY / name
    done = subprocess.run(
        [str(LINTERS / "cfn-lint"), "-r", REGION, "--", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    done = subprocess.run(
        [str(LINTERS / "checkov"), "-f", str(path), "--compact", "--skip-download", "-o", "json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)["results"]
    assert found["failed_checks"] == []
    assert all(
        len(check["check_result"]["suppress_comment"]) > 20
        for check in found.get("skipped_checks", [])
    )


def test_the_stages_come_in_order_and_the_approval_carries_the_review() -> None:
    """Source, test, plan, approval, deployment; the approved digest is the one that is deployed."""
    pipeline = document((DEPLOY / "pipeline.yaml").read_text("utf-8"), "it")["Resources"][
        "Pipeline"
    ]
    stages = pipeline["Properties"]["Stages"]
    assert [stage["Name"] for stage in stages] == ["Source", "Test", "Plan", "Approve", "Deploy"]
    approval = stages[3]["Actions"][0]["Configuration"]
    assert approval["CustomData"] == "#{Plan.REVIEW_SUMMARY}"
    assert approval["ExternalEntityLink"] == "#{Plan.REVIEW_URL}"
    variables = stages[4]["Actions"][0]["Configuration"]["EnvironmentVariables"]["Fn::Sub"]
    assert {"name": "REVIEW_DIGEST", "value": "#{Plan.REVIEW_DIGEST}"} in json.loads(variables)


def test_each_build_runs_a_script_that_is_there() -> None:
    """What a buildspec runs lies in the package, is executable, and asks for no variable that no stage gives."""
    text = (DEPLOY / "pipeline.yaml").read_text("utf-8")
    named = set(re.findall(r"\$SCRIPTS/(\w+)", text))
    assert named == {"check", "plan", "deploy"}
    for name in named:
        assert os.access(SCRIPTS / name, os.X_OK)
        asked = set(re.findall(r"\$\{(\w+):\?", (SCRIPTS / name).read_text()))
        given = set(re.findall(r'"name": "(\w+)"', text)) | {"TODOKE_CONFIG"}
        assert asked <= given


def test_no_role_may_do_everything() -> None:
    """No action and no resource of any policy is a star alone."""
    for resource in parse((DEPLOY / "pipeline.yaml").read_text("utf-8")).resources.values():
        for policy in resource.properties.get("Policies", ()):
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in (statement["Action"], statement["Resource"])


def test_check_judges_the_configuration(aws: Ministack, tmp_path: Path) -> None:
    """A wrong configuration stops the pipeline before anything is built."""
    (tmp_path / "todoke.toml").write_text("[site]\nnam = 'x'\n")
    done = run("check", tmp_path, aws)
    assert done.returncode == 1
    assert "nam" in done.stdout
    assert not (tmp_path / "build" / "todoke.zip").exists()


def test_plan_and_deploy_hand_the_review_over(aws: Ministack, tmp_path: Path) -> None:
    """The page is in the private bucket, the summary fits an approval, and only what was approved is deployed."""
    s3 = boto3.client(
        "s3",
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    s3.create_bucket(Bucket="reviews")
    given = {
        "STACK": "by-pipeline",
        "TEMPLATE": "t.json",
        "REVIEWS": "s3://reviews/forms",
        "CANARY": "none",
    }
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Table": TABLE}}))
    first = run("deploy", tmp_path, aws, **given, ACCEPT_ALL="yes")
    assert first.returncode == 0, first.stdout + first.stderr

    replaced = json.loads(json.dumps(TABLE).replace('"pk"', '"id"'))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Table": replaced}}))
    planned = run("plan", tmp_path, aws, **given)
    assert planned.returncode == 0, planned.stderr
    review = exported(tmp_path)
    assert "may be replaced" in review["REVIEW_SUMMARY"]
    assert len(review["REVIEW_SUMMARY"]) <= 1000
    assert review["REVIEW_URL"].startswith(
        "https://console.aws.amazon.com/s3/object/reviews?prefix="
    )
    page = s3.get_object(Bucket="reviews", Key=f"forms/{review['REVIEW_DIGEST']}.html")
    assert page["ContentType"].startswith("text/html")
    assert review["REVIEW_DIGEST"] in page["Body"].read().decode()

    assert run("deploy", tmp_path, aws, **given).returncode == 1
    assert run("deploy", tmp_path, aws, **given, REVIEW_DIGEST="0" * 16).returncode == 1
    done = run("deploy", tmp_path, aws, **given, REVIEW_DIGEST=review["REVIEW_DIGEST"])
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plan_s_role_in_the_docs_can_plan_and_nothing_more(tmp_path: Path) -> None:
    """As ministack judges it with the rights of roles in force: a review is made, and nothing is executed with it."""
    text = (ROOT / "docs" / "aws-review.md").read_text("utf-8")
    policy = re.search(r"(?s)```json\n(.*?)```", text.partition("ProductionPlanRole")[2])
    assert policy
    statements = json.loads(policy[1])["Statement"]
    for statement in statements:
        statement["Resource"] = "*"  # ministack does not know of which stack a call is
    rights = json.dumps({"Version": "2012-10-17", "Statement": statements})
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    long = {"why": "x" * BODY_LIMIT}  # as todoke's own: through the bucket
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Table": TABLE}, "Metadata": long}))
    with ministack(tmp_path, AUTH="true") as aws:
        given = {"STACK": "by-role", "TEMPLATE": "t.json", "CANARY": "none"}
        assert run("deploy", tmp_path, aws, **given, ACCEPT_ALL="yes").returncode == 0
        # The bucket wants TLS, which ministack has not.
        aws.client("s3").delete_bucket_policy(Bucket=f"todoke-deploy-{'0' * 12}-us-east-1")
        iam = aws.client("iam")
        role = iam.create_role(
            RoleName="plan",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName="plan", PolicyName="plan", PolicyDocument=rights)
        queue = {"Type": "AWS::SQS::Queue"}
        (tmp_path / "t.json").write_text(
            json.dumps({"Resources": {"Table": TABLE, "Queue": queue}, "Metadata": long})
        )
        iam.create_role(
            RoleName="nobody",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        nobody = role.replace(":role/plan", ":role/nobody")
        assert run("plan", tmp_path, aws, **given, DEPLOY_ROLE=nobody).returncode == 2
        planned = run("plan", tmp_path, aws, **given, DEPLOY_ROLE=role)
        assert planned.returncode == 0, planned.stderr
        digest = exported(tmp_path)["REVIEW_DIGEST"]
        refused = run("deploy", tmp_path, aws, **given, DEPLOY_ROLE=role, REVIEW_DIGEST=digest)
        assert refused.returncode != 0
        assert "AccessDenied" in refused.stderr
        assert "ExecuteChangeSet" not in rights
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_what_cannot_be_planned_fails_the_stage(aws: Ministack, tmp_path: Path) -> None:
    """Exit 1 of a review is a person's matter; exit 2 is not."""
    done = run("plan", tmp_path, aws, STACK="nothing", TEMPLATE="missing.json")
    assert done.returncode == 2
    assert "missing.json cannot be read" in done.stderr


def stubs(folder: Path, *failing: str) -> dict[str, str]:
    """`python` and `todoke` that note how they were called; the variables that put them on the path."""
    place = folder / "stubs"
    place.mkdir()
    for name in ("python", "todoke"):
        path = place / name
        path.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"{folder}/calls"\nexit {int(name in failing)}\n'
        )
        path.chmod(0o755)
    return {"PATH": f"{place}:{os.environ['PATH']}"}


def calls(folder: Path) -> list[str]:
    """How they were called."""
    return (folder / "calls").read_text().splitlines()


def installs(project: str) -> list[str]:
    """The commands that install what a build runs, of its buildspec; but for the line that finds the scripts."""
    text = (DEPLOY / "pipeline.yaml").read_text("utf-8")
    properties = document(text, "it")["Resources"][project]["Properties"]
    commands = document(properties["Source"]["BuildSpec"], "it")["phases"]["install"]["commands"]
    return [command for command in commands if not command.startswith("SCRIPTS=")]


def wheel(folder: Path, *, says: str) -> str:
    """A wheel of one module that says a word, put into the folder deploy; its hash."""
    (folder / "deploy").mkdir(exist_ok=True)
    path = folder / "deploy" / "told-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("told.py", f"word = {says!r}\n")
        archive.writestr(
            "told-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: told\nVersion: 1\n"
        )
        archive.writestr(
            "told-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("told-1.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_builds_install_what_the_repository_has_by_hash_and_later_ones_what_the_first_fetched(
    tmp_path: Path,
) -> None:
    """Nothing comes from an index into a build that may deploy; a wheel that somebody replaced stops the first."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    environ = {
        **os.environ,
        "PATH": f"{tmp_path / 'python' / 'bin'}:{os.environ['PATH']}",
        "REQUIREMENTS": "deploy/requirements.txt",
        "PIP_NO_INDEX": "1",
    }

    def build(project: str) -> int:
        for command in installs(project):
            done = subprocess.run(
                ["bash", "-c", command], cwd=tmp_path, env=environ, capture_output=True, check=False
            )
            if done.returncode:
                return done.returncode
        return 0

    digest = wheel(tmp_path, says="tested")
    (tmp_path / "deploy" / "requirements.txt").write_text(
        f"./deploy/told-1-py3-none-any.whl --hash=sha256:{digest}\n"
    )
    assert build("Check") == 0
    wheel(tmp_path, says="replaced")
    for project in ("Plan", "DeployTest", "Deploy"):
        assert build(project) == 0
    word = subprocess.run(
        [str(tmp_path / "python" / "bin" / "python"), "-c", "import told; print(told.word)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert word.stdout == "tested\n"
    shutil.rmtree(tmp_path / "build")
    assert build("Check") != 0
    assert [len(installs(p)) for p in ("Plan", "DeployTest", "Deploy")] == [1, 1, 1]


def test_who_plans_production_cannot_change_it() -> None:
    """Before the approval no build has a role that may deploy production."""
    resources = document((DEPLOY / "pipeline.yaml").read_text("utf-8"), "it")["Resources"]
    role = resources["Plan"]["Properties"]["ServiceRole"]
    assert role == {"Fn::GetAtt": ["ProductionPlanBuildRole", "Arn"]}
    policies = str(resources["ProductionPlanBuildRole"]["Properties"]["Policies"])
    assert "ProductionPlanRole" in policies
    assert "'ProductionRole'" not in policies
    stages = resources["Pipeline"]["Properties"]["Stages"]
    plan = stages[2]["Actions"][0]["Configuration"]["EnvironmentVariables"]["Fn::Sub"]
    given = {v["name"]: v["value"] for v in json.loads(plan)}
    assert given["DEPLOY_ROLE"] == "${ProductionPlanRole}"
    assert "EXECUTION_ROLE" not in given


def test_canary_passes_on_what_it_is_given(tmp_path: Path) -> None:
    """Role, configuration and patience only where they are given; without stack or address it does nothing."""
    environ = stubs(tmp_path)
    assert run_script("canary", tmp_path, environ | {"STACK": "forms"}).returncode != 0
    assert run_script("canary", tmp_path, environ | {"CANARY": "me@garden.example"}).returncode != 0
    assert not (tmp_path / "calls").exists()
    usual = environ | {"STACK": "forms", "CANARY": "me@garden.example"}
    assert run_script("canary", tmp_path, usual).returncode == 0
    more = {
        "DEPLOY_ROLE": "arn:aws:iam::123456789012:role/deploy",
        "TODOKE_CONFIG": "forms/todoke.toml",
        "CANARY_SECONDS": "60",
    }
    assert run_script("canary", tmp_path, usual | more).returncode == 0
    begin = "todoke aws canary me@garden.example --stack forms"
    assert calls(tmp_path) == [
        f"{begin} --config todoke.toml --canary-within 300",
        f"{begin} --config forms/todoke.toml --role {more['DEPLOY_ROLE']} --canary-within 60",
    ]


def test_a_canary_that_dies_fails_the_stage(tmp_path: Path) -> None:
    """The script's exit code is the command's."""
    environ = stubs(tmp_path, "todoke") | {"STACK": "forms", "CANARY": "me@garden.example"}
    assert run_script("canary", tmp_path, environ).returncode == 1


def test_every_script_is_run_by_a_test() -> None:
    """A new one has to be added to those above."""
    names = {path.name for path in SCRIPTS.iterdir()}
    assert names == {"canary", "check", "deploy", "options", "plan"}
