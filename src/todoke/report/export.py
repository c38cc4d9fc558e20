"""Submissions as records for programs (JSON), and all of a query page by page. Pure but for the archive it reads.

The words in a record are those of the glossary, not of any language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import AttemptTimeline, MessageTimeline, Timeline
from todoke.model.settings import Settings
from todoke.model.submission import Entry, File
from todoke.ports.archive import Archive, Query
from todoke.report.status import read_status

PAGE = 200
_HALF = re.compile("[\ud800-\udfff]")


Watch = Callable[[int], bool]
"""Is told after each page how many submissions were passed on, and says whether to go on."""


def go_on(_: int) -> bool:
    """Watch nothing."""
    return True


def all_pages(
    archive: Archive, query: Query, stop_after: int | None = None, watch: Watch = go_on
) -> Iterator[Timeline]:
    """Every submission of `query`, newest first, page by page, whatever its limit; at most `stop_after`."""
    passed_on = 0
    before = query.before
    while stop_after is None or passed_on < stop_after:
        limit = PAGE if stop_after is None else min(PAGE, stop_after - passed_on)
        page = archive.page(replace(query, before=before, limit=limit))
        yield from page.timelines
        passed_on += len(page.timelines)
        before = page.next
        if not watch(passed_on) or not before:
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
        "verdict": care.verdict.value if care.verdict else "",
        "judged_at": _time(care.judged_at),
        "starred": care.starred,
        "assignee": care.assignee,
        "remarks": [{"by": r.by, "at": _time(r.at), "text": r.text} for r in care.remarks],
    }


def json_line(value: dict[str, Any]) -> str:
    """One object as a line of JSON; half a character, which no encoding has a place for, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"


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
