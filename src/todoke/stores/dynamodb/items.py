"""A submission as the item it is kept as: its keys, what the indexes see of it, and the rest as one value.

The primary key is a part of the submission's id, and that of its repeat key: so one conditional put decides who of
many with one key is first, and whatever carries an id (a token, a message, an event) finds the item without an index.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta

import msgspec

from todoke.model import ids
from todoke.model.address import NOBODY
from todoke.model.delivery import Status
from todoke.model.message import Timeline, awaits_verdict
from todoke.model.submission import Submission
from todoke.stores.dynamodb.client import Item, Key
from todoke.stores.dynamodb.codec import Record, decode, encode
from todoke.stores.dynamodb.index import shard_of
from todoke.stores.rules.values import micros
from todoke.stores.rules.work import Work

FAULTS = frozenset(
    {Status.FAILED, Status.DEFERRED, Status.UNDETERMINED, Status.REJECTED, Status.BOUNCED}
)
"""Statuses that few submissions have, so that an index of their own finds them, those with a complaint, and those that
are in review."""
ID = re.compile(r"[0-9a-v]{26}")
"""A submission's id, and what begins whatever belongs to it."""
_CARRIED = re.compile(r"(?<![0-9a-z])[0-9a-v]{26}")
_SECOND = 1_000_000


class StoredItem(msgspec.Struct, frozen=True):
    """A submission as it was read: where, and in which version. `files` names the items of its files, if it has any,
    and `objects` those in the bucket; `chunks` are so many that hold a record which is too long for one item."""

    key: Key
    nonce: bytes
    record: Record
    files: bytes = b""
    chunks: int = 0
    objects: bytes = b""

    @property
    def id(self) -> str:
        """The submission's."""
        return self.record.submission.id

    @property
    def timeline(self) -> Timeline:
        """What people see of it."""
        record = self.record
        messages = tuple(work.timeline for work in record.works)
        return Timeline(
            submission=record.submission,
            messages=messages,
            care=record.care,
            ordinal=record.ordinal,
        )


def new_nonce() -> bytes:
    """What tells one write of an item from every other."""
    return os.urandom(6)


def current_key(submission_id: str) -> Key:
    """Where the newest submission of a place is."""
    place = submission_id[ids.TIME_DIGITS :]
    return place[: ids.HOME_DIGITS], place[ids.HOME_DIGITS :]


def archive_key(submission_id: str) -> Key:
    """Where it is once a newer one of the same repeat key took its place."""
    home, rest = current_key(submission_id)
    return home, f"{rest}.{submission_id[: ids.TIME_DIGITS]}"


def carried_id(text: str) -> str:
    """The submission's id that a text holds, such as a Message-ID or a token of ours; "" for none."""
    match = _CARRIED.search(text)
    return match[0] if match else ""


def id_of(item: Item) -> str:
    """The id of an item's submission, which is the end of its place in time."""
    return str(item["t"])[-26:]


def group_of(form: str, retention_micros: int | None) -> str:
    """What begins the places in time of a form's submissions that are kept equally long: they also end in order."""
    if retention_micros is None:
        return f"{form}//"
    seconds, rest = divmod(retention_micros, _SECOND)
    return f"{form}/{retention_micros}u/" if rest else f"{form}/{seconds}/"


def retention_of(group: str) -> timedelta | None:
    """How long the submissions of a group are kept."""
    stated = group.split("/")[1]
    if not stated:
        return None
    if stated.endswith("u"):
        return timedelta(microseconds=int(stated[:-1]))
    return timedelta(seconds=int(stated))


def place_in_time(submission: Submission) -> str:
    """The sort key of the index by time: group and id."""
    until = submission.retain_until
    kept = None if until is None else micros(until) - micros(submission.received_at)
    return group_of(submission.form, kept) + submission.id


def packed(record: Record) -> bytes:
    """The value of a submission's item."""
    return encode(record, place_in_time(record.submission))


def item_of(stored: StoredItem, *, is_late: bool = False) -> Item:
    """The item without its packed value. `is_late` work must be found through its index from the first."""
    record = stored.record
    submission = record.submission
    place = place_in_time(submission)
    item: Item = {
        "k": stored.key[0],
        "r": stored.key[1],
        "n": stored.nonce,
        "s": shard_of(submission.id),
        "t": place,
        "m": len(record.works),
        "h": _short_hash(submission),
    }
    wakes = due_digits(record, is_late=is_late)
    if wakes:
        item["w"] = wakes
    waits = awaits_verdict(submission, record.care)
    if waits or any(_is_faulty(work) for work in record.works):
        item["p"] = place
    # With files in the bucket only the sweep may end it: time to live would leave them behind.
    if submission.retain_until is not None and not stored.objects:
        item["e"] = -(-micros(submission.retain_until) // _SECOND)
    if stored.files:
        item["f"] = stored.files
    if stored.objects:
        item["o"] = stored.objects
    return item


def _is_faulty(work: Work) -> bool:
    standing = work.timeline.standing
    return standing.status in FAULTS or standing.complained


def stored_of(item: Item, blob: bytes) -> StoredItem:
    """What an item holds, `blob` being its packed value. Raises StoreCorrupt: if that cannot be read."""
    place = str(item["t"])
    form = place.partition("/")[0]
    kept = retention_of(place[:-26])
    id_ = place[-26:]
    received_at = ids.time_of(id_)
    known = Submission(
        id=id_,
        form=form,
        received_at=received_at,
        entries=(),
        language="",
        visitor=NOBODY,
        token_hash=_long_hash(item["h"], id_),
        retain_until=None if kept is None else received_at + kept,
    )
    return StoredItem(
        key=(str(item["k"]), str(item["r"])),
        nonce=bytes(item["n"]),  # type: ignore[arg-type]
        record=decode(blob, known, place),
        files=bytes(item.get("f", b"")),  # type: ignore[arg-type]
        chunks=int(item.get("c", 0)),
        objects=bytes(item.get("o", b"")),  # type: ignore[arg-type]
    )


def is_in_first_pass(work: Work, received_at: datetime) -> bool:
    """Whether a message is as the door left it, or in its first attempt: then the fresh part of the index by time
    finds it, and an entry in the index of work would be paid for nothing."""
    timeline = work.timeline
    return (
        timeline.due_at == received_at
        and len(timeline.attempts) <= 1
        and timeline.resend_asked_at is None
    )


def due_digits(record: Record, *, is_late: bool) -> str:
    """When work is due that the index of work must find; "" for none."""
    received_at = record.submission.received_at
    due = [work for work in record.works if work.timeline.due_at is not None]
    if not is_late and all(is_in_first_pass(work, received_at) for work in due):
        return ""
    times = [work.timeline.due_at for work in due if work.timeline.due_at is not None]
    return ids.time_digits(min(times)) if times else ""


def _short_hash(submission: Submission) -> bytes | str:
    """A receipt's hash begins with the id: the rest is enough."""
    stated = submission.token_hash
    digest = stated.removeprefix(submission.id)
    if len(digest) == 64 and stated != digest:
        return bytes.fromhex(digest)
    return stated or "-"


def _long_hash(kept: object, id_: str) -> str:
    if isinstance(kept, bytes):
        return id_ + kept.hex()
    return "" if kept == "-" else str(kept)


def epoch(time: datetime) -> int:
    """Whole seconds since 1970, for the time to live."""
    return int(time.astimezone(UTC).timestamp())
