"""Where the functions' secrets may be, on the emulated AWS, with the rights of each role in force.

Here ministack judges every call of a function by its role (AUTH), so a right that the template forgets shows. (It does
not know of which parameters GetParameters asks; the other tests read secrets from there.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from mail_cloud_sandbox.app import build as build_sandbox
from support.aws.site import (
    HOOK_SECRET,
    PAGE,
    SECRETS,
    SECRETS_PATH,
    STACK,
    Cloud,
    configuration_on_sandbox,
    door_by_path,
    put_secrets,
)
from support.aws.stack import REGION, deploy, ministack, package, update
from support.run.serving import eventually, free_port
from support.web.local_server import serving
from todoke.aws.functions.secrets import NEEDED

pytestmark = [pytest.mark.acceptance, pytest.mark.aws]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A stack whose secrets are in Secrets Manager; in Parameter Store there is none."""
    folder = tmp_path_factory.mktemp("secrets")
    port = free_port()
    with ministack(folder, AUTH="true") as aws:
        put_secrets(aws, SECRETS, manager=True)
        text = configuration_on_sandbox(f"http://127.0.0.1:{port}")
        content = package({"todoke.toml": text.encode(), "site/contact.html": PAGE})
        outputs = deploy(aws, content, SiteDelivery="none", SecretsFrom="secrets-manager")
        hook = f"{door_by_path(aws, outputs)}/hooks/customers-mail-cloud/{HOOK_SECRET}"
        with serving(build_sandbox(folder / "sandbox", webhook_url=hook, pace_seconds=0.2), port):
            yield Cloud(aws, outputs)


def test_a_form_s_mails_are_delivered(cloud: Cloud) -> None:
    """`web` opens the webhook with its secret, `sender` hands over with its key, and both find the same places."""
    told = cloud.post("aoi@example.com")
    eventually(
        lambda: set(cloud.receipt(told).values()) == {"delivered"}, seconds=60, what="deliveries"
    )
    assert cloud.invoke("Sweep", {})["messages"] == 0
    written = cloud.logs()
    figures = [json.loads(row) for row in written.splitlines() if row.startswith('{"_aws":')]
    assert sum(row.get("Accepted", 0) for row in figures) == 1
    assert sum(row.get("HandedOver", 0) for row in figures) == 2
    assert not [secret for secret in SECRETS.values() if secret in written]


@pytest.mark.parametrize("function", ["Web", "Sender", "Sweep"])
def test_each_role_reads_its_own_secrets_and_no_other(cloud: Cloud, function: str) -> None:
    """As AWS would judge: who takes forms cannot have the key that sends mail, and the other way round."""
    client = as_role(cloud, function)
    own = set(NEEDED[function.lower()]) & set(SECRETS)
    assert own < set(SECRETS)
    for name, value in SECRETS.items():
        asked = f"{SECRETS_PATH}/{name}"
        if name in own:
            assert client.get_secret_value(SecretId=asked)["SecretString"] == value
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                client.get_secret_value(SecretId=asked)


def test_another_generation_starts_the_functions_anew_with_a_changed_secret(cloud: Cloud) -> None:
    """As docs/aws.md says: ministack, like Lambda, publishes no version of a function that did not change."""
    versions = {name: version(cloud, name) for name in ("Web", "Sender", "Sweep")}
    update(cloud.aws, STACK, Generation="2")
    assert {name: version(cloud, name) for name in versions} == {
        name: str(int(number) + 1) for name, number in versions.items()
    }
    told = cloud.post("aoi@example.com", "Good evening")
    eventually(
        lambda: set(cloud.receipt(told).values()) == {"delivered"}, seconds=60, what="deliveries"
    )


def version(cloud: Cloud, function: str) -> str:
    """The version that the alias `live` of a function calls."""
    alias = cloud.aws.client("lambda").get_alias(FunctionName=cloud.function(function), Name="live")
    return str(alias["FunctionVersion"])


def as_role(cloud: Cloud, function: str) -> Any:
    """A client of Secrets Manager with the rights of a function."""
    role = cloud.aws.client("lambda").get_function_configuration(
        FunctionName=cloud.function(function)
    )["Role"]
    keys = cloud.aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "secretsmanager",
        region_name=REGION,
        endpoint_url=cloud.aws.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
