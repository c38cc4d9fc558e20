"""Events that belong to no attempt, or to none yet: each an item, in a partition that the id it names leads to."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Iterator, Sequence

from todoke.model import ids
from todoke.model.delivery import DeliveryEvent
from todoke.stores.dynamodb.client import NOTHING, Changed, DynamoTable, Item, Key, key_of
from todoke.stores.dynamodb.codec import deflate, inflate
from todoke.stores.dynamodb.items import carried_id, new_nonce
from todoke.stores.dynamodb.table import SHARDS, TIME
from todoke.stores.rules.orphans import MOST, bounded
from todoke.stores.rules.values import event_json, read_event

Stated = tuple[str, str]
"""A service, and its id of a message."""
_SHARDS = tuple(f"o{shard}" for shard in SHARDS)
TRIMMED_EVERY = 256
"""So many are kept, on average, until one looks whether they are too many: to look costs more than to keep one."""
_DROPPED_AT_ONCE = 2 * TRIMMED_EVERY


def keep(
    table: DynamoTable, event: DeliveryEvent, most: int = MOST, trimmed_every: int = TRIMMED_EVERY
) -> Key:
    """Keep an orphan, once; where it is. Now and then the oldest beyond `most` go."""
    event = bounded(event)
    item: Item = {
        "k": _partition(event.service, event.service_id or event.key),
        "r": event.key,
        "n": new_nonce(),
        "s": _SHARDS[int(event.key[:1], 16) % len(_SHARDS)],
        "t": ids.time_digits(event.received_at) + event.key,
        "m": 0,
        "b": deflate(event_json(event), ""),
    }
    try:
        table.put(item, over=NOTHING)
    except Changed:
        return key_of(item)
    if not random.randrange(trimmed_every):  # noqa: S311 - by chance, for no two processes share a count
        trim(table, most)
    return key_of(item)


def trim(table: DynamoTable, most: int = MOST) -> int:
    """Drop the oldest beyond the newest `most`, some at a time; how many.

    Their shards are about equally full, so each keeps its part: an index cannot tell the oldest of all.
    """
    dropped = 0
    for shard in _SHARDS:
        values = {":s": shard}
        kept = table.query(
            "s = :s", values, index=TIME, limit=most // len(_SHARDS), newest_first=True
        )
        if kept.last is None:
            continue
        beyond = table.query(
            "s = :s",
            values,
            index=TIME,
            limit=_DROPPED_AT_ONCE // len(_SHARDS),
            newest_first=True,
            start=kept.last,
        )
        remove(table, [key_of(item) for item in beyond.items])
        dropped += len(beyond.items)
    return dropped


def named(table: DynamoTable, stated: Collection[Stated]) -> list[tuple[Key, DeliveryEvent]]:
    """The orphans that name one of these ids, oldest first."""
    candidates: list[tuple[Key, DeliveryEvent]] = []
    for partition in sorted({_partition(*one) for one in stated}):
        candidates += [(key_of(i), _event(i)) for i in table.query_all("k = :k", {":k": partition})]
    mine = [f for f in candidates if (f[1].service, f[1].service_id) in stated]
    return sorted(mine, key=lambda f: f[1].received_at)


def newest(table: DynamoTable, limit: int) -> list[DeliveryEvent]:
    """The newest ones."""
    keys: list[tuple[str, Key]] = []
    for shard in _SHARDS:
        values = {":s": shard}
        answer = table.query("s = :s", values, index=TIME, limit=limit, newest_first=True)
        keys += [(str(item["t"]), key_of(item)) for item in answer.items]
    wanted = [key for _, key in sorted(keys, reverse=True)[:limit]]
    there = table.get_many(wanted)
    return [_event(there[key]) for key in wanted if key in there]


def every(table: DynamoTable) -> Iterator[tuple[Key, DeliveryEvent]]:
    """All of them."""
    for shard in _SHARDS:
        keys = [key_of(item) for item in table.query_all("s = :s", {":s": shard}, index=TIME)]
        for key, item in table.get_many(keys).items():
            yield key, _event(item)


def remove(table: DynamoTable, keys: Sequence[Key]) -> None:
    """Delete them."""
    for key in keys:
        table.delete(key)


def count(table: DynamoTable) -> int:
    """How many there are."""
    total = 0
    for shard in _SHARDS:
        start = None
        while True:
            answer = table.query("s = :s", {":s": shard}, index=TIME, start=start, count_only=True)
            total += answer.count
            start = answer.last
            if start is None:
                break
    return total


def _event(item: Item) -> DeliveryEvent:
    return read_event(inflate(bytes(item["b"]), ""))  # type: ignore[arg-type]


def _partition(service: str, service_id: str) -> str:
    """All that may be about one submission lies together, where its id is known."""
    carried = carried_id(service_id)
    if carried:
        return "o" + carried
    stated = f"{service} {service_id}".encode("utf-8", "surrogatepass")
    return "o" + hashlib.sha256(stated).hexdigest()[:32]


def key_of_event(event: DeliveryEvent) -> Key:
    """Where an orphan is kept."""
    return _partition(event.service, event.service_id or event.key), event.key
