"""Whether todoke's own template fits the account and the configuration: said before anything is deployed."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from stack_review.errors import AwsError
from stack_review.parameters import Inputs
from stack_review.plan import Deployment
from stack_review.session import Aws, asked
from stack_review.stack import describe, parameters_of
from stack_review.template import parse
from todoke.aws.deploy.package import read_toml
from todoke.model.errors import ConfigError
from todoke.model.settings import FUNCTION_SECONDS
from todoke.services.table import chosen_in

RESERVE = "SenderConcurrency"
PROTECT = "ProtectData"
_PROTECTED_LATER = (
    f"{PROTECT} comes right after the first deployment, which could not be rolled back with it."
)
LEAST_UNRESERVED = 100
"""So much of an account's concurrency Lambda leaves unreserved; all of it where the account has no more than that."""


@dataclass(frozen=True)
class Concurrency:
    """How many functions an account may run at once in a region, and how many of these nobody has reserved."""

    limit: int
    unreserved: int

    def spare(self, ours: int) -> int:
        """How many can be reserved by a function that has `ours` already. Pure."""
        return max(0, self.unreserved + ours - min(LEAST_UNRESERVED, self.limit))


@dataclass(frozen=True)
class Fit:
    """The deployment as the account can have it, and in words what differs from what was asked for, "" for nothing.

    `protects_later` is True when the table's protection is to come by a deployment of its own, once this one stands.
    """

    deployment: Deployment
    notice: str = ""
    protects_later: bool = False


def fitted(aws: Aws, deployment: Deployment, config: Path) -> Fit:
    """What can be deployed of what was asked for.

    Raises ConfigError: if what was asked for cannot be, or todoke.toml needs a parameter that is not given.
    """
    former = parameters_of(aws, deployment.stack)
    _require_parameters({**former, **deployment.inputs.values}, config)
    reserve, why = _reserve(aws, deployment, former)
    protect, protects_later = _protection(aws, deployment)
    told = [*([why] if why else ()), *([_PROTECTED_LATER] if protects_later else ())]
    return Fit(_with(deployment, reserve | protect), "\n".join(told), protects_later)


def protected(deployment: Deployment) -> Deployment:
    """The same deployment with the table protected."""
    return _with(deployment, {PROTECT: "true"})


def _with(deployment: Deployment, values: Mapping[str, str]) -> Deployment:
    inputs = Inputs({**deployment.inputs.values, **values}, deployment.inputs.tags)
    return replace(deployment, inputs=inputs)


def _asked_for(deployment: Deployment, parameter: str, former: Mapping[str, str]) -> str:
    """The value of a parameter: the one given, else the stack's own, else the template's."""
    default = str(parse(deployment.template).parameters[parameter]["Default"])
    return {**former, **deployment.inputs.values}.get(parameter) or default


def _reserve(
    aws: Aws, deployment: Deployment, former: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """The reserve that the account can give where the default is too much, and why; nothing where it is not."""
    asked_for = _asked_for(deployment, RESERVE, former)
    concurrency = _concurrency(aws)
    if concurrency is None or not asked_for.isdecimal():
        # What is no number CloudFormation refuses itself.
        return {}, ""
    wanted, had = int(asked_for), int(former.get(RESERVE) or 0)
    # Where the sender has a reserve, the sweep has one of 1.
    spare = max(0, concurrency.spare(had + 1 if had else 0) - 1)
    if wanted <= spare:
        return {}, ""
    why = (
        f"Functions of this account may run {concurrency.limit} at once in {aws.region_name},"
        f" and {spare or 'none'} of these can be reserved for the sender"
    )
    if RESERVE in deployment.inputs.values:
        raise ConfigError(
            f"{RESERVE}={wanted} cannot be. {why}. Set it to {spare}{' (no limit)' if not spare else ''}, or ask AWS"
            " for a larger quota (Lambda, concurrent executions)."
        )
    limit = f"{spare}" if spare else "0 (no limit of its own; see docs/aws.md)"
    return {RESERVE: str(spare)}, f"{why}: {RESERVE} is {limit} instead of {wanted}."


def _protection(aws: Aws, deployment: Deployment) -> tuple[dict[str, str], bool]:
    """No protection while the stack is made, for CloudFormation could not undo that; and whether it comes later.

    Afterwards it is what was asked for this time, and not what the stack has: a first deployment may have been cut off.
    """
    asked_for = _asked_for(deployment, PROTECT, {})
    described = describe(aws.client("cloudformation"), deployment.stack)
    is_new = described is None or described["StackStatus"] == "REVIEW_IN_PROGRESS"
    later = is_new and asked_for == "true"
    return {PROTECT: "false" if later else asked_for}, later


def _concurrency(aws: Aws) -> Concurrency | None:
    """What Lambda says of the account; None where the role may not ask."""
    with contextlib.suppress(AwsError):
        limits = asked(aws.client("lambda").get_account_settings)["AccountLimit"]
        return Concurrency(limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"])
    return None


def _require_parameters(values: Mapping[str, str], config: Path) -> None:
    """What the functions may do for the chosen mail service depends on parameters."""
    chosen = chosen_in(read_toml(config), on_aws=True) if config.exists() else None
    if chosen is None:
        return
    service, own = chosen
    if words := service.misfit(own, values):
        raise ConfigError(f"{config} {words}")
    if not own.fits_function:
        raise ConfigError(
            f"{config} sets mail.{service.section}.timeout so that one mail may take {own.slowest_seconds:.0f} s, and "
            f"a function ends after {FUNCTION_SECONDS:.0f} s. Leave it out, or make it shorter."
        )
