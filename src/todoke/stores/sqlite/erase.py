"""Erasing submissions from SQLite: the rows in one transaction, then every trace of them in the files."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from todoke.model.address import mailbox_key
from todoke.model.errors import StoreUnavailable
from todoke.stores.rules.erase import Condition, address_keys, person_keys, recipients
from todoke.stores.rules.lists import ALL
from todoke.stores.rules.values import micros, plain, read_event
from todoke.stores.sqlite.add import SEQ_BITS, add_form_total, add_total
from todoke.stores.sqlite.care import relist
from todoke.stores.sqlite.erased import forget
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import SQL, json_list, read_totals
from todoke.stores.sqlite.words import forget as forget_words

READERS_SECONDS = 30.0
"""So long the last step waits for readers that still look at what was there before."""
_CHUNK = 500


def erase(connection: apsw.Connection, conditions: Sequence[Condition]) -> list[tuple[int, bool]]:
    """Delete the rows; how many submissions, and whether the files hold traces to scrub."""
    return [_erase_one(connection, condition) for condition in conditions]


def scrub(connection: apsw.Connection, requests: Sequence[None]) -> list[None]:
    """Write the file anew without what was deleted, and empty the WAL. Runs outside of any transaction.

    secure_delete alone is not enough: where SQLite moves rows between pages, copies stay in the free part of a page.
    Raises StoreUnavailable: if there is no room for it, or a reader does not let go; the next erase, or the next
    start, does it then.
    """
    _empty_wal(connection)
    _require_room(connection)
    connection.execute("VACUUM")
    _empty_wal(connection)
    set_traces(connection, there=False)
    return [None for _ in requests]


def _empty_wal(connection: apsw.Connection) -> None:
    give_up_at = time.monotonic() + READERS_SECONDS
    while True:
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError as error:
            if time.monotonic() > give_up_at:
                raise StoreUnavailable("a reader keeps the old pages in use") from error
        else:
            return


def _require_room(connection: apsw.Connection) -> None:
    """Do not begin what would fill the disk: the copy goes through a temporary file and the WAL."""
    needed = 2 * int(connection.pragma("page_count")) * int(connection.pragma("page_size"))
    free = shutil.disk_usage(Path(connection.filename).parent).free
    if free < needed:
        raise StoreUnavailable(f"{needed:,} free bytes are needed and {free:,} are there")


def has_traces(connection: apsw.Connection) -> bool:
    """Whether something was deleted and not yet scrubbed: the process died or the disk was full."""
    return bool(read_totals(connection)["to_scrub"])


def set_traces(connection: apsw.Connection, *, there: bool) -> None:
    """Note that something was deleted and has to be scrubbed, or that it was."""
    connection.execute(SQL["set_total"], {"name": "to_scrub", "value": int(there)})


def _erase_one(connection: apsw.Connection, condition: Condition) -> tuple[int, bool]:
    persons: set[str] = set()
    erased = 0
    for chunk in _chunks(_candidates(connection, condition)):
        loaded = load(connection, chunk).values()
        meant = [s for s in loaded if condition.means(s.submission, s.works.values())]
        for stored in meant:
            persons |= person_keys(stored.submission, stored.works.values())
        _delete(connection, meant)
        erased += len(meant)
    if condition.retained_before is not None:
        forget(connection, condition.retained_before)
    events = _delete_mentions(connection, condition, persons)
    leaves_traces = bool(erased or events) or has_traces(connection)
    if leaves_traces:
        set_traces(connection, there=True)
    return erased, leaves_traces


def _candidates(connection: apsw.Connection, condition: Condition) -> list[int]:
    name, values = _search(condition)
    return [row[0] for row in connection.execute(SQL[name], values)]


def _search(condition: Condition) -> tuple[str, dict[str, Any]]:
    """The index that finds it; what it finds is looked at once more, for the index may find too much."""
    if condition.submission_id:
        return "seq_of_submission", {"id": plain(condition.submission_id)}
    if condition.address:
        return "seqs_of_address", {"address": plain(mailbox_key(condition.address))}
    if condition.received_before is not None:
        return "seqs_received_before", {"seq": micros(condition.received_before) << SEQ_BITS}
    assert condition.retained_before is not None  # noqa: S101 - one of the four is given
    return "seqs_retained_before", {"time": micros(condition.retained_before)}


def _delete(connection: apsw.Connection, meant: Sequence[StoredRows]) -> None:
    if not meant:
        return
    seqs = json_list(s.seq for s in meant)
    keys = {
        key
        for s in meant
        for key in address_keys(s.submission.visitor, recipients(s.works.values()))
    }
    connection.execute(SQL["delete_addresses"], {"keys": json_list(keys), "seqs": seqs})
    ids = json_list(s.submission.id for s in meant)
    connection.execute(SQL["delete_repeats"], {"keys": ids})
    forget_words(connection, seqs)
    relist(connection, [(s.seq, s.submission.form, _lists(s), frozenset()) for s in meant])
    connection.execute(SQL["delete_submissions"], {"seqs": seqs})
    for form, number in Counter(s.submission.form for s in meant).items():
        add_form_total(connection, form, -number)
    add_total(connection, "submissions", -len(meant))
    add_total(connection, "messages", -sum(len(s.works) for s in meant))


def _lists(stored: StoredRows) -> frozenset[str]:
    """Every list that it may be in, also where a former todoke put it into one."""
    return stored.lists.union(ALL)


def _delete_mentions(connection: apsw.Connection, condition: Condition, persons: set[str]) -> int:
    """Delete what elsewhere names an erased person (events, suppressions), unless other submissions concern them still;
    how many."""
    rows = connection.execute(SQL["still_known"], {"keys": json_list(persons)})
    known = {row[0] for row in rows}
    gone = {key for key in persons if plain(key) not in known}
    if condition.address:
        gone.add(mailbox_key(condition.address))
    connection.execute(SQL["delete_strangers"], {"keys": json_list(gone)})
    others = connection.changes()
    connection.execute(SQL["delete_suppressions_of"], {"keys": json_list(gone)})
    others += connection.changes()
    ids = [
        row[0]
        for row in connection.execute(SQL["all_orphans"])
        if condition.means_orphan(read_event(row[1]), gone)
    ]
    connection.execute(SQL["delete_orphans"], {"keys": json_list(ids)})
    add_total(connection, "orphans", -len(ids))
    return len(ids) + others


def _chunks(values: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
