"""What DynamoDB remembers of erasures: an item each, in one partition, which its time to live ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from todoke.model.erased import Erased, ErasedBy, latest
from todoke.stores.dynamodb.client import DynamoTable, Item
from todoke.stores.dynamodb.items import epoch
from todoke.stores.rules.values import micros, plain, time_of

_PARTITION = "erased"


def remember(table: DynamoTable, several: Sequence[Erased]) -> None:
    """See Erasure.remember_erased."""
    for one in several:
        key = (_PARTITION, f"{one.by}={plain(one.key)}")
        there = table.get(key)
        kept = latest(_read(there) if there else None, one)
        table.put(
            {
                "k": key[0],
                "r": key[1],
                "y": micros(kept.until),
                "x": micros(kept.at),
                "e": epoch(kept.forgotten_at) + 1,
            }
        )


def remembered(table: DynamoTable, now: datetime) -> list[Erased]:
    """See Erasure.erased. Time to live is late by days: what is over is left out here."""
    every = map(_read, table.query_all("k = :k", {":k": _PARTITION}))
    live = [one for one in every if one.forgotten_at > now]
    return sorted(live, key=lambda one: (one.at, one.by, one.key))


def _read(item: Item) -> Erased:
    by, _, key = str(item["r"]).partition("=")
    return Erased(
        by=ErasedBy(by), key=key, until=time_of(int(item["y"])), at=time_of(int(item["x"]))
    )
