"""The mails that the sandbox took, their copies, and what happens to each: what the inbox shows."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.database import Database, Row


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


class Spool:
    """The mails in the sandbox's file."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, mail: Row, copies: Sequence[PlannedCopy]) -> None:
        """Keep an accepted mail with all that will happen to it, in one write."""
        with self._db.write() as db:
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
            "   AND e.position = step.position AND e.state IN ('waiting', 'held')) AS waiting,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'lost') AS lost,"
            " (SELECT count(*) FROM event e WHERE e.copy_seq = step.copy_seq"
            "   AND e.position = step.position AND e.state = 'untold') AS untold"
            " FROM step WHERE copy_seq = ? AND happens_at <= ? ORDER BY position",
            (copy_seq, now),
        ).fetchall()

    def delete_all(self) -> None:
        """Empty the inbox. Events that are still owed stay owed, as a service's would."""
        with self._db.write() as db:
            for table in ("step", "copy", "mail"):
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
            db.execute("DELETE FROM event WHERE state NOT IN ('waiting', 'held')")
