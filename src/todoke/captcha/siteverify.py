"""A token over HTTPS to its provider, within a time. While the provider does not answer, it is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from todoke.captcha.verdict import read_answer
from todoke.model.captcha import CaptchaProvider, CaptchaVerdict
from todoke.model.log import get_logger
from todoke.model.settings import Secret
from todoke.services.http.deadline import hurried_pools

CONNECT_SECONDS = 1.0
PATIENCE_SECONDS = 1.5
"""How long writing the request may take, and then its answer."""
REST_SECONDS = 30.0
"""How long a provider that did not answer is not asked again: so long no visitor waits for it."""
ANSWER_LIMIT = 65_536
log = get_logger(__name__)


class Siteverify:
    """See CaptchaVerifier. `hosts` are those of the site; without any a token may be of any page."""

    def __init__(
        self,
        provider: CaptchaProvider,
        secret: Secret,
        hosts: frozenset[str] = frozenset(),
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.field = provider.field
        self._provider = provider
        self._secret = secret
        self._hosts = hosts
        self._monotonic = monotonic
        self._rests_until = 0.0
        self._patience_seconds = patience_seconds

    def verify(self, token: str) -> CaptchaVerdict:
        """See CaptchaVerifier."""
        if self._monotonic() < self._rests_until:
            return CaptchaVerdict.UNKNOWN
        try:
            status, octets = self._ask(token)
        except Exception as error:  # noqa: BLE001 whatever goes wrong there, here nobody waits for it
            return self._rest(type(error).__name__)
        if status >= 500:
            return self._rest(f"http_{status}")
        read = read_answer(octets, self._hosts, has_score=self._provider.has_score)
        return self._rest(read.fault) if read.fault else read.verdict

    def _ask(self, token: str) -> tuple[int, bytes]:
        fields = {"secret": self._secret.reveal(), "response": token}
        # A connection for each: one that is kept may end at any time, and a token is good for one question.
        pools = hurried_pools(
            connections=1,
            connect_seconds=CONNECT_SECONDS,
            patience_seconds=self._patience_seconds,
        )
        try:
            answer = pools.request(
                "POST",
                self._provider.url,
                body=urlencode(fields, errors="replace"),
                headers={"content-type": "application/x-www-form-urlencoded"},
                redirect=False,
                preload_content=False,
            )
            octets = answer.read(ANSWER_LIMIT)
            answer.close()
            return answer.status, octets
        finally:
            pools.clear()

    def _rest(self, why: str) -> CaptchaVerdict:
        self._rests_until = self._monotonic() + REST_SECONDS
        log.warning("captcha_not_verified", provider=self._provider.name, why=why)
        return CaptchaVerdict.UNKNOWN
