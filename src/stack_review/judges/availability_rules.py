"""Rules about properties by which something answers, is called, or is told of a fault."""

from __future__ import annotations

import math

from stack_review.judges.rules import (
    Rule,
    changed,
    less,
    less_or_none,
    lost,
    more,
    on,
    other_than,
    several,
    stopped,
)

_ON = "Leave it on, unless that is meant."
_RATE = (
    "What is above the limit is answered with 429, and all of it where the limit is 0; without a limit a flood comes"
    " through."
)
_BUSIEST = "Compare it with the busiest minute so far."
_CAP = "What is above it is refused: requests fail that went through before."
_CLOCK = "It starts at other times, or hardly ever."
_TIMES = "Read the new times aloud, and check that nothing waits for the old ones."
_FILTER = "What does not match the filter is dropped without a word: nobody is called for it."
_PATTERN = "Try the new filter on an event as it comes, and on one that has to pass."
_ALARM = "It rings at other times, or never: a fault may go unseen."
_TEST = "Check it against the values of the last weeks, and let it ring once."
_SCHEDULE = (
    *several(
        "ScheduleExpression ScheduleExpressionTimezone StartDate EndDate", changed, _CLOCK, _TIMES
    ),
    Rule(
        "State", other_than("ENABLED"), "It is switched off: what it started is not started.", _ON
    ),
)
_RULES: dict[str, tuple[Rule, ...]] = {
    "ApiGateway::RestApi": (
        Rule("DisableExecuteApiEndpoint", on, "The address answers nobody any more.", _ON),
    ),
    "ApiGatewayV2::Api": (
        Rule("DisableExecuteApiEndpoint", on, "The address answers nobody any more.", _ON),
        Rule(
            "CorsConfiguration", changed,
            "Browsers let other pages read the answers, or no longer those that have to.",
            "Check each origin that uses the API.",
        ),
    ),
    "ApiGatewayV2::Stage": (
        *several(
            "DefaultRouteSettings.ThrottlingRateLimit DefaultRouteSettings.ThrottlingBurstLimit"
            " RouteSettings.*.ThrottlingRateLimit RouteSettings.*.ThrottlingBurstLimit",
            less_or_none, _RATE, _BUSIEST,
        ),
        Rule("AutoDeploy", stopped, "Routes that change are not deployed to it.", _ON),
    ),
    "ApiGatewayV2::Route": (
        Rule(
            "RouteKey", changed, "The old path is answered with 404 from now on.",
            "Add a route for the new path, and keep the old one while anybody uses it.",
        ),
        Rule(
            "Target", changed, "Requests go to something else.",
            "Check that what answers there knows these requests.",
        ),
    ),
    "ApiGatewayV2::Integration": (
        Rule("IntegrationUri", changed, "Requests go to something else.", "Check what answers there."),
        Rule(
            "TimeoutInMillis", less(30_000), "Slow requests are answered with 504 sooner.",
            "Compare it with the slowest request so far.",
        ),
    ),
    "Lambda::EventSourceMapping": (
        Rule("FilterCriteria", changed, _FILTER, _PATTERN),
        Rule("Enabled", stopped, "It is switched off: what arrives is not handled.", _ON),
        Rule(
            "FunctionResponseTypes", changed,
            "Whether the function may name the records that failed: otherwise all of a batch come again, or none.",
            "Let the code and this setting change together.",
        ),
        Rule(
            "FunctionName", changed, "Another function, or another version of it, handles what arrives.",
            "Check that it knows these events.",
        ),
        Rule("ScalingConfig.MaximumConcurrency", less_or_none, _CAP, _BUSIEST),
    ),
    "Lambda::Function": (
        Rule("Timeout", less(3), "Work that takes longer is cut off in the middle.",
             "Compare it with the slowest run so far."),
        Rule("MemorySize", less(128), "It may run out of memory, and is slower: CPU comes with memory.",
             "Compare it with the most that it has used."),
        Rule("EphemeralStorage.Size", less(512), "Its disk may be full.", "Compare it with what it writes."),
        Rule(
            "ReservedConcurrentExecutions", less_or_none,
            "More calls at once than that are refused, and with 0 all; without a number what stands behind it may be"
            " overrun.", _BUSIEST,
        ),
    ),
    "DynamoDB::Table": (
        *several("OnDemandThroughput.MaxReadRequestUnits OnDemandThroughput.MaxWriteRequestUnits",
                 less_or_none, _CAP, _BUSIEST),
        *several("ProvisionedThroughput.ReadCapacityUnits ProvisionedThroughput.WriteCapacityUnits",
                 less_or_none, _CAP, _BUSIEST),
    ),
    "SQS::Queue": (
        Rule("DelaySeconds", more(0), "What is sent is handled later.", "Check who waits for it."),
        Rule("MaximumMessageSize", less(1_048_576), "Longer messages are refused.",
             "Compare it with the longest message."),
    ),
    "CloudWatch::Alarm": (
        Rule("ActionsEnabled", stopped, "It is silenced: nobody is told.", _ON),
        Rule("AlarmActions", lost, "Somebody is no longer told when it rings.", "Check who has to be told."),
        *several(
            "Threshold EvaluationPeriods DatapointsToAlarm Period Statistic ExtendedStatistic ComparisonOperator"
            " TreatMissingData Metrics MetricName Namespace Dimensions ThresholdMetricId Unit", changed, _ALARM, _TEST,
        ),
    ),
    "CloudWatch::CompositeAlarm": (
        Rule("ActionsEnabled", stopped, "It is silenced: nobody is told.", _ON),
        Rule("AlarmActions", lost, "Somebody is no longer told when it rings.", "Check who has to be told."),
        Rule("AlarmRule", changed, _ALARM, _TEST),
    ),
    "SNS::Topic": (
        Rule("Subscription", changed, "Somebody else is told, or somebody no more.", "Check who has to be told."),
    ),
    "SNS::Subscription": (Rule("FilterPolicy", changed, _FILTER, _PATTERN),),
    "CloudFront::Distribution": (
        Rule("DistributionConfig.Enabled", stopped, "It answers no more.", _ON),
        Rule("DistributionConfig.Aliases", lost, "A name of the site is answered by nothing.",
             "Point the name elsewhere first."),
        *several("DistributionConfig.Origins DistributionConfig.DefaultCacheBehavior DistributionConfig.CacheBehaviors",
                 changed, "Pages may come from elsewhere, be kept longer, or be open to others.",
                 "Ask for a page of each kind before and after."),
        Rule("DistributionConfig.ViewerCertificate", changed, "Browsers may refuse the connection.",
             "Check that the certificate is valid for every name."),
    ),
    "Events::Rule": (
        *_SCHEDULE,
        Rule("EventPattern", changed, _FILTER, _PATTERN),
        Rule("Targets", changed, "Something else is started, or nothing.", "Check each target."),
    ),
    "Scheduler::Schedule": (
        *_SCHEDULE,
        Rule("Target", changed, "Something else is started, or otherwise.", "Check the target."),
    ),
    "Route53::RecordSet": (
        *several("ResourceRecords AliasTarget", changed, "The name leads elsewhere.",
                 "Check that what answers there knows the name."),
    ),
    "Route53::RecordSetGroup": (
        Rule("RecordSets", changed, "Names lead elsewhere, or nowhere.", "Check each name."),
    ),
    "SES::ConfigurationSetEventDestination": (
        Rule("EventDestination", changed, "What became of a mail is told elsewhere, or not at all.",
             "Send a mail, and check that its events arrive."),
    ),
    "Lambda::Alias": (
        Rule("RoutingConfig", changed, "A share of the calls goes to another version.",
             "Check both versions, and how the share grows."),
    ),
    "SecretsManager::Secret": (
        Rule("ReplicaRegions", changed, "A region has no copy of the secret any more, and what reads it there fails.",
             "Check what reads it there, and when it reads it next."),
    ),
    "ECS::Service": (
        Rule("DesiredCount", less(1), "Fewer tasks run, and with 0 none.", _BUSIEST),
    ),
    "ApplicationAutoScaling::ScalableTarget": (
        *several("MinCapacity MaxCapacity", less(math.inf), _CAP, _BUSIEST),
    ),
}  # fmt: skip
RULES = {f"AWS::{type_}": rules for type_, rules in _RULES.items()}
"""By type."""
