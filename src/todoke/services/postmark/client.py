"""What every call to Postmark's API shares: the server token's header field, connections, and what an error holds.

The token is in a header field of each call, so header fields are never logged.
"""

from __future__ import annotations

from typing import Any

import msgspec
import urllib3

from todoke.model.errors import ConfigError
from todoke.model.json_text import UNREADABLE
from todoke.model.loopback import is_loopback
from todoke.model.redaction import Redaction
from todoke.model.settings import CONNECT_SECONDS
from todoke.services.http.deadline import hurried_pools
from todoke.services.postmark.settings import PostmarkSettings

ANSWER_BYTES = 4 * 1024 * 1024
_object = msgspec.json.Decoder(dict[str, Any])


def headers_of(postmark: PostmarkSettings) -> dict[str, str]:
    """The header fields of a call. Raises ConfigError: if the token would cross a network unencrypted."""
    if not postmark.url.startswith("https://") and not is_loopback(postmark.host):
        raise ConfigError(
            f"mail.postmark.url is {postmark.url}: the server token would travel unencrypted."
        )
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "todoke",
        "X-Postmark-Server-Token": postmark.api_key.reveal(),
    }


def open_pool(
    postmark: PostmarkSettings, *, connections: int, seconds: float = 0.0
) -> urllib3.PoolManager:
    """Up to so many connections, kept open between calls. Nothing is retried."""
    patience = seconds or postmark.timeout_seconds
    return hurried_pools(
        connections=connections,
        connect_seconds=min(CONNECT_SECONDS, patience),
        patience_seconds=patience,
    )


def read_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer or a call, None when it is none."""
    try:
        return _object.decode(data)
    except UNREADABLE:
        return None


def error_of(said: dict[str, Any] | None, postmark: PostmarkSettings) -> tuple[int | None, str]:
    """`ErrorCode` (None where there is none) and `Message`, without our token, which it may repeat."""
    code = said.get("ErrorCode") if said else None
    words = said.get("Message") if said else None
    is_code = isinstance(code, int) and not isinstance(code, bool)
    clean = (
        Redaction(postmark.api_key.reveal()).text(words[:1_000]) if isinstance(words, str) else ""
    )
    return (code if is_code else None), clean
