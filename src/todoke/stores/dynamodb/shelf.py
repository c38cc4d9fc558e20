"""The shelf in DynamoDB: marks, suppression lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from todoke.model.address import mailbox_key
from todoke.model.errors import StoreUnavailable
from todoke.model.json_text import from_json, to_json
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.stores.dynamodb.cabinet import CHUNK_BYTES, TRIES
from todoke.stores.dynamodb.client import NOTHING, Changed, DynamoTable, Item, key_of, rest
from todoke.stores.dynamodb.codec import deflate, inflate
from todoke.stores.dynamodb.items import new_nonce
from todoke.stores.rules.values import (
    changed_suppressions,
    micros,
    plain,
    read_suppression,
    time_of,
)

_LISTS = "list"


def mark(table: DynamoTable, name: str) -> datetime | None:
    """See Shelf.mark."""
    there = table.get(_mark_key(name))
    return time_of(int(there["x"])) if there else None


def put_mark(
    table: DynamoTable, name: str, at: datetime, unless_after: datetime | None = None
) -> bool:
    """See Shelf.put_mark."""
    key, sort_key = _mark_key(name)
    item: Item = {"k": key, "r": sort_key, "x": micros(at)}
    if unless_after is not None:
        return table.put_unless({**item, "n": new_nonce()}, above=micros(unless_after))
    table.put(item)
    return True


def marks(table: DynamoTable) -> dict[str, datetime]:
    """See Shelf.marks."""
    items = table.query_all("k = :k AND begins_with(r, :r)", {":k": "mark", ":r": "="})
    return {str(item["r"])[1:]: time_of(int(item["x"])) for item in items}


def put_suppressions(
    table: DynamoTable, service: str, suppressions: Sequence[Suppression], at: datetime
) -> None:
    """See Shelf.put_suppressions. The entries are written beside, and one put of the list's head makes them count."""
    _until_unchanged(table, service, lambda head: _replace(table, service, suppressions, at, head))


def change_suppressions(
    table: DynamoTable,
    service: str,
    address: str,
    change: Callable[[Suppression], Suppression | None],
) -> None:
    """See Shelf.change_suppressions: over the head that was read, and again where somebody else was faster."""

    def apply(head: Item | None) -> None:
        listed = _read(table, head) if head else None
        if listed is None:
            return
        changed = changed_suppressions(listed.suppressions, address, change)
        if tuple(changed) != listed.suppressions:
            _replace(table, service, changed, listed.read_at, head)

    _until_unchanged(table, service, apply)


def _until_unchanged(
    table: DynamoTable, service: str, write: Callable[[Item | None], None]
) -> None:
    """Write over the list's head as it is, until nobody else was faster."""
    for attempt in range(TRIES):
        try:
            write(table.get((_LISTS, _name(service))))
        except Changed:
            rest(attempt)
        else:
            return
    raise StoreUnavailable(f"Too many write the list of {service} at once.")


def suppressions(table: DynamoTable) -> list[SuppressionList]:
    """See Shelf.suppressions."""
    heads = table.query_all("k = :k", {":k": _LISTS})
    return [listed for head in heads if (listed := _read(table, head)) is not None]


def forget_suppressions(table: DynamoTable, mailboxes: set[str]) -> None:
    """Take these mailbox keys off every list."""
    for listed in suppressions(table):
        kept = [s for s in listed.suppressions if mailbox_key(s.address) not in mailboxes]
        if len(kept) != len(listed.suppressions):
            put_suppressions(table, listed.service, kept, listed.read_at)


def _replace(
    table: DynamoTable, service: str, wanted: Sequence[Suppression], at: datetime, head: Item | None
) -> None:
    nonce = new_nonce()
    entries = sorted({(plain(mailbox_key(s.address)), to_json(s)) for s in wanted})
    blob = deflate(to_json([entry for _, entry in entries]), "")
    chunks = range(0, len(blob), CHUNK_BYTES)
    partition = _partition(service)
    for number, start in enumerate(chunks):
        part: Item = {"k": partition, "r": f"{nonce.hex()}.{number:05}"}
        part["b"] = blob[start : start + CHUNK_BYTES]
        table.put(part)
    item: Item = {"k": _LISTS, "r": _name(service), "n": nonce, "x": micros(at)}
    item["c"] = len(chunks)
    there = bytes(head["n"]) if head else NOTHING  # type: ignore[arg-type]
    try:
        table.put(item, over=there)
    except Changed:
        _remove(table, partition, nonce)
        raise
    if head:
        _remove(table, partition, there)


def _read(table: DynamoTable, head: Item) -> SuppressionList | None:
    """The list of a head; its newer one if it was replaced meanwhile."""
    service = str(head["r"])[1:]
    nonce = bytes(head["n"])  # type: ignore[arg-type]
    values = {":k": _partition(service), ":r": nonce.hex()}
    parts = list(table.query_all("k = :k AND begins_with(r, :r)", values))
    if len(parts) < int(head["c"]):
        fresh = table.get(key_of(head))
        return _read(table, fresh) if fresh and fresh["n"] != nonce else None
    entries = from_json(inflate(b"".join(bytes(p["b"]) for p in parts), ""))  # type: ignore[arg-type]
    return SuppressionList(
        service=service,
        read_at=time_of(int(head["x"])),
        suppressions=tuple(map(read_suppression, entries)),
    )


def _remove(table: DynamoTable, partition: str, nonce: bytes) -> None:
    values = {":k": partition, ":r": nonce.hex()}
    for part in table.query_all("k = :k AND begins_with(r, :r)", values):
        table.delete(key_of(part))


def _mark_key(name: str) -> tuple[str, str]:
    return "mark", f"={plain(name)}"


def _name(service: str) -> str:
    return f"={plain(service)}"


def _partition(service: str) -> str:
    return f"list/{plain(service)}"
