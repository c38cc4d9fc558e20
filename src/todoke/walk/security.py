"""The security log: who entered the desk, or tried to, and what they and the commands did. No personal data is in it.

Its events have one logger, `todoke.security`, and stable names. A session, a code and a person at the command line are
told apart by a hash or a number. Strangers can cause only few lines: the others are counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from todoke.model.ids import token_hash
from todoke.model.log import SECURITY, Logger, get_logger

WINDOW_SECONDS = 600.0
LINES = 20
"""In a window: enough to see that somebody tries, too few to fill a disk with."""
_SHOWN_DIGITS = 16

log = get_logger(SECURITY)


def name_of(token: str) -> str:
    """What tells a token from another in the log, and opens nothing: 64 bits of its hash."""
    return token_hash(token)[:_SHOWN_DIGITS]


def who() -> str:
    """Who runs this command, as the system numbers its users."""
    return f"uid {os.getuid()}"


@dataclass(slots=True)
class Attempts:
    """Notes what strangers try, in the security log or another one. Safe to call from any thread."""

    log: Logger = log
    monotonic: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock, init=False)
    _window_ends: float = field(default=0.0, init=False)
    _told: int = field(default=0, init=False)
    _untold: int = field(default=0, init=False)

    def note(self, event: str, **facts: object) -> None:
        """Tell it, or count it if the log has enough: the first one of the next window says how many these were."""
        now = self.monotonic()
        with self._lock:
            if now >= self._window_ends:
                self._window_ends, self._told = now + WINDOW_SECONDS, 0
            if self._told == LINES:
                self._untold += 1
                return
            self._told += 1
            untold, self._untold = self._untold, 0
        self.log.warning(event, **facts, **({"not_told": untold} if untold else {}))
