"""api_user and api_key, which are in the body of every call."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from mail_cloud_sandbox.parameters import BAD_PARAMETER, ErrorEntry, Parameters, Refused


def check_credentials(known: Mapping[str, str] | None, parameters: Parameters) -> None:
    """Compare api_user and api_key with those `known`; None: any pair will do.

    Raises Refused: 401 if they do not fit. What the real service answers then is not documented.
    """
    user, key = parameters.text("api_user"), parameters.text("api_key")
    errors = [
        ErrorEntry(BAD_PARAMETER, name, f"{name} is required.")
        for name, value in (("api_user", user), ("api_key", key))
        if not value
    ]
    if errors:
        raise Refused(*errors)
    if known is None:
        return
    expected = known.get(user, "")
    if not hmac.compare_digest(key.encode(), expected.encode()) or not expected:
        raise wrong_credentials()


def wrong_credentials() -> Refused:
    """The answer to a pair that does not fit."""
    message = "api_user or api_key is wrong."
    return Refused(ErrorEntry(BAD_PARAMETER, "api_user", message), status=401)
