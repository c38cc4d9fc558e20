"""The template against the code: what one says and the other relies on."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, cast

import pytest

from stack_review.resolve import resolved
from stack_review.template import document as parsed
from stack_review.template import parse
from support.aws.lambda_events import FILTERS
from support.places import ROOT
from todoke.aws import functions as aws
from todoke.aws.deploy.prepare import as_sent
from todoke.aws.functions import embedded_metrics, queues, secrets, time_left
from todoke.aws.functions.hint import LONGEST_DELAY_SECONDS
from todoke.model import ids
from todoke.model.delivery import Kind
from todoke.model.settings import FUNCTION_SECONDS, ORIGIN_SECRET
from todoke.ports.bucket import INCOMING, KEPT
from todoke.stores.dynamodb.files import content_key
from todoke.stores.dynamodb.items import new_nonce
from todoke.stores.dynamodb.table import DEFINITION, EXPIRY
from todoke.web.http.cors import ALLOWED_HEADERS

TEMPLATE = (ROOT / "src" / "todoke" / "aws" / "deploy" / "template.yaml").read_text("utf-8")
FUNCTIONS = {"web": "Web", "sender": "Sender", "sweep": "Sweep"}


def resource(name: str) -> str:
    """The text of one resource."""
    found = re.search(
        rf"(?ms)^  {name}:\n(.*?)(?=^  \w|\Z)", TEMPLATE.partition("\nResources:\n")[2]
    )
    assert found, name
    return found[1]


def number(name: str, key: str) -> int:
    """A number that a resource sets."""
    found = re.search(rf"\b{key}: (\d+)", resource(name))
    assert found, (name, key)
    return int(found[1])


def test_each_function_has_a_handler_that_exists() -> None:
    """The names in the template are those that the module gives."""
    for name, logical in FUNCTIONS.items():
        assert f"Handler: todoke.aws.functions.{name}\n" in resource(logical)
        assert name in aws.__all__
        for setting in ("python3.13", "arm64", f"!GetAtt {logical}Role.Arn"):
            assert setting in resource(logical)


OF_CLOUDFRONT = ":secret:${SecretsRoot}/${Stage}/TODOKE_ORIGIN_SECRET-??????"


def test_only_a_door_behind_cloudfront_may_read_what_that_proves_itself_with() -> None:
    """Whoever sends mails may not; it is in Secrets Manager, where the rest of the secrets may be elsewhere."""
    for said, sids in (("yes", {"web"}), ("no", set())):
        found = of_stack(BehindCloudFront=said)
        readers = {
            policy["PolicyName"]
            for role in ("WebRole", "SenderRole", "SweepRole")
            for policy in found[role]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if ORIGIN_SECRET in json.dumps(statement)
        }
        assert readers == sids
    assert TEMPLATE.count(OF_CLOUDFRONT) == TEMPLATE.count(ORIGIN_SECRET) == 1


def test_each_role_reads_the_secrets_that_its_function_asks_for_and_no_other() -> None:
    """One more would be too much, one less an init error; in Parameter Store and in Secrets Manager alike.

    A secret's name says who reads it, so that the template need not know each mail service.
    """
    all_names = {name for names in secrets.NEEDED.values() for name in names}
    for name, logical in FUNCTIONS.items():
        text = resource(f"{logical}Role").replace(OF_CLOUDFRONT, "")
        places = (
            r":parameter\$\{SecretsRoot\}/\$\{Stage\}/([\w*]+)\"",
            r":secret:\$\{SecretsRoot\}/\$\{Stage\}/([\w*]+)-\?{6}\"",
        )
        for place in places:
            patterns = re.findall(place, text)
            readable = {n for n in all_names for one in patterns if fnmatchcase(n, one)}
            assert readable == set(secrets.NEEDED[name])
            assert all(any(fnmatchcase(n, one) for n in readable) for one in patterns)
        assert text.count("${SecretsRoot}") == sum(len(re.findall(one, text)) for one in places)
        assert f"{secrets.FROM}: !Ref SecretsFrom" in resource(logical)


def test_each_stage_has_secrets_of_its_own() -> None:
    """A stack for tests, beside production in one account, must not read production's."""
    for logical in FUNCTIONS.values():
        assert f'{secrets.PATH}: !Sub "${{SecretsRoot}}/${{Stage}}"' in resource(logical)


def test_two_regions_may_have_stacks_of_one_name() -> None:
    """CloudFront's names are the account's, and the access log is where its policy of 5,120 letters never fills."""
    resources = parsed(TEMPLATE, "template.yaml")["Resources"]
    names = [
        resources["SiteAccess"]["Properties"]["OriginAccessControlConfig"]["Name"],
        resources["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["Name"],
        resources["SiteIndex"]["Properties"]["Name"],
    ]
    for name in names:
        assert name["Fn::Sub"].startswith("${AWS::StackName}-${AWS::Region}-")
    group = resources["ApiLogs"]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert group == "/aws/vendedlogs/todoke/${AWS::StackName}"


def test_no_arn_has_a_partition_or_a_region_written_in() -> None:
    """China's and the government's clouds have names of their own."""
    assert re.findall(r"arn:(?!\$\{AWS::Partition\}|aws\[a-z-\]\*)", TEMPLATE) == []


def test_no_role_may_do_everything_or_do_it_everywhere() -> None:
    """Every action is named, and every resource is one of the stack's own or a named parameter.

    But for what SES has of the account and not of a resource: the sending rate, and the suppression list.
    """
    unbound = (
        r'- \{Sid: \w+, Effect: Allow, Action: "ses:'
        r'(?:GetAccount|ListSuppressedDestinations|DeleteSuppressedDestination)", Resource: "\*"\}\n'
    )
    policies = ("SesPolicy", "SesLiftPolicy")
    for name in (*(f"{logical}Role" for logical in FUNCTIONS.values()), *policies):
        text = re.sub(unbound, "", resource(name))
        assert re.findall(r"(?m)Action:.*\*|^\s+- \w+:\*", text) == []
        assert re.findall(r'(?m)(?:Resource: |^\s+- |\[)"\*"', text) == []


def ses_statements(identity: str, configuration_set: str = "") -> dict[str, Any]:
    """The statements that let mails be sent with SES, by name, in a stack of Frankfurt."""
    values = {
        "SesIdentityArn": identity,
        "SesConfigurationSet": configuration_set,
        "AWS::Partition": "aws",
        "AWS::Region": "eu-central-1",
        "AWS::AccountId": "123456789012",
    }
    policy = resolved(parse(TEMPLATE), values).resources["SesPolicy"].properties
    return {s["Sid"]: s for s in cast("Any", policy)["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize(
    ("identity", "sends", "not_from"),
    [
        (
            "garden.example",
            ("no-reply@garden.example", "a@forms.garden.example"),
            ("no-reply@garden.example.net", "a@mygarden.example", "garden.example@x.example"),
        ),
        (
            "forms@garden.example",
            ("forms@garden.example",),
            ("other@garden.example", "x@a.example"),
        ),
    ],
)
def test_mails_may_leave_from_addresses_of_the_identity_alone_to_whomever(
    identity: str, sends: tuple[str, ...], not_from: tuple[str, ...]
) -> None:
    """SES's sandbox asks for the recipient's identity, too; so who may send is said by the address it is from."""
    arn = f"arn:aws:ses:us-east-1:123456789012:identity/{identity}"
    statement = ses_statements(arn)["SendFromItsIdentity"]
    patterns = statement["Condition"]["StringLike"]["ses:FromAddress"]
    assert statement["Resource"] == "arn:aws:ses:us-east-1:123456789012:identity/*"
    for address in sends:
        assert any(fnmatchcase(address, one) for one in patterns)
    for address in not_from:
        assert not any(fnmatchcase(address, one) for one in patterns)


def test_who_hands_over_mails_may_use_the_configuration_set_of_ses_where_ses_is() -> None:
    """SES asks for both actions, of the set as of the identity; who takes forms may send nothing."""
    arn = "arn:aws:ses:us-east-1:123456789012:identity/garden.example"
    statements = ses_statements(arn, "todoke")
    for name in ("SendFromItsIdentity", "UseItsConfigurationSet"):
        assert statements[name]["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
    where = "arn:aws:ses:us-east-1:123456789012:configuration-set/todoke"
    assert statements["UseItsConfigurationSet"]["Resource"] == where
    assert "UseItsConfigurationSet" not in ses_statements(arn)
    assert "Roles: [!Ref SenderRole, !Ref SweepRole]" in resource("SesPolicy")
    assert "SesPolicy" not in resolved(parse(TEMPLATE), {"SesIdentityArn": ""}).resources
    for logical in FUNCTIONS.values():
        assert "ses:" not in resource(f"{logical}Role")


def test_the_sender_alone_lifts_what_ses_suppresses_where_ses_is() -> None:
    """Whoever hands over mails reads the list; who takes forms does neither."""
    assert resource("SesPolicy").count("ses:ListSuppressedDestinations") == 1
    assert "ses:DeleteSuppressedDestination" not in resource("SesPolicy")
    assert "Roles: [!Ref SenderRole]" in resource("SesLiftPolicy")
    assert "SesLiftPolicy" not in resolved(parse(TEMPLATE), {"SesIdentityArn": ""}).resources
    assert TEMPLATE.count("SuppressedDestination") == 2


def test_each_role_may_do_in_the_bucket_what_its_function_does_there() -> None:
    """web puts, looks, copies and takes back its own copies; sweep erases; sender reads what a notification carries."""
    web, sender, sweep = (resource(f"{logical}Role") for logical in FUNCTIONS.values())
    actions = {
        text: set(re.findall(r"s3:\w+", text)) - {"s3:prefix"} for text in (web, sender, sweep)
    }
    assert actions[web] == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"}
    assert actions[sweep] == {"s3:DeleteObject", "s3:ListBucket"}
    assert actions[sender] == {"s3:GetObject"}
    assert re.findall(r"Uploads\.Arn\}/([^\"]*)", sender) == [f"{KEPT}*"]
    for text in (web, sweep):
        for prefix in re.findall(r"Uploads\.Arn\}/([^\"]*)", text):
            assert prefix in {f"{INCOMING}*", f"{KEPT}*"}
        assert re.findall(r"s3:DeleteObject\n\s+Resource: (.*)", text) == [
            f'!Sub "${{Uploads.Arn}}/{KEPT}*"'
        ]
    assert f'"s3:prefix": {KEPT}' in sweep
    assert f"Prefix: {INCOMING}" in resource("Uploads")
    for logical, has_bucket in (("Web", True), ("Sender", True), ("Sweep", True)):
        assert ("TODOKE_UPLOADS: !If [HasLargeUploads" in resource(logical)) == has_bucket
        assert ("${LargeUploads}" in resource(f"{logical}Version")) == has_bucket


def test_who_takes_forms_can_list_nothing_in_the_bucket() -> None:
    """S3 asks for the right to list by the whole name of what is not there; no shorter prefix may be listed."""
    statement = re.search(r"(?s)LearnThatAFileIsNotThere.*?NoValue", resource("WebRole"))
    assert statement
    patterns = re.findall(r"- (incoming/.*|kept/.*)", statement[0])
    submission = ids.submission_id(datetime(2026, 1, 2, tzinfo=UTC), ids.place(b"s" * 32))
    names = (INCOMING + ids.upload_key(), content_key(submission, new_nonce(), 3))
    for name in names:
        assert sum(fnmatchcase(name, one) for one in patterns) == 1
        assert not any(fnmatchcase(name[:n], one) for n in range(len(name)) for one in patterns)


def test_links_to_the_bucket_have_a_throttle_of_their_own() -> None:
    """The route's settings name the route as it is written."""
    [key] = re.findall(r'RouteKey: ("POST /u/.*")', resource("UploadRoute"))
    settings = resource("ApiStage").partition(f"{key}:\n")[2]
    assert settings.lstrip().startswith("ThrottlingRateLimit: !If [IsPaused, 0, 5]")


def test_the_table_is_the_one_that_the_store_needs() -> None:
    """Keys, indexes, stream and time to live are those of `stores/dynamodb/table.py`."""
    text = resource("Table")
    for attribute in DEFINITION["AttributeDefinitions"]:
        assert f"{{AttributeName: {attribute['AttributeName']}, AttributeType: S}}" in text
    for index in DEFINITION["GlobalSecondaryIndexes"]:
        keys = ", ".join(
            f"{{AttributeName: {key['AttributeName']}, KeyType: {key['KeyType']}}}"
            for key in index["KeySchema"]
        )
        assert re.search(rf"IndexName: {index['IndexName']}\n\s+KeySchema: \[{keys}\]", text)
        assert f"ProjectionType: {index['Projection']['ProjectionType']}" in text
    assert text.count("IndexName:") == len(DEFINITION["GlobalSecondaryIndexes"])
    assert f"{{AttributeName: {EXPIRY}, Enabled: true}}" in text
    assert DEFINITION["StreamSpecification"]["StreamViewType"] in text
    for kept in ("DeletionPolicy: Retain", "UpdateReplacePolicy: Retain", "PAY_PER_REQUEST"):
        assert kept in text


def test_scripts_may_send_the_headers_that_the_door_allows() -> None:
    """The gateway answers preflights itself, so its list must be the door's."""
    listed = re.search(r"(?ms)AllowHeaders:\n(.*?)ExposeHeaders", resource("Api"))
    assert listed
    allowed = set(re.findall(r"- ([\w-]+)", listed[1]))
    assert allowed == {name.strip().lower() for name in ALLOWED_HEADERS.split(",")}


def test_the_queue_hides_a_message_for_six_times_the_function_s_timeout() -> None:
    """AWS's own rule: else a message that is being handled comes to another."""
    assert number("Later", "VisibilityTimeout") == 6 * number("Sender", "Timeout")


def test_the_code_knows_how_long_a_function_may_run() -> None:
    """What begins no mail that could not end (time_left.py) goes by the template's shorter timeout."""
    shorter = min(number("Sender", "Timeout"), number("Sweep", "Timeout"))
    assert shorter == FUNCTION_SECONDS


def test_a_hint_that_waits_for_an_hour_is_told_of() -> None:
    """Four times as long as any is asked to wait."""
    resources = parsed(TEMPLATE, "template.yaml")["Resources"]
    alarm = resources["LaterAgeAlarm"]["Properties"]
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["Later", "QueueName"]}
    assert alarm["Threshold"] == 4 * LONGEST_DELAY_SECONDS


def test_each_function_writes_its_figures_beside_the_alarm_s() -> None:
    """One namespace for each stack, without a dimension: six metrics at most, and ten are free."""
    namespace = '!Sub "todoke/${AWS::StackName}"'
    for logical in FUNCTIONS.values():
        assert f"{embedded_metrics.NAMESPACE}: {namespace}" in resource(logical)
    assert f"MetricNamespace: {namespace}" in resource("SilenceMetric")


GRADUAL = ("ReleaseApplication", "ReleaseErrorsAlarm", "ReleaseGroup", "ReleaseRole")


def stack_of(**values: str) -> dict[str, Any]:
    """The resources of a stack with these parameters, by name."""
    return dict(resolved(parse(TEMPLATE), {"AWS::Region": "eu-west-1", **values}).resources)


def test_a_gradual_release_is_made_only_where_it_is_asked_for() -> None:
    """Beside the alias nothing knows of it: no resource, no policy of an update and no cost."""
    plain, gradual = stack_of(Release="all-at-once"), stack_of(Release="canary")
    assert set(gradual) - set(plain) == set(GRADUAL)
    assert "UpdatePolicy" not in plain["WebAlias"].attributes
    policy = gradual["WebAlias"].attributes["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert policy == {
        "ApplicationName": {"Ref": "ReleaseApplication"},
        "DeploymentGroupName": {"Ref": "ReleaseGroup"},
    }
    for logical in ("Sender", "Sweep"):
        assert "UpdatePolicy" not in gradual[f"{logical}Alias"].attributes


def test_a_release_goes_back_when_the_new_version_fails_and_not_when_the_old_one_does() -> None:
    """The alarm is of the version that the same deployment publishes, where it is called by the alias."""
    gradual = stack_of(Release="canary")
    group = gradual["ReleaseGroup"].properties
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    watched = {"Enabled": True, "Alarms": [{"Name": {"Ref": "ReleaseErrorsAlarm"}}]}
    assert group["AlarmConfiguration"] == watched
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    alarm = gradual["ReleaseErrorsAlarm"].properties
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert dimensions["FunctionName"] == {"Ref": "Web"}
    assert dimensions["ExecutedVersion"] == {"Fn::GetAtt": ["WebVersion", "Version"]}
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 60 < 5 * 60


def test_who_shifts_the_alias_may_change_nothing_else() -> None:
    """Not the managed policy, which is of every alias of the account and of its buckets."""
    role = stack_of(Release="canary")["ReleaseRole"].properties
    [statements] = [p["PolicyDocument"]["Statement"] for p in role["Policies"]]
    for statement in statements:
        changes = [a for a in statement["Action"] if not a.startswith("lambda:Get")]
        if statement["Resource"] == "*":
            assert statement["Action"] == "cloudwatch:DescribeAlarms"
        else:
            assert changes == ["lambda:UpdateAlias"]


def test_the_dashboard_shows_each_figure_and_what_each_alarm_watches() -> None:
    """It is JSON, of no more metrics than a free dashboard has; and it is made only where it is asked for."""
    assert "Figures" not in stack_of(Dashboard="no")
    body = stack_of(Dashboard="yes")["Figures"].properties["DashboardBody"]
    text = body if isinstance(body, str) else body["Fn::Sub"]
    widgets = json.loads(text)["widgets"]
    shown = [row for widget in widgets for row in widget["properties"]["metrics"]]
    names = {(row[0].partition("$")[0], row[1]) for row in shown}
    figures = {"Accepted", "Refused", *map(embedded_metrics._name, Kind)} - {""}
    assert {name for space, name in names if space == "todoke/"} == {*figures, "Silence"}
    resources = parsed(TEMPLATE, "")["Resources"].values()
    alarms = [r["Properties"] for r in resources if r["Type"] == "AWS::CloudWatch::Alarm"]
    within = [
        m["MetricStat"]["Metric"] for a in alarms for m in a.get("Metrics", ()) if "MetricStat" in m
    ]
    watched = [*(a for a in alarms if "MetricName" in a), *within]
    assert len(watched) == 11  # with that of a gradual release
    for metric in watched:
        space = metric["Namespace"]
        assert (space if isinstance(space, str) else "todoke/", metric["MetricName"]) in names
    assert len(shown) == 18


def test_sender_and_sweep_are_told_their_queues() -> None:
    """The variables are those that the code reads; what only hints may not read a queue, nor bury."""
    assert f"{queues.LATER}: !Ref Later" in resource("Sweep")
    assert re.findall(r"sqs:\w+", resource("SweepRole")) == ["sqs:SendMessage"]
    assert "DeadLetters" not in resource("SweepRole")
    for variable in (queues.LATER, queues.DEAD, time_left.CONNECTIONS):
        assert f"{variable}: !Ref" in resource("Sender")


def test_the_stream_s_filter_is_the_one_that_the_tests_go_by() -> None:
    """The bench and the tests let the same records through as Lambda does."""
    patterns = re.findall(r"- Pattern: '(.*)'", resource("SenderFromStream"))
    assert tuple(patterns) == FILTERS


def test_no_more_connections_than_customers_mail_cloud_allows() -> None:
    """The defaults: copies of the sender times its connections, and the sweep's one, are at most ten."""
    defaults = {
        name: int(default)
        for name, default in re.findall(
            r"(?ms)^  (Sender\w+):\n    Type: Number\n    Default: (\d+)", TEMPLATE
        )
    }
    assert defaults["SenderConcurrency"] * defaults["SenderConnections"] + 1 <= 10


@pytest.mark.parametrize("logical", ["Table", "Site", "Uploads"])
def test_data_stays_when_the_stack_goes(logical: str) -> None:
    """Deleting a stack deletes no submission and no site."""
    assert "DeletionPolicy: Retain" in resource(logical)
    assert "UpdateReplacePolicy: Retain" in resource(logical)


def test_no_yaml_alias_is_in_it() -> None:
    """CloudFormation refuses them."""
    assert re.findall(r"(?m):\s+[&*][a-z]", TEMPLATE) == []


def test_paused_means_that_nothing_is_taken_and_nothing_handed_over() -> None:
    """Every way in and every cause of a hand-over has the switch."""
    stage = resource("ApiStage")
    limits = re.findall(r"Throttling\w+: (.*)", stage)
    assert len(limits) == 6
    assert all(limit.startswith("!If [IsPaused, 0, ") for limit in limits)
    mappings = re.findall(r"(?m)^  (\w+):\n    Type: AWS::Lambda::EventSourceMapping", TEMPLATE)
    assert len(mappings) == 2
    for mapping in mappings:
        assert "Enabled: !If [IsPaused, false, true]" in resource(mapping)
    assert "State: !If [IsPaused, DISABLED, ENABLED]" in resource("SweepSchedule")


NOT_OF_A_VERSION = {"CodeBucket", "SenderConcurrency"}
"""Where the package is does not change what is in it; a limit is the function's, not a version's."""


@pytest.mark.parametrize("logical", FUNCTIONS.values())
def test_a_version_is_published_for_every_parameter_that_its_function_depends_on(
    logical: str,
) -> None:
    """Else the alias would go on with the old settings: CloudFormation replaces a version for its Description alone."""
    document = parsed(TEMPLATE, "template.yaml")
    assert isinstance(document, dict)
    parameters = document["Parameters"]
    conditions = document["Conditions"]

    def needed(value: object) -> set[str]:
        """The parameters in a value, and in the conditions that it asks."""
        if isinstance(value, dict):
            found = {str(v) for k, v in value.items() if k == "Ref"} & parameters.keys()
            asked = value.get("Fn::If")
            if isinstance(asked, list):
                found |= needed(conditions[asked[0]])
            if text := value.get("Fn::Sub"):
                words = text if isinstance(text, str) else text[0]
                found |= set(re.findall(r"\$\{(\w+)\}", words)) & parameters.keys()
            return found.union(*map(needed, value.values()))
        if isinstance(value, list):
            return set().union(*map(needed, value))
        return set()

    resources = document["Resources"]
    depends_on = needed(resources[logical]["Properties"]) - NOT_OF_A_VERSION
    description = resources[f"{logical}Version"]["Properties"]["Description"]
    assert needed(description) == depends_on
    assert "Generation" in depends_on
    words, values = description["Fn::Sub"]
    assert values == {"Door": {"Fn::If": ["HasDoorUrl", {"Ref": "DoorUrl"}, {"Ref": "DoorDomain"}]}}
    door = max((parameters["DoorUrl"], parameters["DoorDomain"]), key=longest)
    lengths = [longest(parameters.get(name, door)) for name in re.findall(r"\$\{(\w+)\}", words)]
    assert sum(lengths) + len(lengths) - 1 <= 256, "Lambda's limit of a description"


@pytest.mark.parametrize("logical", FUNCTIONS.values())
def test_whatever_publishes_a_version_changes_its_function(logical: str) -> None:
    """Lambda publishes none of a function that did not change, and CloudFormation fails: "a version exists"."""
    resources = parsed(TEMPLATE, "template.yaml")["Resources"]
    variables = resources[logical]["Properties"]["Environment"]["Variables"]
    version = resources[f"{logical}Version"]["Properties"]
    assert version["Description"] == variables["TODOKE_GENERATION"]
    assert version.keys() == {"FunctionName", "Description"}


def test_only_the_sender_may_go_around() -> None:
    """Its hints come back to it through the queue (see test_recursion.py); of the others a loop would be a fault."""
    resources = parsed(TEMPLATE, "template.yaml")["Resources"]
    loops = {
        name: resources[name]["Properties"].get("RecursiveLoop") for name in FUNCTIONS.values()
    }
    assert loops == {"Web": None, "Sender": "Allow", "Sweep": None}


def test_the_scheduler_s_call_is_made_once_and_one_sweep_runs() -> None:
    """It is asynchronous: Lambda would try it twice more, and six hours later; so it is told not to."""
    resources = parsed(TEMPLATE, "template.yaml")["Resources"]
    calls = resources["SweepCalls"]["Properties"]
    assert calls["FunctionName"] == {"Ref": "Sweep"}
    assert calls["Qualifier"] == resources["SweepAlias"]["Properties"]["Name"]
    assert resources["SweepSchedule"]["Properties"]["Target"]["Arn"] == {"Ref": "SweepAlias"}
    assert calls["MaximumRetryAttempts"] == 0
    assert calls["MaximumEventAgeInSeconds"] == 60
    reserve = resources["Sweep"]["Properties"]["ReservedConcurrentExecutions"]
    assert reserve == {"Fn::If": ["HasSenderLimit", 1, {"Ref": "AWS::NoValue"}]}


def longest(parameter: dict[str, object]) -> int:
    """How long a parameter's value may be."""
    if isinstance(parameter.get("MaxLength"), int):
        return int(str(parameter["MaxLength"]))
    allowed = parameter.get("AllowedValues") or [parameter.get("MaxValue")]
    assert isinstance(allowed, list)
    assert allowed != [None]
    return max(len(str(value)) for value in allowed)


def of_stack(**values: str) -> dict[str, Any]:
    """The properties of each resource of a stack with these parameters, by logical id."""
    given = {"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "1" * 12}
    parameters = parsed(TEMPLATE, "template.yaml")["Parameters"]
    usual = {name: str(p["Default"]) for name, p in parameters.items() if "Default" in p}
    usual |= {"CodeBucket": "b", "CodeKey": "1.zip"}
    found = resolved(parse(TEMPLATE), {**given, **usual, **values})
    return {name: cast("Any", resource.properties) for name, resource in found.resources.items()}


BOUNDS = ("RequestsExpected", "RefusedPercent")


def flood(**values: str) -> str:
    """What the alarm of floods asks, of a stack with these parameters."""
    found = of_stack(AlarmAddress="a@example.com", **values)["FloodAlarm"]
    asked = {m["Id"]: m for m in found["Metrics"]}
    names = {i: m["MetricStat"]["Metric"]["MetricName"] for i, m in asked.items() if i != "flood"}
    assert names == {"refused": "4xx", "requests": "Count"}
    assert [i for i, m in asked.items() if m.get("ReturnData", True)] == ["flood"]
    assert (found["Threshold"], found["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    return str(asked["flood"]["Expression"])


def test_floods_ring_where_alarms_go_somewhere() -> None:
    """The usual bound is a fifth of what the usual throttle lets through, for five minutes."""
    parameters = parsed(TEMPLATE, "template.yaml")["Parameters"]
    usual = {name: int(parameters[name]["Default"]) for name in (*BOUNDS, "RequestsPerSecond")}
    assert usual["RequestsExpected"] == usual["RequestsPerSecond"] * 300 // 5
    assert "FloodAlarm" not in of_stack()
    none = of_stack(AlarmAddress="a@example.com", RequestsExpected="0", RefusedPercent="0")
    assert "FloodAlarm" not in none
    told = flood()
    assert "(requests > 3000)" in told
    assert "(100 * FILL(refused, 0) > 50 * requests)" in told


def test_either_bound_of_floods_can_be_left_out() -> None:
    """By a number that nothing passes: more cannot come, and no more than all be refused."""
    assert "(requests > 1000000000000)" in flood(RequestsExpected="0")
    assert "> 100 * requests)" in flood(RefusedPercent="0")


def test_the_alarms_watch_no_more_metrics_than_an_account_has_free() -> None:
    """Ten; an expression is paid for by each that it looks at. So they add nothing to what a stack costs at rest."""
    found = of_stack(AlarmAddress="a@example.com")
    alarms = [one for name, one in found.items() if name.endswith("Alarm")]
    watched = [len([m for m in one.get("Metrics", ()) if "MetricStat" in m]) or 1 for one in alarms]
    assert sum(watched) == 10


def test_a_budget_is_told_of_by_mail() -> None:
    """At 80 percent spent, and when all of it and more is foreseen; without a name, so that the address may change."""
    assert "Budget" not in of_stack(AlarmAddress="a@example.com")
    found = of_stack(AlarmAddress="a@example.com", MonthlyBudget="25")["Budget"]
    assert found["Budget"]["BudgetLimit"] == {"Amount": "25", "Unit": "USD"}
    assert "BudgetName" not in found["Budget"]
    told = found["NotificationsWithSubscribers"]
    kinds = [(n["Notification"]["NotificationType"], n["Notification"]["Threshold"]) for n in told]
    assert kinds == [("ACTUAL", 80), ("FORECASTED", 100)]
    to = {"SubscriptionType": "EMAIL", "Address": "a@example.com"}
    assert [n["Subscribers"] for n in told] == [[to], [to]]


DOOR = {"DoorDomain": "forms.example.com", "DoorCertificateArn": "arn:aws:acm:eu-central-1:1:c/1"}


@pytest.mark.parametrize(
    ("values", "door"),
    [
        (DOOR, "https://forms.example.com"),
        ({**DOOR, "DoorUrl": "https://www.example.com/forms"}, "https://www.example.com/forms"),
        ({"DoorUrl": "https://d1.cloudfront.net"}, "https://d1.cloudfront.net"),
    ],
)
def test_the_door_s_address_is_its_domain_s_or_the_one_before_it(
    values: dict[str, str], door: str
) -> None:
    """The functions write receipts' links with what the output says; without either it is API Gateway's."""
    found = of_stack(**values)
    for logical in FUNCTIONS.values():
        assert found[logical]["Environment"]["Variables"]["TODOKE_DOOR_URL"] == door
    address = parsed(TEMPLATE, "template.yaml")["Outputs"]["DoorUrl"]["Value"]
    variables = parsed(TEMPLATE, "template.yaml")["Resources"]["Web"]["Properties"]["Environment"]
    assert address == variables["Variables"]["TODOKE_DOOR_URL"]
    assert address["Fn::If"][2]["Fn::If"][2] == {"Fn::GetAtt": ["Api", "ApiEndpoint"]}


def test_a_domain_of_one_s_own_leads_to_the_api() -> None:
    """The records are made only where the zone is Route 53's; API Gateway's address stays open until it is closed."""
    parts = {"Door", "DoorMapping", "DoorRecord", "DoorRecord6"}
    assert not parts & of_stack().keys()
    assert parts & of_stack(**DOOR).keys() == {"Door", "DoorMapping"}
    found = of_stack(**DOOR, DoorZoneId="Z123")
    assert parts <= found.keys()
    assert found["Door"]["DomainName"] == found["DoorRecord"]["Name"] == DOOR["DoorDomain"]
    assert [found[f"DoorRecord{one}"]["Type"] for one in ("", "6")] == ["A", "AAAA"]
    assert {**found["DoorRecord"], "Type": "AAAA"} == found["DoorRecord6"]
    assert found["Door"]["DomainNameConfigurations"][0]["IpAddressType"] == "dualstack"
    assert found["Api"]["DisableExecuteApiEndpoint"] is False
    assert of_stack(**DOOR, ApiAddress="closed")["Api"]["DisableExecuteApiEndpoint"] is True


def test_the_door_behind_cloudfront_says_so_to_the_function() -> None:
    """By the names that the code reads; the secret itself is in no variable."""
    for said in ("no", "yes"):
        variables = of_stack(BehindCloudFront=said)["Web"]["Environment"]["Variables"]
        assert variables[secrets.BEHIND_CLOUDFRONT] == said
        assert ORIGIN_SECRET not in variables


def test_parameter_store_gives_all_that_a_function_needs_at_once() -> None:
    """GetParameters takes ten names."""
    assert max(map(len, secrets.NEEDED.values())) <= 10


def test_the_template_is_sent_without_what_linters_alone_read() -> None:
    """It says the same then, and is far from the million bytes that CloudFormation takes from a bucket."""
    text = as_sent(TEMPLATE, "template.yaml")
    whole, sent = parsed(TEMPLATE, "template.yaml"), parsed(text, "template.yaml")
    for one in whole["Resources"].values():
        assert set(one.pop("Metadata", {})) <= {"checkov", "cfn-lint"}
    assert sent == whole
    assert len(text.encode()) < 100_000
