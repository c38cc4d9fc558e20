"""Which secrets a site needs on AWS, and whether they are where its functions look for them. No value is ever read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack_review.errors import AwsError
from stack_review.plan import Deployment
from stack_review.session import Aws, asked
from stack_review.stack import parameters_of
from stack_review.template import parse
from todoke.aws.deploy.package import names_provider, read_toml
from todoke.model.captcha import CAPTCHA_SECRET
from todoke.model.oidc import OIDC_SECRET
from todoke.model.settings import ORIGIN_SECRET
from todoke.model.webhook_key import WEBHOOK_SECRETS
from todoke.services.table import SERVICES, chosen_in

_RANDOM_BYTES = {"TODOKE_SECRET": 32} | {
    secret.variable: secret.random_bytes
    for service in SERVICES.values()
    for secret in service.secrets
}
"""Secrets that the owner makes up: so long in hex; 0 for those that a service gives out."""


_STDIN = "file:///dev/stdin"
"""Not in the command's own words: every user of a machine sees these (ps)."""


def needed(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The secrets without which a function of the site in todoke.toml would not start, or would tell no webhook."""
    names = ["TODOKE_SECRET"]
    if chosen := chosen_in(document):
        service, own = chosen
        names += [secret.variable for secret in service.secrets if secret.is_needed(own)]
    if names_provider(document):
        names.append(OIDC_SECRET)
    forms = document.get("forms")
    if isinstance(forms, dict) and any(
        isinstance(f, dict) and f.get("captcha") for f in forms.values()
    ):
        names.append(CAPTCHA_SECRET)
    if document.get("webhooks"):
        names.append(WEBHOOK_SECRETS)
    return tuple(names)


@dataclass(frozen=True)
class SecretsSeen:
    """Which secrets are `missing`, in words with the commands that help; and a `notice` where nobody could look."""

    missing: str = ""
    notice: str = ""


def secrets_path(parameters: Mapping[str, str]) -> str:
    """What stands before the name of each secret in a stack with these parameters."""
    return f"{parameters['SecretsRoot']}/{parameters['Stage']}"


def look_for_secrets(aws: Aws, deployment: Deployment, config: Path) -> SecretsSeen:
    """Look whether the secrets are there. Raises ConfigError: if todoke.toml cannot be read."""
    values = {
        key: str(parameter.get("Default", ""))
        for key, parameter in parse(deployment.template).parameters.items()
    }
    values |= {**parameters_of(aws, deployment.stack), **deployment.inputs.values}
    path, is_manager = secrets_path(values), values["SecretsFrom"] == "secrets-manager"
    names = [f"{path}/{name}" for name in needed(read_toml(config))]
    drawn = [f"{path}/{ORIGIN_SECRET}"] if values["BehindCloudFront"] == "yes" else []
    try:
        absent = set(_not_managed(aws, names) if is_manager else _no_parameters(aws, names))
        undrawn = list(_not_managed(aws, drawn))
    except AwsError as error:
        return SecretsSeen(
            notice=f"Whether the secrets under {path} are there could not be seen; all functions need them. {error}"
        )
    missing = [name for name in names if name in absent]
    words = list(_missing(aws, missing, is_manager=is_manager)) if missing else []
    words += [
        f"{name} is not in Secrets Manager ({aws.region_name}): the firewall's stack draws it. Deploy that first:"
        f" todoke aws deploy --firewall --stack {deployment.stack}"
        for name in undrawn
    ]
    return SecretsSeen(missing="\n".join(words))


def _missing(aws: Aws, names: list[str], *, is_manager: bool) -> Iterator[str]:
    place = "Secrets Manager" if is_manager else "Parameter Store"
    yield f"Secrets are missing in {place} ({aws.region_name}), without which no function starts. Put them there:"
    yield from (f"  {_command(name, is_manager=is_manager)}" for name in names)
    yield from _how_to_type(names)


def _no_parameters(aws: Aws, names: list[str]) -> Iterable[str]:
    """Asked of the list, for who may get a parameter may get its value: the key of Parameter Store is the account's."""
    listed = aws.client("ssm").get_paginator("describe_parameters")
    equals = {"Key": "Name", "Option": "Equals", "Values": names}
    pages = asked(list, listed.paginate(ParameterFilters=[equals]))
    there = {str(row["Name"]) for page in pages for row in page["Parameters"]}
    return [name for name in names if name not in there]


def _not_managed(aws: Aws, names: list[str]) -> Iterator[str]:
    client = aws.client("secretsmanager")
    for name in names:
        found: Any = asked(client.list_secrets, Filters=[{"Key": "name", "Values": [name]}])
        if not any(secret["Name"] == name for secret in found["SecretList"]):
            yield name


def _how_to_type(names: list[str]) -> Iterator[str]:
    if any(not _RANDOM_BYTES.get(name.rpartition("/")[2]) for name in names):
        yield "To cat, paste the value, and press Enter and Ctrl-D: so it is in no list of processes and no history."


def _command(name: str, *, is_manager: bool) -> str:
    size = _RANDOM_BYTES.get(name.rpartition("/")[2])
    value = (
        f"openssl rand -hex {size}" if size else "cat"
    )  # what is typed or pasted: Enter, then Ctrl-D
    put = (
        f"aws secretsmanager create-secret --name {name} --secret-string"
        if is_manager
        else f"aws ssm put-parameter --type SecureString --name {name} --value"
    )
    return f"{value} | {put} {_STDIN}"
