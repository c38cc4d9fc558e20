"""What an account cannot give, and what a configuration needs, is said before anything is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from stack_review.parameters import Inputs
from stack_review.plan import Deployment
from todoke.aws.deploy.fit import (
    LEAST_UNRESERVED,
    PROTECT,
    RESERVE,
    Concurrency,
    Fit,
    fitted,
    protected,
)
from todoke.aws.deploy.prepare import own_template
from todoke.model.errors import ConfigError

DEFAULT = 3
SMTP = '[mail]\nservice = "smtp"\n'
SES = '[mail]\nservice = "ses"\n[mail.ses]\nconfiguration_set = "todoke"\n'
ARN = "arn:aws:ses:eu-central-1:123456789012:identity/garden.example"


class FakeAws:
    """An account: its concurrency (None: not to be asked), and the parameters of its stack (None: there is none)."""

    region_name = "eu-central-1"

    def __init__(self, limit: int | None, unreserved: int = 0, **stack: str) -> None:
        self.limit = limit
        self.unreserved = unreserved
        self.stack = stack

    def client(self, _service: str) -> FakeAws:
        """A client of any service: this."""
        return self

    def describe_stacks(self, StackName: str) -> Any:
        """CloudFormation's."""
        if not self.stack:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "it does not exist"}},
                "DescribeStacks",
            )
        rows = [{"ParameterKey": k, "ParameterValue": v} for k, v in self.stack.items()]
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Parameters": rows}]}

    def get_account_settings(self) -> Any:
        """Lambda's."""
        if self.limit is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccountSettings")
        return {
            "AccountLimit": {
                "ConcurrentExecutions": self.limit,
                "UnreservedConcurrentExecutions": self.unreserved,
            }
        }


def fit_of(aws: Any, folder: Path, toml: str = SMTP, **values: str) -> Fit:
    """What can be deployed of these values."""
    config = folder / "todoke.toml"
    config.write_text(toml)
    deployment = Deployment("forms", own_template().read_text("utf-8"), Inputs(values))
    return fitted(aws, deployment, config)


def fit(aws: Any, folder: Path, toml: str = SMTP, **values: str) -> tuple[dict[str, str], str]:
    """The values that are deployed, and the notice; without the table's protection."""
    found = fit_of(aws, folder, toml, **values)
    others = {k: v for k, v in found.deployment.inputs.values.items() if k != PROTECT}
    notices = [line for line in found.notice.splitlines() if PROTECT not in line]
    return others, "\n".join(notices)


def test_a_new_account_gets_no_reserve_and_is_told(tmp_path: Path) -> None:
    """Ten in all, none of which can be reserved: the default would fail in the middle of the deployment."""
    values, notice = fit(FakeAws(10, 10), tmp_path)
    assert values == {RESERVE: "0"}
    assert "may run 10 at once in eu-central-1, and none of these can be reserved" in notice
    assert "SenderConcurrency is 0 (no limit of its own; see docs/aws.md) instead of 3" in notice


def test_what_was_asked_for_is_not_changed_but_refused(tmp_path: Path) -> None:
    """A fault of the configuration, with the values that would do."""
    with pytest.raises(ConfigError, match=r"SenderConcurrency=5 cannot be\. .* Set it to 0 \(no"):
        fit(FakeAws(10, 10), tmp_path, **{RESERVE: "5"})
    with pytest.raises(ConfigError, match="Set it to 4, or ask AWS for a larger quota"):
        fit(FakeAws(1000, 105), tmp_path, **{RESERVE: "5"})
    assert fit(FakeAws(10, 10), tmp_path, **{RESERVE: "0"}) == ({RESERVE: "0"}, "")


@pytest.mark.parametrize("aws", [FakeAws(1000, 1000), FakeAws(1000, 104), FakeAws(None)])
def test_where_it_fits_or_nobody_may_ask_nothing_is_said(tmp_path: Path, aws: FakeAws) -> None:
    """The usual account; and a role that may not ask is no reason to stop."""
    assert fit(aws, tmp_path) == ({}, "")


def test_a_stack_s_own_reserve_is_counted_as_its_own(tmp_path: Path) -> None:
    """An update that keeps it takes nothing more from the account; one without a reserve keeps that."""
    assert fit(FakeAws(1000, 100, **{RESERVE: "3"}), tmp_path) == ({}, "")
    assert fit(FakeAws(10, 10, **{RESERVE: "0"}), tmp_path) == ({}, "")
    with pytest.raises(ConfigError):
        fit(FakeAws(1000, 100, **{RESERVE: "3"}), tmp_path, **{RESERVE: "4"})


def test_one_is_left_for_the_sweep(tmp_path: Path) -> None:
    """It reserves one where the sender has a reserve: three and one are spare, or only two can be the sender's."""
    assert fit(FakeAws(1000, 104), tmp_path) == ({}, "")
    values, notice = fit(FakeAws(1000, 103), tmp_path)
    assert values == {RESERVE: "2"}
    assert "2 of these can be reserved for the sender" in notice


@given(limit=st.integers(1, 2000), others=st.integers(0, 2000), ours=st.integers(0, 50))
def test_what_is_spare_leaves_what_lambda_wants_left(limit: int, others: int, ours: int) -> None:
    """Reserving all that is spare leaves a hundred, or the whole of a smaller account."""
    unreserved = max(0, limit - others - ours)
    spare = Concurrency(limit, unreserved).spare(ours)
    assert spare >= 0
    if spare:
        assert unreserved + ours - spare == min(LEAST_UNRESERVED, limit)


@pytest.mark.parametrize(
    ("toml", "values", "words"),
    [
        (SES, {}, "give the parameter SesIdentityArn"),
        (SES, {"SesIdentityArn": ARN}, "'todoke', and the parameter SesConfigurationSet is ''"),
        (SES, {"SesIdentityArn": ARN, "SesConfigurationSet": "other"}, "is 'other'"),
    ],
)
def test_a_site_on_ses_needs_rights_that_match_its_configuration(
    tmp_path: Path, toml: str, values: dict[str, str], words: str
) -> None:
    """Else every mail would wait for a right that nobody gave."""
    with pytest.raises(ConfigError, match=words):
        fit(FakeAws(1000, 1000), tmp_path, toml, **values)


def test_rights_given_before_are_kept_and_others_need_none(tmp_path: Path) -> None:
    """The stack's own parameters count."""
    stack = {"SesIdentityArn": ARN, "SesConfigurationSet": "todoke"}
    assert fit(FakeAws(1000, 1000, **stack), tmp_path, SES) == ({}, "")
    assert fit(FakeAws(1000, 1000), tmp_path, "[mail]\n") == ({}, "")


def test_a_first_deployment_is_protected_only_once_it_stands(tmp_path: Path) -> None:
    """CloudFormation could not take a protected table away again, and the stack would be stuck; it is said before."""
    found = fit_of(FakeAws(1000, 1000), tmp_path)
    assert found.protects_later
    assert found.deployment.inputs.values[PROTECT] == "false"
    assert "ProtectData comes right after the first deployment" in found.notice
    assert protected(found.deployment).inputs.values[PROTECT] == "true"
    asked_for = fit_of(FakeAws(1000, 1000), tmp_path, ProtectData="false")
    assert not asked_for.protects_later
    assert asked_for.notice == ""


@pytest.mark.parametrize(
    ("stack", "given", "then"),
    [("false", {}, "true"), ("true", {}, "true"), ("true", {PROTECT: "false"}, "false")],
)
def test_a_stack_that_stands_gets_the_protection_that_is_asked_for(
    tmp_path: Path, stack: str, given: dict[str, str], then: str
) -> None:
    """Also one whose first deployment was cut off before it was protected."""
    found = fit_of(FakeAws(1000, 1000, ProtectData=stack), tmp_path, **given)
    assert not found.protects_later
    assert found.deployment.inputs.values[PROTECT] == then
    assert found.notice == ""
