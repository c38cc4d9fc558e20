"""The figures of the last seven days, for whoever asks.

They are computed of the newest submissions, and kept for a minute. A store could keep daily totals instead, but no
median can be made of totals, a mail's end is known days after its submission, and what is erased has to leave them
again: so what is counted is what is there, up to a bound.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from threading import Lock

from todoke.model.message import Timeline
from todoke.ports.archive import Query, Scope
from todoke.report.figures import Figures, figures
from todoke.walk.app import App

DAYS = 7
MOST = 5_000
"""So many submissions are counted, the newest."""
_AT_ONCE = 250
"""So many are read at a time: others read in between, and the memory holds no more."""
_KEPT_SECONDS = 60.0
_MOST_KEPT = 32


class Week:
    """The figures of the last days for each scope that was asked for within a minute. Safe to call from threads."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._kept: dict[Scope | None, tuple[float, Figures, bool]] = {}
        self._lock = Lock()

    def of(self, scope: Scope | None) -> tuple[Figures, bool]:
        """The figures of what is in a scope, and whether there was more than is counted. Raises StoreError.

        One is computed at a time: somebody who reloads waits for the first to come, and is given the same.
        """
        with self._lock:
            kept = self._kept.get(scope)
            if kept is None or time.monotonic() - kept[0] > _KEPT_SECONDS:
                found, is_more = self._compute(scope)
                kept = (time.monotonic(), found, is_more)
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[scope] = kept
        return kept[1], kept[2]

    def _compute(self, scope: Scope | None) -> tuple[Figures, bool]:
        now = self._app.clock()
        newest = _Newest(self._app, scope, _first_midnight(self._app, now))
        found = figures(newest, self._app.settings, now, days=DAYS)
        return found, newest.is_more


class _Newest:
    """The newest submissions of some time, some at a time; `is_more` once there were more than are wanted."""

    def __init__(self, app: App, scope: Scope | None, begin: datetime) -> None:
        self._app = app
        self._query = Query(scope=scope, received_from=begin, limit=_AT_ONCE, brief=True)
        self.is_more = False

    def __iter__(self) -> Iterator[Timeline]:
        query = self._query
        for _ in range(MOST // _AT_ONCE):
            page = self._app.archive.page(query)
            yield from page.timelines
            if not page.next:
                return
            query = replace(query, before=page.next)
        self.is_more = True


def _first_midnight(app: App, now: datetime) -> datetime:
    return app.settings.site.time_zone.begin_of_day(now, days_before=DAYS - 1)
