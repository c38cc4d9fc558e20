"""What a first deployment needs before, and what is left to do after: said with the commands and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stack_review.parameters import Inputs
from stack_review.plan import Deployment
from todoke.aws.deploy.prepare import own_template
from todoke.aws.deploy.secrets import SecretsSeen, look_for_secrets, needed
from todoke.cli.aws_next_steps import next_steps

CLOUD = """
[site]
name = "Garden"
url = "https://garden.example"
[mail]
service = "customers-mail-cloud"
from = "forms@garden.example"
[mail.customers_mail_cloud]
url = "https://sandbox.smtps.jp"
api_user = "forms@garden.example"
[forms.contact]
managers = ["office@garden.example"]
[forms.leave]
managers = ["office@garden.example"]
"""


class FakeAws:
    """An account with these secrets; with `denies`, one whose secrets this role may not see."""

    region_name = "eu-central-1"

    def __init__(self, *there: str, denies: bool = False) -> None:
        self.there = there
        self.denies = denies

    def client(self, _service: str) -> FakeAws:
        """A client of any service: this."""
        return self

    def describe_stacks(self, StackName: str) -> Any:
        """CloudFormation's: there is no stack yet."""
        raise ClientError(
            {"Error": {"Code": "ValidationError", "Message": f"{StackName} does not exist"}},
            "DescribeStacks",
        )

    def get_paginator(self, operation: str) -> FakeAws:
        """SSM's, which must be asked for names alone: who may get parameters may have their values."""
        assert operation == "describe_parameters"
        return self

    def paginate(self, ParameterFilters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Two pages of the parameters that bear one of these names."""
        if self.denies:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeParameters")
        (asked,) = ParameterFilters
        assert (asked["Key"], asked["Option"]) == ("Name", "Equals")
        rows = [{"Name": name} for name in self.there if name in asked["Values"]]
        yield {"Parameters": rows[:1]}
        yield {"Parameters": rows[1:]}

    def list_secrets(self, Filters: list[dict[str, Any]]) -> Any:
        """Secrets Manager's: the names that begin so."""
        [prefix] = Filters[0]["Values"]
        return {"SecretList": [{"Name": name} for name in self.there if name.startswith(prefix)]}


def missing(aws: FakeAws, folder: Path, toml: str = CLOUD, **values: str) -> str:
    """What is said of the missing secrets, where they can be looked for."""
    seen = look(aws, folder, toml, **values)
    assert seen.notice == ""
    return seen.missing


def look(aws: FakeAws, folder: Path, toml: str = CLOUD, **values: str) -> SecretsSeen:
    """What is seen of the secrets."""
    config = folder / "todoke.toml"
    config.write_text(toml)
    deployment = Deployment("forms", own_template().read_text("utf-8"), Inputs(values))
    return look_for_secrets(aws, deployment, config)  # type: ignore[arg-type]


def test_missing_secrets_are_named_with_the_commands_that_help(tmp_path: Path) -> None:
    """Only those that are missing; what the owner makes up is made by the command."""
    text = missing(FakeAws("/todoke/production/TODOKE_SECRET"), tmp_path)
    put = "aws ssm put-parameter --type SecureString --name /todoke/production"
    stdin = "--value file:///dev/stdin"
    assert text.splitlines() == [
        "Secrets are missing in Parameter Store (eu-central-1), without which no function starts. Put them there:",
        f"  cat | {put}/TODOKE_CMC_API_KEY {stdin}",
        f"  openssl rand -hex 16 | {put}/TODOKE_CMC_HOOK_SECRET {stdin}",
        "To cat, paste the value, and press Enter and Ctrl-D: so it is in no list of processes and no history.",
    ]


def test_nothing_is_said_where_all_are_there(tmp_path: Path) -> None:
    """Where the stage's own are: another stage has others."""
    names = ("TODOKE_SECRET", "TODOKE_CMC_API_KEY", "TODOKE_CMC_HOOK_SECRET")
    there = [f"/garden/test/{name}" for name in names]
    assert missing(FakeAws(*there), tmp_path, SecretsRoot="/garden", Stage="test") == ""
    assert "/garden/production/TODOKE_SECRET" in missing(
        FakeAws(*there), tmp_path, SecretsRoot="/garden"
    )


def test_that_nobody_may_look_is_said(tmp_path: Path) -> None:
    """A role of a pipeline may have no right to see them: the deployment goes on, and does not pretend."""
    seen = look(FakeAws(denies=True), tmp_path)
    assert seen.missing == ""
    assert "under /todoke/production are there could not be seen" in seen.notice
    assert "AccessDeniedException" in seen.notice


@pytest.mark.parametrize("store", ["parameter-store", "secrets-manager"])
def test_what_cloudfront_proves_itself_with_is_drawn_by_the_firewall(
    tmp_path: Path, store: str
) -> None:
    """In Secrets Manager, wherever the others are; nobody puts it there by hand, but deploys the firewall first."""
    names = ("TODOKE_SECRET", "TODOKE_CMC_API_KEY", "TODOKE_CMC_HOOK_SECRET")
    there = [f"/todoke/production/{name}" for name in names]
    drawn = "/todoke/production/TODOKE_ORIGIN_SECRET"
    assert missing(FakeAws(*there), tmp_path, SecretsFrom=store) == ""
    text = missing(FakeAws(*there), tmp_path, SecretsFrom=store, BehindCloudFront="yes")
    assert text == (
        f"{drawn} is not in Secrets Manager (eu-central-1): the firewall's stack draws it. Deploy that first:"
        " todoke aws deploy --firewall --stack forms"
    )
    behind = {"SecretsFrom": store, "BehindCloudFront": "yes"}
    assert missing(FakeAws(*there, drawn), tmp_path, **behind) == ""


def test_secrets_manager_is_asked_where_the_secrets_are_there(tmp_path: Path) -> None:
    """By the whole name: another that begins with it is another."""
    there = ("/todoke/production/TODOKE_SECRET", "/todoke/production/TODOKE_CMC_API_KEY_OLD")
    text = missing(FakeAws(*there), tmp_path, SecretsFrom="secrets-manager")
    assert "in Secrets Manager" in text
    assert (
        "create-secret --name /todoke/production/TODOKE_CMC_API_KEY --secret-string file:///dev/stdin"
        in text
    )
    assert "TODOKE_SECRET " not in text


@pytest.mark.parametrize(
    ("mail", "names"),
    [
        ({"service": "smtp"}, {"TODOKE_SECRET"}),
        ({"service": "smtp", "smtp": {"user": "u"}}, {"TODOKE_SECRET", "TODOKE_SMTP_PASSWORD"}),
        ({"service": "ses"}, {"TODOKE_SECRET"}),
        (
            {"service": "ses", "ses": {"topics": ["arn:aws:sns:eu-west-1:123456789012:events"]}},
            {"TODOKE_SECRET", "TODOKE_SES_HOOK_SECRET"},
        ),
        (
            {"service": "customers-mail-cloud", "customers_mail_cloud": {"webhook": False}},
            {"TODOKE_SECRET", "TODOKE_CMC_API_KEY"},
        ),
        (
            {"service": "postmark"},
            {
                "TODOKE_SECRET",
                "TODOKE_POSTMARK_API_KEY",
                "TODOKE_POSTMARK_HOOK_SECRET",
                "TODOKE_POSTMARK_WEBHOOK_KEY",
            },
        ),
        ("nonsense", {"TODOKE_SECRET"}),
    ],
    ids=[
        "smtp",
        "smtp with a user",
        "ses",
        "ses with topics",
        "no webhook",
        "postmark",
        "nonsense",
    ],
)
def test_what_is_needed_depends_on_the_mail_service(mail: object, names: set[str]) -> None:
    """As the functions themselves require it when they start."""
    assert set(needed({"mail": mail})) == names


@pytest.mark.parametrize(
    ("forms", "is_needed"),
    [({"a": {"captcha": True}}, True), ({"a": {}, "b": 1}, False), ("nonsense", False)],
)
def test_a_captcha_needs_its_secret(forms: object, is_needed: bool) -> None:
    """Where a form asks for one."""
    names = needed({"guard": {"captcha": "turnstile"}, "forms": forms})
    assert ("TODOKE_CAPTCHA_SECRET" in names) == is_needed


def test_the_next_steps_name_every_address(tmp_path: Path) -> None:
    """Forms, webhook, site, and who is told when something fails; the secret itself is not printed."""
    config = tmp_path / "todoke.toml"
    config.write_text(CLOUD)
    outputs = {"DoorUrl": "https://x.example", "SiteBucket": "b", "SiteUrl": "https://d.example"}
    text = "\n".join(next_steps(config, outputs, {"SecretsRoot": "/garden", "Stage": "s"}))
    for said in (
        "form contact post to https://x.example/f/contact",
        "form leave post to https://x.example/f/leave",
        "https://x.example/hooks/customers-mail-cloud/ + what is in /garden/s/TODOKE_CMC_HOOK_SECRET",
        "aws s3 sync YOUR-FOLDER s3://b",
        "https://d.example",
        "AlarmAddress",
    ):
        assert said in text
    parameters = {"SecretsRoot": "/g", "Stage": "s", "AlarmAddress": "a@b"}
    text = "\n".join(next_steps(config, {"DoorUrl": "https://x.example"}, parameters))
    assert "s3" not in text
    assert "AlarmAddress" not in text


def test_the_next_steps_name_all_that_a_webhook_needs(tmp_path: Path) -> None:
    """Of a service with two secrets where each of them is."""
    config = tmp_path / "todoke.toml"
    config.write_text(
        '[site]\nname = "x"\nurl = "https://x.example"\n[mail]\nservice = "postmark"\nfrom = "a@x.example"\n'
        '[forms.contact]\nmanagers = ["m@x.example"]\n'
    )
    text = "\n".join(
        next_steps(config, {"DoorUrl": "https://x.example"}, {"SecretsRoot": "/g", "Stage": "s"})
    )
    assert "https://x.example/hooks/postmark/ + what is in /g/s/TODOKE_POSTMARK_HOOK_SECRET" in text
    assert "TODOKE_POSTMARK_WEBHOOK_KEY" in text
