"""A whole submission to a few hundred bytes and back: JSON, deflated with a dictionary of the words that all have.

DynamoDB asks one write unit for each kilobyte of an item, whatever changed in it. A typical submission with both its
mails reported as delivered, evidence included, stays within one kilobyte this way.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from todoke.model.address import Address
from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import StoreCorrupt
from todoke.model.json_text import from_json, to_json
from todoke.model.kept import Repeat
from todoke.model.message import Attempt, Message, MessageTimeline, Note, Role
from todoke.model.submission import Submission
from todoke.stores.rules.values import entries_from, entry_rows, micros
from todoke.stores.rules.work import Work, attempt_timeline

VERSION = b"\x01"
"""Names the dictionary and the order of the values. A new one gets a new number; old ones stay readable."""
WORDS = (
    b'"misconfigured""forwarding""suppressed""timed_out""content""policy""too_large""mailbox_full""unknown_host"'
    b'"unknown_address""other""none""soft""hard""interrupted""answer_lost""complained""undetermined""rejected""failed"'
    b'"deferred""bounced"550 5.1.1 user unknown"5.1.1""4.2.2"given up after '
    b'["alert",""en","smtp","handed_over",["accepted",250 2.0.0 Ok: queued as '
    b'{"status":"deferred","{"status":"failed","{"status":"bounced","'
    b'[["name",["company",["phone",["tel",["subject",["topic",["email",["message","@gmail.com"@example.com.co.jp'
    b'"],["name","],["email","],["message","],["text","Hello ","en","","ja"'
    b',[["confirmation",,["notification",0,null,null,0,[["'
    b'"customers-mail-cloud","delivered",0,[["'
    b'{"messageId":"<","serverComposition":"","envelopeFrom":"","envelopeTo":"","created":"2026-01-01 00:00:00",'
    b'"subject":"","reason":"","to":"","from":"","senderIp":"","apiData":"","status":"succeeded","reason":"'
    b'{"status":"queued","{"created":"2026-'
    b'{"apiData":"","created":"2026-01-01 00:00:00","from":"","messageId":"<","reason":"250 2.0.0 OK","returnPath":"",'
    b'"senderIp":"127.0.0.1","sourceIp":"","status":"succeeded","subject":"","to":"'
    b'["accepted",0,0,null,null,"",null,"none",null,"","HTTP 200"]["delivered",0,0,null,null,"<'
)

_MESSAGE = ("", "", "", "", "", 0, "", "", None, None, None, 0, ())
_ATTEMPT = ("", None, "", "", 0, ())
_EVENT = ("", 0, 0, None, None, "", None, "none", None, "", "", "", "")
"""What a value is where a row ends before it."""


class Record(msgspec.Struct, frozen=True):
    """A submission (files without their content), the work on its messages, its repeat key, its care and its number."""

    submission: Submission
    works: tuple[Work, ...]
    repeat: Repeat | None = None
    care: Care = NO_CARE
    ordinal: int | None = None


def encode(record: Record, words: str) -> bytes:
    """The record without what its item's keys say; `words` are more that occur in it, and the same when decoding."""
    return deflate(to_json(_rows(record)), words)


def decode(blob: bytes, submission: Submission, words: str) -> Record:
    """The record; `submission` holds what the item's keys say. Raises StoreCorrupt: if it cannot be read."""
    try:
        return _record(from_json(inflate(blob, words)), submission)
    except (zlib.error, ValueError, TypeError, IndexError, KeyError) as error:
        raise StoreCorrupt(f"What is stored of {submission.id} cannot be read: {error}") from error


def deflate(text: str, words: str) -> bytes:
    """A text, its version first."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=WORDS + words.encode())
    return VERSION + packer.compress(text.encode()) + packer.flush()


def inflate(blob: bytes, words: str) -> str:
    """The text. Raises ValueError, zlib.error: if it is none of ours."""
    if blob[:1] != VERSION:
        raise ValueError(f"it is of version {blob[:1].hex()}, which a newer todoke wrote")
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, zdict=WORDS + words.encode())
    text = unpacker.decompress(blob[1:]) + unpacker.flush()
    if not unpacker.eof:
        raise ValueError("its end is missing")
    return text.decode()


def _rows(record: Record) -> list[Any]:
    submission = record.submission
    zero = submission.received_at
    repeat = record.repeat
    rows = [
        submission.language,
        submission.visitor,
        list(submission.signals),
        entry_rows(submission.entries),
        [_micros_from(zero, repeat.expires_at), repeat.fingerprint] if repeat else 0,
        [_message_row(work, zero) for work in record.works],
    ]
    if record.ordinal:
        return [*rows, record.care, record.ordinal]
    return rows if record.care == NO_CARE else [*rows, record.care]


def _message_row(work: Work, zero: datetime) -> list[Any]:
    timeline = work.timeline
    message = timeline.message
    row = [
        message.role.value,
        message.id,
        message.recipient,
        message.language,
        message.message_id,
        _micros_from(zero, message.created_at),
        message.about,
        message.note.value,
        _micros_from(zero, timeline.due_at),
        _micros_from(zero, work.lease_until),
        _micros_from(zero, timeline.resend_asked_at),
        timeline.corrections,
        [_attempt_row(a.attempt, a.events, message, zero) for a in timeline.attempts],
    ]
    return _cut(row, _MESSAGE)


def _attempt_row(
    attempt: Attempt, events: Sequence[DeliveryEvent], message: Message, zero: datetime
) -> list[Any]:
    row = [
        attempt.token,
        None if attempt.recipient == message.recipient else attempt.recipient,
        attempt.service,
        attempt.ceiling.value,
        _micros_from(zero, attempt.started_at),
        [_event_row(event, attempt) for event in events],
    ]
    return _cut(row, _ATTEMPT)


def _event_row(event: DeliveryEvent, attempt: Attempt) -> list[Any]:
    """Where an event states what its attempt does, None stands."""
    text, packed = _evidence(event.raw)
    row = [
        event.kind.value,
        _micros_from(attempt.started_at, event.received_at),
        _micros_from(event.received_at, event.at),
        None if event.service == attempt.service else event.service,
        None if event.token == attempt.token else event.token,
        event.service_id,
        None if event.recipient == attempt.recipient else event.recipient,
        event.permanence.value,
        event.reason.value if event.reason else None,
        event.status_code,
        event.diagnostic,
        text,
        packed,
    ]
    return _cut(row, _EVENT)


def _record(rows: Any, known: Submission) -> Record:
    language, visitor, signals, entries, repeat, messages, *more = rows
    zero = known.received_at
    submission = msgspec.structs.replace(
        known,
        language=language,
        visitor=Address(visitor),
        signals=tuple(signals),
        entries=entries_from(entries),
    )
    return Record(
        submission=submission,
        works=tuple(_work(_whole(row, _MESSAGE), known.id, zero) for row in messages),
        repeat=Repeat(_time(zero, repeat[0]), repeat[1]) if repeat else None,
        care=msgspec.convert(more[0], Care) if more else NO_CARE,
        ordinal=more[1] if more[1:] else None,
    )


def _work(row: Sequence[Any], submission_id: str, zero: datetime) -> Work:
    message = Message(
        id=row[1],
        submission_id=submission_id,
        role=Role(row[0]),
        recipient=Address(row[2]),
        language=row[3],
        message_id=row[4],
        created_at=_time(zero, row[5]),
        about=row[6],
        note=Note(row[7]),
    )
    tried = []
    for number, stored in enumerate(row[12], start=1):
        token, recipient, service, ceiling, started, events = _whole(stored, _ATTEMPT)
        attempt = Attempt(
            token=token,
            message_id=message.id,
            number=number,
            recipient=message.recipient if recipient is None else Address(recipient),
            service=service,
            ceiling=Ceiling(ceiling),
            started_at=_time(zero, started),
        )
        heard = tuple(_event(_whole(event, _EVENT), attempt) for event in events)
        tried.append(attempt_timeline(attempt, heard))
    timeline = MessageTimeline(
        message=message,
        attempts=tuple(tried),
        due_at=_time_or_none(zero, row[8]),
        resend_asked_at=_time_or_none(zero, row[10]),
        corrections=row[11],
    )
    return Work(timeline, _time_or_none(zero, row[9]))


def _event(row: Sequence[Any], attempt: Attempt) -> DeliveryEvent:
    received_at = _time(attempt.started_at, row[1])
    return DeliveryEvent(
        kind=Kind(row[0]),
        at=_time(received_at, row[2]),
        received_at=received_at,
        service=attempt.service if row[3] is None else row[3],
        token=attempt.token if row[4] is None else row[4],
        service_id=row[5],
        recipient=str(attempt.recipient) if row[6] is None else row[6],
        permanence=Permanence(row[7]),
        reason=Reason(row[8]) if row[8] else None,
        status_code=row[9],
        diagnostic=row[10],
        raw=base64.b64decode(row[12]) if row[12] else row[11].encode(),
    )


def _evidence(raw: bytes) -> tuple[str, str]:
    """Evidence as text where it is text, for that shares its words with the rest; else in base 64."""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        return "", base64.b64encode(raw).decode()


def _cut(row: list[Any], usual: Sequence[Any]) -> list[Any]:
    while row and row[-1] == usual[len(row) - 1]:
        row.pop()
    return row


def _whole(row: Sequence[Any], usual: Sequence[Any]) -> Sequence[Any]:
    return [*row, *usual[len(row) :]]


def _micros_from(zero: datetime, time: datetime | None) -> int | None:
    return None if time is None else micros(time) - micros(zero)


def _time(zero: datetime, after: int) -> datetime:
    return zero + timedelta(microseconds=after)


def _time_or_none(zero: datetime, after: int | None) -> datetime | None:
    return None if after is None else _time(zero, after)
