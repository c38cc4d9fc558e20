"""Values to rows of the SQLite store and back. Knows the columns' order, and no connection."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import apsw
import msgspec

from todoke.model.address import Address, mailbox_key, same_mailbox
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind
from todoke.model.json_text import to_json
from todoke.model.message import Attempt, Message, Note, Role
from todoke.model.submission import Submission
from todoke.stores.rules.values import (
    entries_json,
    entries_of,
    event_json,
    micros,
    micros_or_none,
    plain,
    read_signals,
    time_of,
    time_or_none,
)
from todoke.stores.rules.work import Work

Row = tuple[Any, ...]


def _read_queries() -> dict[str, str]:
    text = (Path(__file__).parent / "queries.sql").read_text(encoding="utf-8")
    blocks = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {
        name: re.sub(r"^--.*\n", "", body, flags=re.MULTILINE).strip().rstrip(";")
        for name, body in zip(blocks[::2], blocks[1::2], strict=True)
    }


SQL = _read_queries()
"""The statements of queries.sql by name."""


def json_list(values: Iterable[int | str]) -> str:
    """Values for a statement that takes a list."""
    return msgspec.json.encode([v if isinstance(v, int) else plain(v) for v in values]).decode()


_WHERE_TAKEN = {
    "repeats": """ ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,
  submission_id = excluded.submission_id, expires_at = excluded.expires_at
WHERE excluded.expires_at > repeats.expires_at""",
    "notices": " ON CONFLICT (id) DO NOTHING",
}
"""What an insert does where its key is taken; elsewhere that is a fault. Of two repeats the longer lived stays."""
MOST_ROWS = 32
"""Rows of one insert. Every number up to it is a statement of its own, which the connection has to remember."""


def insert_rows(connection: apsw.Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows, many to a statement: while the thread is in one it does not wait for the GIL."""
    start = 0
    while start < len(rows):
        size = min(MOST_ROWS, len(rows) - start)
        values = tuple(itertools.chain.from_iterable(rows[start : start + size]))
        connection.execute(_insert_statement(table, len(rows[start]), size), values)
        start += size


@lru_cache(maxsize=256)
def _insert_statement(table: str, width: int, height: int) -> str:
    row = "(" + ",".join("?" * width) + ")"
    rows = ",".join([row] * height)
    return f"INSERT INTO {table} VALUES {rows}{_WHERE_TAKEN.get(table, '')}"  # noqa: S608 - our own table names


def submission_row(submission: Submission) -> Row:
    """The row of `submissions`, but for its seq and its ordinal."""
    return (
        submission.id,
        submission.form,
        micros(submission.received_at),
        submission.language,
        plain(submission.visitor),
        submission.token_hash,
        micros_or_none(submission.retain_until),
        to_json(submission.signals) if submission.signals else None,
        entries_json(submission.entries),
    )


def submission_of(row: Row) -> Submission:
    """The submission of a row of the statement `submissions`."""
    _, id_, form, received_at, language, visitor, token_hash, retain_until, signals, entries, _ = (
        row
    )
    return Submission(
        id=id_,
        form=form,
        received_at=time_of(received_at),
        entries=entries_of(entries),
        language=language,
        visitor=Address(visitor),
        token_hash=token_hash,
        retain_until=time_or_none(retain_until),
        signals=read_signals(signals) if signals else (),
    )


def message_row(work: Work, form: str) -> Row:
    """The row of a new message in `messages`, but for its submission's seq and its number."""
    message = work.message
    return (
        message.id,
        form,
        message.role.value,
        plain(message.recipient),
        message.language,
        message.message_id,
        micros(message.created_at),
        message.about,
        message.note.value,
        work.timeline.standing.status.value,
        micros_or_none(work.timeline.due_at),
        None,
        None,
        0,
    )


def message_of(row: Row, submission_id: str) -> Message:
    """The message of a row of the statement `messages`."""
    _, _, id_, role, recipient, language, message_id, created_at, about, note, *_ = row
    return Message(
        id=id_,
        submission_id=submission_id,
        role=Role(role),
        recipient=Address(recipient),
        language=language,
        message_id=message_id,
        created_at=time_of(created_at),
        about=about,
        note=Note(note),
    )


def work_columns(work: Work) -> Row:
    """What the statement `update_message` keeps of a message's work."""
    timeline = work.timeline
    return (
        plain(timeline.message.recipient),
        timeline.standing.status.value,
        micros_or_none(timeline.due_at),
        micros_or_none(work.lease_until),
        micros_or_none(timeline.resend_asked_at),
        timeline.corrections,
    )


def attempt_row(attempt: Attempt) -> Row:
    """The row of `attempts` from its number on."""
    return (
        attempt.number,
        attempt.token,
        plain(attempt.recipient),
        plain(attempt.service),
        attempt.ceiling.value,
        micros(attempt.started_at),
    )


def attempt_of(row: Row, message_id: str) -> Attempt:
    """The attempt of a row of the statement `attempts`."""
    _, _, number, token, recipient, service, ceiling, started_at = row
    return Attempt(
        token=token,
        message_id=message_id,
        number=number,
        recipient=Address(recipient),
        service=service,
        ceiling=Ceiling(ceiling),
        started_at=time_of(started_at),
    )


def event_row(event: DeliveryEvent, recipient: Address) -> Row:
    """The row of `events` from stated_id on, for an attempt to `recipient`."""
    is_ours = not event.recipient or same_mailbox(event.recipient, recipient)
    return (
        stated_id(event) if event.kind is Kind.ACCEPTED else None,
        None if is_ours else plain(mailbox_key(event.recipient)),
        event_json(event),
    )


def read_totals(connection: apsw.Connection) -> dict[str, int]:
    """The figures kept as they change."""
    return {row[0]: row[1] for row in connection.execute(SQL["totals"])}


def ordinal_total(form: str) -> str:
    """The name of the figure that is the last number given to a submission of a form."""
    return f"ordinal {plain(form)}"


def form_total(form: str) -> str:
    """The name of the figure of a form's submissions."""
    return f"form {form}"


def stated_id(event: DeliveryEvent) -> str | None:
    """The service with the id it gave, as one key; None where it gave none."""
    return stated_key(event.service, event.service_id) if event.service_id else None


def stated_key(service: str, service_id: str) -> str:
    """The same, of its two parts."""
    return plain(f"{service} {service_id}")
