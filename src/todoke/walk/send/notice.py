"""Tell the log that all mail rests, why, and when it goes on again: a way that needs no mail."""

from __future__ import annotations

import re

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.model.log import get_logger

LONG_SECONDS = 300.0
"""A service that is down for less mends itself as a rule: that is a warning, and more an error."""
WORDS_LIMIT = 300
_ADDRESS = re.compile(r"<[^<>]*>|\S*@\S*")
log = get_logger(__name__)


class Notice:
    """A line when it begins (at error where the set-up is at fault), one at error when it lasts, one at the end."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._told = ""

    def rests(self, fault: SendDeferred, *, seconds: float, so_far_seconds: float) -> None:
        """All mail rests for `seconds` from now on, and has for so long already."""
        is_set_up = fault.reason is Reason.MISCONFIGURED or fault.suspects_set_up
        is_error = is_set_up or so_far_seconds >= LONG_SECONDS
        level = "error" if is_error else "warning"
        if self._told in {"error", level}:
            return
        self._told = level
        (log.error if is_error else log.warning)(
            "mail_rests",
            service=self._service,
            reason=(fault.reason or Reason.OTHER).value,
            words=without_addresses(fault.diagnostic or str(fault)),
            next_try_seconds=round(seconds),
            so_far_seconds=round(so_far_seconds),
        )

    def is_back(self, so_far_seconds: float) -> None:
        """Mail goes on."""
        if self._told:
            self._told = ""
            log.warning("mail_goes_on", service=self._service, rested_seconds=round(so_far_seconds))


def without_addresses(words: str) -> str:
    """A server's words for a log: what it quotes is left out. Pure."""
    return _ADDRESS.sub("<...>", words)[:WORDS_LIMIT]
