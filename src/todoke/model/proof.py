"""Proof of work as ALTCHA has it (version 2): a signed challenge, and whether an answer solves it. Pure.

The key of PBKDF2 for one number is to be found, which takes a browser about a second and nobody else less. Its maker
knows the number, so that to look at an answer costs two MACs. A challenge is for one form, for some hours; that it is
answered once, whoever takes the answers has to see to.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode
from datetime import datetime, timedelta

import msgspec

from todoke.model.ids import signature

ALGORITHM = "PBKDF2/SHA-256"
COST = 1_000
"""Iterations for each number that is tried: a third of a millisecond here."""
LEAST_NUMBER, MOST_NUMBER = 2_000, 4_000
"""Between them is the number that solves it."""
VALID_FOR = timedelta(hours=6)
LONGEST_ANSWER = 2_048
_PREFIX_BYTES = 16
_CHALLENGE, _SOLUTION = b"todoke challenge", b"todoke solution"


class WorkParameters(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a challenge states, in the order of its names: so it is signed."""

    algorithm: str
    cost: int
    data: dict[str, str]
    expires_at: int
    key_length: int
    key_prefix: str
    key_signature: str
    nonce: str
    salt: str


class WorkChallenge(msgspec.Struct, frozen=True):
    """A challenge as it goes out and comes back."""

    parameters: WorkParameters
    signature: str


class _Solution(msgspec.Struct, frozen=True, rename="camel"):
    derived_key: str


class _Answer(msgspec.Struct, frozen=True):
    challenge: WorkChallenge
    solution: _Solution


_decode = msgspec.json.Decoder(_Answer).decode


def new_challenge(secret: bytes, form: str, now: datetime) -> WorkChallenge:
    """A challenge for a form; it takes as long as one try to solve it."""
    nonce, salt = secrets.token_bytes(16), secrets.token_bytes(16)
    number = LEAST_NUMBER + secrets.randbelow(MOST_NUMBER - LEAST_NUMBER)
    key = derived_key(nonce, salt, number)
    parameters = WorkParameters(
        algorithm=ALGORITHM,
        cost=COST,
        data={"form": form},
        expires_at=int((now + VALID_FOR).timestamp()),
        key_length=len(key),
        key_prefix=key[:_PREFIX_BYTES].hex(),
        key_signature=signature(secret, _SOLUTION, key.hex()),
        nonce=nonce.hex(),
        salt=salt.hex(),
    )
    return WorkChallenge(parameters, _signed(secret, parameters))


def derived_key(nonce: bytes, salt: bytes, number: int) -> bytes:
    """What is to be found, for one number."""
    return hashlib.pbkdf2_hmac("sha256", nonce + number.to_bytes(4, "big"), salt, COST)


def solved(secret: bytes, form: str, answer: str, now: datetime) -> str:
    """The nonce of the challenge of ours that an answer solves in time, for this form; "" for any other text."""
    if not 0 < len(answer) <= LONGEST_ANSWER:
        return ""
    try:
        told = _decode(b64decode(answer, validate=True))
        parameters = told.challenge.parameters
        key_signature = signature(secret, _SOLUTION, told.solution.derived_key)
        is_ours = _is_same(told.challenge.signature, _signed(secret, parameters))
    except (binascii.Error, ValueError):
        return ""
    is_found = _is_same(parameters.key_signature, key_signature)
    is_in_time = parameters.expires_at >= now.timestamp()
    is_for_it = parameters.data == {"form": form}
    return parameters.nonce if is_ours and is_found and is_in_time and is_for_it else ""


def _signed(secret: bytes, parameters: WorkParameters) -> str:
    return signature(secret, _CHALLENGE, msgspec.json.encode(parameters).decode())


def _is_same(stated: str, made: str) -> bool:
    return hmac.compare_digest(stated.encode("utf-8", "replace"), made.encode())
