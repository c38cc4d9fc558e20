"""`todoke aws plan | deploy | destroy --firewall` on ministack: a door in Ireland, its firewall in us-east-1.

ministack makes a distribution, a firewall and a secret with its copy, and gives the secret to the distribution. It
judges no request by the rules, and reaches no API from CloudFront; so the tests play CloudFront, with what it has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import urllib3

from support.aws.site import PAGE, SECRETS, STACK, configuration_on_sandbox, door_by_path
from support.aws.stack import Ministack, ministack, package
from support.run.serving import TODOKE
from todoke.aws.functions.origin import ORIGIN_HEADER, VIEWER_HEADER

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]

DOOR, WALL = "eu-west-1", "us-east-1"
FIREWALL = f"{STACK}-firewall"
NAME = "/todoke/production/TODOKE_ORIGIN_SECRET"


@dataclass
class Owner:
    """A site owner's folder, and the command line in it."""

    aws: Ministack
    folder: Path

    def client(self, service: str, region: str) -> Any:
        """A client of a service in a region."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.aws.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def run(self, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """`todoke aws ...`, for the door's stack."""
        environ = os.environ | SECRETS | {
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_REGION": DOOR,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }  # fmt: skip
        return subprocess.run(
            [str(TODOKE), "aws", *words, "--stack", STACK],
            env=environ,
            cwd=self.folder,
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )

    def deploy_door(self, **values: str) -> subprocess.CompletedProcess[str]:
        """Deploy the door with these parameters, whatever the review says."""
        (self.folder / "door.json").write_text(json.dumps({"SiteDelivery": "none", **values}))
        given = ("--package", "one.zip", "--parameters", "door.json")
        plan = self.run("plan", *given, "--json")
        risk = json.loads(plan.stdout) if plan.stdout else {}
        accept = ("--accept", risk["digest"]) if risk.get("at_risk") else ()
        return self.run("deploy", *given, "--no-canary", *accept)

    def outputs(self, stack: str, region: str) -> dict[str, str]:
        """The outputs of a stack."""
        [found] = self.client("cloudformation", region).describe_stacks(StackName=stack)["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}

    def configuration(self) -> dict[str, Any]:
        """What CloudFront was told of the distribution before the door."""
        client = self.client("cloudfront", WALL)
        [one] = client.list_distributions()["DistributionList"]["Items"]
        found: dict[str, Any] = client.get_distribution_config(Id=one["Id"])["DistributionConfig"]
        return found

    def sent(self) -> Mapping[str, str]:
        """The headers that CloudFront adds for the door."""
        [origin] = self.configuration()["Origins"]["Items"]
        items = origin["CustomHeaders"]["Items"]
        return {h["HeaderName"].lower(): h["HeaderValue"] for h in items}

    def status(self, **headers: str) -> int:
        """What the door answers to whoever calls API Gateway's own address."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        door = door_by_path(self.aws, self.outputs(STACK, DOOR))
        return urllib3.request(
            "GET", f"{door}/healthz", headers=sent, timeout=60, retries=False
        ).status


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """One with a door, and no firewall yet."""
    folder = tmp_path_factory.mktemp("firewall")
    (folder / "site").mkdir()
    (folder / "site" / "contact.html").write_bytes(PAGE)
    toml = configuration_on_sandbox("http://127.0.0.1:9").encode()
    (folder / "todoke.toml").write_bytes(toml)
    (folder / "one.zip").write_bytes(package({"todoke.toml": toml, "site/contact.html": PAGE}))
    with ministack(folder) as aws:
        made = Owner(aws, folder)
        for name, value in SECRETS.items():
            made.client("ssm", DOOR).put_parameter(
                Name=f"/todoke/production/{name}", Value=value, Type="SecureString"
            )
        done = made.deploy_door()
        assert done.returncode == 0, done.stdout + done.stderr
        yield made


def test_a_door_behind_a_firewall_that_is_not_there_is_not_deployed(owner: Owner) -> None:
    """Its function would not start; what helps is said."""
    done = owner.deploy_door(BehindCloudFront="yes", DoorUrl="https://d1.cloudfront.net")
    assert done.returncode == 2
    assert "todoke aws deploy --firewall --stack forms" in done.stderr
    spare = owner.run("plan", "--firewall", "--package", "one.zip")
    assert (spare.returncode, "no package" in spare.stderr) == (2, True)


def test_a_firewall_is_reviewed_and_made_and_says_what_is_next(owner: Owner) -> None:
    """In us-east-1, of the door's own address and secret; a first one puts nothing at risk."""
    planned = owner.run("plan", "--firewall", "--json")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    review = json.loads(planned.stdout)
    assert (review["stack"], review["region"], review["at_risk"]) == (FIREWALL, WALL, False)
    done = owner.run("deploy", "--firewall", "--no-canary")
    assert done.returncode == 0, done.stdout + done.stderr
    url = owner.outputs(FIREWALL, WALL)["DoorUrl"]
    assert f"deploy {STACK} with DoorUrl={url}" in done.stdout
    [origin] = owner.configuration()["Origins"]["Items"]
    assert origin["DomainName"] == urlsplit(owner.outputs(STACK, DOOR)["ApiEndpoint"]).hostname
    secrets = owner.client("secretsmanager", WALL)
    value = secrets.get_secret_value(SecretId=NAME)["SecretString"]
    assert owner.sent() == {ORIGIN_HEADER: value}
    assert len(value) == 64
    copy = owner.client("secretsmanager", DOOR).get_secret_value(SecretId=NAME)
    assert copy["SecretString"] == value
    assert value not in done.stdout + done.stderr + planned.stdout + planned.stderr


def test_from_then_on_only_what_comes_through_it_is_answered(owner: Owner) -> None:
    """The function reads the copy in its own region; the new address is said with all that has to move there."""
    url = owner.outputs(FIREWALL, WALL)["DoorUrl"]
    moved = owner.deploy_door(DoorUrl=url)
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert f"post to {url}/f/contact" in moved.stdout
    assert f"{url}/hooks/customers-mail-cloud/ + what is in" in moved.stdout
    assert owner.status() == 200
    done = owner.deploy_door(DoorUrl=url, BehindCloudFront="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert owner.status() == 403
    assert owner.status(**{ORIGIN_HEADER: "x" * 64}) == 403
    assert owner.status(**owner.sent(), **{VIEWER_HEADER: "198.51.100.10"}) == 200


def test_the_secret_is_changed_without_a_moment_in_which_the_door_is_shut(owner: Owner) -> None:
    """New and old are good to a function that starts after the change; then CloudFront sends the new one."""
    old = owner.sent()
    drawn = owner.client("secretsmanager", WALL).put_secret_value(
        SecretId=NAME, SecretString="n" * 64
    )
    url = owner.outputs(FIREWALL, WALL)["DoorUrl"]
    done = owner.deploy_door(DoorUrl=url, BehindCloudFront="yes", Generation="2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert owner.status(**old) == 200
    (owner.folder / "wall.json").write_text(json.dumps({"SecretVersion": drawn["VersionId"]}))
    given = ("--firewall", "--parameters", "wall.json")
    review = json.loads(owner.run("plan", *given, "--json").stdout)
    assert "n" * 64 not in json.dumps(review)
    refused = owner.run("deploy", *given, "--no-canary")
    command = f"todoke aws deploy --firewall --stack {STACK} --accept {review['digest']}"
    assert (refused.returncode, command in refused.stdout) == (1, True)
    done = owner.run("deploy", *given, "--no-canary", "--accept", review["digest"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is behind it, at " in done.stdout
    assert owner.sent() == {ORIGIN_HEADER: "n" * 64}
    assert owner.status(**owner.sent()) == 200


def test_the_function_at_cloudfront_writes_over_what_a_visitor_says(owner: Owner) -> None:
    """As it was published; run by Node.js, which is near to what CloudFront runs it by."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    client = owner.client("cloudfront", WALL)
    code = client.get_function(Name=f"{FIREWALL}-viewer", Stage="LIVE")["FunctionCode"].read()
    event = {
        "viewer": {"ip": "2001:db8::7"},
        "request": {"headers": {VIEWER_HEADER: {"value": "203.0.113.5"}, "a": {"value": "b"}}},
    }
    script = f"{code.decode()}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    told = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    headers = json.loads(told.stdout)["headers"]
    assert headers == {VIEWER_HEADER: {"value": "2001:db8::7"}, "a": {"value": "b"}}


def test_it_goes_only_when_the_door_answers_without_it(owner: Owner) -> None:
    """With the secret in both regions, once a person has typed its name."""
    refused = owner.run("destroy", "--firewall", answer=f"{FIREWALL}\n")
    assert refused.returncode == 2
    assert "BehindCloudFront=no first" in refused.stderr
    done = owner.deploy_door(BehindCloudFront="no", DoorUrl="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert owner.run("destroy", "--firewall", answer="no\n").returncode == 1
    gone = owner.run("destroy", "--firewall", answer=f"{FIREWALL}\n")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    for region in (DOOR, WALL):
        listed = owner.client("secretsmanager", region).list_secrets()["SecretList"]
        assert NAME not in [one["Name"] for one in listed]
    assert owner.status() == 200
