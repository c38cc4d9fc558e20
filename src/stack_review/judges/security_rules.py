"""Rules about properties that say who is let in, and what stands before the door."""

from __future__ import annotations

from collections.abc import Iterator

from stack_review.finding import Severity
from stack_review.judges.rules import Rule, changed, off, on, several
from stack_review.template import Json

_CLOSE = "Close it, unless it is meant for everybody."
_LET_IN = "Other callers are let in, or those who came so far are refused; without it anybody is."
_CALLERS = "Check who has to come in, and that nobody else does."
_FIREWALL = "What was stopped may come through, and what came through may be stopped."
_COUNT = "Let the new rules count for a day before they decide."
_FOREIGN_CODE = "Other code or commands run under its role."
_READ = "Read what runs now, and who may change it."


def _public(_before: Json, after: Json) -> bool:
    return str(after) != "Private"


_BOUNDARY = several(
    "PermissionsBoundary", changed, "The bound on what it may do is another, or gone: then its policies count alone.",
    "Keep the boundary, or check every policy that it has.",
)  # fmt: skip
_RULES: dict[str, tuple[Rule, ...]] = {
    "S3::Bucket": (
        *several(
            "PublicAccessBlockConfiguration.BlockPublicAcls PublicAccessBlockConfiguration.BlockPublicPolicy"
            " PublicAccessBlockConfiguration.IgnorePublicAcls PublicAccessBlockConfiguration.RestrictPublicBuckets",
            off, "The block on public access is lifted: the next policy or object may open the bucket.", _CLOSE,
            Severity.DANGER,
        ),
        Rule("AccessControl", _public, "Others may read or write the bucket's objects.", _CLOSE, Severity.DANGER),
        Rule("OwnershipControls", changed, "Objects belong to another, and access lists may count again.", _CALLERS),
        Rule("CorsConfiguration", changed, "Other pages may read or write objects, or those that have to may not.",
             "Check each origin that uses the bucket."),
    ),
    "RDS::DBInstance": (
        Rule("PubliclyAccessible", on, "The database can be reached from the internet.", _CLOSE, Severity.DANGER),
    ),
    "Lambda::Url": (
        Rule("AuthType", changed, _LET_IN, _CALLERS),
        Rule("Cors", changed, "Other pages may call it in a visitor's name, or those that have to may not.",
             "Name the origins that call it; a * with credentials is never right."),
    ),
    "ApiGatewayV2::Route": several(
        "AuthorizationType AuthorizerId AuthorizationScopes ApiKeyRequired", changed, _LET_IN, _CALLERS
    ),
    "ApiGateway::Method": several(
        "AuthorizationType AuthorizerId AuthorizationScopes ApiKeyRequired", changed, _LET_IN, _CALLERS
    ),
    "CloudFront::Distribution": (
        Rule("DistributionConfig.WebACLId", changed, "Another firewall stands before the site, or none.", _COUNT),
    ),
    "WAFv2::WebACL": several("DefaultAction Rules", changed, _FIREWALL, _COUNT),
    "WAFv2::RuleGroup": several("Rules", changed, _FIREWALL, _COUNT),
    "WAFv2::IPSet": several("Addresses", changed, _FIREWALL, "Check who has these addresses."),
    "IAM::Role": _BOUNDARY,
    "IAM::User": _BOUNDARY,
    "Cognito::UserPoolClient": several(
        "CallbackURLs LogoutURLs", changed, "Who signs in is sent elsewhere, with a code that signs in as them.",
        "Name only addresses that are yours.",
    ),
    "Cognito::UserPool": several(
        "MfaConfiguration Policies AdminCreateUserConfig", changed, "Others may sign in, or with less proof.", _CALLERS
    ),
    "CodeBuild::Project": several("Source Environment Artifacts", changed, _FOREIGN_CODE, _READ),
    "EC2::Instance": several("UserData", changed, _FOREIGN_CODE, _READ),
}  # fmt: skip
_ENCRYPTED = {
    "DynamoDB::Table": "SSESpecification.SSEEnabled",
    "EFS::FileSystem": "Encrypted",
    "KMS::Key": "EnableKeyRotation",
    "RDS::DBCluster": "StorageEncrypted",
    "RDS::DBInstance": "StorageEncrypted",
    "SQS::Queue": "SqsManagedSseEnabled",
}
"""Where a type says that its data is encrypted, or its key renewed."""
_KEYS = {
    "DynamoDB::Table": "SSESpecification.KMSMasterKeyId",
    "Kinesis::Stream": "StreamEncryption",
    "Lambda::Function": "KmsKeyArn",
    "Logs::LogGroup": "KmsKeyId",
    "S3::Bucket": "BucketEncryption",
    "SNS::Topic": "KmsMasterKeyId",
    "SQS::Queue": "KmsMasterKeyId",
    "SecretsManager::Secret": "KmsKeyId",
}
"""Where a type names the key that its data is encrypted with."""


def _of(type_: str) -> Iterator[Rule]:
    yield from _RULES.get(type_, ())
    if path := _ENCRYPTED.get(type_):
        yield Rule(
            path,
            off,
            "What is stored is not encrypted, or for ever with the same key.",
            "Leave it on.",
        )
    if path := _KEYS.get(type_):
        yield Rule(
            path, changed,
            "What is stored from now on is encrypted with another key, or none of yours; who may not use it reads"
            " nothing.", "Check that all readers and writers may use the new key, and keep the old one.",
        )  # fmt: skip


RULES = {f"AWS::{type_}": tuple(_of(type_)) for type_ in sorted({*_RULES, *_ENCRYPTED, *_KEYS})}
"""By type."""
