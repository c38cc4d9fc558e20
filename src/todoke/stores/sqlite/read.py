"""Reading whole submissions from SQLite: five statements for any number of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

import apsw
import msgspec

from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.json_text import reader
from todoke.model.message import AttemptTimeline, MessageTimeline, Timeline
from todoke.model.submission import File, Submission
from todoke.ports.outbox import Backlog
from todoke.stores.rules.lists import lists_of
from todoke.stores.rules.values import plain, read_event, time_or_none
from todoke.stores.rules.work import Work, attempt_timeline
from todoke.stores.sqlite.rows import (
    SQL,
    Row,
    attempt_of,
    json_list,
    message_of,
    read_totals,
    submission_of,
)

_read_care: Callable[[str], Care] = reader(Care)


def backlog(connection: apsw.Connection) -> Backlog:
    """See Outbox.backlog."""
    [(messages, oldest)] = connection.execute(SQL["backlog"])
    return Backlog(messages, time_or_none(oldest))


def counts(connection: apsw.Connection) -> dict[str, int]:
    """See Archive.counts."""
    totals = read_totals(connection)
    return {
        "submissions": totals["submissions"],
        "messages": totals["messages"],
        "due": backlog(connection).messages,
        "orphans": totals["orphans"],
    }


def read_file(connection: apsw.Connection, submission_id: str, position: int) -> File | None:
    """See Archive.file."""
    seq = connection.execute(SQL["seq_of_submission"], {"id": plain(submission_id)}).get
    stored = load(connection, [] if seq is None else [seq]).get(seq)
    if stored is None or not 0 <= position < len(stored.submission.entries):
        return None
    file = stored.submission.entries[position].value
    if not isinstance(file, File):
        return None
    content = connection.execute(SQL["file"], {"seq": seq, "position": position}).get
    return File(name=file.name, media_type=file.media_type, content=content)


class StoredRows(msgspec.Struct, frozen=True):
    """A submission as stored: its place, its messages' work by their number, and how far each journal has come."""

    seq: int
    submission: Submission
    works: dict[int, Work]
    positions: dict[Row, int]
    care: Care = NO_CARE
    ordinal: int | None = None

    @property
    def lists(self) -> frozenset[str]:
        """The lists that it is in."""
        return lists_of(self.submission, self.care, self.works.values())

    @property
    def timeline(self) -> Timeline:
        """What people see of it."""
        return Timeline(
            submission=self.submission,
            messages=tuple(w.timeline for w in self.works.values()),
            care=self.care,
            ordinal=self.ordinal,
        )


def load(
    connection: apsw.Connection, seqs: Collection[int], *, brief: bool = False
) -> dict[int, StoredRows]:
    """The submissions at these places with all that became of them. Call it inside a transaction. For `brief` see
    Query."""
    if not seqs:
        return {}
    these = {"seqs": json_list(seqs)}
    care = {seq: _read_care(text) for seq, text in connection.execute(SQL["care"], these)}
    stored = {
        row[0]: StoredRows(row[0], submission_of(row), {}, {}, care.get(row[0], NO_CARE), row[-1])
        for row in connection.execute(SQL["brief_submissions" if brief else "submissions"], these)
    }
    events: defaultdict[Row, list[DeliveryEvent]] = defaultdict(list)
    attempts: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in connection.execute(SQL["attempts"], these):
        attempts[row[:2]].append(row)
    if attempts:
        for row in connection.execute(SQL["events"], these):
            events[row[:3]].append(read_event(row[4]))
            stored[row[0]].positions[row[1:3]] = row[3]
    for row in connection.execute(SQL["messages"], these):
        whole = stored[row[0]]
        tried = tuple(
            attempt_timeline(attempt_of(a, row[2]), tuple(events[a[:3]])) for a in attempts[row[:2]]
        )
        whole.works[row[1]] = _work_of(row, whole.submission.id, tried)
    return stored


def _work_of(row: Row, submission_id: str, attempts: tuple[AttemptTimeline, ...]) -> Work:
    due_at, lease_until, resend_asked_at, corrections = row[10:]
    timeline = MessageTimeline(
        message=message_of(row, submission_id),
        attempts=attempts,
        due_at=time_or_none(due_at),
        resend_asked_at=time_or_none(resend_asked_at),
        corrections=corrections,
    )
    return Work(timeline, time_or_none(lease_until))
