"""A CloudFront of the owner's before the door: only what came through it is answered, and who asks is what it saw.

CloudFront adds the secret to each request that it sends to its origin, so nobody can go around it and its firewall.
Its function writes whom it saw into a header of ours, over what the client sent by that name (deploy/firewall.yaml). No
header of CloudFront's own is read: whether it writes one over a client's depends on how it is set. Documented in
docs/aws.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

ORIGIN_HEADER = "x-todoke-origin"
VIEWER_HEADER = "x-todoke-viewer"
_FORWARDED = "x-forwarded-for"


def is_from_origin(event: Mapping[str, Any], secrets: tuple[str, ...]) -> bool:
    """Whether an event of the HTTP API brings one of the secrets; all are compared, each in constant time."""
    # JSON may hold half a surrogate pair, which has no UTF-8 of its own.
    sent = str(event.get("headers", {}).get(ORIGIN_HEADER, "")).encode("utf-8", "surrogatepass")
    matches = [compare_digest(sent, secret.encode()) for secret in secrets]
    return any(matches)


def seen_through(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a trusted CloudFront, with its viewer's address as the source, and without the headers between us.

    Where it states none, or something else, the source is what API Gateway saw: CloudFront itself. That is the last of
    X-Forwarded-For as well, and goes from there: it is another with each connection, and a form that one visitor sends
    twice would come from two places.
    """
    ours = (ORIGIN_HEADER, VIEWER_HEADER)
    headers = {n: v for n, v in event["headers"].items() if n not in ours}
    if before := str(headers.pop(_FORWARDED, "")).rpartition(",")[0].rstrip():
        headers[_FORWARDED] = before
    context = event["requestContext"]
    try:
        source = str(ipaddress.ip_address(str(event["headers"].get(VIEWER_HEADER, ""))))
    except ValueError:
        source = context["http"]["sourceIp"]
    seen = {**context, "http": {**context["http"], "sourceIp": source}}
    return {**event, "headers": headers, "requestContext": seen}
