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
from stack_review.stack import parameters_of
from stack_review.template import parse
from todoke.aws.deploy.package import read_toml
from todoke.model.errors import ConfigError
from todoke.model.settings import FUNCTION_SECONDS
from todoke.services.table import chosen_in

RESERVE = "SenderConcurrency"
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


def fitted(aws: Aws, deployment: Deployment, config: Path) -> tuple[Deployment, str]:
    """The deployment as the account can have it, and in words what differs from the defaults, "" for nothing.

    Raises ConfigError: if what was asked for cannot be, or todoke.toml needs a parameter that is not given.
    """
    former = parameters_of(aws, deployment.stack)
    values = {**former, **deployment.inputs.values}
    _require_parameters(values, config)
    asked_for = values.get(RESERVE) or str(
        parse(deployment.template).parameters[RESERVE]["Default"]
    )
    concurrency = _concurrency(aws)
    if concurrency is None or not asked_for.isdecimal():
        # What is no number CloudFormation refuses itself.
        return deployment, ""
    wanted, spare = int(asked_for), concurrency.spare(int(former.get(RESERVE) or 0))
    if wanted <= spare:
        return deployment, ""
    why = (
        f"Functions of this account may run {concurrency.limit} at once in {aws.region_name},"
        f" and {spare or 'none'} of these can be reserved for the sender"
    )
    if RESERVE in deployment.inputs.values:
        raise ConfigError(
            f"{RESERVE}={wanted} cannot be. {why}. Set it to {spare}{' (no limit)' if not spare else ''}, or ask AWS"
            " for a larger quota (Lambda, concurrent executions)."
        )
    inputs = Inputs({**deployment.inputs.values, RESERVE: str(spare)}, deployment.inputs.tags)
    limit = f"{spare}" if spare else "0 (no limit of its own; see docs/aws.md)"
    return replace(deployment, inputs=inputs), f"{why}: {RESERVE} is {limit} instead of {wanted}."


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
