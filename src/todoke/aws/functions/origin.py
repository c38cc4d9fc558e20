"""A CloudFront of the owner's before the door: only what came through it is answered, and who asks is what it saw.

CloudFront adds the secret to each request that it sends to its origin, so nobody can go around it and its firewall.
Documented in docs/aws.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

ORIGIN_HEADER = "x-todoke-origin"
_VIEWER_ADDRESS = "cloudfront-viewer-address"


def is_from_origin(event: Mapping[str, Any], secrets: tuple[str, ...]) -> bool:
    """Whether an event of the HTTP API brings one of the secrets; all are compared, each in constant time."""
    sent = str(event.get("headers", {}).get(ORIGIN_HEADER, "")).encode()
    matches = [compare_digest(sent, secret.encode()) for secret in secrets]
    return any(matches)


def seen_through(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a trusted CloudFront, with its viewer's address as the source, and without the secret.

    CloudFront states address and port, an IPv6 address without brackets. Where it states none, or something else, the
    source is what API Gateway saw: CloudFront itself.
    """
    headers = {n: v for n, v in event["headers"].items() if n != ORIGIN_HEADER}
    context = event["requestContext"]
    stated = str(headers.get(_VIEWER_ADDRESS, "")).rpartition(":")[0]
    try:
        source = str(ipaddress.ip_address(stated.removeprefix("[").removesuffix("]")))
    except ValueError:
        source = context["http"]["sourceIp"]
    seen = {**context, "http": {**context["http"], "sourceIp": source}}
    return {**event, "headers": headers, "requestContext": seen}
