"""The copies as a reader sees them: found, counted, newest first, read or unread."""

from __future__ import annotations

from collections.abc import Sequence

from mail_cloud_sandbox.database import Database, Row
from mail_cloud_sandbox.search import Term, condition_of

_FOUND = "FROM copy JOIN mail ON mail.id = copy.mail_id JOIN searched ON searched.mail_id = mail.id"
_ANY_SEQ = 2**62


class Inbox:
    """The inbox in the sandbox's file. `now` is the time that a mail's state is read at."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def page(
        self, terms: Sequence[Term], *, now: float, before: int | None, limit: int
    ) -> Sequence[Row]:
        """The copies that fulfil the terms, newest first, each with its latest label."""
        condition, values = condition_of(terms)
        return self._db.execute(
            "SELECT copy.seq, copy.id, copy.recipient, copy.outcome, mail.message_id, mail.sender,"  # noqa: S608
            " mail.subject, mail.accepted_at, mail.api_data, searched.files,"
            " copy.seq NOT IN (SELECT copy_seq FROM seen) AS is_unread,"
            " (SELECT label FROM step WHERE copy_seq = copy.seq AND happens_at <= :now"
            "  ORDER BY position DESC LIMIT 1) AS label"
            f" {_FOUND} WHERE copy.seq < :before AND {condition} ORDER BY copy.seq DESC LIMIT :limit",
            {**values, "now": now, "before": before or _ANY_SEQ, "limit": limit},
        ).fetchall()

    def counts(self, terms: Sequence[Term], *, now: float) -> tuple[int, int, int]:
        """How many copies fulfil the terms, how many of them are unread, and the newest one's `seq` (0 for none)."""
        condition, values = condition_of(terms)
        found, unread, newest = self._db.execute(
            "SELECT count(*), total(copy.seq NOT IN (SELECT copy_seq FROM seen)), max(copy.seq)"  # noqa: S608
            f" {_FOUND} WHERE {condition}",
            {**values, "now": now},
        ).fetchone()
        return int(found), int(unread), int(newest or 0)

    def seqs(self, terms: Sequence[Term], *, now: float, until: int = _ANY_SEQ) -> Sequence[int]:
        """The `seq` of every copy that fulfils the terms, up to `until`."""
        condition, values = condition_of(terms)
        rows = self._db.execute(
            f"SELECT copy.seq {_FOUND} WHERE copy.seq <= :until AND {condition}",
            {**values, "now": now, "until": until},
        )
        return [seq for (seq,) in rows]

    def neighbours(self, seq: int, terms: Sequence[Term], *, now: float) -> tuple[str, str]:
        """The ids of the next newer and the next older copy among those that fulfil the terms, "" for none."""
        condition, values = condition_of(terms)
        newer, older = (
            self._db.execute(
                f"SELECT copy.id {_FOUND} WHERE copy.seq {side} :seq AND {condition}"
                f" ORDER BY copy.seq {order} LIMIT 1",
                {**values, "now": now, "seq": seq},
            ).fetchone()
            for side, order in ((">", "ASC"), ("<", "DESC"))
        )
        return (newer["id"] if newer else "", older["id"] if older else "")

    def mark(self, copy_seqs: Sequence[int], *, is_read: bool) -> None:
        """Mark copies as read, or as unread again."""
        change = (
            "INSERT OR IGNORE INTO seen VALUES (?)"
            if is_read
            else "DELETE FROM seen WHERE copy_seq = ?"
        )
        with self._db.write() as db:
            db.executemany(change, [(seq,) for seq in copy_seqs])
