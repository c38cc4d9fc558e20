"""When to believe that what one mail was answered is a fault of the set-up, which all mails share."""

from __future__ import annotations

import threading

from todoke.model.errors import SendDeferred
from todoke.model.message import Claim
from todoke.walk.send.hand_over import Result

ENOUGH_RECIPIENTS = 2
ENOUGH_MESSAGES = 3


class Doubt:
    """Counts the mails whose answers were about our sender, client or login, since one was last accepted.

    A server may say "relay denied" or "sender rejected" about one recipient alone, or misread one mail. That mail then
    waits by itself, and blocks no other: all rest only once a mail to somebody else, or a third mail, met the same.
    Safe to call from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recipients: set[str] = set()
        self._messages: set[str] = set()

    def fault_of(self, result: Result) -> SendDeferred | None:
        """Note what came of one more mail; the fault that makes all rest, None where there is none or it is doubted."""
        if result.accepted:
            self._clear()
        if result.doubt is not None and self._note(result.outcome.claim):
            return result.doubt
        return result.fault

    def _note(self, claim: Claim) -> bool:
        """Note one more such mail; whether there is no doubt left."""
        with self._lock:
            self._recipients.add(claim.attempt.recipient.key)
            self._messages.add(claim.message.id)
            others = len(self._recipients) >= ENOUGH_RECIPIENTS
            return others or len(self._messages) >= ENOUGH_MESSAGES

    def _clear(self) -> None:
        """A mail was accepted: the set-up is good."""
        if self._messages:
            with self._lock:
                self._recipients.clear()
                self._messages.clear()
