"""The firewall before the door: a stack of its own in us-east-1, made to fit the door's.

CloudFront and AWS WAF stand in firewall.yaml. What that needs to know of the door's stack is read from it; no secret.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from stack_review.session import Aws
from stack_review.stack import outputs_of, parameters_of
from todoke.aws.deploy.prepare import Intent
from todoke.aws.deploy.secrets import secrets_path
from todoke.model.errors import ConfigError, NotFound
from todoke.model.settings import ORIGIN_SECRET

REGION = "us-east-1"
"""Where AWS has firewalls of CloudFront's, whatever the region of what stands behind them."""


def firewall_template() -> Path:
    """The template of the firewall's stack, inside the package."""
    return Path(__file__).with_name("firewall.yaml")


def firewall_name(door: str) -> str:
    """The name of the stack of a firewall before the door of that stack."""
    return f"{door}-firewall"


def firewall_account(aws: Aws, door: str) -> Aws:
    """The same account where its firewalls are; what a person is told to run there is said for the door's stack."""
    there = "" if aws.region == "" else f" --region {aws.region}"
    program = replace(
        aws.program,
        accept=f"todoke aws deploy --firewall --stack {door}{there} --accept {{digest}}",
        remove=f"todoke aws destroy --firewall --stack {door}{there}",
    )
    return replace(aws, region=REGION, program=program)


def before_door(aws: Aws, intent: Intent) -> Intent:
    """What is to be deployed before the door of the intent's stack.

    Raises NotFound: if there is no such stack; ConfigError: if it has no door that CloudFront could reach, or the
    firewall of that name stands before another's.
    """
    _require_same_place(aws, intent.stack)
    parameters, outputs = parameters_of(aws, intent.stack), outputs_of(aws, intent.stack)
    if not outputs:
        raise NotFound(
            f"There is no stack {intent.stack} in {aws.region_name}: deploy the door first, without --firewall."
        )
    if "ApiEndpoint" not in outputs or "SecretsRoot" not in parameters:
        raise ConfigError(
            f"The stack {intent.stack} has no door: name the stack that `todoke aws deploy` made."
        )
    if parameters.get("ApiAddress") == "closed":
        raise ConfigError(
            f"API Gateway's own address of {intent.stack} is closed, and CloudFront can reach no other. Deploy it with"
            " ApiAddress=open; with BehindCloudFront=yes it answers nobody else."
        )
    return replace(
        intent,
        stack=firewall_name(intent.stack),
        template=firewall_template(),
        known={
            "ApiHost": urlsplit(outputs["ApiEndpoint"]).hostname or "",
            "ApiRegion": aws.region_name,
            "SecretName": f"{secrets_path(parameters)}/{ORIGIN_SECRET}",
            "Stage": parameters["Stage"],
        },
    )


def require_open(aws: Aws, door: str) -> None:
    """Raises ConfigError: if the door of that stack answers only what comes through its firewall, or is another's."""
    _require_same_place(aws, door)
    if parameters_of(aws, door).get("BehindCloudFront") == "yes":
        raise ConfigError(
            f"The door of {door} answers only what comes through its firewall, so nobody could reach it without."
            " Deploy it with BehindCloudFront=no first, and let pages and the webhook call its own address."
        )


def _require_same_place(aws: Aws, door: str) -> None:
    """A firewall's name does not say in which region its door is, and all firewalls are in one."""
    name = firewall_name(door)
    region = parameters_of(firewall_account(aws, door), name).get("ApiRegion", aws.region_name)
    if region != aws.region_name:
        raise ConfigError(
            f"{name} stands before the door of {door} in {region}, and this is {aws.region_name}: say --region"
            f" {region}, or give stacks in several regions names and a Stage of their own."
        )
