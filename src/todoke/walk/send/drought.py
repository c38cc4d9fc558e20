"""Notice that no mail is taken although each is answered by itself: "not now" or "no" to all, or no answer to any.

Then nothing rests, for no answer is about all mails, and each waits for its own next try. Alerts fare no better, so
only the log can tell.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.log import get_logger
from todoke.model.message import Outcome
from todoke.walk.send.rest_log import LONG_SECONDS, without_addresses

ENOUGH_MESSAGES = 3
ENOUGH_RECIPIENTS = 2
"""So many, for one mail, or one address that refuses all, is no matter of the service."""
log = get_logger(__name__)


class Drought:
    """A line at error once nothing was taken for LONG_SECONDS while several mails were tried, and one when a mail is.

    Safe to call from several threads.
    """

    def __init__(self, service: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._since: float | None = None
        self._last: DeliveryEvent | None = None
        self._tries = 0
        self._messages: set[str] = set()
        self._recipients: set[str] = set()
        self._is_told = False

    def note(self, outcomes: Iterable[Outcome], *, is_resting: bool) -> None:
        """Note what came of hand-overs. While all mail rests, that is told already."""
        with self._lock:
            for outcome in outcomes:
                for event in outcome.events:
                    self._note(outcome, event, is_resting)

    def look(self, *, is_resting: bool) -> None:
        """See whether it has lasted long enough: where answers are lost, no other try may come for a while."""
        if self._last is not None:
            with self._lock:
                self._tell(self._monotonic(), is_resting)

    def _note(self, outcome: Outcome, event: DeliveryEvent, is_resting: bool) -> None:
        now = self._monotonic()
        if event.kind is Kind.ACCEPTED:
            if self._is_told and self._since is not None:
                seconds = round(now - self._since)
                log.warning("mail_goes_on", service=self._service, rested_seconds=seconds)
            self._begin()
            return
        self._since = now if self._since is None else self._since
        self._last = event
        self._tries += 1
        if len(self._messages) < ENOUGH_MESSAGES:
            self._messages.add(outcome.claim.message.id)
        if len(self._recipients) < ENOUGH_RECIPIENTS:
            self._recipients.add(outcome.claim.attempt.recipient.key)
        self._tell(now, is_resting)

    def _tell(self, now: float, is_resting: bool) -> None:
        event, since = self._last, self._since
        if event is None or since is None or self._is_told or is_resting:
            return
        if not self._is_long(now - since):
            return
        self._is_told = True
        log.error(
            "mail_not_taken",
            service=self._service,
            tries=self._tries,
            outcome=event.kind.value,
            words=without_addresses(event.diagnostic),
            so_far_seconds=round(now - since),
        )

    def _is_long(self, seconds: float) -> bool:
        several = len(self._messages) >= ENOUGH_MESSAGES
        return several and len(self._recipients) >= ENOUGH_RECIPIENTS and seconds >= LONG_SECONDS
