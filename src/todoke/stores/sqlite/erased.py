"""What SQLite remembers of erasures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import apsw

from todoke.model.erased import REMEMBERED, Erased, ErasedBy
from todoke.stores.rules.values import micros, plain, time_of
from todoke.stores.sqlite.rows import SQL


def remember(connection: apsw.Connection, requests: Sequence[Sequence[Erased]]) -> list[None]:
    """See Erasure.remember_erased."""
    rows = [
        (one.by.value, plain(one.key), micros(one.until), micros(one.at))
        for several in requests
        for one in several
    ]
    connection.executemany(SQL["remember_erased"], rows)
    return [None] * len(requests)


def remembered(connection: apsw.Connection, now: datetime) -> list[Erased]:
    """See Erasure.erased."""
    rows = connection.execute(SQL["erased"], {"forgotten": micros(now - REMEMBERED)})
    return [
        Erased(by=ErasedBy(by), key=key, until=time_of(until), at=time_of(at))
        for by, key, until, at in rows
    ]


def forget(connection: apsw.Connection, now: datetime) -> None:
    """Delete what is no longer remembered at `now`."""
    connection.execute(SQL["forget_erased"], {"forgotten": micros(now - REMEMBERED)})
