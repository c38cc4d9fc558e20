"""An ID token, judged (OpenID Connect Core 1.0, 3.1.3.7). Pure but for the clock."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from todoke.ports.identity import IdentityRefused, WhyNot

FAMILIES = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
"""Signatures that a public key verifies, by the kind of key. None by a shared secret, and none without a signature."""
LEEWAY_SECONDS = 60
"""So far the provider's clock may be from ours."""
Key = Mapping[str, Any]


class KeyUnknown(IdentityRefused):
    """No key that is known signed it; there may be a newer one."""


def claims_of(
    token: str, keys: Sequence[Key], *, issuer: str, client_id: str, nonce: str
) -> dict[str, Any]:
    """What a token says that `issuer` made for us, now, in answer to `nonce`.

    Raises KeyUnknown: if none of the keys can be the one it names. IdentityRefused: if it proves nothing.
    """
    try:
        header = jwt.get_unverified_header(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(header, keys),
            algorithms=[str(header["alg"])],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise IdentityRefused(WhyNot.NOT_PROVED, type(error).__name__) from error
    _require_ours(claims, client_id)
    stated = str(claims.get("nonce", ""))
    if not hmac.compare_digest(stated.encode("utf-8", "replace"), nonce.encode()):
        raise IdentityRefused(WhyNot.NOT_PROVED, "another nonce")
    return claims


def _key(header: Mapping[str, Any], keys: Sequence[Key]) -> jwt.PyJWK:
    """The key that a token's header names, for that algorithm and no other."""
    algorithm, named = str(header.get("alg", "")), header.get("kid")
    if not any(algorithm in family for family in FAMILIES.values()):
        raise IdentityRefused(WhyNot.NOT_PROVED, "no signature by a public key")
    fitting = [key for key in keys if _fits(key, algorithm)]
    found = [key for key in fitting if named is None or key.get("kid") == named]
    if not found or (named is None and len(found) > 1):
        raise KeyUnknown(WhyNot.NOT_PROVED, "an unknown key")
    return jwt.PyJWK.from_dict(dict(found[0]), algorithm=algorithm)


def _fits(key: Key, algorithm: str) -> bool:
    return (
        algorithm in FAMILIES.get(str(key.get("kty")), ())
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )


def _require_ours(claims: Mapping[str, Any], client_id: str) -> None:
    """One for several clients says for which of them it was made."""
    audience, party = claims["aud"], claims.get("azp")
    is_for_many = isinstance(audience, list) and len(audience) > 1
    if (party is None and is_for_many) or (party is not None and party != client_id):
        raise IdentityRefused(WhyNot.NOT_PROVED, "made for another client")
