"""All that a DynamoDB table keeps, for another store, and what another store kept, into the table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from msgspec.structs import replace

from todoke.model import ids
from todoke.model.errors import StoreUnavailable
from todoke.model.kept import Kept, Restored
from todoke.model.submission import files
from todoke.stores.dynamodb.cabinet import TRIES, Cabinet
from todoke.stores.dynamodb.client import NOTHING, Changed, Item, key_of, rest
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.index import every
from todoke.stores.dynamodb.items import ID, StoredItem, archive_key, current_key, id_of
from todoke.stores.dynamodb.ordinals import reach
from todoke.stores.rules.work import is_same, kept_message, work_of

_ROUND = 100


def walk(cabinet: Cabinet) -> Iterator[Kept]:
    """See Movable.walk."""
    entries = every(cabinet.table)
    while some := [entry.id for entry in islice(entries, _ROUND)]:
        for stored in cabinet.load_all(some, consistent=True).values():
            yield _kept(cabinet, stored)


def restore(cabinet: Cabinet, kept: Kept) -> Restored:
    """See Movable.restore."""
    if not _has_place(kept):
        return Restored.UNPLACED
    works = tuple(map(work_of, kept.messages))
    record = Record(kept.submission, works, kept.repeat, kept.care, kept.ordinal)
    for attempt in range(TRIES):
        there = cabinet.load(kept.submission.id)
        if there is not None:
            record = there.record
            same = is_same(record.submission, record.works, record.care, kept)
            return Restored.SAME if same else Restored.DIFFERENT
        try:
            _keep(cabinet, record)
        except Changed:
            rest(attempt)
        else:
            return Restored.NEW
    raise StoreUnavailable(f"Too many change the place of {kept.submission.id} at once.")


def _keep(cabinet: Cabinet, record: Record) -> None:
    """Keep a submission of another store, with all that leads to it. Raises Changed: if something comes in between."""
    bare = replace(record, submission=record.submission.without_contents())
    cabinet.pointers.restore(StoredItem(current_key(record.submission.id), b"", bare))
    if record.ordinal:
        reach(cabinet.table, record.submission.form, record.ordinal)
    cabinet.add(record, partial(_put_beside, cabinet, record), is_late=True)


def _put_beside(cabinet: Cabinet, record: Record, item: Item) -> None:
    """Put an item whatever is at its place: what was received last stays there, the older one goes into the archive."""
    try:
        cabinet.table.put(item, over=NOTHING)
    except Changed as changed:
        there = changed.item or cabinet.table.get(key_of(item))
        if there is None or id_of(there) == record.submission.id:
            raise
        if id_of(there) < record.submission.id:
            archived = {**there, "r": archive_key(id_of(there))[1]}
            cabinet.table.swap(archived, item, over=bytes(there["n"]))  # type: ignore[arg-type]
        else:
            cabinet.table.put({**item, "r": archive_key(id_of(item))[1]}, over=NOTHING)


def _kept(cabinet: Cabinet, stored: StoredItem) -> Kept:
    submission = stored.record.submission
    contents = {
        position: cabinet.file(stored, position) if file.size else b""
        for position, _, file in files(submission.entries)
    }
    return Kept(
        submission=submission.with_contents(contents),
        messages=tuple(map(kept_message, stored.record.works)),
        repeat=stored.record.repeat,
        care=stored.record.care,
        ordinal=stored.record.ordinal,
    )


def _has_place(kept: Kept) -> bool:
    """Whether all that belongs to it begins with an id that says when it was received, as the table expects."""
    submission = kept.submission
    if not ID.fullmatch(submission.id) or ids.time_of(submission.id) != submission.received_at:
        return False
    return all(m.message.id.startswith(submission.id) for m in kept.messages)
