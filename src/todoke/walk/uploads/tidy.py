"""Tidying the bucket: a file is put there before its submission is written, so a crash in between leaves it behind.

The keys of files begin with their submission's id and so sort by time: each day's are looked at once, when that day's
submissions have long been written or will never be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

from todoke.model import ids
from todoke.ports.bucket import KEPT, KeptObject
from todoke.walk.app import App

MARK = "bucket tidied to"
EVERY = timedelta(days=1)
SETTLED = timedelta(hours=1)
"""No write at the door takes so long."""
MOST = 2_000
"""So many submissions are looked for in one sweep; the next goes on."""
_ID = re.compile(r"[0-9a-v]{26}")
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)


def tidy_when_due(app: App) -> int:
    """Remove the files of submissions that are not there, once a day; how many. Raises StoreUnavailable."""
    if app.bucket is None:
        return 0
    until = app.clock() - SETTLED
    since = app.shelf.mark(MARK) or _BEGINNING
    if until - since < EVERY:
        return 0
    kept_objects = app.bucket.kept(after=_bound(since), before=_bound(until))
    removed = 0
    for number, (submission_id, objects) in enumerate(_by_submission(kept_objects), start=1):
        # What was put lately may be an old submission's that is being brought from another store.
        settled = [kept.key for kept in objects if kept.put_at < until]
        if settled and app.archive.timeline(submission_id) is None:
            app.bucket.remove(settled)
            removed += len(settled)
        if number == MOST:
            until = ids.time_of(submission_id)
            break
    app.shelf.put_mark(MARK, until)
    return removed


def _bound(time: datetime) -> str:
    return KEPT + ids.time_digits(time)


def _by_submission(kept_objects: Iterable[KeptObject]) -> Iterator[tuple[str, list[KeptObject]]]:
    """The objects of each submission, by its id; whatever else somebody put there is not ours to remove."""
    for submission_id, group in groupby(
        kept_objects, lambda k: k.key.removeprefix(KEPT).partition("/")[0]
    ):
        if _ID.fullmatch(submission_id):
            yield submission_id, list(group)
