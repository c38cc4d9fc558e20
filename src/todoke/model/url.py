"""Addresses of the web as they go over the wire: in a header, in a mail, in a policy.

Parsed as browsers do (WHATWG URL). The one place where a URL that somebody wrote becomes one that is sent. What it is
for is not known here.
"""

from __future__ import annotations

import re
from functools import lru_cache

import can_ada

_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
"""Stricter than the standard, which lets `;`, `,` and `*` pass: in a policy these would end or widen an entry."""


@lru_cache(maxsize=1024)
def wire_url(text: str) -> str:
    """`text` in ASCII: its host in A-labels, the rest percent-encoded.

    "" for what is no http or https URL with a host, or holds a user.
    """
    parsed = _parse(text)
    return parsed.href if parsed else ""


@lru_cache(maxsize=1024)
def origin_of(url: str) -> str:
    """scheme://host[:port] as an Origin header states it: lower case, A-labels, no default port; "" if it has none."""
    parsed = _parse(url)
    return parsed.origin if parsed else ""


def _parse(text: str) -> can_ada.URL | None:
    try:
        parsed = can_ada.parse(text)
    except (ValueError, TypeError):  # TypeError: for a lone surrogate
        return None
    if parsed.protocol not in {"http:", "https:"} or parsed.username or parsed.password:
        return None
    return parsed if _HOST.fullmatch(parsed.hostname) else None
