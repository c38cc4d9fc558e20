"""Tell the log that all mail rests, why, and when it goes on again: a way that needs no mail."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.model.log import get_logger

LONG_SECONDS = 300.0
"""A service that is down for less mends itself as a rule: that is a warning, and more an error."""
QUIET_SECONDS = 300.0
"""A service that is back and gone again every few seconds has a line in so long, not one each time."""
WORDS_LIMIT = 300
_ADDRESS = re.compile(r"<[^<>]*>|\S*@\S*")
log = get_logger(__name__)


class RestLog:
    """A line when it begins (at error where the set-up is at fault), one at error when it lasts, one at the end.

    Of rests that follow each other closely only the first is told, and one that lasts.
    """

    def __init__(self, service: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._monotonic = monotonic
        self._told = ""
        self._told_at: dict[str, float] = {}

    def rests(self, fault: SendDeferred, *, seconds: float, so_far_seconds: float) -> None:
        """All mail rests for `seconds` from now on, and has for so long already."""
        is_set_up = fault.reason is Reason.MISCONFIGURED or fault.suspects_set_up
        is_error = is_set_up or so_far_seconds >= LONG_SECONDS
        level = "error" if is_error else "warning"
        if self._told in {"error", level} or self._was_told_lately(level):
            return
        self._told = level
        self._told_at[level] = self._monotonic()
        (log.error if is_error else log.warning)(
            "mail_rests",
            service=self._service,
            reason=(fault.reason or Reason.OTHER).value,
            words=without_addresses(fault.diagnostic or str(fault)),
            next_try_seconds=round(seconds),
            so_far_seconds=round(so_far_seconds),
        )

    def _was_told_lately(self, level: str) -> bool:
        """Whether a line of this level, or a graver one, was written a short while ago."""
        now = self._monotonic()
        told = (self._told_at.get(graver) for graver in (level, "error"))
        return any(at is not None and now - at < QUIET_SECONDS for at in told)

    def is_back(self, so_far_seconds: float) -> None:
        """Mail goes on."""
        if self._told:
            self._told = ""
            log.warning("mail_goes_on", service=self._service, rested_seconds=round(so_far_seconds))


def without_addresses(words: str) -> str:
    """A server's words for a log: what it quotes is left out. Pure."""
    return _ADDRESS.sub("<...>", words)[:WORDS_LIMIT]
