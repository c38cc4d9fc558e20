"""Pages of submissions from SQLite: every page costs the same, however much is stored."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import islice
from typing import Any

import apsw

from todoke.model.address import mailbox_key
from todoke.model.errors import Malformed
from todoke.ports.archive import Page, Query
from todoke.stores.rules.values import micros, plain
from todoke.stores.sqlite.add import SEQ_BITS
from todoke.stores.sqlite.read import load
from todoke.stores.sqlite.rows import SQL, json_list

_CHUNK = 200
_LOOKED_AT = 10_000
"""So many submissions one page looks at, at most; then it ends early, with the cursor to go on from."""
_NEWEST = (1 << 63) - 1


def page(connection: apsw.Connection, query: Query) -> Page:
    """See Archive.page."""
    low = micros(query.received_from) << SEQ_BITS if query.received_from else 0
    high = micros(query.received_to) << SEQ_BITS if query.received_to else _NEWEST
    high = min(high, _cursor(query.before))
    matching: list[int] = []
    last = 0
    looked_at = 0
    candidates = _candidates(connection, query, low, high)
    while chunk := list(islice(candidates, _CHUNK)):
        kept = _filtered(connection, query, chunk)
        matching += [seq for seq in chunk if seq in kept]
        looked_at += len(chunk)
        last = chunk[-1]
        if len(matching) > query.limit or looked_at >= _LOOKED_AT:
            break
    is_more = len(matching) > query.limit or (
        looked_at >= _LOOKED_AT and len(matching) <= query.limit
    )
    shown = matching[: query.limit]
    cursor = shown[-1] if len(matching) > query.limit else last
    stored = load(connection, shown)
    return Page(tuple(stored[seq].timeline for seq in shown), str(cursor) if is_more else "")


def _cursor(before: str) -> int:
    if not before:
        return _NEWEST
    if not (before.isascii() and before.isdigit() and len(before) <= 19):
        raise Malformed("This is not a cursor of a page.")
    return int(before)


def _candidates(connection: apsw.Connection, query: Query, low: int, high: int) -> Iterator[int]:
    """Newest first by the index that fits best; the other conditions are looked at afterwards."""
    span = {"low": low}
    if query.address:
        address = plain(mailbox_key(query.address))
        return _walk(connection, "page_address", {**span, "address": address}, high)
    if query.status:
        forms = [plain(query.form)] if query.form else _forms(connection)
        streams = [
            _walk(
                connection, "page_status", {**span, "status": plain(query.status), "form": f}, high
            )
            for f in forms
        ]
        return heapq.merge(*streams, reverse=True)
    if query.form:
        return _walk(connection, "page_form", {**span, "form": plain(query.form)}, high)
    return _walk(connection, "page_all", span, high)


def _walk(
    connection: apsw.Connection, name: str, values: dict[str, Any], high: int
) -> Iterator[int]:
    """Follow one index from `high` down, some entries at a time."""
    while True:
        values = {**values, "high": high, "limit": _CHUNK}
        seqs: list[int] = [row[0] for row in connection.execute(SQL[name], values)]
        yield from seqs
        if len(seqs) < _CHUNK:
            return
        high = seqs[-1]


def _forms(connection: apsw.Connection) -> list[str]:
    return [row[0] for row in connection.execute(SQL["forms"])]


def _filtered(connection: apsw.Connection, query: Query, chunk: list[int]) -> set[int]:
    kept = set(chunk)
    if query.address and query.form:
        values = {"seqs": json_list(kept), "form": plain(query.form)}
        kept = {row[0] for row in connection.execute(SQL["keep_of_form"], values)}
    if query.address and query.status:
        values = {"seqs": json_list(kept), "status": plain(query.status)}
        kept = {row[0] for row in connection.execute(SQL["keep_with_status"], values)}
    return kept
