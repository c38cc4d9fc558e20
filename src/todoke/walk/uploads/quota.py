"""How much a day may be offered room in the bucket, whoever asks: what a flood of links can cost has an end.

One mark is the moment at which all that was offered will have come back, at an even rate. It moves on by a conditional
write, so any number of processes keep the bound together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from todoke.model.errors import StoreUnavailable
from todoke.model.log import get_logger
from todoke.walk.app import App

MARK = "uploads offered to"
DAY = timedelta(days=1)
LEAST_BYTES = 1024**2
"""As so much each file counts at least: a link costs its request, too."""
_TRIES = 10
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)

log = get_logger(__name__)


def take_room(app: App, sizes: Iterable[int]) -> None:
    """Take room for files of these sizes from the day's, for good: what is offered and never put counts as well.

    Half of it may be taken at once, and comes back evenly within a day, so no 24 hours see more than all.
    Raises StoreUnavailable: if there is not enough left now, or too many ask at once.
    """
    half = app.settings.uploads_a_day / 2
    lasts = sum(max(size, LEAST_BYTES) for size in sizes) / half * DAY
    for _ in range(_TRIES):
        now, before = app.clock(), app.shelf.mark(MARK)
        until = max(now, before or now) + lasts
        if until - now > DAY:
            log.warning("uploads_used_up", set="site.uploads_a_day")
            raise StoreUnavailable("The day's room for uploads is used up (site.uploads_a_day).")
        if app.shelf.put_mark(MARK, until, unless_after=before or _BEGINNING):
            return
    raise StoreUnavailable("Too many ask for uploads at once.")
