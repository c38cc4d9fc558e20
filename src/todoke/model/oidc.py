"""An OpenID provider by which people may enter the desk, as the configuration names it."""

from __future__ import annotations

from dataclasses import dataclass

OIDC_SECRET = "TODOKE_OIDC_SECRET"  # noqa: S105 - the variable's name
"""Holds what our client shows the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """A provider (OpenID Connect Core 1.0) and the client that is registered there for this site.

    `trusts_unstated` takes an address of which the provider does not say whether it was verified. With `is_only` no
    link into the desk is mailed: people enter by the provider, and whoever runs the server by the command line.
    """

    issuer: str
    client_id: str
    name: str
    trusts_unstated: bool = False
    is_only: bool = False
