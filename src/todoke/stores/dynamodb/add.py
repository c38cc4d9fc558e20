"""Adding submissions to DynamoDB: one conditional put decides who of many with one repeat key is first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Message
from todoke.model.submission import RepeatKey, Submission
from todoke.ports.clock import Clock
from todoke.ports.outbox import Added, Duplicate
from todoke.stores.dynamodb.cabinet import TRIES, Cabinet
from todoke.stores.dynamodb.claim import LATE
from todoke.stores.dynamodb.client import NOTHING, Changed, Item, key_of, rest
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.items import archive_key, due_digits, id_of


def require_place(
    secret: bytes, submission: Submission, messages: Sequence[Message], repeat: RepeatKey | None
) -> None:
    """Raises ValueError: if an id was made otherwise; it would be looked for elsewhere, or let a repetition in."""
    is_ours = ids.time_of(submission.id) == submission.received_at
    if repeat is not None:
        visitor = mailbox_key(submission.visitor) if submission.visitor else ""
        place = ids.place(
            secret, visitor=visitor, repeat_key=repeat.key, of_visitor=repeat.of_visitor
        )
        is_ours = is_ours and submission.id.endswith(place)
    if not is_ours or not all(m.id.startswith(submission.id) for m in messages):
        raise ValueError(
            "The ids are not those of ids.submission_id, ids.place and ids.message_id."
        )


def add(cabinet: Cabinet, record: Record, clock: Clock) -> Added | Duplicate:
    """Keep a new submission where its repeat key has its place."""
    submission = record.submission
    is_late = clock() - submission.received_at > LATE
    try:
        cabinet.add(record, partial(_put_over_expired, cabinet, record), is_late=is_late)
    except Changed as changed:
        there = cabinet.open(changed.item) if changed.item else None
        if there is None or there.record.repeat is None or record.repeat is None:
            raise StoreUnavailable("The place of the submission is taken.") from None
        is_same = there.record.repeat.fingerprint == record.repeat.fingerprint
        return Duplicate(id_of(changed.item or {}), same_content=is_same)
    return Added(submission.id)


def _put_over_expired(cabinet: Cabinet, record: Record, item: Item) -> None:
    """Put a new item; one whose key is no longer live moves into the archive in the same write."""
    over: Item | None = None
    for attempt in range(TRIES):
        try:
            if over is None:
                cabinet.table.put(item, over=NOTHING)
            else:
                archived = {**over, "r": archive_key(id_of(over))[1]}
                cabinet.table.swap(archived, _told(item, record), over=bytes(over["n"]))  # type: ignore[arg-type]
        except Changed as changed:
            over = changed.item or cabinet.table.get(key_of(item))
            if over is not None and _is_live(cabinet, over, record):
                raise Changed(over) from None
            rest(attempt)
        else:
            return
    raise StoreUnavailable(f"Too many add {record.submission.id} at once.")


def _is_live(cabinet: Cabinet, item: Item, record: Record) -> bool:
    """Whether the key that a new submission comes with is live already."""
    there = cabinet.open(item)
    if there is None or there.record.repeat is None or record.repeat is None:
        return False
    return there.record.repeat.expires_at > record.submission.received_at


def _told(item: Item, record: Record) -> Item:
    """A new submission in place of an old one: no INSERT in the stream, so its work must stand in the item."""
    wakes = due_digits(record, is_late=True)
    return {**item, "w": wakes} if wakes else item
