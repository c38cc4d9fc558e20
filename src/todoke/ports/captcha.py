"""The captcha verifier: what a token of a provider is worth."""

from __future__ import annotations

from typing import Protocol

from todoke.model.captcha import CaptchaVerdict


class CaptchaVerifier(Protocol):
    """Asks the provider. Safe to call from any thread."""

    field: str
    """In which field of a form its tokens come."""

    def verify(self, token: str) -> CaptchaVerdict:
        """SOLVED: the provider says so, of a page of this site. MISSING: it says that the token is none, or used up.

        UNKNOWN: it did not answer, not in time, or not about the token. It never raises, ends within some seconds, and
        tells the provider nothing but the token and our secret. A token may be good for one call alone.
        """
        ...
