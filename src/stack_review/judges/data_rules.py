"""Rules about properties that keep data, and say for how long and where a copy is."""

from __future__ import annotations

import math

from stack_review.finding import Severity
from stack_review.judges.rules import (
    Rule,
    changed,
    gone,
    less,
    off,
    on,
    other_than,
    several,
    stopped,
)

_OFF = "Leave it on, unless the data may be lost."
_LONG = "Keep it as it was, unless nobody needs what is older."
_UNPROTECTED = "Deletion protection is off: one call deletes it with what it holds."
_RULES: dict[str, tuple[Rule, ...]] = {
    "DynamoDB::Table": (
        Rule("DeletionProtectionEnabled", off, _UNPROTECTED, _OFF),
        Rule(
            "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", off,
            "What is overwritten or erased cannot be restored, and the recovery points there are now are lost.",
            _OFF, Severity.DANGER,
        ),
        Rule(
            "PointInTimeRecoverySpecification.RecoveryPeriodInDays", less(35),
            "The table can be restored for fewer days.", _LONG,
        ),
        Rule(
            "TimeToLiveSpecification.Enabled", changed,
            "On: items whose time has passed are deleted. Off: they are kept for longer than was promised.",
            "Check which items have that attribute, and whose data it is.",
        ),
        Rule(
            "TimeToLiveSpecification.AttributeName", changed,
            "Another attribute says when an item is deleted: items without it stay for ever, those with an old date"
            " go at once.", "Check the items.",
        ),
        Rule(
            "StreamSpecification.StreamViewType", changed,
            "The stream is another one, or has other contents: what its readers have not read is lost to them.",
            "Let the readers finish, or sweep afterwards.",
        ),
    ),
    "S3::Bucket": (
        Rule(
            "VersioningConfiguration.Status", other_than("Enabled"),
            "What is overwritten or deleted from now on is lost.", _OFF,
        ),
        Rule(
            "LifecycleConfiguration", changed,
            "Objects may be deleted that were to stay, or stay that were to go; a rule counts for objects that are"
            " there already.", "Read the rules: which objects they name, and after how many days.",
        ),
        Rule("ObjectLockEnabled", off, "Objects are locked no more: they can be deleted.", _OFF),
        Rule(
            "ObjectLockConfiguration", changed, "Objects are locked for another time, or not at all.",
            "Check for how long they have to be kept.",
        ),
        Rule(
            "ReplicationConfiguration", changed, "The copy in another bucket is made otherwise, or no more.",
            "Check where the copies are, and that they still arrive.",
        ),
    ),
    "SQS::Queue": (
        Rule(
            "MessageRetentionPeriod", less(345_600),
            "Messages are kept for less long: one that waits longer than that is lost.", _LONG,
        ),
        Rule(
            "RedrivePolicy", gone, "Messages that fail go to no dead-letter queue any more: they are lost.",
            "Keep the RedrivePolicy.", Severity.DANGER,
        ),
        Rule(
            "RedrivePolicy.maxReceiveCount", less(math.inf),
            "A message that fails is given up after fewer tries.",
            "Check that a short outage of what handles it takes fewer tries than that.",
        ),
        Rule(
            "RedrivePolicy.deadLetterTargetArn", changed,
            "What fails goes to another queue: whoever watches the old one sees nothing.",
            "Check that the other queue is watched, and drain the old one.",
        ),
        Rule(
            "VisibilityTimeout", changed,
            "Too short, and a message is handled twice; too long, and one that failed comes back late.",
            "Make it six times the timeout of what handles the message.",
        ),
    ),
    "Logs::LogGroup": (
        Rule(
            "RetentionInDays", less(math.inf),
            "Logs are kept for fewer days, and the older ones are deleted.", _LONG,
        ),
    ),
    "Kinesis::Stream": (
        Rule("RetentionPeriodHours", less(24), "Records are kept for fewer hours.", _LONG),
    ),
    "RDS::DBInstance": (
        Rule("DeletionProtection", off, _UNPROTECTED, _OFF),
        Rule("BackupRetentionPeriod", less(1), "Backups are kept for fewer days.", _LONG),
        Rule("DeleteAutomatedBackups", on, "Backups go with the instance.", _OFF),
    ),
    "RDS::DBCluster": (
        Rule("DeletionProtection", off, _UNPROTECTED, _OFF),
        Rule("BackupRetentionPeriod", less(1), "Backups are kept for fewer days.", _LONG),
    ),
    "EFS::FileSystem": (
        Rule("BackupPolicy.Status", other_than("ENABLED"), "Backups stop.", _OFF),
    ),
    "KMS::Key": (
        Rule(
            "Enabled", stopped, "What it encrypted cannot be read while the key is disabled.",
            "Leave it enabled.", Severity.DANGER,
        ),
        Rule("PendingWindowInDays", less(30), "A deletion can be taken back for fewer days.", _LONG),
    ),
    "KMS::Alias": (
        Rule(
            "TargetKeyId", changed,
            "The name stands for another key: what was encrypted by the name cannot be read by it.",
            "Keep the old key, and encrypt anew what is to be read by the name.",
        ),
    ),
    "Cognito::UserPool": (
        Rule("DeletionProtection", other_than("ACTIVE"), _UNPROTECTED, _OFF),
    ),
    "ECR::Repository": (
        Rule("LifecyclePolicy", changed, "Other images are deleted.", "Read the rule."),
    ),
    "SecretsManager::Secret": (
        Rule(
            "GenerateSecretString", changed,
            "A new secret is drawn at once: what was signed or encrypted with the old one is worth nothing.",
            "Rotate it by hand instead, with both valid for a while.", Severity.DANGER,
        ),
        Rule(
            "SecretString", changed, "The secret is another: what was set by hand is overwritten.",
            "Make sure that all who use it learn the new one.",
        ),
    ),
    "SSM::Parameter": (
        Rule(
            "Value", changed, "The value is overwritten, also one that was set by hand.",
            "Compare it with the value that is in force.",
        ),
    ),
    "Lambda::EventSourceMapping": (
        Rule(
            "DestinationConfig", changed,
            "What fails for good is reported elsewhere or nowhere: it is lost without a word.",
            "Keep a destination that somebody watches.",
        ),
        *several(
            "MaximumRetryAttempts MaximumRecordAgeInSeconds", less(math.inf),
            "A batch that fails is given up sooner: a short outage loses what came in it.",
            "Leave it long enough for the longest outage you expect.",
        ),
        Rule(
            "BisectBatchOnFunctionError", off,
            "One bad record takes its whole batch with it.", "Leave it on.",
        ),
    ),
    "Lambda::EventInvokeConfig": (
        *several(
            "MaximumRetryAttempts", less(2), "An event that fails is given up sooner.",
            "Check who repeats it then.",
        ),
        Rule("MaximumEventAgeInSeconds", less(21_600), "An event that waits is given up sooner.", _LONG),
        Rule(
            "DestinationConfig", changed, "What fails for good is reported elsewhere or nowhere.",
            "Keep a destination that somebody watches.",
        ),
    ),
    "SNS::Subscription": (
        Rule(
            "RedrivePolicy", changed, "What cannot be delivered goes elsewhere, or is lost.",
            "Keep a dead-letter queue that somebody watches.",
        ),
    ),
}  # fmt: skip
RULES = {f"AWS::{type_}": rules for type_, rules in _RULES.items()}
"""By type."""
