"""The mails that the sandbox took, their copies, and what happens to each: keep them, and let them go again.

So many are kept, and no more: beyond that the oldest go, with what became of them.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.database import Database, Row
from mail_cloud_sandbox.html_survey import text_of
from mail_cloud_sandbox.search import folded


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What is searched of a mail beside its copies' recipients, folded; how many files it has."""

    sender: str
    subject: str
    words: str
    files: int


def searched(
    *, sender: str, to: Sequence[str], subject: str, text: str, html: str, files: Sequence[str]
) -> Searched:
    """What is searched of a mail: the text that a reader sees in both parts, the addresses, the files' names."""
    shown = text_of(html) if html else ""
    return Searched(
        sender=folded(sender),
        subject=folded(subject),
        words=folded("\n".join((subject, sender, *to, *files, text, shown))),
        files=len(files),
    )


class Spool:
    """The mails in the sandbox's file: `keep_mails` at most, of `keep_bytes` in all, but for the newest one.

    What a sandbox of before kept and could not search is made ready here, once.
    """

    def __init__(self, database: Database, *, keep_mails: int, keep_bytes: int) -> None:
        self._db = database
        self._keep_mails = keep_mails
        self._keep_bytes = keep_bytes
        with database.write() as db:
            db.execute(
                "DELETE FROM event WHERE state NOT IN ('waiting', 'held')"
                " AND copy_seq NOT IN (SELECT seq FROM copy)"
            )  # told, and of nothing that is still here
            self._search_older(db)
            self._let_go(db)

    def add(self, mail: Row, found_by: Searched, copies: Sequence[PlannedCopy]) -> None:
        """Keep an accepted mail with all that will happen to it, in one write; what is too much goes in the same."""
        with self._db.write() as db:
            names = ", ".join(mail)
            marks = ", ".join(f":{name}" for name in mail)
            db.execute(f"INSERT INTO mail ({names}) VALUES ({marks})", dict(mail))  # noqa: S608 - our own names
            self._add_searched(db, mail, found_by)
            for copy in copies:
                self._add_copy(db, mail["id"], copy)
            self._let_go(db)

    def _add_searched(self, db: sqlite3.Connection, mail: Row, found_by: Searched) -> None:
        size = sum(len(mail[name]) for name in ("source", "text", "html")) + len(found_by.words)
        db.execute(
            "INSERT INTO searched VALUES (?, ?, ?, ?, ?, ?)",
            (mail["id"], size, found_by.files, found_by.sender, found_by.subject, found_by.words),
        )

    def _search_older(self, db: sqlite3.Connection) -> None:
        rows = db.execute(
            "SELECT * FROM mail WHERE id NOT IN (SELECT mail_id FROM searched) ORDER BY rowid"
        )
        for mail in rows:
            to = db.execute("SELECT recipient FROM copy WHERE mail_id = ?", (mail["id"],))
            found_by = searched(
                sender=mail["sender"],
                to=[recipient for (recipient,) in to],
                subject=mail["subject"],
                text=mail["text"],
                html=mail["html"],
                files=[file["name"] for file in json.loads(mail["attachments"])],
            )
            self._add_searched(db, mail, found_by)

    def _let_go(self, db: sqlite3.Connection) -> None:
        """Let the oldest mails go until what is left fits."""
        mails, size = db.execute("SELECT count(*), total(bytes) FROM searched").fetchone()
        while mails > 1 and (mails > self._keep_mails or size > self._keep_bytes):
            oldest = db.execute(
                "SELECT id, bytes FROM mail JOIN searched ON mail_id = id ORDER BY mail.rowid LIMIT 1"
            ).fetchone()
            copies = db.execute(
                "SELECT seq FROM copy WHERE mail_id = ?", (oldest["id"],)
            ).fetchall()
            self._delete(db, [seq for (seq,) in copies])
            mails, size = mails - 1, size - oldest["bytes"]

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

    def copy(self, copy_id: str) -> Row | None:
        """One copy with its mail."""
        row: Row | None = self._db.execute(
            "SELECT mail.*, copy.seq, copy.id AS copy_id, copy.recipient, copy.outcome,"
            " copy.seq IN (SELECT copy_seq FROM seen) AS is_read"
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

    def delete(self, copy_seqs: Sequence[int]) -> int:
        """Let copies go, and mails of which none is left; how many went.

        Events that are still owed stay owed, as a service's would.
        """
        with self._db.write() as db:
            return self._delete(db, copy_seqs)

    def _delete(self, db: sqlite3.Connection, copy_seqs: Sequence[int]) -> int:
        gone = 0
        for seq in copy_seqs:
            row = db.execute("DELETE FROM copy WHERE seq = ? RETURNING mail_id", (seq,)).fetchone()
            if row is None:
                continue
            gone += 1
            db.execute("DELETE FROM step WHERE copy_seq = ?", (seq,))
            db.execute("DELETE FROM seen WHERE copy_seq = ?", (seq,))
            db.execute(
                "DELETE FROM event WHERE copy_seq = ? AND state NOT IN ('waiting', 'held')", (seq,)
            )
            last = "NOT EXISTS (SELECT 1 FROM copy WHERE copy.mail_id = ?1)"
            db.execute(f"DELETE FROM searched WHERE mail_id = ?1 AND {last}", (row["mail_id"],))  # noqa: S608
            db.execute(f"DELETE FROM mail WHERE id = ?1 AND {last}", (row["mail_id"],))  # noqa: S608
        return gone
