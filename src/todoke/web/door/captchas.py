"""Captchas of others at the door: what the token that a widget put into the form is worth.

It is a signal and no wall. A token is good for one question to its provider, so its answer is remembered, in this
process alone, until what came with it is stored: a form that came back with a fault brings the same one again.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable

from todoke.model.captcha import LONGEST_TOKEN, CaptchaVerdict
from todoke.model.form import Form
from todoke.model.submission import EntryList, first_text
from todoke.ports.captcha import CaptchaVerifier
from todoke.web.http.wait import Inquiries

WAIT_SECONDS = 2.0
"""How long a submission waits for the provider at most."""
MOST_AT_ONCE = 8
"""Questions; of a further token nothing is known."""
REMEMBERED_SECONDS = 900.0
MOST_REMEMBERED = 4_096


class Captchas:
    """Weighs the tokens of one site's forms. To be used in one thread."""

    def __init__(
        self,
        verifier: CaptchaVerifier,
        *,
        wait_seconds: float = WAIT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verifier = verifier
        self._inquiries = Inquiries(MOST_AT_ONCE, wait_seconds)
        self._monotonic = monotonic
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, tuple[CaptchaVerdict, float]] = {}
        """What was said of a token, and when; the oldest stand first."""

    async def verdict(self, form: Form, controls: EntryList) -> CaptchaVerdict:
        """What came of the captcha, for a form that may ask for one; nobody is asked where nobody would look at it."""
        if not form.captcha or not form.review:
            return CaptchaVerdict.UNKNOWN
        token = first_text(controls, self._verifier.field)
        if not 0 < len(token) <= LONGEST_TOKEN:
            return CaptchaVerdict.MISSING
        hashed = self._hash(form, token)
        verdict, at = self._known.get(hashed, (CaptchaVerdict.UNKNOWN, 0.0))
        now = self._monotonic()
        if verdict is not CaptchaVerdict.UNKNOWN and now - at < REMEMBERED_SECONDS:
            return verdict
        verdict = await self._inquiries.ask(
            lambda: self._verifier.verify(token), CaptchaVerdict.UNKNOWN
        )
        if verdict is not CaptchaVerdict.UNKNOWN:
            self._remember(hashed, verdict, now)
        return verdict

    def spend(self, form: Form, controls: EntryList) -> None:
        """What came with a token is stored: it counts no more."""
        token = first_text(controls, self._verifier.field) if form.captcha else ""
        if token:
            hashed = self._hash(form, token)
            if hashed in self._known:
                self._remember(hashed, CaptchaVerdict.MISSING, self._monotonic())

    def _remember(self, hashed: bytes, verdict: CaptchaVerdict, at: float) -> None:
        self._known.pop(hashed, None)
        self._known[hashed] = (verdict, at)
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]

    def _hash(self, form: Form, token: str) -> bytes:
        text = f"{form.name} {token}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16, key=self._key).digest()
