"""What an OpenID provider says of itself, judged. Pure."""

from __future__ import annotations

from todoke.identity.provider import Metadata
from todoke.ports.diagnosis import Check, Verdict

_NAME = "provider"


def judge_provider(name: str, found: Metadata, *, has_secret: bool) -> Check:
    """Whether people can enter by it as the configuration says."""
    if not has_secret:
        return Check(
            _NAME,
            Verdict.BAD,
            f"{name} answers, and TODOKE_OIDC_SECRET is missing.",
            "Set it to the secret of our client there.",
        )
    if "S256" not in found.code_challenge_methods_supported:
        return Check(
            _NAME,
            Verdict.WARN,
            f"{found.issuer} answers, and does not say that it knows PKCE (S256).",
            "State and nonce hold without it; ask whoever runs the provider.",
        )
    return Check(_NAME, Verdict.GOOD, f"{found.issuer} answers, and shows its keys.")


def no_provider(name: str, fault: str) -> Check:
    """It cannot be asked, or says of itself what is not right."""
    do = "Compare desk.oidc.issuer with what the provider calls itself, and its address with a browser."
    return Check(_NAME, Verdict.BAD, f"{name}: {fault}", do)
