"""A captcha verifier that answers as it is told."""

from __future__ import annotations

import dataclasses

from todoke.model.captcha import CaptchaVerdict


@dataclasses.dataclass
class FakeCaptcha:
    """See CaptchaVerifier. `solved` are the tokens that are good, each once; `asked` keeps what came.

    While it `is_down` nothing is known of any.
    """

    solved: set[str] = dataclasses.field(default_factory=set)
    is_down: bool = False
    asked: list[str] = dataclasses.field(default_factory=list)
    field: str = "cf-turnstile-response"

    def verify(self, token: str) -> CaptchaVerdict:
        """See CaptchaVerifier."""
        self.asked.append(token)
        if self.is_down:
            return CaptchaVerdict.UNKNOWN
        if token not in self.solved:
            return CaptchaVerdict.MISSING
        self.solved.discard(token)
        return CaptchaVerdict.SOLVED
