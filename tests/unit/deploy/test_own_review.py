"""What the review says of todoke's own stack, when it is changed as people change it: who has to accept what."""

from __future__ import annotations

from pathlib import Path

import pytest

import todoke
from stack_review.files import Side, review_sides
from stack_review.template import parse

TEMPLATE = parse(
    (Path(todoke.__file__).parent / "aws" / "deploy" / "template.yaml").read_text("utf-8")
)
VALUES = {"CodeBucket": "b", "CodeKey": "1.zip", "AlarmAddress": "a@example.com"}
DOMAIN = {"DoorDomain": "forms.example.com", "DoorCertificateArn": "arn:aws:acm:r:1:c/1"}


@pytest.mark.parametrize(
    ("changed", "is_asked"),
    [
        ({"CodeKey": "2.zip"}, False),
        ({"Generation": "2"}, False),
        ({"LogDays": "60"}, False),
        ({"LogLevel": "warning"}, False),
        ({"Stage": "test"}, True),
        ({"RequestsPerSecond": "100"}, False),
        ({"LogDays": "1"}, True),
        ({"ProtectData": "false"}, True),
        ({"Paused": "yes"}, True),
        ({"AlarmAddress": ""}, True),
        ({"SecretsRoot": "/other"}, True),
        ({"LargeUploads": "no"}, True),
        ({"Release": "canary"}, True),
        ({"Dashboard": "yes"}, False),
        ({"MonthlyBudget": "25"}, False),
        ({"RequestsExpected": "9000"}, True),
        ({"BehindCloudFront": "yes", "DoorUrl": "https://d1.cloudfront.net"}, True),
        (DOMAIN, True),
    ],
    ids=str,
)
def test_an_everyday_deployment_asks_nobody_and_a_dangerous_one_does(
    changed: dict[str, str], is_asked: bool
) -> None:
    """New code and a new secret go through; what stops mails, or forgets, is accepted by a person."""
    found = review_sides("forms", Side(TEMPLATE, VALUES), Side(TEMPLATE, VALUES | changed))
    assert (found.is_empty, found.is_at_risk) == (False, is_asked)


def test_a_gradual_release_of_new_code_asks_nobody() -> None:
    """Its alarm goes over to the new version with each: that is what it is for."""
    before = VALUES | {"Release": "canary"}
    after = Side(TEMPLATE, before | {"CodeKey": "2.zip"})
    found = review_sides("forms", Side(TEMPLATE, before), after)
    assert (found.is_empty, found.is_at_risk) == (False, False)


def test_to_turn_a_gradual_release_off_asks_somebody_and_says_what_goes() -> None:
    """From then on new code has all requests at once; CodeDeploy's parts go, and nothing with data does."""
    before = VALUES | {"Release": "canary"}
    after = Side(TEMPLATE, before | {"Release": "all-at-once", "CodeKey": "2.zip"})
    found = review_sides("forms", Side(TEMPLATE, before), after)
    gone = {"ReleaseApplication", "ReleaseErrorsAlarm", "ReleaseGroup", "ReleaseRole"}
    assert found.is_at_risk
    assert {f.resource for f in found.findings if f.severity != "note"} == gone | {"WebAlias"}
    assert not [f for f in found.findings if f.topic == "data"]
    [alias] = [f for f in found.findings if f.resource == "WebAlias"]
    assert alias.change.startswith("UpdatePolicy: ")


def test_to_close_api_gateway_s_address_asks_somebody() -> None:
    """A step of its own, after the domain's: whoever still posts there is cut off by it."""
    opened = VALUES | DOMAIN
    found = review_sides(
        "forms", Side(TEMPLATE, opened), Side(TEMPLATE, opened | {"ApiAddress": "closed"})
    )
    assert found.is_at_risk
    assert [f.sentence for f in found.findings if f.resource == "Api"] == [
        "The address answers nobody any more."
    ]


def test_a_first_deployment_asks_nobody() -> None:
    """All that it has is new."""
    assert not review_sides("forms", Side(None), Side(TEMPLATE, VALUES)).is_at_risk
