"""Pages of submissions from SQLite, and how many there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import apsw

from todoke.ports.archive import Count, Page, Query
from todoke.stores.rules.query import Secrets, counts_whole
from todoke.stores.rules.values import time_of
from todoke.stores.sqlite.add import SEQ_BITS
from todoke.stores.sqlite.look import LOOKED_AT, Look
from todoke.stores.sqlite.rows import form_total, read_totals

_COUNTED = 100
"""So many are read to be counted."""
_LOOKED_AT_TO_COUNT = 2_000
"""So many are looked at to be counted, where no more are asked for: a total with a plus is worth no wait."""


def page(connection: apsw.Connection, query: Query, secrets: Secrets) -> Page:
    """See Archive.page."""
    with Look(connection, query, secrets) as look:
        found = look.take(query.limit + 1)
        is_more = len(found) > query.limit
        shown = found[: query.limit]
        further = str(shown[-1].seq) if is_more else look.stopped_at
    newer, next_ = (further, "") if query.after else ("", further)
    if query.after and shown:
        shown.reverse()
        next_ = str(shown[-1].seq)
    elif query.before and shown:
        newer = str(shown[0].seq)
    ended_early = not query.after and not is_more and bool(look.stopped_at)
    return Page(
        timelines=tuple(stored.timeline for stored in shown),
        next=next_,
        newer=newer,
        looked_back_to=_time(look.stopped_at) if ended_early else None,
    )


def count(connection: apsw.Connection, query: Query, most: int, secrets: Secrets) -> Count:
    """See Archive.count."""
    if counts_whole(query):
        return Count(_total(connection, query))
    query = replace(query, before="", after="", brief=True)
    with Look(connection, query, secrets, min(LOOKED_AT, max(_LOOKED_AT_TO_COUNT, most))) as look:
        if not look.is_index_enough():
            most = min(most, _COUNTED)
        number = look.number(most + 1)
        return Count(min(number, most), number > most or bool(look.stopped_at))


def _time(cursor: str) -> datetime:
    return time_of(int(cursor) >> SEQ_BITS)


def _total(connection: apsw.Connection, query: Query) -> int:
    totals = read_totals(connection)
    forms = None if query.scope is None else query.scope.forms
    if query.form:
        forms = frozenset({query.form}) if forms is None else forms & {query.form}
    if forms is None:
        return totals["submissions"]
    return sum(totals.get(form_total(form), 0) for form in forms)
