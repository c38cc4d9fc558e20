"""Properties that protect data, and when they protect it less."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from stack_review.change_set import MISSING
from stack_review.finding import Severity
from stack_review.judges.phrases import is_true, listed, number
from stack_review.template import Json


@dataclass(frozen=True)
class Guard:
    """A property that protects data: `is_worse(before, after)`, asked when they differ, tells when it protects less."""

    path: str
    is_worse: Callable[[Json, Json], bool]
    sentence: str
    advice: str
    severity: Severity = Severity.RISK


def _switched_off(before: Json, after: Json) -> bool:
    return is_true(before) and not is_true(after)


def _switched_on(before: Json, after: Json) -> bool:
    return is_true(after) and not is_true(before)


def _shortened(default: float) -> Callable[[Json, Json], bool]:
    """Less than before, given what counts when nothing is set. What cannot be compared counts as less."""

    def is_worse(before: Json, after: Json) -> bool:
        old, new = (default if v is MISSING else number(v) for v in (before, after))
        return old is None or new is None or bool(new < old)

    return is_worse


def _dropped(before: Json, after: Json) -> bool:
    return bool(listed(before)) and not listed(after)


def _changed(before: Json, after: Json) -> bool:
    return bool(before != after)


def _suspended(before: Json, after: Json) -> bool:
    return bool(before == "Enabled") and bool(after != "Enabled")


def _deletes_more(before: Json, after: Json) -> bool:
    """A lifecycle rule is new, or differs: it may delete what was to be kept."""
    old = listed(before)
    return any(rule not in old for rule in listed(after))


_OFF = "Leave it on, unless the data may be lost."
_LONG = "Keep it as it was, unless nobody needs what is older."
GUARDS: dict[str, tuple[Guard, ...]] = {
    "AWS::DynamoDB::Table": (
        Guard(
            "DeletionProtectionEnabled",
            _switched_off,
            "Deletion protection is switched off: one call deletes the table",
            _OFF,
        ),
        Guard(
            "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
            _switched_off,
            "Point-in-time recovery is switched off: what is overwritten or erased cannot be restored,"
            " and the recovery points there are now are lost",
            _OFF,
            Severity.DANGER,
        ),
        Guard(
            "PointInTimeRecoverySpecification.RecoveryPeriodInDays",
            _shortened(35),
            "The table can be restored for fewer days",
            _LONG,
        ),
        Guard(
            "TimeToLiveSpecification.Enabled",
            _switched_off,
            "Time to live is switched off: items are kept for longer than was promised",
            "Leave it on, or tell the people whose data it is.",
        ),
        Guard(
            "TimeToLiveSpecification.Enabled",
            _switched_on,
            "Time to live is switched on: items whose time has passed are deleted",
            "Check which items have that attribute before.",
        ),
        Guard(
            "TimeToLiveSpecification.AttributeName",
            _changed,
            "Another attribute says when an item is deleted",
            "Check the items: those without it stay for ever, those with an old date go at once.",
        ),
        Guard(
            "StreamSpecification.StreamViewType",
            _changed,
            "The stream changes: what its readers have not read is lost to them",
            "Let the readers finish, or sweep afterwards.",
        ),
    ),
    "AWS::S3::Bucket": (
        Guard(
            "VersioningConfiguration.Status",
            _suspended,
            "Versioning is suspended: what is overwritten or deleted from now on is lost",
            _OFF,
        ),
        Guard(
            "LifecycleConfiguration.Rules",
            _deletes_more,
            "A lifecycle rule is new or different: it may delete objects",
            "Read the rule: its Expiration counts for objects that are there already.",
        ),
        Guard("ObjectLockEnabled", _switched_off, "Objects are locked no more", _OFF),
    ),
    "AWS::SQS::Queue": (
        Guard(
            "MessageRetentionPeriod",
            _shortened(345_600),
            "Messages are kept for less long: one that waits longer than that is lost",
            _LONG,
        ),
        Guard(
            "RedrivePolicy",
            _dropped,
            "Messages that fail go to no dead-letter queue any more: they are lost",
            "Keep the RedrivePolicy.",
            Severity.DANGER,
        ),
    ),
    "AWS::Logs::LogGroup": (
        Guard(
            "RetentionInDays",
            _shortened(math.inf),
            "Logs are kept for fewer days, and the older ones are deleted",
            _LONG,
        ),
    ),
    "AWS::Kinesis::Stream": (
        Guard("RetentionPeriodHours", _shortened(24), "Records are kept for fewer hours", _LONG),
    ),
    "AWS::RDS::DBInstance": (
        Guard("DeletionProtection", _switched_off, "Deletion protection is switched off", _OFF),
        Guard("BackupRetentionPeriod", _shortened(1), "Backups are kept for fewer days", _LONG),
        Guard("DeleteAutomatedBackups", _switched_on, "Backups go with the instance", _OFF),
    ),
    "AWS::RDS::DBCluster": (
        Guard("DeletionProtection", _switched_off, "Deletion protection is switched off", _OFF),
        Guard("BackupRetentionPeriod", _shortened(1), "Backups are kept for fewer days", _LONG),
    ),
    "AWS::EFS::FileSystem": (
        Guard("BackupPolicy.Status", lambda a, b: a == "ENABLED" != b, "Backups stop", _OFF),
    ),
    "AWS::KMS::Key": (
        Guard(
            "Enabled",
            lambda a, b: a is not b and b is not MISSING and not is_true(b),
            "The key is disabled: what it encrypted cannot be read meanwhile",
            "Leave it enabled.",
            Severity.DANGER,
        ),
        Guard(
            "PendingWindowInDays",
            _shortened(30),
            "A deletion can be taken back for fewer days",
            _LONG,
        ),
    ),
    "AWS::Cognito::UserPool": (
        Guard(
            "DeletionProtection",
            lambda a, b: a == "ACTIVE" != b,
            "Deletion protection is switched off",
            _OFF,
        ),
    ),
    "AWS::ECR::Repository": (
        Guard(
            "LifecyclePolicy",
            _changed,
            "Another rule says which images are deleted",
            "Read the rule.",
        ),
    ),
}
