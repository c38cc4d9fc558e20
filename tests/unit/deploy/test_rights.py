"""What a role needs that deploys todoke: as much as the template asks for, and no more."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from stack_review.template import parse
from support.places import ROOT
from todoke.aws.deploy.firewall import firewall_template
from todoke.aws.deploy.rights import Place, policy, rights, types_of

TEMPLATE = parse((ROOT / "src" / "todoke" / "aws" / "deploy" / "template.yaml").read_text("utf-8"))
FIREWALL = parse(firewall_template().read_text("utf-8"))
KNOWN = {one.type for one in TEMPLATE.resources.values()}
PLACE = Place("forms", "todoke-deploy-123456789012-eu-west-1", "123456789012", "eu-west-1")
NAMELESS = {"AccessLog", "LookWhatIsThere"}
"""Statements whose actions AWS lets nobody narrow to a resource."""
IDS = {"Api", "Budget", "Cdn", "Domain", "LookAtMappings", "Records", "RecordsChanged"}
"""Statements of resources whose names AWS draws, or that are named otherwise."""


def statements(place: Place = PLACE, types: set[str] = KNOWN) -> dict[str, Any]:
    """The statements, by their names."""
    return {one["Sid"]: one for one in cast("Any", policy(place, types))["Statement"]}


def test_each_type_in_the_template_has_its_rights() -> None:
    """A new resource that nobody may make is found here, and not by the role that deploys it; none is left over."""
    types = {type_ for one in rights() for type_ in one.types}
    assert {
        one.type for one in (*TEMPLATE.resources.values(), *FIREWALL.resources.values())
    } == types


WALL = Place("forms-firewall", "b", "123456789012", "us-east-1")


def test_who_deploys_the_firewall_may_read_the_secret_that_it_draws_and_no_other() -> None:
    """CloudFormation reads it in their name, to give it to CloudFront; and it is of no stack but the firewall's."""
    found = statements(WALL, {one.type for one in FIREWALL.resources.values()})
    assert found["OriginSecret"]["Resource"] == [
        "arn:aws:secretsmanager:*:123456789012:secret:*/TODOKE_ORIGIN_SECRET-??????"
    ]
    readers = [
        sid for sid, one in found.items() if "secretsmanager:GetSecretValue" in one["Action"]
    ]
    assert readers == ["OriginSecret"]
    assert "webacl/forms-firewall/*" in found["Firewall"]["Resource"][0]
    assert not {"PutThePackage", "Functions", "Table", "Roles", "PassRoles"} & found.keys()
    assert not {"Firewall", "OriginSecret", "FirewallLog"} & statements().keys()


def test_the_rights_to_the_firewall_fit_into_a_policy_of_their_own() -> None:
    """A managed policy has 6,144 letters: a role that deploys both has room for it beside the other."""
    place = Place("f" * 60 + "-firewall", "b" * 63, "123456789012", "us-east-1")
    whole = policy(place, {one.type for one in FIREWALL.resources.values()})
    assert len(json.dumps(whole, separators=(",", ":"))) <= 6_144


def test_what_is_not_named_by_the_stack_is_known_to_be_so() -> None:
    """Everything else can be done to what is this stack's alone, or is its bucket for packages."""
    for sid, statement in statements().items():
        text = json.dumps(statement["Resource"])
        if sid in NAMELESS:
            assert statement["Resource"] == ["*"]
        elif sid == "Mappings":
            assert "function:forms-*" in json.dumps(statement["Condition"])
        elif sid == "PutThePackage":
            assert all("forms" not in one and PLACE.package in one for one in statement["Resource"])
        elif sid in IDS:
            assert "forms" not in text
        else:
            assert all(
                "forms" in one or ":CodeDeployDefault." in one or ":changeSet/todoke-" in one
                for one in statement["Resource"]
            )


def test_no_action_is_every_action_and_none_reads_what_people_wrote() -> None:
    """Who deploys sees no submission, no file of a visitor and no secret."""
    for statement in statements().values():
        for action in statement["Action"]:
            assert re.fullmatch(r"[a-z0-9-]+:(\w+\*?|Get\*Configuration|Get\*|Describe\*)", action)
    actions = {a for one in statements().values() for a in one["Action"]}
    assert not actions & {
        "dynamodb:GetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "ssm:GetParameters",
        "secretsmanager:GetSecretValue",
    }
    readers = [sid for sid, one in statements().items() if "s3:GetObject" in one["Action"]]
    assert readers == ["PutThePackage"]


def test_roles_are_handed_to_the_services_that_they_trust_and_to_no_other() -> None:
    """The condition names each service that a role of the template is for."""
    roles = [one for one in TEMPLATE.resources.values() if one.type == "AWS::IAM::Role"]
    trusted = {
        statement["Principal"]["Service"]
        for role in roles
        for statement in cast("Any", role.properties)["AssumeRolePolicyDocument"]["Statement"]
    }
    [passing] = [one for one in statements().values() if "iam:PassRole" in one["Action"]]
    assert set(passing["Condition"]["StringEquals"]["iam:PassedToService"]) == trusted
    assert passing["Action"] == ["iam:PassRole"]


@pytest.mark.parametrize(
    ("values", "absent"),
    [
        ({"SiteDelivery": "none"}, "Cdn"),
        ({"Release": "all-at-once"}, "Release"),
        ({"AlarmAddress": ""}, "Topic"),
        ({"DoorDomain": ""}, "Domain"),
        ({"DoorDomain": "forms.example.com"}, "Records"),
        ({"MonthlyBudget": "0"}, "Budget"),
    ],
)
def test_a_stack_without_a_part_needs_no_rights_to_it(values: dict[str, str], absent: str) -> None:
    """By its parameters, the template's defaults standing for the others."""
    assert absent not in statements(types=types_of(TEMPLATE, values))
    assert absent in statements()


def test_it_fits_into_a_role() -> None:
    """A role's own policies have 10,240 letters together, without spaces."""
    place = Place("f" * 60, "b" * 63, "123456789012", "ap-northeast-1", "aws-us-gov")
    assert len(json.dumps(policy(place, KNOWN), separators=(",", ":"))) <= 10_240


def test_a_long_name_may_be_cut_and_a_bucket_s_is_in_small_letters() -> None:
    """CloudFormation shortens the stack's part where a name may have 64 letters."""
    long = statements(Place("Forms-" + "x" * 30, "b", "1", "r"))
    assert long["Roles"]["Resource"] == ["arn:aws:iam::1:role/Forms-" + "x" * 18 + "*"]
    assert long["Buckets"]["Resource"] == ["arn:aws:s3:::forms-" + "x" * 18 + "*"]
    assert long["PlanAndDeploy"]["Resource"][0].endswith(f"stack/Forms-{'x' * 30}/*")
