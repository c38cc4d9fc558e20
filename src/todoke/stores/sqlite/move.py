"""All that SQLite keeps, for another store, and what another store kept, into SQLite."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec.structs import replace

from todoke.model import ids
from todoke.model.kept import Kept, Repeat, Restored
from todoke.model.submission import files
from todoke.stores.rules.erase import address_keys, recipients
from todoke.stores.rules.lists import lists_of
from todoke.stores.rules.query import Secrets
from todoke.stores.rules.values import plain, time_of
from todoke.stores.rules.work import Work, is_same, kept_message, work_of
from todoke.stores.sqlite.add import Addition, insert, prepare, seq_of
from todoke.stores.sqlite.care import put_care
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import (
    SQL,
    Row,
    attempt_row,
    event_row,
    insert_rows,
    json_list,
    ordinal_total,
    work_columns,
)

ROUND = 100
"""So many are read at once."""


class RestoredRows(msgspec.Struct, frozen=True):
    """A submission of another store as rows, without its seq."""

    kept: Kept
    addition: Addition
    works: tuple[Work, ...]

    @property
    def weight(self) -> int:
        """About how many bytes it adds to the transaction."""
        return self.addition.weight


def restored_rows(kept: Kept, secrets: Secrets) -> RestoredRows:
    """Turn the values into rows; what cannot be stored fails here, in the caller's thread."""
    works = tuple(map(work_of, kept.messages))
    messages = [w.message for w in works]
    addition = prepare(kept.submission, messages, kept.repeat, secrets)
    concerned = address_keys(kept.submission.visitor, recipients(works))
    whole = replace(
        addition,
        addresses=frozenset(map(plain, concerned)),
        lists=lists_of(kept.submission, kept.care, works),
        ordinal=kept.ordinal,
    )
    return RestoredRows(kept, whole, works)


def restore(connection: apsw.Connection, wanted: Sequence[RestoredRows]) -> list[Restored]:
    """See Movable.restore."""
    return [_restore_one(connection, one) for one in wanted]


def round_after(connection: apsw.Connection, seq: int) -> list[tuple[int, Kept]]:
    """The submissions that come next in time after a place, each with its own; their files without content."""
    seqs = [row[0] for row in connection.execute(SQL["walk"], {"after": seq, "limit": ROUND})]
    stored = load(connection, seqs)
    places = json_list(ids.place_of(s.submission.id) for s in stored.values())
    rows = connection.execute(SQL["live_repeats"], {"keys": places})
    repeats = {id_: Repeat(time_of(until), stated) for _, stated, id_, until in rows}
    return [(at, _kept(stored[at], repeats)) for at in seqs]


def with_contents(connection: apsw.Connection, seq: int, kept: Kept) -> Kept | None:
    """The same with its files' content; None if it was erased meanwhile."""
    wanted = dict.fromkeys(position for position, _, _ in files(kept.submission.entries))
    if not wanted:
        return kept
    contents: dict[int, bytes] = dict(connection.execute(SQL["files"], {"seq": seq}))
    if contents.keys() < wanted.keys():
        return None
    return replace(kept, submission=kept.submission.with_contents(contents))


def _kept(stored: StoredRows, repeats: dict[str, Repeat]) -> Kept:
    return Kept(
        submission=stored.submission,
        messages=tuple(map(kept_message, stored.works.values())),
        repeat=repeats.get(stored.submission.id),
        care=stored.care,
        ordinal=stored.ordinal,
    )


def _restore_one(connection: apsw.Connection, wanted: RestoredRows) -> Restored:
    id_ = wanted.addition.submission_id
    there = connection.execute(SQL["seq_of_submission"], {"id": plain(id_)}).get
    if there is not None:
        stored = load(connection, [there])[there]
        same = is_same(stored.submission, stored.works.values(), stored.care, wanted.kept)
        return Restored.SAME if same else Restored.DIFFERENT
    seq = seq_of(connection, wanted.addition.received_at)
    insert(connection, [(seq, wanted.addition)])
    if wanted.kept.ordinal:
        named = {"name": ordinal_total(wanted.addition.form), "ordinal": wanted.kept.ordinal}
        connection.execute(SQL["reach_ordinal"], named)
    put_care(connection, seq, wanted.kept.care)
    works = list(enumerate(wanted.works, start=1))
    connection.executemany(
        SQL["update_message"], [(*work_columns(work), seq, number) for number, work in works]
    )
    attempts: list[Row] = []
    events: list[Row] = []
    for number, work in works:
        for tried in work.timeline.attempts:
            attempts.append((seq, number, *attempt_row(tried.attempt)))
            events += [
                (
                    seq,
                    number,
                    tried.attempt.number,
                    position,
                    *event_row(event, tried.attempt.recipient),
                )
                for position, event in enumerate(tried.events, start=1)
            ]
    insert_rows(connection, "attempts", attempts)
    insert_rows(connection, "events", events)
    return Restored.NEW
