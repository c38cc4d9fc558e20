"""Whether anything can be kept now: found out by keeping something small, for a full disk can still be read.

It is for whoever watches todoke: a machine's answer, and a line in the log when it turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from todoke.model.errors import StoreCorrupt, StoreError, StoreGone
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.tally import Counted

MARK = "ready"
"""The named moment that is kept each time."""
DOUBT_SECONDS = 60.0
"""So long a form that could not be kept counts for more than a small write that could: little room lets one by."""
log = get_logger(__name__)


class Readiness:
    """Tries when it is asked, and remembers what it told the log. Not to be asked twice at once."""

    def __init__(self, app: App, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._monotonic = monotonic
        self._was_ready = True
        self._kept = self._unkept = 0
        self._doubt_until = 0.0

    def why_not(self) -> str:
        """Keep a moment; "" once it is durable, else what is wrong, in words that a stranger may read."""
        try:
            self._app.shelf.put_mark(MARK, self._app.clock())
        except StoreError as error:
            return self._turn(_words(error), str(error))
        words = "forms cannot be kept now" if self._forms_fail() else ""
        return self._turn(words, words)

    def _turn(self, words: str, why: str) -> str:
        """Tell the log when it is not as it was the last time."""
        if words and self._was_ready:
            log.error("not_ready", why=why)
        elif not words and not self._was_ready:
            log.warning("ready_again")
        self._was_ready = not words
        return words

    def _forms_fail(self) -> bool:
        """Whether forms could not be kept since the last time one was."""
        tally, now = self._app.tally, self._monotonic()
        kept = sum(tally.counts(Counted.ACCEPTED).values())
        refused = tally.counts(Counted.REFUSED).items()
        unkept = sum(times for (_, _, code), times in refused if code == "unavailable")
        if kept > self._kept:
            self._doubt_until = 0.0
        elif unkept > self._unkept:
            self._doubt_until = now + DOUBT_SECONDS
        self._kept, self._unkept = kept, unkept
        return now < self._doubt_until


def _words(error: StoreError) -> str:
    if isinstance(error, StoreCorrupt):
        return "the store is damaged"
    if isinstance(error, StoreGone):
        return "the store's files are gone"
    return "nothing can be kept now"
