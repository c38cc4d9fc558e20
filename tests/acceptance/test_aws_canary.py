"""`todoke aws deploy` of todoke's own template on ministack: review, canary through the real webhook path, roll back.

The mail service is the sandbox. The package is one for this machine, since ministack runs functions in its own Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.pipeline_scripts import exported, run_script
from support.aws.site import (
    HOOK_SECRET,
    PAGE,
    SECRETS,
    STACK,
    configuration_on_sandbox,
    door_by_path,
    put_secrets,
)
from support.aws.stack import REGION, Ministack, ministack, package
from support.run.serving import TODOKE, free_port
from support.web.local_server import serving

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

FIXED = {"SiteDelivery": "none"}


@dataclass
class Site:
    """A site owner's folder, and the command line in it."""

    aws: Ministack
    folder: Path

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """`todoke aws COMMAND`, in the folder."""
        environ = os.environ | SECRETS | {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }  # fmt: skip
        line = [str(TODOKE), "aws", command, "--stack", STACK, *options]
        return subprocess.run(
            line, env=environ, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def build(self, name: str, toml: bytes = b"") -> None:
        """A package for this machine, with the owner's files, or with another configuration."""
        toml = toml or (self.folder / "todoke.toml").read_bytes()
        own = {"todoke.toml": toml, "site/contact.html": PAGE, "build.txt": name.encode()}
        (self.folder / f"{name}.zip").write_bytes(package(own))

    def parameters(self, **values: str) -> None:
        """Write parameters.json."""
        (self.folder / "parameters.json").write_text(json.dumps(FIXED | values))

    def deploy(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Deploy a built package."""
        return self.run(
            "deploy", "--package", f"{name}.zip", "--parameters", "parameters.json", *options
        )

    def accepted(self, name: str) -> None:
        """Deploy a built package, whatever its review says: another address of the door is a risk."""
        given = ("--package", f"{name}.zip", "--parameters", "parameters.json")
        review = json.loads(self.run("plan", *given, "--json").stdout)
        done = self.deploy(name, "--no-canary", "--accept", review["digest"])
        assert done.returncode == 0, done.stdout + done.stderr

    def script(self, name: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A script of the pipeline, in the folder."""
        given = SECRETS | {"STACK": STACK, "PARAMETERS": "parameters.json", **environ}
        return run_script(name, self.folder, given, aws_url=self.aws.url)

    def take_to_pipeline(self, name: str) -> None:
        """Let a built package be the one that the pipeline's first stage made."""
        (self.folder / "build").mkdir(exist_ok=True)
        shutil.copy(self.folder / f"{name}.zip", self.folder / "build" / "todoke.zip")

    def stack(self) -> Any:
        """The stack as it is."""
        (found,) = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return found

    def parameter(self, key: str) -> str:
        """A parameter of the stack as it is."""
        return next(
            p["ParameterValue"] for p in self.stack()["Parameters"] if p["ParameterKey"] == key
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A stack that was deployed by the command line, and a sandbox whose events come back through its gateway."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site").mkdir()
    (folder / "site" / "contact.html").write_bytes(PAGE)
    port = free_port()
    (folder / "todoke.toml").write_text(configuration_on_sandbox(f"http://127.0.0.1:{port}"))
    with ministack(folder) as aws:
        put_secrets(aws, SECRETS)
        made = Site(aws, folder)
        made.build("first")
        made.parameters()
        done = made.deploy("first", "--no-canary")
        assert done.returncode == 0, done.stdout + done.stderr
        outputs = {o["OutputKey"]: o["OutputValue"] for o in made.stack()["Outputs"]}
        door = door_by_path(aws, outputs)
        made.parameters(DoorUrl=door)
        made.accepted("first")
        hook = f"{door}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        with serving(build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.2), port):
            yield made


def test_a_deployment_is_proved_by_a_canary_that_comes_back(site: Site) -> None:
    """New code goes out without a risk to accept; the canary's mails are delivered, as the webhook says."""
    site.build("second")
    done = site.deploy("second", "--canary", "canary@example.com")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is at risk: " in done.stdout
    assert "every mail of it was delivered" in done.stdout
    assert site.stack()["StackStatus"] == "UPDATE_COMPLETE"


def test_the_canary_alone_tells_whether_the_stack_is_alive(site: Site) -> None:
    """Exit 0 when its mails arrive; exit 1, with how they stood, when one never does."""
    alive = site.run("canary", "canary@example.com")
    assert alive.returncode == 0, alive.stdout + alive.stderr
    silent = site.run("canary", "silent@example.com", "--canary-within", "15")
    assert silent.returncode == 1
    assert "was not delivered within 15 seconds: confirmation" in silent.stderr
    returned = site.run("canary", "hardbounce@example.com")
    assert returned.returncode == 1
    assert "confirmation failed" in returned.stderr


def test_a_canary_that_dies_brings_the_former_deployment_back(site: Site) -> None:
    """What cannot even start is deployed without a fault by CloudFormation; the canary finds it."""
    before = site.parameter("CodeKey")
    site.build("broken", toml=b"[site]\n")
    done = site.deploy("broken", "--canary", "canary@example.com", "--canary-within", "20")
    assert done.returncode == 1, done.stdout
    assert "The door does not take the canary" in done.stderr
    assert f"{STACK} is as it was before." in done.stdout
    assert site.parameter("CodeKey") == before
    alive = site.run("canary", "canary@example.com")
    assert alive.returncode == 0, alive.stdout + alive.stderr


def test_the_pipeline_deploys_what_was_approved_and_proves_it(site: Site) -> None:
    """Plan, a person who has the digest, deploy: the canary comes back, and asked again it comes back again."""
    site.build("approved")
    site.take_to_pipeline("approved")
    planned = site.script("plan")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    digest = exported(site.folder)["REVIEW_DIGEST"]
    before = site.parameter("CodeKey")
    done = site.script("deploy", CANARY="canary@example.com", REVIEW_DIGEST=digest)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every mail of it was delivered" in done.stdout
    assert site.parameter("CodeKey") != before
    alive = site.script("canary", CANARY="canary@example.com")
    assert alive.returncode == 0, alive.stdout + alive.stderr
    dead = site.script("canary", CANARY="silent@example.com", CANARY_SECONDS="10")
    assert dead.returncode == 1
    assert "was not delivered within 10 seconds" in dead.stderr


@pytest.mark.parametrize(
    ("toml", "canary"),
    [(b"[site]\n", "canary@example.com"), (b"", "hardbounce@example.com")],
    ids=["the door is dead", "a mail is returned"],
)
def test_the_pipeline_goes_back_by_itself_when_its_canary_dies(
    site: Site, toml: bytes, canary: str
) -> None:
    """The stage fails, the stack has its former package again, and that one is alive."""
    before = site.parameter("CodeKey")
    name = f"dying-{canary.partition('@')[0]}"
    site.build(name, toml=toml)
    site.take_to_pipeline(name)
    done = site.script("deploy", CANARY=canary, CANARY_SECONDS="20", ACCEPT_ALL="yes")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{STACK} is as it was before." in done.stdout
    assert site.parameter("CodeKey") == before
    alive = site.script("canary", CANARY="canary@example.com")
    assert alive.returncode == 0, alive.stdout + alive.stderr


def test_a_canary_nobody_asked_for_is_asked_about(site: Site) -> None:
    """Neither an address nor --no-canary: nothing is deployed, and the exit code is 2."""
    done = site.deploy("second")
    assert done.returncode == 2
    assert "--no-canary" in done.stderr


def test_an_account_that_can_reserve_nothing_is_told_before_the_deployment(tmp_path: Path) -> None:
    """A new one runs ten functions at once: the default gives way and is said to; what was asked for is refused."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "contact.html").write_bytes(PAGE)
    (tmp_path / "todoke.toml").write_text(configuration_on_sandbox("http://127.0.0.1:9"))
    with ministack(tmp_path, LAMBDA_ACCOUNT_CONCURRENCY="10") as aws:
        new = Site(aws, tmp_path)
        new.build("first")
        new.parameters(SenderConcurrency="5")
        refused = new.deploy("first", "--no-canary")
        assert refused.returncode == 2, refused.stdout + refused.stderr
        assert "SenderConcurrency=5 cannot be" in refused.stderr
        new.parameters()
        refused = new.deploy("first", "--no-canary")
        assert refused.returncode == 2, refused.stdout + refused.stderr
        for name in SECRETS:
            assert f"--name /todoke/production/{name} --value" in refused.stderr
        assert "Nothing was deployed." in refused.stderr
        put_secrets(aws, SECRETS)
        done = new.deploy("first", "--no-canary")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "let the page of form contact post to http" in done.stdout
        assert "SenderConcurrency is 0" in done.stderr
        assert new.parameter("SenderConcurrency") == "0"


def test_a_first_deployment_that_fails_at_cloudfront_leaves_nothing(tmp_path: Path) -> None:
    """The table is not protected before the stack stands, so it can be taken away; the next deployment succeeds.

    What fails here is the site's function, whose name somebody has; on AWS it is the distribution, in a new account.
    """
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "contact.html").write_bytes(PAGE)
    (tmp_path / "todoke.toml").write_text(configuration_on_sandbox("http://127.0.0.1:9"))
    with ministack(tmp_path) as aws:
        put_secrets(aws, SECRETS)
        new = Site(aws, tmp_path)
        new.build("first")
        new.parameters(SiteDelivery="cloudfront")
        cloudfront = aws.client("cloudfront")
        taken = cloudfront.create_function(
            Name=f"{STACK}-{REGION}-index",
            FunctionConfig={"Comment": "another's", "Runtime": "cloudfront-js-2.0"},
            FunctionCode=b"function handler(event) { return event.request; }",
        )
        failed = new.deploy("first", "--no-canary")
        assert failed.returncode == 1, failed.stdout + failed.stderr
        assert "SiteIndex (AWS::CloudFront::Function) could not be made" in failed.stderr
        assert "Nothing of it is left" in failed.stderr
        assert new.stack()["StackStatus"] == "ROLLBACK_COMPLETE"
        assert aws.client("dynamodb").list_tables()["TableNames"] == []
        assert [b["Name"] for b in aws.client("s3").list_buckets()["Buckets"]] == [
            f"todoke-deploy-000000000000-{REGION}"
        ]
        cloudfront.delete_function(Name=f"{STACK}-{REGION}-index", IfMatch=taken["ETag"])
        assert new.run("destroy", "--yes").returncode == 0
        done = new.deploy("first", "--no-canary")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ProtectData comes right after the first deployment" in done.stderr
        assert new.parameter("ProtectData") == "true"
        (table,) = aws.client("dynamodb").list_tables()["TableNames"]
        described = aws.client("dynamodb").describe_table(TableName=table)["Table"]
        assert described["DeletionProtectionEnabled"]
