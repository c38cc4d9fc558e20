"""Notices in DynamoDB: an item each, put by the write that it tells of, beside its submission's.

The index of work has those that wait, the index by time all of them, each webhook's in a partition of its own.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Iterable, Sequence
from datetime import datetime

from todoke.model import ids
from todoke.model.errors import Malformed
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
from todoke.stores.dynamodb.client import NOTHING, Changed, DynamoTable, Item, Key, key_of
from todoke.stores.dynamodb.items import epoch, new_nonce
from todoke.stores.dynamodb.table import TIME, WORK
from todoke.stores.rules.notice import read_notice, read_tries
from todoke.stores.rules.values import plain

_PLACE = re.compile(r"[0-9a-v]{10}[!-~]{1,100}")
_BELOW = "0"


def notice_item(notice: Notice, due_at: datetime, retain_until: datetime | None = None) -> Item:
    """A new notice, which ends with its submission or before."""
    ends_at = due_at + REMEMBERED
    ends_at = min(ends_at, retain_until) if retain_until else ends_at
    key = _key(notice.id)
    return {
        "k": key[0],
        "r": key[1],
        "n": new_nonce(),
        "s": _partition(notice.webhook),
        "t": ids.time_digits(due_at) + notice.id,
        "w": ids.time_digits(due_at),
        "m": 0,
        "e": epoch(ends_at) + 1,
        "b": to_json(notice),
        "y": "[]",
    }


def remove_notices(table: DynamoTable, submission_id: str) -> None:
    """Delete those of a submission."""
    for item in table.query_all("k = :k", {":k": _key(submission_id)[0]}):
        table.delete(key_of(item))


class DynamoNotices(ABC):
    """See Notices."""

    _table: DynamoTable

    def put_notices(self, notices: Sequence[Notice], now: datetime) -> None:
        """See Notices."""
        for notice in notices:
            try:
                self._table.put(notice_item(notice, now), over=NOTHING)
            except Changed:
                continue

    def claim_notices(
        self, webhook: str, *, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[NoticeClaim]:
        """See Notices."""
        found = self._waiting(webhook, until=ids.time_digits(now), limit=limit)
        there = self._table.get_many([key_of(item) for item in found])
        claims = (self._claim(item, now, lease_until) for item in _in_order(there.values()))
        return [claim for claim in claims if claim is not None]

    def finish_notices(self, tellings: Sequence[Telling]) -> None:
        """See Notices."""
        for telling in tellings:
            id_ = telling.claim.kept.notice.id
            there = self._table.get(_key(id_))
            if there is None or _token(there) != telling.claim.token:
                continue
            after = told(telling.claim.kept, telling)
            self._put_over(there, _due(there, after.due_at) | {"y": to_json(after.tries)})

    def redeliver(self, notice_id: str, now: datetime) -> bool:
        """See Notices."""
        there = self._table.get(_key(notice_id))
        while there is not None:
            if self._put_over(there, _due(there, now)) is not None:
                return True
            there = self._table.get(_key(notice_id))
        return False

    def next_notice(self, webhook: str) -> datetime | None:
        """See Notices."""
        first = self._waiting(webhook, until="~", limit=1)
        return ids.time_of(str(first[0]["w"])) if first else None

    def notice(self, notice_id: str) -> KeptNotice | None:
        """See Notices."""
        there = self._table.get(_key(notice_id))
        return _kept(there) if there else None

    def notices(self, webhook: str, *, before: str = "", limit: int = 50) -> NoticePage:
        """See Notices."""
        if before and not _PLACE.fullmatch(before):
            raise Malformed("This is not a cursor of a page.")
        values = {":s": _partition(webhook), ":low": _BELOW, ":high": before or "~"}
        condition = "s = :s AND t BETWEEN :low AND :high"
        entries = self._table.query(
            condition, values, index=TIME, limit=limit + 2, newest_first=True
        ).items
        places = [str(item["t"]) for item in entries if not before or str(item["t"]) < before]
        keys = {str(item["t"]): key_of(item) for item in entries}
        there = self._table.get_many([keys[place] for place in places[:limit]])
        wanted = [there[keys[place]] for place in places[:limit] if keys[place] in there]
        following = places[limit - 1] if len(places) > limit else ""
        return NoticePage(notices=tuple(map(_kept, wanted)), next=following)

    def _waiting(self, webhook: str, *, until: str, limit: int) -> list[Item]:
        values = {":s": _partition(webhook), ":low": _BELOW, ":until": until}
        condition = "s = :s AND w BETWEEN :low AND :until"
        return self._table.query(condition, values, index=WORK, limit=limit).items

    def _claim(self, item: Item, now: datetime, lease_until: datetime) -> NoticeClaim | None:
        if str(item.get("w", "~")) > ids.time_digits(now):
            return None
        kept = _kept(item)
        claimed = self._put_over(item, _due(item, lease_until))
        return NoticeClaim(kept=kept, token=_token(claimed)) if claimed else None

    def _put_over(self, there: Item, item: Item) -> Item | None:
        """The item as written, None if it was changed or is gone meanwhile."""
        fresh = {**item, "n": new_nonce()}
        try:
            self._table.put(fresh, over=bytes(there["n"]))  # type: ignore[arg-type]
        except Changed:
            return None
        return fresh


def _key(id_: str) -> Key:
    """What is about a submission lies together."""
    return f"n{plain(id_[:26])}", plain(id_) or "-"


def _partition(webhook: str) -> str:
    return f"n/{plain(webhook)}"


def _token(item: Item) -> str:
    return bytes(item["n"]).hex()  # type: ignore[arg-type]


def _due(item: Item, due_at: datetime | None) -> Item:
    rest = {name: value for name, value in item.items() if name != "w"}
    return rest if due_at is None else {**rest, "w": ids.time_digits(due_at)}


def _in_order(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (str(item.get("w", "~")), str(item["t"])))


def _kept(item: Item) -> KeptNotice:
    due = str(item.get("w", ""))
    return KeptNotice(
        notice=read_notice(str(item["b"])),
        due_at=ids.time_of(due) if due else None,
        tries=read_tries(str(item["y"])),
    )
