"""Notices in SQLite: a row each, kept by the write that it tells of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import apsw

from todoke.model.ids import new_attempt_token
from todoke.model.json_text import to_json
from todoke.model.notice import (
    REMEMBERED,
    KeptNotice,
    Notice,
    NoticeClaim,
    NoticePage,
    Telling,
    told,
)
from todoke.stores.rules.notice import read_notice, read_tries
from todoke.stores.rules.trail import position
from todoke.stores.rules.values import micros, micros_or_none, plain, time_of, time_or_none
from todoke.stores.sqlite.rows import SQL, Row, insert_rows

_END = 10**18
T = TypeVar("T")


def notice_row(notice: Notice, due_at: datetime) -> Row:
    """The row of a new notice in `notices`, but for its place and its submission's seq."""
    due = micros(due_at)
    return (plain(notice.webhook), due, due, None, to_json(notice), "[]")


def keep(
    connection: apsw.Connection, rows: Sequence[tuple[str, int | None, Row]], now: int
) -> None:
    """Keep new notices (an id, a seq, a row); what was kept for long enough goes."""
    insert_rows(connection, "notices", [(None, plain(id_), seq, *row) for id_, seq, row in rows])
    connection.execute(SQL["purge_notices"], {"forgotten": now - _REMEMBERED})


_REMEMBERED = micros(time_of(0) + REMEMBERED)


class SqliteNotices(ABC):
    """See Notices."""

    __slots__ = ()

    @abstractmethod
    def _write(self, apply: Any, request: Any) -> Any: ...

    @abstractmethod
    def _read(self, look: Callable[..., T], *values: Any) -> T: ...

    def put_notices(self, notices: Sequence[Notice], now: datetime) -> None:
        """See Notices."""
        if notices:
            rows = [(n.id, None, notice_row(n, now)) for n in notices]
            self._write(_put, (rows, micros(now)))

    def claim_notices(
        self, webhook: str, *, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[NoticeClaim]:
        """See Notices."""
        values = {"webhook": plain(webhook), "now": micros(now), "limit": limit}
        claims: list[NoticeClaim] = self._write(_claim, (values, lease_until))
        return claims

    def finish_notices(self, tellings: Sequence[Telling]) -> None:
        """See Notices."""
        if tellings:
            self._write(_finish, tuple(tellings))

    def redeliver(self, notice_id: str, now: datetime) -> bool:
        """See Notices."""
        return bool(self._write(_redeliver, {"id": plain(notice_id), "now": micros(now)}))

    def next_notice(self, webhook: str) -> datetime | None:
        """See Notices."""
        return self._read(_next, plain(webhook))

    def notice(self, notice_id: str) -> KeptNotice | None:
        """See Notices."""
        return self._read(_notice, plain(notice_id))

    def notices(self, webhook: str, *, before: str = "", limit: int = 50) -> NoticePage:
        """See Notices."""
        return self._read(_page, plain(webhook), position(before, _END), limit)


def _put(
    connection: apsw.Connection, requests: Sequence[tuple[list[tuple[str, None, Row]], int]]
) -> list[None]:
    for rows, now in requests:
        keep(connection, rows, now)
    return [None] * len(requests)


def _claim(
    connection: apsw.Connection, requests: Sequence[tuple[dict[str, Any], datetime]]
) -> list[list[NoticeClaim]]:
    return [_claim_one(connection, values, until) for values, until in requests]


def _claim_one(
    connection: apsw.Connection, values: dict[str, Any], lease_until: datetime
) -> list[NoticeClaim]:
    rows = list(connection.execute(SQL["due_notices"], values))
    claims = [NoticeClaim(kept=_kept(row), token=new_attempt_token()) for row in rows]
    until = micros(lease_until)
    connection.executemany(
        SQL["lease_notice"],
        [{"id": plain(c.kept.notice.id), "until": until, "token": c.token} for c in claims],
    )
    return claims


def _finish(connection: apsw.Connection, requests: Sequence[tuple[Telling, ...]]) -> list[None]:
    rows = []
    for telling in (telling for some in requests for telling in some):
        after = told(telling.claim.kept, telling)
        rows.append(
            {
                "id": plain(after.notice.id),
                "token": telling.claim.token,
                "due_at": micros_or_none(after.due_at),
                "tries": to_json(after.tries),
            }
        )
    connection.executemany(SQL["finish_notice"], rows)
    return [None] * len(requests)


def _redeliver(connection: apsw.Connection, requests: Sequence[dict[str, Any]]) -> list[bool]:
    answers = []
    for values in requests:
        connection.execute(SQL["redeliver_notice"], values)
        answers.append(bool(connection.changes()))
    return answers


def _next(connection: apsw.Connection, webhook: str) -> datetime | None:
    return time_or_none(connection.execute(SQL["next_notice"], {"webhook": webhook}).get)


def _notice(connection: apsw.Connection, id_: str) -> KeptNotice | None:
    row = next(iter(connection.execute(SQL["notice"], {"id": id_})), None)
    return None if row is None else _kept(row)


def _page(connection: apsw.Connection, webhook: str, before: int, limit: int) -> NoticePage:
    values = {"webhook": webhook, "before": before, "limit": limit + 1}
    rows = list(connection.execute(SQL["notices"], values))
    there = tuple(map(_kept, rows[:limit]))
    return NoticePage(notices=there, next=str(rows[limit - 1][0]) if len(rows) > limit else "")


def _kept(row: Row) -> KeptNotice:
    _, notice, due_at, tries = row
    return KeptNotice(
        notice=read_notice(notice), due_at=time_or_none(due_at), tries=read_tries(tries)
    )
