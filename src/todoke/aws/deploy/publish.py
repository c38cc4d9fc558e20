"""Put a review's page where people who may read it find it: a private bucket, by the console's own sign-in."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from stack_review.session import Aws, asked
from todoke.model.errors import ConfigError

_SCHEME = "s3://"


def publish(aws: Aws, place: str, digest: str, text: str) -> str:
    """Upload the page to `place` (s3://bucket/prefix), named by the review's digest; its address in the console.

    The caller's own identity is used, not the role that deploys. Raises ConfigError: if `place` is none.
    """
    bucket, _, prefix = place.removeprefix(_SCHEME).partition("/")
    if not place.startswith(_SCHEME) or not bucket:
        raise ConfigError(f"--publish is s3://BUCKET/PREFIX; it is {place!r}.")
    key = f"{prefix.strip('/')}/{digest}.html".lstrip("/")
    asked(
        replace(aws, role="", execution_role="").client("s3").put_object,
        Bucket=bucket,
        Key=key,
        Body=text.encode(),
        ContentType="text/html; charset=utf-8",
    )
    return f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={quote(key, safe='')}"
