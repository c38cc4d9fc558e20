"""Numbers (`x`) that many write at once, each in one request, without a read."""

from __future__ import annotations

from todoke.model.errors import StoreUnavailable
from todoke.stores.dynamodb.client import ATTEMPTS, Changed, DynamoTable, Item, Key, Value, rest


def count_up(table: DynamoTable, key: Key, count: int, nonce: bytes) -> int:
    """Add to the number of an item, which begins at 0, and sign it; what it is then.

    Where the answer is lost it may be added twice: nobody has what is between.
    """
    after = table.update(key, "SET n = :n ADD x :count", {":count": count, ":n": nonce})
    return int(after["x"])


def count_down(table: DynamoTable, key: Key, last: int, nonce: bytes) -> bool:
    """Take one off the number of an item if it is `last` and nobody signed it since; whether it was done.

    A request that was lost, and comes late, does nothing: the next has signed by then.
    """
    values: dict[str, Value] = {":less": last - 1, ":last": last, ":n": nonce}
    try:
        table.update(key, "SET x = :less", values, condition="x = :last AND n = :n")
    except (Changed, StoreUnavailable):
        return False
    return True


def climb(table: DynamoTable, key: Key, step: int, *, start: int, most: int, expiry: int) -> bool:
    """Let the number of an item go on by a step, from `start` where it is less, unless that is above `most`; whether it
    did. The item expires at `expiry`.

    Where the answer is lost it may go two steps.
    """
    anew: dict[str, Value] = {":to": start + step, ":start": start, ":e": expiry}
    further: dict[str, Value] = {":step": step, ":last": most - step, ":e": expiry}
    is_new = "attribute_not_exists(k) OR x <= :start"
    for attempt in range(ATTEMPTS):
        there = _unless(table, key, "SET x = :to, e = :e", anew, is_new)
        if there is None:
            return True
        if int(there["x"]) + step > most:
            return False
        if _unless(table, key, "SET x = x + :step, e = :e", further, "x <= :last") is None:
            return True
        rest(attempt)
    raise StoreUnavailable(f"Too many count at one place of {table.name} at once.")


def climb_to(table: DynamoTable, key: Key, to: int, *, expiry: int) -> None:
    """Let the number of an item be this, where it is less. The item expires at `expiry`."""
    values: dict[str, Value] = {":to": to, ":e": expiry}
    _unless(table, key, "SET x = :to, e = :e", values, "attribute_not_exists(k) OR x < :to")


def descend(table: DynamoTable, key: Key, step: int, *, above: int) -> None:
    """Let the number of an item go back by a step, where it is above this."""
    _unless(table, key, "SET x = x - :step", {":step": step, ":above": above}, "x > :above")


def _unless(
    table: DynamoTable, key: Key, change: str, values: dict[str, Value], condition: str
) -> Item | None:
    """Change an item where a condition holds: None; else what is there."""
    try:
        table.update(key, change, values, condition=condition)
    except Changed as changed:
        return changed.item or table.get(key) or {"x": 0}
    return None
