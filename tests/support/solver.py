"""Solves challenges as a browser does, for tests."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from todoke.model.proof import MOST_NUMBER, derived_key


def solve(challenge: dict[str, Any]) -> dict[str, Any]:
    """The solution of a challenge, by trying each number."""
    stated = challenge["parameters"]
    nonce, salt = bytes.fromhex(stated["nonce"]), bytes.fromhex(stated["salt"])
    for counter in range(MOST_NUMBER):
        key = derived_key(nonce, salt, counter).hex()
        if key.startswith(stated["keyPrefix"]):
            return {"counter": counter, "derivedKey": key}
    raise AssertionError("no number solves it")


def proof(challenge: dict[str, Any], solution: dict[str, Any]) -> str:
    """What a form brings along."""
    return b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()
