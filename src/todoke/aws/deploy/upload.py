"""The bucket for packages: made if absent, private, encrypted, versioned, and of this account alone."""

from __future__ import annotations

import json
from typing import Any

from stack_review.errors import AwsError
from stack_review.session import Aws, Client, asked, code_of
from todoke.model.errors import ConfigError

_ABSENT = ("404", "NoSuchBucket", "NotFound", "NoSuchKey")


def bucket_name(aws: Aws, given: str = "") -> str:
    """The name given, or the one that this account and region have."""
    return given or f"todoke-deploy-{aws.account}-{aws.region_name}"


def upload(aws: Aws, bucket: str, key: str, content: bytes) -> bool:
    """Upload a content whose key names its content; False when it is there already.

    Raises ConfigError: if the bucket is another account's; AwsError: if it cannot be made or written.
    """
    client, owner = aws.client("s3"), aws.account
    ensure_bucket(client, bucket, owner, aws.region_name)
    if _exists(client.head_object, Bucket=bucket, Key=key, ExpectedBucketOwner=owner):
        return False
    asked(
        client.put_object,
        Bucket=bucket,
        Key=key,
        Body=content,
        ExpectedBucketOwner=owner,
        ChecksumAlgorithm="SHA256",
    )
    return True


def ensure_bucket(client: Client, bucket: str, owner: str, region: str) -> bool:
    """Make the bucket if there is none; True when it was made. One that is there is left as it is."""
    if _exists(client.head_bucket, Bucket=bucket, ExpectedBucketOwner=owner):
        return False
    place: dict[str, Any] = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    asked(client.create_bucket, Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **place)
    asked(
        client.put_public_access_block,
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    asked(
        client.put_bucket_encryption,
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )
    asked(
        client.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    policy = _policy(bucket, owner, client.meta.partition)
    asked(client.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy))
    return True


def _policy(bucket: str, owner: str, partition: str) -> dict[str, Any]:
    """Nobody without TLS, and nobody of another account, whatever else a policy may say one day."""
    arn = f"arn:{partition}:s3:::{bucket}"
    resources = [arn, f"{arn}/*"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources}
    return {
        "Version": "2012-10-17",
        "Statement": [
            deny | {"Sid": "OnlyTls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            deny
            | {
                "Sid": "OnlyThisAccount",
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalAccount": owner},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                },
            },
        ],
    }


def _exists(method: Any, **arguments: str) -> bool:
    try:
        asked(method, **arguments)
    except AwsError as error:
        code = code_of(error)
        if code in _ABSENT:
            return False
        if code in ("403", "AccessDenied"):
            name = arguments["Bucket"]
            raise ConfigError(
                f"The bucket {name} is another account's, or you may not use it: give another with --bucket."
            ) from error
        raise
    return True
