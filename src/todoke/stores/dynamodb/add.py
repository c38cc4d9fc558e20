"""Adding submissions to DynamoDB: one conditional put decides who of many with one repeat key is first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Message
from todoke.model.notice import Notice
from todoke.model.submission import RepeatKey, Submission
from todoke.ports.clock import Clock
from todoke.ports.outbox import Added, Duplicate
from todoke.stores.dynamodb.cabinet import TRIES, Cabinet
from todoke.stores.dynamodb.claim import LATE
from todoke.stores.dynamodb.client import NOTHING, Changed, Item, key_of, rest
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.items import StoredItem, archive_key, due_digits, epoch, id_of
from todoke.stores.dynamodb.notices import notice_item
from todoke.stores.rules.values import micros, plain

_UPLOAD = "upload/"


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


class _Taken(Changed):
    """Another submission has one of the uploads."""

    def __init__(self, stored: StoredItem, upload: str) -> None:
        super().__init__(None)
        self.stored = stored
        self.upload = upload


def add(
    cabinet: Cabinet,
    record: Record,
    repeat: RepeatKey | None,
    clock: Clock,
    notices: Sequence[Notice] = (),
) -> Added | Duplicate:
    """Keep a new submission where its repeat key has its place, and its notices beside it."""
    submission = record.submission
    at, until = submission.received_at, submission.retain_until
    beside = [(notice_item(notice, at, until), None) for notice in notices]
    uploads = repeat.uploads if repeat else ()
    is_late = clock() - submission.received_at > LATE
    put = partial(_put_over_expired, cabinet, record, uploads, beside)
    try:
        cabinet.add(record, put, is_late=is_late)
    except _Taken as taken:
        is_same = _says_the_same(taken.stored, record)
        return Duplicate(taken.stored.id, same_content=is_same, upload=taken.upload)
    except Changed as changed:
        there = cabinet.open(changed.item) if changed.item else None
        if there is None or there.record.repeat is None or record.repeat is None:
            raise StoreUnavailable("The place of the submission is taken.") from None
        return Duplicate(id_of(changed.item or {}), same_content=_says_the_same(there, record))
    return Added(submission.id)


def _says_the_same(there: StoredItem, record: Record) -> bool:
    before, now = there.record.repeat, record.repeat
    return before is not None and now is not None and before.fingerprint == now.fingerprint


_Put = tuple[Item, bytes | None]


def _put_over_expired(
    cabinet: Cabinet, record: Record, uploads: Sequence[str], beside: Sequence[_Put], item: Item
) -> None:
    """Put a new item with those `beside` it, and one for each upload that it takes; an item whose key is no longer live
    moves into the archive in the same write. Raises _Taken: if another submission has one of the uploads."""
    over: Item | None = None
    takings = [(_taking(record, upload, item), NOTHING) for upload in uploads]
    for attempt in range(TRIES):
        puts: list[_Put] = [(item, NOTHING)]
        if over is not None:
            archived = {**over, "r": archive_key(id_of(over))[1]}
            puts = [(_told(item, record), _nonce(over)), (archived, NOTHING)]
        try:
            if len(puts) + len(takings) + len(beside) == 1:
                cabinet.table.put(item, over=NOTHING)
            else:
                cabinet.table.put_all([*puts, *takings, *beside])
        except Changed as changed:
            over = changed.item or cabinet.table.get(key_of(item))
            if over is not None and _is_live(cabinet, over, record):
                raise Changed(over) from None
            takings = [(taking, _free(cabinet, record, taking)) for taking, _ in takings]
            rest(attempt)
        else:
            return
    raise StoreUnavailable(f"Too many add {record.submission.id} at once.")


def _taking(record: Record, upload: str, item: Item) -> Item:
    """What says that an upload is this submission's, for as long as its ticket can be sent."""
    until = record.repeat.expires_at if record.repeat else record.submission.received_at
    taking: Item = {"k": f"{_UPLOAD}{plain(upload)}", "r": ".", "n": item["n"], "x": micros(until)}
    return {**taking, "i": record.submission.id, "e": epoch(until) + 1}


def _free(cabinet: Cabinet, record: Record, taking: Item) -> bytes:
    """What an upload's item may be put over: nothing, or one that ended, or whose submission was erased.

    Raises _Taken: if a submission has it.
    """
    there = cabinet.table.get(key_of(taking))
    if there is None:
        return NOTHING
    if int(there["x"]) > micros(record.submission.received_at):
        stored = cabinet.load(str(there["i"]))
        if stored is not None:
            raise _Taken(stored, str(taking["k"]).removeprefix(_UPLOAD)) from None
    return _nonce(there)


def _nonce(item: Item) -> bytes:
    return bytes(item["n"])  # type: ignore[arg-type]


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
