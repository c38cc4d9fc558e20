"""What an answer of siteverify says. Pure; Turnstile, hCaptcha and reCAPTCHA are read alike.

Facts: developers.cloudflare.com/turnstile, docs.hcaptcha.com, developers.google.com/recaptcha/docs/verify; none of them
was tried with a provider.
"""

from __future__ import annotations

import msgspec

from todoke.model.captcha import CaptchaVerdict

LEAST_SCORE = 0.5
"""What reCAPTCHA's third version has to say at least: Google's own default."""
OF_THE_TOKEN = frozenset(
    {
        "missing-input-response",
        "invalid-input-response",
        "timeout-or-duplicate",
        "expired-input-response",
        "already-seen-response",
        "invalid-or-already-seen-response",
    }
)
"""The codes that are about the token. All others are about us, our secret or the provider, and no visitor's fault."""


class _Answer(msgspec.Struct, frozen=True, rename="kebab"):
    success: bool
    hostname: str | None = None
    score: float | None = None
    error_codes: list[str] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


class Read(msgspec.Struct, frozen=True):
    """A verdict, and in a word why there is none: "" where there is one, or where the visitor's page is the reason."""

    verdict: CaptchaVerdict
    fault: str = ""


def read_answer(octets: bytes, hosts: frozenset[str], *, has_score: bool = False) -> Read:
    """What an answer says. With `hosts`, only what was solved on a page of one of them, or below it, is solved."""
    try:
        answer = _decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Read(CaptchaVerdict.UNKNOWN, "unreadable")
    if answer.success:
        if not _is_of(answer.hostname or "", hosts):
            return Read(CaptchaVerdict.UNKNOWN)
        is_low = has_score and answer.score is not None and answer.score < LEAST_SCORE
        return Read(CaptchaVerdict.MISSING if is_low else CaptchaVerdict.SOLVED)
    codes = frozenset(answer.error_codes or ())
    if codes and codes <= OF_THE_TOKEN:
        return Read(CaptchaVerdict.MISSING)
    return Read(CaptchaVerdict.UNKNOWN, "refused")


def _is_of(hostname: str, hosts: frozenset[str]) -> bool:
    """Whether it is one of ours. Without any it is; the provider looks at the host, too, by what it was told of it."""
    host = hostname.lower().rstrip(".")
    if not host or not hosts:
        return True
    return any(host == own or host.endswith(f".{own}") for own in hosts)
