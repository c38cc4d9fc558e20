"""Admission, allowances and the trail in SQLite: codes and sessions of the desk, and who did what there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import apsw

from todoke.model.act import REMEMBERED, Act, Deed
from todoke.model.address import Address
from todoke.model.admission import DeskSession, Grant
from todoke.model.json_text import reader, to_json
from todoke.ports.allowance import Ration
from todoke.ports.trail import ActPage
from todoke.stores.rules.draw import drawn, step, used_up
from todoke.stores.rules.trail import position
from todoke.stores.rules.values import micros, plain, time_of
from todoke.stores.sqlite.rows import SQL, Row, insert_rows

_END = 10**18
_read_grant: Callable[[str], Grant] = reader(Grant)
T = TypeVar("T")


class SqliteAdmission(ABC):
    """See Admission, Allowances and Trail."""

    __slots__ = ()

    @abstractmethod
    def _write(self, apply: Any, request: Any) -> Any: ...

    @abstractmethod
    def _read(self, look: Callable[..., T], *values: Any) -> T: ...

    def put_code(self, code_hash: str, expires_at: datetime, grant: Grant) -> None:
        """See Admission."""
        values = {"hash": plain(code_hash), "expires_at": micros(expires_at)}
        self._write(_run("put_code"), {**values, "grant": to_json(grant)})

    def take_code(self, code_hash: str, now: datetime) -> Grant | None:
        """See Admission."""
        grant: Grant | None = self._write(_take_code, (plain(code_hash), micros(now)))
        return grant

    def put_session(self, session: DeskSession) -> None:
        """See Admission."""
        values = {
            "hash": plain(session.hash),
            "person": plain(session.person),
            "began_at": micros(session.began_at),
            "seen_at": micros(session.seen_at),
            "ends_at": micros(session.ends_at),
            "browser": plain(session.browser),
        }
        self._write(_put_session, values)

    def session(self, session_hash: str) -> DeskSession | None:
        """See Admission."""
        found = self._read(_rows, "session", {"hash": plain(session_hash)})
        return found[0] if found else None

    def renew_session(self, session_hash: str, seen_at: datetime) -> None:
        """See Admission."""
        values = {"hash": plain(session_hash), "seen_at": micros(seen_at)}
        self._write(_run("renew_session"), values)

    def end_session(self, session_hash: str) -> bool:
        """See Admission."""
        return self._write(_run("end_session"), {"hash": plain(session_hash)}) is not None

    def sessions(self, now: datetime) -> Sequence[DeskSession]:
        """See Admission."""
        return self._read(_rows, "live_sessions", {"now": micros(now)})

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """See Allowances."""
        return self.draw_each([name], ration, now)[0]

    def draw_each(self, names: Sequence[str], ration: Ration, now: datetime) -> Sequence[bool]:
        """See Allowances."""
        drawn: Sequence[bool] = self._write(_draw, ([*map(plain, names)], ration, micros(now)))
        return drawn

    def use_up(self, name: str, ration: Ration, until: datetime) -> None:
        """See Allowances."""
        full_at = used_up(ration, micros(until))
        self._write(_run("use_up"), {"name": plain(name), "full_at": full_at})

    def put_back(self, name: str, ration: Ration, now: datetime) -> None:  # noqa: ARG002 - see Allowances
        """See Allowances."""
        self._write(_run("put_back"), {"name": plain(name), "step": step(ration)})

    def put_acts(self, acts: Sequence[Act]) -> None:
        """See Trail."""
        if acts:
            self._write(_put_acts, [_act_row(act) for act in acts])

    def acts(self, *, before: str = "", limit: int = 50) -> ActPage:
        """See Trail."""
        return self._read(_acts, position(before, _END), limit)


def _run(name: str) -> Callable[[apsw.Connection, Sequence[dict[str, Any]]], list[Any]]:
    """Apply a statement of queries.sql to each request."""

    def apply(connection: apsw.Connection, requests: Sequence[dict[str, Any]]) -> list[Any]:
        return [connection.execute(SQL[name], values).get for values in requests]

    return apply


def _take_code(connection: apsw.Connection, asked: Sequence[tuple[str, int]]) -> list[Grant | None]:
    answers: list[Grant | None] = []
    for code_hash, now in asked:
        expires_at, grant = connection.execute(SQL["take_code"], {"hash": code_hash}).get or (0, "")
        connection.execute(SQL["purge_codes"], {"now": now})
        answers.append(_read_grant(grant) if expires_at > now else None)
    return answers


def _put_session(connection: apsw.Connection, several: Sequence[dict[str, Any]]) -> list[None]:
    for values in several:
        connection.execute(SQL["put_session"], values)
        connection.execute(SQL["purge_sessions"], {"now": values["began_at"]})
    return [None] * len(several)


def _draw(
    connection: apsw.Connection, asked: Sequence[tuple[Sequence[str], Ration, int]]
) -> list[list[bool]]:
    answers = []
    for names, ration, now in asked:
        connection.execute(SQL["purge_allowances"], {"now": now})
        answers.append([_draw_one(connection, name, ration, now) for name in names])
    return answers


def _draw_one(connection: apsw.Connection, name: str, ration: Ration, now: int) -> bool:
    full_at = drawn(connection.execute(SQL["full_at"], {"name": name}).get, ration, now)
    if full_at is not None:
        connection.execute(SQL["put_full_at"], {"name": name, "full_at": full_at})
    return full_at is not None


def _rows(connection: apsw.Connection, name: str, values: dict[str, Any]) -> list[DeskSession]:
    return [
        DeskSession(
            hash=hash_,
            person=Address(person),
            began_at=time_of(began_at),
            seen_at=time_of(seen_at),
            ends_at=time_of(ends_at),
            browser=browser,
        )
        for hash_, person, began_at, seen_at, ends_at, browser in connection.execute(
            SQL[name], values
        )
    ]


def _act_row(act: Act) -> Row:
    texts = (act.by, act.deed.value, act.submission, act.detail)
    return (None, micros(act.at), *map(plain, texts))


def _put_acts(connection: apsw.Connection, several: Sequence[list[Row]]) -> list[None]:
    rows = [row for some in several for row in some]
    insert_rows(connection, "acts", rows)
    newest = time_of(max(row[1] for row in rows))
    connection.execute(SQL["purge_acts"], {"forgotten": micros(newest - REMEMBERED)})
    return [None] * len(several)


def _acts(connection: apsw.Connection, before: int, limit: int) -> ActPage:
    rows = list(connection.execute(SQL["acts"], {"before": before, "limit": limit + 1}))
    acts = tuple(
        Act(at=time_of(at), by=by, deed=Deed(deed), submission=submission, detail=detail)
        for _, at, by, deed, submission, detail in rows[:limit]
    )
    return ActPage(acts, str(rows[limit - 1][0]) if len(rows) > limit else "")
