"""The shelf in SQLite: marks, suppression lists.

Of a list only what changed is written: it may be long, and from one day to the next it is mostly the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import apsw
import msgspec

from todoke.model.address import mailbox_key
from todoke.model.json_text import to_json
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.stores.rules.values import (
    micros,
    plain,
    read_suppression,
    time_of,
    time_or_none,
)
from todoke.stores.sqlite.erase import set_traces
from todoke.stores.sqlite.rows import SQL, insert_rows


class ListRows(msgspec.Struct, frozen=True):
    """A list as rows: for each entry its mailbox key and its JSON."""

    service: str
    read_at: int
    entries: frozenset[tuple[str, str]]


def put_mark(
    connection: apsw.Connection, marks: Sequence[tuple[str, int, int | None]]
) -> list[bool]:
    """See Shelf.put_mark."""
    return [
        connection.execute(
            SQL["put_mark"], {"name": name, "at": at, "unless_after": unless_after}
        ).get
        is not None
        for name, at, unless_after in marks
    ]


def mark(connection: apsw.Connection, name: str) -> datetime | None:
    """See Shelf.mark."""
    return time_or_none(connection.execute(SQL["mark"], {"name": plain(name)}).get)


def marks(connection: apsw.Connection) -> dict[str, datetime]:
    """See Shelf.marks."""
    return {name: time_of(at) for name, at in connection.execute(SQL["marks"])}


def list_rows(service: str, suppressions: Sequence[Suppression], at: datetime) -> ListRows:
    """Turn the values into rows; what cannot be stored fails here, in the caller's thread."""
    entries = frozenset((plain(mailbox_key(s.address)), to_json(s)) for s in suppressions)
    return ListRows(plain(service), micros(at), entries)


def put_suppressions(connection: apsw.Connection, lists: Sequence[ListRows]) -> list[None]:
    """See Shelf.put_suppressions. What leaves the list leaves traces in the file, which the next erasure removes."""
    for wanted in lists:
        kept = _entries(connection, wanted.service)
        gone = kept - wanted.entries
        for address, entry in gone:
            connection.execute(
                SQL["delete_suppression"],
                {"service": wanted.service, "address": address, "suppression": entry},
            )
        if gone:
            set_traces(connection, there=True)
        fresh = [(wanted.service, *entry) for entry in sorted(wanted.entries - kept)]
        insert_rows(connection, "suppressions", fresh)
        connection.execute(
            SQL["put_suppression_list"], {"service": wanted.service, "read_at": wanted.read_at}
        )
    return [None] * len(lists)


SuppressionChange = tuple[str, str, Callable[[Suppression], Suppression | None]]
"""A service, a mailbox, and what becomes of the entries that name it."""


def change_suppressions(
    connection: apsw.Connection, changes: Sequence[SuppressionChange]
) -> list[None]:
    """See Shelf.change_suppressions."""
    for service, address, change in changes:
        mailbox = {"service": plain(service), "address": plain(mailbox_key(address))}
        kept = [entry for (entry,) in list(connection.execute(SQL["suppressions_of"], mailbox))]
        changed = {to_json(c) for e in kept if (c := change(read_suppression(e))) is not None}
        for entry in set(kept) - changed:
            connection.execute(SQL["delete_suppression"], {**mailbox, "suppression": entry})
            set_traces(connection, there=True)
        fresh = [(*mailbox.values(), entry) for entry in sorted(changed - set(kept))]
        insert_rows(connection, "suppressions", fresh)
    return [None] * len(changes)


def suppressions(connection: apsw.Connection) -> list[SuppressionList]:
    """See Shelf.suppressions."""
    return [
        SuppressionList(
            service=service,
            read_at=time_of(read_at),
            suppressions=tuple(
                read_suppression(entry) for _, entry in sorted(_entries(connection, service))
            ),
        )
        for service, read_at in list(connection.execute(SQL["suppression_lists"]))
    ]


def _entries(connection: apsw.Connection, service: str) -> set[tuple[str, str]]:
    rows = connection.execute(SQL["suppressions"], {"service": service})
    return {(address, entry) for address, entry in rows}
