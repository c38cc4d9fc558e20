"""A visitor who was not served: counted, and told to the log, which no stranger may fill.

A page whose options are newer than the copy that todoke read, or a site that is visited under another name, refuses
honest people for weeks: nobody but the owner can mend it, and nobody else would tell. No value of a field is in it.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime

import msgspec

from todoke.model.log import get_logger
from todoke.ports.clock import Clock
from todoke.walk.tally import Counted, Tally

WINDOW_SECONDS = 600.0
LINES_OF_A_KIND = 5
LINES = 50
"""In a window, so that strangers write two megabytes a day at most; what is beyond is summed up in one line."""
MOST_KINDS = 10
"""So many kinds, the most frequent, are named in that line."""
REMEMBERED = 20
STRANGE_FIELD = "(unknown)"
"""What a field is called whose name is not the form's own: a stranger's word does not get into the log."""
log = get_logger(__name__)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was not taken.

    `form` is "" where the address names none of ours; `faults` are the fields that were wrong, by name and code; `why`
    is the store's own word where it is that which failed. `origin` is told where the request was refused for it.
    """

    form: str
    status: int
    code: str
    faults: tuple[tuple[str, str], ...] = ()
    origin: str = ""
    why: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether the visitor did nothing wrong: somebody has to look at it."""
        return self.status >= 500 and self.code != "crowded"


class Refusals:
    """Notes refusals. To be called in one thread."""

    def __init__(
        self, tally: Tally, clock: Clock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._monotonic = monotonic
        self._window_ends = 0.0
        self._told: Counter[Refusal] = Counter()
        self._untold: Counter[tuple[str, int, str]] = Counter()
        self._latest: deque[tuple[datetime, Refusal]] = deque(maxlen=REMEMBERED)

    @property
    def latest(self) -> tuple[tuple[datetime, Refusal], ...]:
        """The last ones, newest first."""
        return tuple(reversed(self._latest))

    def note(self, refusal: Refusal) -> None:
        """Count a refusal, and tell the log unless that has enough of its kind."""
        self._tally.count(Counted.REFUSED, refusal.form, str(refusal.status), refusal.code)
        for name, code in refusal.faults:
            self._tally.count(Counted.FAULTS, refusal.form, name, code)
        self._latest.append((self._clock(), refusal))
        self.sum_up()
        kind = msgspec.structs.replace(refusal, origin="", why="")
        if self._told[kind] < LINES_OF_A_KIND and self._told.total() < LINES:
            self._told[kind] += 1
            _tell(refusal)
        else:
            self._untold[refusal.form, refusal.status, refusal.code] += 1

    def sum_up(self, *, early: bool = False) -> None:
        """Once the window is over, or `early`: one line for all that had none, and the next window."""
        now = self._monotonic()
        if now < self._window_ends and not early:
            return
        if self._untold:
            log.warning(
                "refused_more",
                times=self._untold.total(),
                within_seconds=round(WINDOW_SECONDS),
                most=[
                    {"form": form, "status": status, "code": code, "times": times}
                    for (form, status, code), times in self._untold.most_common(MOST_KINDS)
                ],
            )
        self._told.clear()
        self._untold.clear()
        self._window_ends = now + WINDOW_SECONDS


def _tell(refusal: Refusal) -> None:
    optional = {"fields": dict(refusal.faults), "origin": refusal.origin, "why": refusal.why}
    note = log.error if refusal.is_ours else log.warning
    note(
        "refused",
        form=refusal.form,
        status=refusal.status,
        code=refusal.code,
        **{name: value for name, value in optional.items() if value},
    )
