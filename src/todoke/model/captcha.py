"""Captchas of others: who offers one, in which field its widget brings a token, and what came of one. Values."""

from __future__ import annotations

from enum import Enum

import msgspec

CAPTCHA_SECRET = "TODOKE_CAPTCHA_SECRET"  # noqa: S105 - the variable's name
"""Holds what we show the provider when we ask what a token is worth."""
LONGEST_TOKEN = 8_192
"""Characters; Turnstile's have 2,048 at most, hCaptcha's are the longest."""


class CaptchaVerdict(Enum):
    """What came of a captcha."""

    UNKNOWN = "unknown"
    """Not asked for, or nobody could say."""
    MISSING = "missing"
    """Asked for, and no token came, or none that counts."""
    SOLVED = "solved"


class CaptchaProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Who offers one. `url` is where a token is verified, `field` where the widget puts it.

    `has_score`: besides yes or no it may say how likely it was a person, from 0 to 1.
    """

    name: str
    url: str
    field: str
    has_score: bool = False


PROVIDERS = {
    provider.name: provider
    for provider in (
        CaptchaProvider(
            name="turnstile",
            url="https://challenges.cloudflare.com/turnstile/v0/siteverify",
            field="cf-turnstile-response",
        ),
        CaptchaProvider(
            name="hcaptcha",
            url="https://api.hcaptcha.com/siteverify",
            field="h-captcha-response",
        ),
        CaptchaProvider(
            name="recaptcha",
            url="https://www.google.com/recaptcha/api/siteverify",
            field="g-recaptcha-response",
            has_score=True,
        ),
    )
}
TOKEN_FIELDS = frozenset(provider.field for provider in PROVIDERS.values())
"""Of all: a widget may fill in another's field beside its own, for pages that were written for that."""
