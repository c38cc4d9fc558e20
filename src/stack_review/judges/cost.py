"""Cost: what begins to cost money though nobody uses it. In words: the bill depends on region, use and free tier."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review.change_set import MISSING
from stack_review.compare import Step, Verb
from stack_review.finding import Finding, Severity, Topic
from stack_review.judges.around import Around
from stack_review.judges.phrases import finding, inside, is_true, number

# Of 25 November 2026, from AWS's public price lists for us-east-1 as the author of these words knew them.

_DOLLARS = "a few dollars a month"
_TENS = "tens of dollars a month"
_HUNDREDS = "hundreds of dollars a month"
_AT_REST = {
    "AWS::AmazonMQ::Broker": _TENS,
    "AWS::CloudWatch::Alarm": "about ten cents a month each",
    "AWS::CloudWatch::CompositeAlarm": "about fifty cents a month each",
    "AWS::CloudWatch::Dashboard": "about three dollars a month each, beyond the free ones",
    "AWS::CodePipeline::Pipeline": "nothing but its runs (type V2), about a dollar a month (type V1)",
    "AWS::DocDB::DBInstance": _HUNDREDS,
    "AWS::EC2::EIP": _DOLLARS,
    "AWS::EC2::Instance": "every hour that it runs, from a few dollars to thousands a month",
    "AWS::EC2::NatGateway": _TENS + ", and more for each gigabyte",
    "AWS::EC2::VPCEndpoint": "nothing for S3 and DynamoDB gateways, "
    + _DOLLARS
    + " for each zone of an interface",
    "AWS::EC2::Volume": "every gigabyte of its size, used or not",
    "AWS::ElastiCache::CacheCluster": _TENS,
    "AWS::ElastiCache::ReplicationGroup": _TENS,
    "AWS::ElastiCache::ServerlessCache": _DOLLARS + " at the least",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _TENS,
    "AWS::KMS::Key": "about a dollar a month, and more with each rotation",
    "AWS::Kinesis::Stream": _TENS,
    "AWS::MSK::Cluster": _HUNDREDS,
    "AWS::MemoryDB::Cluster": _TENS,
    "AWS::Neptune::DBInstance": _HUNDREDS,
    "AWS::OpenSearchServerless::Collection": _HUNDREDS,
    "AWS::OpenSearchService::Domain": _TENS,
    "AWS::RDS::DBInstance": _TENS + " at the least",
    "AWS::RDS::DBProxy": _TENS,
    "AWS::Redshift::Cluster": _HUNDREDS,
    "AWS::Route53::HealthCheck": "about fifty cents a month each",
    "AWS::Route53::HostedZone": "about fifty cents a month each",
    "AWS::SecretsManager::Secret": "about forty cents a month each",
    "AWS::Synthetics::Canary": _DOLLARS + ", by how often it runs",
    "AWS::WAFv2::WebACL": _DOLLARS + ", and one for each rule",
}
_HEAVY = (_TENS, _HUNDREDS, "every hour")


def judge(step: Step, _around: Around) -> Iterator[Finding]:
    """Findings about what begins to cost."""
    if step.after is None:
        return
    if step.before is None or step.verb in (Verb.REPLACED, Verb.MAYBE_REPLACED):
        words = _AT_REST.get(step.type)
        if words and step.before is None:
            yield _costs(step, words)
    yield from _modes(step)


def _costs(step: Step, words: str) -> Finding:
    return finding(
        step,
        Topic.COST,
        Severity.RISK if words.startswith(_HEAVY) else Severity.NOTE,
        f"It costs while nobody uses it: {words}.",
        "Check the price in your region, and whether it is needed.",
    )


def _modes(step: Step) -> Iterator[Finding]:
    before, after = step.before, step.after
    if step.type == "AWS::DynamoDB::Table":
        if inside(after, "BillingMode") in (MISSING, "PROVISIONED") and (
            before is None or inside(before, "BillingMode") == "PAY_PER_REQUEST"
        ):
            yield _costs(step, "every hour of its provisioned capacity")
        path = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
        if is_true(inside(after, path)) and not is_true(inside(before, path)):
            yield _costs(step, "a share of the stored gigabytes, for point-in-time recovery")
    provisioned = "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions"
    if step.type == "AWS::Lambda::Alias" and _grew(step, provisioned):
        yield _costs(step, "every hour of its provisioned concurrency")
    if step.type == "AWS::Lambda::Function":
        snap = "SnapStart.ApplyOn"
        if inside(after, snap) == "PublishedVersions" != inside(before, snap):
            yield _costs(
                step, "each published version that SnapStart keeps, by its memory and time"
            )
        if before and _grew(step, "MemorySize"):
            yield finding(
                step, Topic.COST, Severity.NOTE, "It has more memory: each second costs more.",
                "Measure whether it is faster for it.",
            )  # fmt: skip
    if step.type == "AWS::Logs::LogGroup" and _lost(step, "RetentionInDays"):
        yield finding(
            step, Topic.COST, Severity.NOTE, "Its logs are kept for ever: they cost more every month.",
            "Set RetentionInDays.",
        )  # fmt: skip


def _lost(step: Step, path: str) -> bool:
    """True when a value is not set, and was, or the resource is new."""
    is_new = step.before is None or inside(step.before, path) is not MISSING
    return is_new and inside(step.after, path) is MISSING


def _grew(step: Step, path: str) -> bool:
    before, after = number(inside(step.before, path)), number(inside(step.after, path))
    return after is not None and after > (before or 0)
