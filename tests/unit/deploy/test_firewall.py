"""The firewall before the door: what it lets through, what it never stops, and what CloudFront is told."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError

from stack_review.files import Side, review_sides
from stack_review.resolve import resolved
from stack_review.session import Aws
from stack_review.template import document as parsed
from stack_review.template import parse
from support.aws.lambda_events import Invocation, http_event
from support.places import ROOT
from support.web.stories import make_app
from todoke.aws.deploy.firewall import (
    before_door,
    firewall_account,
    firewall_template,
    require_open,
)
from todoke.aws.deploy.prepare import Intent
from todoke.aws.deploy.program import account
from todoke.aws.functions.gateway import make_web
from todoke.aws.functions.origin import ORIGIN_HEADER, VIEWER_HEADER
from todoke.model.errors import ConfigError, NotFound
from todoke.testing import MemoryStore

TEMPLATE = firewall_template().read_text("utf-8")
VALUES = {"ApiHost": "a1.execute-api.eu-west-1.amazonaws.com", "ApiRegion": "eu-west-1"}
AWS = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::StackName": "forms-firewall"}


def of_stack(**values: str) -> dict[str, Any]:
    """The properties of each resource of a stack with these parameters, by logical id."""
    parameters = parsed(TEMPLATE, "firewall.yaml")["Parameters"]
    usual = {name: str(p["Default"]) for name, p in parameters.items() if "Default" in p}
    found = resolved(parse(TEMPLATE), {**AWS, **usual, **VALUES, **values})
    return {name: cast("Any", resource.properties) for name, resource in found.resources.items()}


def rules(**values: str) -> dict[str, Any]:
    """The rules by name, in their order."""
    listed = sorted(of_stack(**values)["Firewall"]["Rules"], key=lambda rule: rule["Priority"])
    return {rule["Name"]: rule for rule in listed}


def test_what_people_write_is_counted_and_refuses_nobody() -> None:
    """Files of megabytes, HTML, addresses of pages: AWS's own rules mark a request, and no mark of a body counts."""
    groups = {n: r for n, r in rules().items() if "ManagedRuleGroupStatement" in r["Statement"]}
    assert list(groups) == ["reputation", "core", "inputs"]
    assert all(rule["OverrideAction"] == {"Count": {}} for rule in groups.values())
    counted = {
        one["Name"]
        for rule in groups.values()
        for one in rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", ())
        if one["ActionToUse"] == {"Count": {}}
    }
    bodies = "SizeRestrictions CrossSiteScripting GenericLFI GenericRFI EC2MetaDataSSRF Log4JRCE"
    assert {f"{name}_BODY" for name in bodies.split()} <= counted
    assert not [label for label in acted_upon() if re.search(r"(?i)body|cookie", label)]
    shown = {label.partition("_")[0] + label.rpartition("_")[2].lower() for label in acted_upon()}
    told = {name.partition("_")[0] + name.rpartition("_")[2].lower() for name in counted}
    assert not shown & told, "what only counts refuses nobody"


def acted_upon() -> list[str]:
    """The marks that refuse a request, without whose they are."""
    statements = rules()["refused"]["Statement"]["OrStatement"]["Statements"]
    keys = [one["LabelMatchStatement"]["Key"] for one in statements]
    spaces = ("amazon-ip-list", "core-rule-set", "known-bad-inputs")
    assert all(key.split(":")[:3] == ["awswaf", "managed", "aws"] for key in keys)
    assert {key.split(":")[3] for key in keys} == set(spaces)
    return [key.split(":")[4] for key in keys]


def test_marks_are_acted_upon_after_all_who_give_them_and_may_only_count_at_first() -> None:
    """The last rule of all decides, with words that a script can read."""
    assert list(rules())[-1] == "refused"
    assert rules(ManagedRules="count")["refused"]["Action"] == {"Count": {}}
    answer = rules()["refused"]["Action"]["Block"]["CustomResponse"]
    headers = {h["Name"]: h["Value"] for h in answer["ResponseHeaders"]}
    assert (answer["ResponseCode"], headers["access-control-allow-origin"]) == (403, "*")


@pytest.mark.parametrize(
    ("name", "parameter"), [("posts", "PostsPerAddress"), ("requests", "RequestsPerAddress")]
)
def test_one_address_sends_no_more_than_its_share(name: str, parameter: str) -> None:
    """In five minutes; then 429, which the pages' scripts know, and when to come again."""
    rule = rules(**{parameter: "77"})[name]
    bound = rule["Statement"]["RateBasedStatement"]
    assert (bound["AggregateKeyType"], bound["EvaluationWindowSec"]) == ("IP", 300)
    assert bound["Limit"] == "77"
    answer = rule["Action"]["Block"]["CustomResponse"]
    headers = {h["Name"]: h["Value"] for h in answer["ResponseHeaders"]}
    assert (answer["ResponseCode"], headers["retry-after"]) == (429, "300")
    assert headers["access-control-allow-origin"] == "*"


def test_no_way_of_writing_a_path_goes_around_the_bound_of_posts() -> None:
    """It looks at the method alone."""
    [statement] = rules()["posts"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"].items()
    assert statement[0] == "ByteMatchStatement"
    assert (statement[1]["FieldToMatch"], statement[1]["SearchString"]) == ({"Method": {}}, "POST")


_TRANSFORMED: dict[str, Callable[[str], str]] = {
    "NONE": str,
    "URL_DECODE": unquote,
    "NORMALIZE_PATH": lambda path: posixpath.normpath(path) + "/" * path.endswith("/"),
}


def is_let_past(method: str, path: str) -> bool:
    """Whether the first rule lets a request past all others."""
    rule = rules()["hooks"]
    assert (rule["Priority"], rule["Action"]) == (0, {"Allow": {}})
    told = []
    for one in rule["Statement"]["AndStatement"]["Statements"]:
        match = one["ByteMatchStatement"]
        text = method if "Method" in match["FieldToMatch"] else path
        for change in sorted(match["TextTransformations"], key=lambda t: t["Priority"]):
            text = _TRANSFORMED[change["Type"]](text)
        is_whole = match["PositionalConstraint"] == "EXACTLY"
        wanted = match["SearchString"]
        told.append(text == wanted if is_whole else text.startswith(wanted))
    return all(told)


TRICKS = [
    "/f/contact",
    "//f/contact",
    "/%66/contact",
    "/hooks/../f/contact",
    "/hooks/..%2ff/contact",
    "/hooks/%2e%2e/f/contact",
    "/hooks/%252e%252e/f/contact",
    "/hooks/..%252ff/contact",
    "/hooks/./../f/contact",
    "/hooks//../../f/contact",
    "/hooks/x/../../f/contact",
    "/hooks\\..\\f\\contact",
    "/hooks/..;/f/contact",
    "/f/contact/../../hooks/x",
    "/f/..%2fhooks/contact",
    "/HOOKS/../f/contact",
]


def test_the_webhook_of_a_mail_service_is_let_past() -> None:
    """However much it brings, from one address, without a User-Agent."""
    assert is_let_past("POST", "/hooks/ses/0123456789abcdef")
    assert not is_let_past("GET", "/hooks/ses/0123456789abcdef")


@pytest.mark.parametrize("path", TRICKS)
def test_whoever_is_let_past_reaches_no_form(path: str) -> None:
    """As the path is sent, and as a gateway may have read it once or twice before the function has it."""
    if not is_let_past("POST", path):
        return
    sent = {"content-type": "application/json", "accept": "application/json"}
    for seen in (path, unquote(path), unquote(unquote(path))):
        store = MemoryStore()
        answer = make_web(make_app(store), {})(
            http_event("POST", seen, body=b"{}", headers=sent), Invocation()
        )
        # A form's own answer to nothing is 422.
        assert answer["statusCode"] in {400, 404, 405}, seen
        assert not store._tables.submissions


def test_no_sample_and_no_log_holds_a_token() -> None:
    """Paths hold tokens, and so do cookies; the console would show samples to whoever may look."""
    found = of_stack()["Firewall"]
    seen = [found["VisibilityConfig"], *(r["VisibilityConfig"] for r in found["Rules"])]
    assert all(one["SampledRequestsEnabled"] is False for one in seen)
    assert not {"Logs", "Blocked"} & of_stack().keys()
    log = of_stack(Log="yes")["Blocked"]
    fields = json.dumps(log["RedactedFields"])
    for left_out in ("UriPath", "QueryString", "authorization", "cookie", "referer"):
        assert left_out in fields
    assert log["LoggingFilter"]["DefaultBehavior"] == "DROP"
    group = of_stack(Log="yes")["Logs"]["LogGroupName"]
    assert group.startswith("aws-waf-logs-")
    assert log["LogDestinationConfigs"][0]["Fn::Sub"].endswith(f":log-group:{group}") or log[
        "LogDestinationConfigs"
    ][0].endswith(f":log-group:{group}")


def test_cloudfront_proves_itself_and_says_whom_it_saw() -> None:
    """By the names that the function reads; the secret is written nowhere, only where it is."""
    found = of_stack()
    config = found["Distribution"]["DistributionConfig"]
    [origin] = config["Origins"]
    [header] = origin["OriginCustomHeaders"]
    assert header["HeaderName"].lower() == ORIGIN_HEADER
    assert header["HeaderValue"] == {"Fn::Sub": "{{resolve:secretsmanager:${Secret}}}"}
    named = of_stack(SecretVersion="1" * 32)["Distribution"]["DistributionConfig"]["Origins"][0]
    reference = named["OriginCustomHeaders"][0]["HeaderValue"]["Fn::Sub"]
    assert reference == "{{resolve:secretsmanager:${Secret}:SecretString:::" + "1" * 32 + "}}"
    assert origin["DomainName"] == VALUES["ApiHost"]
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert f'headers["{VIEWER_HEADER}"] = {{ value: event.viewer.ip }}' in found["Viewer"]["FunctionCode"]  # fmt: skip
    assert config["WebACLId"] == {"Fn::GetAtt": ["Firewall", "Arn"]}


def test_nothing_is_kept_by_cloudfront_and_all_is_passed_on() -> None:
    """No answer to one is given to another, an error neither; every method, header, query and cookie comes through."""
    config = of_stack()["Distribution"]["DistributionConfig"]
    behaviour = config["DefaultCacheBehavior"]
    assert "CacheBehaviors" not in config
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert set(behaviour["AllowedMethods"]) >= {"GET", "HEAD", "POST", "OPTIONS"}
    errors = {e["ErrorCode"]: e["ErrorCachingMinTTL"] for e in config["CustomErrorResponses"]}
    assert errors == dict.fromkeys((400, 403, 404, 405, 414, 500, 501, 502, 503, 504), 0)
    assert all(set(e) == {"ErrorCode", "ErrorCachingMinTTL"} for e in config["CustomErrorResponses"])  # fmt: skip


def test_the_secret_is_drawn_once_with_a_copy_where_the_door_is() -> None:
    """None where the door is in us-east-1 itself; of letters and digits, as a header takes them."""
    found = of_stack()["Secret"]
    assert found["ReplicaRegions"] == [{"Region": "eu-west-1"}]
    assert found["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert "ReplicaRegions" not in of_stack(ApiRegion="us-east-1")["Secret"]


def test_a_domain_brings_its_certificate_and_records() -> None:
    """TLS 1.2 at least; the records only where the zone is Route 53's."""
    own = {"DoorDomain": "forms.example.com", "CertificateArn": "arn:aws:acm:us-east-1:1:c/1"}
    config = of_stack(**own)["Distribution"]["DistributionConfig"]
    assert config["Aliases"] == ["forms.example.com"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    records = {"DoorRecord", "DoorRecord6"}
    assert not records & of_stack(**own).keys()
    found = of_stack(**own, DoorZoneId="Z123")
    assert [found[name]["Type"] for name in sorted(records)] == ["A", "AAAA"]


def test_what_it_costs_is_what_the_documentation_says() -> None:
    """5 dollars a month for the firewall and 1 for each rule; the secret and its copy 0.40 each."""
    dollars = 5 + len(rules()) + 0.40 * (1 + len(of_stack()["Secret"]["ReplicaRegions"]))
    text = (ROOT / "docs" / "aws.md").read_text("utf-8")
    assert f"{dollars:.2f} dollars a month" in text
    assert f"{dollars - 0.40:.2f} where the door is in us-east-1" in text


def test_a_first_firewall_asks_nobody_and_another_one_does() -> None:
    """What stands before the door, and what it proves itself with, is somebody's decision."""
    new = Side(parse(TEMPLATE), VALUES)
    assert not review_sides("forms-firewall", Side(None), new).is_at_risk
    for changed in (
        {"PostsPerAddress": "10"},
        {"ManagedRules": "count"},
        {"SecretVersion": "1" * 32},
        {"ApiHost": "b2.execute-api.eu-west-1.amazonaws.com"},
        {"ApiRegion": "eu-central-1"},
    ):
        after = Side(parse(TEMPLATE), VALUES | changed)
        assert review_sides("forms-firewall", new, after).is_at_risk, changed


@dataclass(frozen=True)
class FakeAws(Aws):
    """An account with stacks, by region and name: their parameters and outputs."""

    stacks: Mapping[tuple[str, str], tuple[Mapping[str, str], Mapping[str, str]]] = field(
        default_factory=dict
    )

    @property
    def region_name(self) -> str:
        """The region."""
        return self.region

    def client(self, service: str) -> FakeAws:
        """A client of any service: this."""
        return self

    def describe_stacks(self, StackName: str) -> Any:
        """CloudFormation's."""
        if (self.region, StackName) not in self.stacks:
            error = {"Code": "ValidationError", "Message": f"{StackName} does not exist"}
            raise ClientError({"Error": error}, "DescribeStacks")
        parameters, outputs = self.stacks[self.region, StackName]
        rows = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        told = [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]
        stack = {"StackStatus": "UPDATE_COMPLETE", "Parameters": rows, "Outputs": told}
        return {"Stacks": [stack]}


def with_door(
    parameters: Mapping[str, str], outputs: Mapping[str, str], *, firewall_of: str = ""
) -> FakeAws:
    """An account with a door in Ireland, and a firewall before that of some region."""
    stacks = {("eu-west-1", "forms"): (parameters, outputs)} if outputs else {}
    if firewall_of:
        stacks["us-east-1", "forms-firewall"] = (
            {"ApiRegion": firewall_of},
            {"DoorUrl": "https://d"},
        )
    return FakeAws("eu-west-1", stacks=stacks)


DOOR = {"SecretsRoot": "/todoke", "Stage": "test", "ApiAddress": "open", "BehindCloudFront": "no"}
OUTPUTS = {"ApiEndpoint": "https://a1.execute-api.eu-west-1.amazonaws.com"}


def intent() -> Intent:
    """What the person asked for: the door's stack."""
    return Intent("forms", None, None, ROOT / "absent.toml")


def test_what_it_needs_to_know_is_read_from_the_door_s_stack() -> None:
    """Its address, region, stage and the name of the secret that its function looks for."""
    made = before_door(with_door(DOOR, OUTPUTS), intent())
    assert (made.stack, made.template) == ("forms-firewall", firewall_template())
    assert made.known == VALUES | {
        "SecretName": "/todoke/test/TODOKE_ORIGIN_SECRET",
        "Stage": "test",
    }
    parameters = parsed(TEMPLATE, "firewall.yaml")["Parameters"]
    assert made.known.keys() <= parameters.keys()
    for name, value in made.known.items():
        assert re.fullmatch(parameters[name]["AllowedPattern"], value), name


@pytest.mark.parametrize(
    ("parameters", "outputs", "kind", "words"),
    [
        ({}, {}, NotFound, "deploy the door first"),
        ({}, {"TableName": "t"}, ConfigError, "has no door"),
        ({**DOOR, "ApiAddress": "closed"}, OUTPUTS, ConfigError, "ApiAddress=open"),
    ],
)
def test_what_has_no_door_that_cloudfront_reaches_gets_no_firewall(
    parameters: dict[str, str], outputs: dict[str, str], kind: type[Exception], words: str
) -> None:
    """Said before anything is made, with what helps."""
    with pytest.raises(kind, match=words):
        before_door(with_door(parameters, outputs), intent())


def test_a_firewall_goes_only_from_a_door_that_answers_without_it() -> None:
    """Else the door would be shut to everybody."""
    require_open(with_door(DOOR, OUTPUTS, firewall_of="eu-west-1"), "forms")
    with pytest.raises(ConfigError, match="BehindCloudFront=no first"):
        require_open(with_door(DOOR | {"BehindCloudFront": "yes"}, OUTPUTS), "forms")


def test_the_firewall_of_another_region_s_door_is_left_alone() -> None:
    """All firewalls are in one region, so a stack of the same name elsewhere would take it, or destroy it unasked."""
    aws = with_door(DOOR, OUTPUTS, firewall_of="ap-northeast-1")
    with pytest.raises(ConfigError, match="in ap-northeast-1, and this is eu-west-1"):
        before_door(aws, intent())
    with pytest.raises(ConfigError, match="say --region ap-northeast-1"):
        require_open(aws, "forms")
    nowhere = FakeAws("us-west-2", stacks=with_door({}, {}, firewall_of="eu-west-1").stacks)
    with pytest.raises(ConfigError, match="say --region eu-west-1"):
        require_open(nowhere, "forms")


def test_a_person_is_told_commands_that_find_the_door_s_stack() -> None:
    """The region is the door's: the firewall's follows from it."""
    there = firewall_account(account("eu-west-1", ""), "forms")
    assert there.region == "us-east-1"
    assert there.program.accept.format(digest="0f") == (
        "todoke aws deploy --firewall --stack forms --region eu-west-1 --accept 0f"
    )
    assert "--region" not in firewall_account(account("", ""), "forms").program.remove
