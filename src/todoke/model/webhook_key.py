"""The secrets that notices are signed with, as Standard Webhooks writes them, and the variables that have them."""

from __future__ import annotations

import base64
import binascii
import os

WEBHOOK_SECRETS = "TODOKE_WEBHOOK_SECRETS"
CHANNEL_URLS = "TODOKE_CHANNELS"
PREFIX = "whsec_"
_BYTES = 32


def read_key(text: str) -> bytes | None:
    """The bytes of a secret: base 64, with `whsec_` before it or not; padding may be missing. None if it is none."""
    text = text.removeprefix(PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def new_key() -> str:
    """A new secret, 256 random bits."""
    return PREFIX + base64.b64encode(os.urandom(_BYTES)).decode()
