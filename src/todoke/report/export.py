"""Submissions as records for programs (JSON) and for spreadsheets (CSV). Pure but for the stream written to.

The words in a record are those of the glossary, not of any language. CSV is RFC 4180, and no cell of it can be
taken for a formula.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import AttemptTimeline, MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import local_rfc3339
from todoke.model.submission import Entry, File
from todoke.model.zone import Zone
from todoke.ports.archive import Archive, Query
from todoke.ports.output import Output
from todoke.report.status import read_status

PAGE = 200
CARE_COLUMNS = ("done_at", "starred", "assignee", "notes")
"""What the desk's people did."""
FIXED_COLUMNS = (
    *("id", "received_at", "form", "ordinal", "visitor"),
    *(role.value for role in Role),
    *CARE_COLUMNS,
)

MORE_COLUMN = "more_fields"
MOST_COLUMNS = 200
"""So many columns for fields that the configuration does not name: as many as one sending has at most by default."""
_MOST_COUNTED = 20_000

_STEERS = r"\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(
    # Half of the world's spreadsheets part cells at ";", some at tabs: these see no quotes but at a cell's begin.
    r"(^|[;\t\r\n])"
    # What a spreadsheet may take off before it looks. No character is in both sets: this takes linear time.
    rf"""((?:[^\S\t\r\n]|[{_STEERS}"])*[=+\-@"""
    # The wide, small and raised forms, which East Asian ones read as the plain.
    r"＝﹦⁼₌＋﹢⁺₊－﹣⁻₋−＠﹫])"
)
"""What a spreadsheet takes for a formula, and where one can begin (OWASP, CSV injection)."""
_HALF = re.compile("[\ud800-\udfff]")
_FIRST = ("\t", "\r", "\n", "\0")


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields that have a column each, and whether there are others, whose answers share one."""

    fields: tuple[str, ...]
    has_more: bool = False


def all_pages(archive: Archive, query: Query, stop_after: int | None = None) -> Iterator[Timeline]:
    """Every submission of `query`, newest first, page by page, whatever its limit; at most `stop_after`."""
    left = stop_after
    before = query.before
    while left is None or left > 0:
        limit = PAGE if left is None else min(PAGE, left)
        page = archive.page(replace(query, before=before, limit=limit))
        yield from page.timelines
        left = None if left is None else left - len(page.timelines)
        before = page.next
        if not before:
            return


def summary(timeline: Timeline, settings: Settings, now: datetime) -> dict[str, Any]:
    """One submission in short: who, when, which form, and the state of each message."""
    submission = timeline.submission
    return {
        "id": submission.id,
        "received_at": _time(submission.received_at),
        "form": submission.form,
        "ordinal": timeline.ordinal,
        "visitor": submission.visitor,
        "messages": [_message(message, settings, now) for message in timeline.messages],
    }


def record(timeline: Timeline, settings: Settings, now: datetime) -> dict[str, Any]:
    """One submission with its answers, the state of each message, and what the desk's people did."""
    submission = timeline.submission
    return {
        **summary(timeline, settings, now),
        "language": submission.language,
        "retain_until": _time(submission.retain_until),
        "signals": list(submission.signals),
        "entries": [_entry(entry) for entry in submission.entries],
        "care": _care(timeline.care),
    }


def full_record(timeline: Timeline, settings: Settings, now: datetime) -> dict[str, Any]:
    """All that is known of one submission, with attempts, events and the raw evidence."""
    full = record(timeline, settings, now)
    for shown, message in zip(full["messages"], timeline.messages, strict=True):
        shown["attempts"] = [_attempt(attempt) for attempt in message.attempts]
    return full


def _care(care: Care) -> dict[str, Any]:
    """What the desk's people did with it."""
    return {
        "read_at": _time(care.read_at),
        "done_at": _time(care.done_at),
        "starred": care.starred,
        "assignee": care.assignee,
        "remarks": [{"by": r.by, "at": _time(r.at), "text": r.text} for r in care.remarks],
    }


def json_line(value: dict[str, Any]) -> str:
    """One object as a line of JSON; half a character, which no encoding has a place for, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"


def known_fields(settings: Settings, form: str = "") -> list[str]:
    """The fields that the configuration names, of one form or of all, in its order: the first columns of a table."""
    forms = [f for name, f in settings.forms.items() if not form or name == form]
    return [field.name for f in forms for field in f.fields or ()]


def field_columns(timelines: Iterable[Timeline], known: Sequence[str] = ()) -> Columns:
    """The fields that were answered: first those that are `known`, in their order, then the others as they came.

    Of the others those that most submissions have, MOST_COLUMNS of them: a form without a page takes any field, and a
    stranger who sends ten thousand must not make a table that nobody can open.
    """
    wanted = set(known)
    answered: set[str] = set()
    others: Counter[str] = Counter()
    has_more = False
    for timeline in timelines:
        names = dict.fromkeys(entry.name for entry in timeline.submission.entries)
        answered.update(names.keys() & wanted)
        others.update(name for name in names if name not in wanted)
        if len(others) > _MOST_COUNTED:
            others = Counter(dict(others.most_common(_MOST_COUNTED // 2)))
            has_more = True
    chosen = {name for name, _ in others.most_common(MOST_COLUMNS)}
    fields = dict.fromkeys(name for name in known if name in answered)
    fields |= dict.fromkeys(name for name in others if name in chosen)
    return Columns(tuple(fields), has_more or len(others) > len(chosen))


def write_csv(
    timelines: Iterable[Timeline],
    columns: Columns,
    status_of: Callable[[MessageTimeline], str],
    out: Output,
    zone: Zone,
) -> int:
    """Write a heading and a row for each submission (RFC 4180); how many. Times are those of `zone`, with the offset.

    A field that was answered more than once has its answers in one cell, a line each; a file is its name. A field
    whose name is that of a fixed column gets " (field)" after it. Fields without a column have their answers in the
    last one, a line each, after their names.
    """
    return write_rows(table(timelines, columns, status_of, zone), out) - 1


def write_rows(rows: Iterable[Sequence[str]], out: Output) -> int:
    """Write rows of a CSV, no cell of which can be taken for a formula; how many."""
    writer = csv.writer(out, lineterminator="\r\n")
    count = 0
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        count += 1
    return count


def table(
    timelines: Iterable[Timeline],
    columns: Columns,
    status_of: Callable[[MessageTimeline], str],
    zone: Zone,
) -> Iterator[list[str]]:
    """A heading and a row for each submission, as write_csv has them, with whatever was typed in the cells."""
    fixed = {*FIXED_COLUMNS, MORE_COLUMN}
    fields = [f"{name} (field)" if name in fixed else name for name in columns.fields]
    more = [MORE_COLUMN] if columns.has_more else []
    yield [*FIXED_COLUMNS, *fields, *more]
    for timeline in timelines:
        yield list(_row(timeline, columns, status_of, zone))


def guarded(cell: str) -> str:
    """The cell, with an apostrophe before whatever in it a spreadsheet would take for a formula, however it parts
    cells: "=1" and "a;=1" become "'=1" and "a;'=1"."""
    safe = _FORMULA.sub(r"\1'\2", cell)
    return "'" + safe if safe.startswith(_FIRST) else safe


def _row(
    timeline: Timeline,
    columns: Columns,
    status_of: Callable[[MessageTimeline], str],
    zone: Zone,
) -> Iterator[str]:
    submission = timeline.submission
    received = local_rfc3339(submission.received_at, zone)
    ordinal = str(timeline.ordinal or "")
    yield from (submission.id, received, submission.form, ordinal, submission.visitor)
    for role in Role:
        yield "\n".join(status_of(m) for m in timeline.messages if m.message.role is role)
    yield from _care_cells(timeline.care, zone)
    answers: dict[str, list[str]] = {}
    for entry in submission.entries:
        text = entry.value.name if isinstance(entry.value, File) else entry.value
        answers.setdefault(entry.name, []).append(text)
    for name in columns.fields:
        yield "\n".join(answers.pop(name, ()))
    if columns.has_more:
        yield "\n".join(f"{name}: {text}" for name, texts in answers.items() for text in texts)


def _care_cells(care: Care, zone: Zone) -> Iterator[str]:
    yield local_rfc3339(care.done_at, zone) if care.done_at else ""
    yield "yes" if care.starred else ""
    yield care.assignee
    yield "\n".join(f"{local_rfc3339(r.at, zone)} {r.by}: {r.text}" for r in care.remarks)


def _entry(entry: Entry) -> dict[str, Any]:
    if isinstance(entry.value, File):
        return {
            "name": entry.name,
            "file": {"name": entry.value.name, "media_type": entry.value.media_type},
        }
    shown: dict[str, Any] = {"name": entry.name, "value": entry.value}
    if entry.raw is not None:
        shown["raw_hex"] = entry.raw.hex()
    return shown


def _message(message: MessageTimeline, settings: Settings, now: datetime) -> dict[str, Any]:
    standing = message.standing
    return {
        "id": message.message.id,
        "role": message.message.role.value,
        "to": message.message.recipient,
        "status": read_status(message, settings, now),
        "since": _time(standing.since),
        "reason": standing.reason.value if standing.reason else "",
        "permanence": standing.permanence.value,
        "diagnostic": standing.diagnostic,
        "complained": standing.complained,
        "message_id": message.message.message_id,
        "about": message.message.about,
        "due_at": _time(message.due_at),
    }


def _attempt(attempt: AttemptTimeline) -> dict[str, Any]:
    return {
        "number": attempt.attempt.number,
        "to": attempt.attempt.recipient,
        "service": attempt.attempt.service,
        "ceiling": attempt.attempt.ceiling.value,
        "started_at": _time(attempt.attempt.started_at),
        "status": attempt.standing.status.value,
        "events": [_event(event) for event in attempt.events],
    }


def _event(event: DeliveryEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "at": _time(event.at),
        "received_at": _time(event.received_at),
        "service": event.service,
        "service_id": event.service_id,
        "recipient": event.recipient,
        "permanence": event.permanence.value,
        "reason": event.reason.value if event.reason else "",
        "status_code": event.status_code,
        "diagnostic": event.diagnostic,
        "raw": event.raw.decode("utf-8", "backslashreplace"),
    }


def _time(at: datetime | None) -> str:
    """RFC 3339 in UTC with milliseconds, "" for never."""
    return (
        at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""
    )
