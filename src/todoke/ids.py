"""Where identifiers and tokens are made. Ids sort by time and cannot be guessed; tokens only cannot be guessed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode, urlsafe_b64encode
from datetime import datetime


def new_id(now: datetime) -> str:
    """A new identifier of 26 characters [0-9a-v]: 48 bits of milliseconds, then 80 random bits, so ids sort by time."""
    milliseconds = int(now.timestamp() * 1000).to_bytes(6, "big")
    return _base32hex(milliseconds + secrets.token_bytes(10))


def derived_id(*parts: str) -> str:
    """An identifier of the same shape that is the same for the same parts: 128 bits of their SHA-256."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    return _base32hex(digest[:16])


def new_attempt_token() -> str:
    """A new correlation token: 26 characters [0-9a-v], 130 random bits, so none is a part of another."""
    return _base32hex(secrets.token_bytes(17))[:26]


def receipt_token(secret: bytes, submission_id: str) -> str:
    """The receipt link's token: 32 URL-safe characters, 192 bits only the holder of `secret` can compute.

    It is derived and not drawn, so that a repeated request gets the same link although only its hash is stored.
    """
    digest = hmac.digest(secret, b"todoke receipt " + submission_id.encode(), "sha256")
    return urlsafe_b64encode(digest[:24]).decode()


def token_hash(token: str) -> str:
    """The form in which a token is stored: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


_HEX32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghijklmnopqrstuv")


def _base32hex(data: bytes) -> str:
    """Base 32 with the extended hex alphabet (RFC 4648 section 7), lower case: it sorts as the bytes do."""
    return b32encode(data).rstrip(b"=").translate(_HEX32).decode()
