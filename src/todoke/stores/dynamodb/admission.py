"""Admission, allowances and the trail in DynamoDB: codes and sessions of the desk, and who did what there.

All sessions lie in one partition, and all acts in another: a desk writes few of them a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from todoke.model.act import REMEMBERED, Act
from todoke.model.admission import DeskSession, Grant
from todoke.model.errors import Malformed
from todoke.model.json_text import reader, to_json
from todoke.ports.allowance import Ration
from todoke.ports.trail import ActPage
from todoke.stores.dynamodb.client import Changed, DynamoTable, Item, Key
from todoke.stores.dynamodb.count import climb, climb_to, descend
from todoke.stores.dynamodb.items import epoch, new_nonce
from todoke.stores.rules.draw import latest, step, used_up
from todoke.stores.rules.values import micros, plain

_SESSIONS, _ACTS = "session", "act"
_PLACE = re.compile(r"[0-9]{20}\.[0-9a-f]+")
_read_grant: Callable[[str], Grant] = reader(Grant)


class DynamoAdmission:
    """See Admission, Allowances and Trail."""

    _table: DynamoTable

    def put_code(self, code_hash: str, expires_at: datetime, grant: Grant) -> None:
        """See Admission."""
        item: Item = {"k": f"code/{plain(code_hash)}", "r": ".", "x": micros(expires_at)}
        item |= {"e": epoch(expires_at) + 1, "g": to_json(grant)}
        self._table.put(item)

    def take_code(self, code_hash: str, now: datetime) -> Grant | None:
        """See Admission."""
        there = self._table.take((f"code/{plain(code_hash)}", "."))
        if there is None or int(there["x"]) <= micros(now):
            return None
        return _read_grant(str(there["g"]))

    def put_session(self, session: DeskSession) -> None:
        """See Admission."""
        self._table.put(_session_item(session))

    def session(self, session_hash: str) -> DeskSession | None:
        """See Admission."""
        there = self._table.get((_SESSIONS, f"={plain(session_hash)}"))
        return _session(there) if there else None

    def renew_session(self, session_hash: str, seen_at: datetime) -> None:
        """See Admission."""
        there = self._table.get((_SESSIONS, f"={plain(session_hash)}"))
        if there is None:
            return
        renewed = msgspec.structs.replace(_session(there), seen_at=seen_at)
        try:
            self._table.put(_session_item(renewed), over=bytes(there["n"]))  # type: ignore[arg-type]
        except Changed:
            return  # it was ended meanwhile, or renewed by another request just now

    def end_session(self, session_hash: str) -> bool:
        """See Admission."""
        return self._table.take((_SESSIONS, f"={plain(session_hash)}")) is not None

    def sessions(self, now: datetime) -> Sequence[DeskSession]:
        """See Admission. Time to live is late by days: what is over is left out here."""
        every = map(_session, self._table.query_all("k = :k", {":k": _SESSIONS}))
        live = [session for session in every if session.ends_at > now]
        return sorted(live, key=lambda s: (s.began_at, s.hash), reverse=True)

    def draw(self, name: str, ration: Ration, now: datetime) -> bool:
        """See Allowances."""
        return climb(
            self._table,
            _allowance(name),
            step(ration),
            start=micros(now),
            most=latest(ration, micros(now)),
            expiry=epoch(now + ration.within) + 1,
        )

    def draw_each(self, names: Sequence[str], ration: Ration, now: datetime) -> Sequence[bool]:
        """See Allowances. A write for each."""
        return [self.draw(name, ration, now) for name in names]

    def use_up(self, name: str, ration: Ration, until: datetime) -> None:
        """See Allowances."""
        to, expiry = used_up(ration, micros(until)), epoch(until + ration.within) + 1
        climb_to(self._table, _allowance(name), to, expiry=expiry)

    def put_back(self, name: str, ration: Ration, now: datetime) -> None:
        """See Allowances."""
        descend(self._table, _allowance(name), step(ration), above=micros(now))

    def put_acts(self, acts: Sequence[Act]) -> None:
        """See Trail."""
        for act in acts:
            nonce = new_nonce()
            item: Item = {"k": _ACTS, "r": f"{micros(act.at):020}.{nonce.hex()}", "n": nonce}
            item |= {"e": epoch(act.at + REMEMBERED) + 1, "b": to_json(act)}
            self._table.put(item)

    def acts(self, *, before: str = "", limit: int = 50) -> ActPage:
        """See Trail."""
        if before and not _PLACE.fullmatch(before):
            raise Malformed("This is not a cursor of a page.")
        values = {":k": _ACTS, ":r": before or "~"}
        found = self._table.query(
            "k = :k AND r < :r", values, limit=limit + 1, newest_first=True
        ).items
        acts = tuple(_read_act(str(item["b"])) for item in found[:limit])
        return ActPage(acts, str(found[limit - 1]["r"]) if len(found) > limit else "")


def _allowance(name: str) -> Key:
    return f"allowance/{plain(name)}", "."


def _session_item(session: DeskSession) -> Item:
    item: Item = {"k": _SESSIONS, "r": f"={plain(session.hash)}", "n": new_nonce()}
    item |= {"e": epoch(session.ends_at) + 1, "b": to_json(session)}
    return item


_read_act: Callable[[str], Act] = reader(Act)
_read_session: Callable[[str], DeskSession] = reader(DeskSession)


def _session(item: Item) -> DeskSession:
    return _read_session(str(item["b"]))
