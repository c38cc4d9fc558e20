"""The sandbox's storage: mails, their copies, what happens to them, and the events a webhook still owes.

One SQLite connection, used from the event loop's thread alone: every statement takes microseconds. What was
accepted survives the process being killed (WAL); a power loss may cost the last moments, which a sandbox can bear.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("schema.sql")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step with its time, and the webhook's JSON for it ("" when no webhook tells of it)."""

    happens_at: float
    label: str
    event_type: str
    status: str
    reason: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCopy:
    """One recipient's copy: its outcome, its steps, and (time, position of the step) of each event to post."""

    recipient: str
    outcome: str
    steps: tuple[PlannedStep, ...]
    posts: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class OwedEvent:
    """An event that the webhook has not told yet."""

    seq: int
    item: str
    due_at: float
    tries: int


class Spool:
    """The storage in `folder`, made when missing."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            folder / "sandbox.sqlite3", isolation_level=None, check_same_thread=False
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.executescript(SCHEMA.read_text("utf-8"))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, mail: Row, copies: Sequence[PlannedCopy]) -> None:
        """Keep an accepted mail with all that will happen to it, in one write."""
        with self._write() as db:
            names = ", ".join(mail)
            marks = ", ".join(f":{name}" for name in mail)
            db.execute(f"INSERT INTO mail ({names}) VALUES ({marks})", dict(mail))  # noqa: S608 - our own names
            for copy in copies:
                self._add_copy(db, mail["id"], copy)

    def _add_copy(self, db: sqlite3.Connection, mail_id: str, copy: PlannedCopy) -> None:
        seq = db.execute(
            "INSERT INTO copy (id, mail_id, recipient, outcome) VALUES (?, ?, ?, ?)",
            (secrets.token_hex(8), mail_id, copy.recipient, copy.outcome),
        ).lastrowid
        db.executemany(
            "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (seq, n, s.happens_at, s.label, s.event_type, s.status, s.reason, s.item)
                for n, s in enumerate(copy.steps)
            ],
        )
        db.executemany(
            "INSERT INTO event (event_type, item, due_at, state, copy_seq, position)"
            " VALUES (?, ?, ?, 'waiting', ?, ?)",
            [(copy.steps[n].event_type, copy.steps[n].item, due, seq, n) for due, n in copy.posts],
        )

    # The webhook's outbox

    def owed(self, event_type: str, now: float, limit: int) -> Sequence[OwedEvent]:
        """Events of one type whose time has come, the oldest first."""
        rows = self._db.execute(
            "SELECT seq, item, due_at, tries FROM event"
            " WHERE state = 'waiting' AND event_type = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?",
            (event_type, now, limit),
        )
        return [OwedEvent(*row) for row in rows]

    def next_owed_at(self) -> float | None:
        """When the time of the next waiting event comes or came; None when none waits."""
        row = self._db.execute("SELECT min(due_at) FROM event WHERE state = 'waiting'").fetchone()
        return None if row[0] is None else float(row[0])

    def mark_posted(self, events: Sequence[OwedEvent]) -> None:
        """They were taken by the receiver."""
        with self._write() as db:
            db.executemany(
                "UPDATE event SET state = 'posted', tries = tries + 1 WHERE seq = ?",
                [(event.seq,) for event in events],
            )

    def postpone(self, events: Sequence[tuple[OwedEvent, float | None]]) -> None:
        """They were not taken: each is tried again at its time, or given up for None."""
        with self._write() as db:
            db.executemany(
                "UPDATE event SET tries = tries + 1, due_at = coalesce(?2, due_at),"
                " state = CASE WHEN ?2 IS NULL THEN 'lost' ELSE 'waiting' END WHERE seq = ?1",
                [(event.seq, again_at) for event, again_at in events],
            )

    def forget_due(self, now: float) -> None:
        """What has happened and was not told yet is never told: the webhook is switched off."""
        with self._write() as db:
            db.execute(
                "UPDATE event SET state = 'untold' WHERE state = 'waiting' AND due_at <= ?", (now,)
            )

    # The inbox

    def inbox(self, *, now: float, to: str, before: int | None, limit: int) -> Sequence[Row]:
        """Copies, newest first, each with its latest label; `to` is a part of the recipient."""
        return self._db.execute(
            "SELECT copy.seq, copy.id, copy.recipient, copy.outcome, mail.message_id, mail.sender,"
            " mail.subject, mail.accepted_at, mail.api_data,"
            " (SELECT label FROM step WHERE copy_seq = copy.seq AND happens_at <= :now"
            "  ORDER BY position DESC LIMIT 1) AS label"
            " FROM copy JOIN mail ON mail.id = copy.mail_id"
            " WHERE copy.seq < :before AND instr(lower(copy.recipient), lower(:to)) > 0"
            " ORDER BY copy.seq DESC LIMIT :limit",
            {"now": now, "to": to, "before": before or 2**62, "limit": limit},
        ).fetchall()

    def count(self) -> int:
        """How many copies are kept."""
        return int(self._db.execute("SELECT count(*) FROM copy").fetchone()[0])

    def copy(self, copy_id: str) -> Row | None:
        """One copy with its mail."""
        row: Row | None = self._db.execute(
            "SELECT mail.*, copy.seq, copy.id AS copy_id, copy.recipient, copy.outcome"
            " FROM copy JOIN mail ON mail.id = copy.mail_id WHERE copy.id = ?",
            (copy_id,),
        ).fetchone()
        return row

    def log(self, copy_seq: int, now: float) -> Sequence[Row]:
        """What has happened to a copy so far, and how often the webhook told of it, owes it, gave up, or was off."""
        return self._db.execute(
            "SELECT happens_at, label, event_type, status, reason,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'posted') AS posted,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'waiting') AS waiting,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'lost') AS lost,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'untold') AS untold"
            " FROM step WHERE copy_seq = ? AND happens_at <= ? ORDER BY position",
            (copy_seq, now),
        ).fetchall()

    def delete_all(self) -> None:
        """Empty the inbox. Events that are still owed stay owed, as a service's would."""
        with self._write() as db:
            for table in ("step", "copy", "mail"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            db.execute("DELETE FROM event WHERE state <> 'waiting'")

    # The record APIs

    def records(
        self, event_type: str, now: float, wanted: Mapping[str, str], *, rows: int, page: int
    ) -> Sequence[str]:
        """The JSON objects of what has happened, oldest first; `wanted` as `transaction.py` checked it.

        `created` is the beginning of the time as the object states it, `start_date` and `end_date` bound its day;
        `from`, `to` and `api_data` are parts of the object's values; `status` is the whole value.
        """
        found = self._db.execute(
            "SELECT item FROM step WHERE event_type = :event_type AND happens_at <= :now"
            " AND instr(json_extract(item, '$.created'), :created) = 1"
            " AND substr(json_extract(item, '$.created'), 1, 10) BETWEEN :start_date AND :end_date"
            " AND instr(lower(json_extract(item, '$.from')), lower(:from)) > 0"
            " AND instr(lower(json_extract(item, '$.to')), lower(:to)) > 0"
            " AND instr(json_extract(item, '$.apiData'), :api_data) > 0"
            " AND :status IN ('', status)"
            " ORDER BY happens_at, copy_seq, position LIMIT :rows OFFSET :skip",
            {
                "created": "", "start_date": "0000-00-00", "end_date": "9999-99-99",
                "from": "", "to": "", "api_data": "", "status": "",
                **wanted,
                "event_type": event_type, "now": now, "rows": rows, "skip": rows * page,
            },
        )  # fmt: skip
        return [row[0] for row in found]
