"""A notice's signature, as Standard Webhooks 1.0 has it: HMAC-SHA256 over id, time and body. Pure.

The library of the standard would bring an HTTP client and three packages for these lines.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime


def signed_headers(
    notice_id: str, at: datetime, body: bytes, keys: Sequence[bytes]
) -> dict[str, str]:
    """The header fields of a try at this time: a signature by each key, for a receiver knows the old or the new one."""
    stamp = str(int(at.timestamp()))
    signatures = (signature(key, notice_id, stamp, body) for key in keys)
    return {
        "content-type": "application/json",
        "user-agent": "todoke",
        "webhook-id": notice_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def signature(key: bytes, notice_id: str, stamp: str, body: bytes) -> str:
    """One signature, version 1."""
    mac = hmac.new(key, f"{notice_id}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"
