"""Where identifiers and tokens are made. Ids sort by time and cannot be guessed; tokens only cannot be guessed.

The door makes several for each request, while other threads want the interpreter. So nothing here lets go of it for
a moment's work: randomness is drawn from the system in blocks, and the MAC is one that hashes in place.
"""

from __future__ import annotations

import hashlib
import os
from base64 import urlsafe_b64encode
from datetime import datetime
from functools import lru_cache
from threading import Lock

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
_DIGIT_OF_BYTE = (_DIGITS * 8).encode()
"""Each byte as a digit: 256 is eight times 32, so random bytes make evenly random digits of five bits."""
_BLOCK = 4096


class _Random:
    """Digits from the system's randomness (CSPRNG), each handed out once, in blocks; a forked child draws anew."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._block = ""
        self._used = 0
        os.register_at_fork(after_in_child=self._start_anew)

    def take(self, count: int) -> str:
        """`count` random digits of five bits each."""
        with self._lock:
            if self._used + count > len(self._block):
                self._block = os.urandom(_BLOCK).translate(_DIGIT_OF_BYTE).decode()
                self._used = 0
            start = self._used
            self._used += count
            return self._block[start : self._used]

    def _start_anew(self) -> None:
        self._lock = Lock()
        self._block = ""


_random = _Random()


def new_id(now: datetime) -> str:
    """A new identifier of 26 characters [0-9a-v]: ten of milliseconds, then 80 random bits, so ids sort by time."""
    return _time_digits(int(now.timestamp() * 1000)) + _random.take(16)


def derived_id(*parts: str) -> str:
    """An identifier of the same shape that is the same for the same parts: 128 bits of their SHA-256."""
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()
    return _base32hex(int.from_bytes(digest[:16], "big"))


def new_attempt_token() -> str:
    """A new correlation token: 26 characters [0-9a-v], 130 random bits, so none is a part of another."""
    return _random.take(26)


def receipt_token(secret: bytes, submission_id: str) -> str:
    """The receipt link's token: 32 URL-safe characters, 192 bits only the holder of `secret` can compute.

    A keyed BLAKE2b (RFC 7693). It is derived and not drawn, so that a repeated request gets the same link although
    only its hash is stored.
    """
    mac = hashlib.blake2b(
        submission_id.encode(), key=_mac_key(secret), person=b"todoke receipt", digest_size=24
    )
    return urlsafe_b64encode(mac.digest()).decode()


def token_hash(token: str) -> str:
    """The form in which a token is stored: SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=8)
def _mac_key(secret: bytes) -> bytes:
    """A key of the length BLAKE2b takes, whatever the secret's."""
    return hashlib.sha512(secret).digest()


@lru_cache(maxsize=64)
def _time_digits(milliseconds: int) -> str:
    """A time in ten digits. The same one is asked for several times in a row."""
    return _base32hex(milliseconds << 80)[:10]


def _base32hex(number: int) -> str:
    """128 bits in base 32 with the extended hex alphabet (RFC 4648 section 7), lower case: they sort as the number."""
    number <<= 2  # 26 digits of five bits
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
