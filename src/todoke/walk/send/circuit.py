"""Rest while the mail service is down: one mail now and then asks whether it is back, the others wait untried."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.model.message import Outcome
from todoke.walk.send.hand_over import Result
from todoke.walk.send.rest_log import RestLog, without_addresses

FIRST_SECONDS = 2.0
LONGEST_SECONDS = 25.0  # so the first mail leaves within half a minute of the service's return
LONGEST_WISH_SECONDS = 900.0
ASKED_REST_SECONDS = 60.0
"""So long the mail rests whose answer was about the set-up: others ask in the meantime."""


class MailRest(NamedTuple):
    """All mail rests: for how long already, why, in which words (without addresses), and until the next try."""

    seconds: float
    reason: Reason
    words: str = ""
    next_try_seconds: float = 0.0


class Circuit:
    """Open while the last hand-over met a fault that all would meet. Safe to call from several threads.

    `monotonic` is a clock that never steps.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
        notice: RestLog | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._draw = draw
        self._lock = threading.Lock()
        self._faults = 0
        self._rests_until = 0.0
        self._opened_at = 0.0
        self._notice = notice
        self.is_open = False
        self.fault: SendDeferred | None = None

    def rest_seconds(self) -> float:
        """How long to rest from now; 0 when a hand-over may be tried."""
        return max(0.0, self._rests_until - self._monotonic()) if self.is_open else 0.0

    def rest(self) -> MailRest | None:
        """For how long all mail has rested and why, None when it does not."""
        fault = self.fault
        if not self.is_open or fault is None:
            return None
        return MailRest(
            self._monotonic() - self._opened_at,
            fault.reason or Reason.OTHER,
            without_addresses(fault.diagnostic or str(fault)),
            self.rest_seconds(),
        )

    def after(self, result: Result, now: datetime) -> Outcome:
        """Note what came of one mail; its outcome. After a fault that is not its own it is due when the rest is over.

        Where only answers to mails say so, another is to ask first: this one waits a little longer.
        """
        outcome, fault = result.outcome, result.fault
        if fault is None and result.answered:
            self.note_answer()
        if fault is None or outcome.retry_at is None:
            return outcome  # also one that is given up now: the next may ask at once
        rest = self.note_fault(fault)
        pause = timedelta(seconds=max(rest, ASKED_REST_SECONDS) if fault.suspects_set_up else rest)
        return replace(outcome, retry_at=min(now + pause, outcome.retry_at))

    def note_fault(self, fault: SendDeferred) -> float:
        """Note a fault that all mails would meet; how long to rest. Faults met while resting lengthen nothing."""
        with self._lock:
            now = self._monotonic()
            if self.is_open and now < self._rests_until:
                return self._rests_until - now
            top = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(self._faults, 10))
            rest = self._draw(top / 2, top)
            if fault.retry_after_seconds:
                rest = max(rest, min(fault.retry_after_seconds, LONGEST_WISH_SECONDS))
            self._faults += 1
            self._rests_until = now + rest
            if not self.is_open:
                self._opened_at = now
            self.fault = fault
            self.is_open = True
            if self._notice:
                self._notice.rests(fault, seconds=rest, so_far_seconds=now - self._opened_at)
            return rest

    def note_answer(self) -> None:
        """Note that the service answered as it should: no more rest."""
        if self.is_open:
            with self._lock:
                self._faults = 0
                self.is_open = False
                if self._notice:
                    self._notice.is_back(self._monotonic() - self._opened_at)
