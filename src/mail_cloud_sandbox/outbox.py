"""The events that the webhook still owes, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.database import Database

_OWED = "state IN ('waiting', 'held')"


@dataclass(frozen=True, slots=True)
class OwedEvent:
    """An event that the webhook has not told yet; `is_held` once an ordered fault has put it off."""

    seq: int
    item: str
    due_at: float
    tries: int
    is_held: bool


class Outbox:
    """The webhook's outbox in the sandbox's file."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, event_type: str, item: str, due_at: float) -> None:
        """Owe an event that belongs to no mail."""
        with self._db.write() as db:
            db.execute(
                "INSERT INTO event (event_type, item, due_at, state, copy_seq, position)"
                " VALUES (?, ?, ?, 'waiting', 0, 0)",
                (event_type, item, due_at),
            )

    def owed(self, event_type: str, now: float, limit: int) -> Sequence[OwedEvent]:
        """Events of one type whose time has come, the oldest first."""
        rows = self._db.execute(
            "SELECT seq, item, due_at, tries, state = 'held' FROM event"  # noqa: S608 - our own words
            f" WHERE {_OWED} AND event_type = ? AND due_at <= ? ORDER BY due_at, seq LIMIT ?",
            (event_type, now, limit),
        )
        return [OwedEvent(seq, item, at, tries, bool(held)) for seq, item, at, tries, held in rows]

    def next_at(self) -> float | None:
        """When the time of the next event comes or came; None when none waits."""
        row = self._db.execute(f"SELECT min(due_at) FROM event WHERE {_OWED}").fetchone()  # noqa: S608
        return None if row[0] is None else float(row[0])

    def mark_posted(self, events: Sequence[OwedEvent]) -> None:
        """They were taken by the receiver."""
        with self._db.write() as db:
            db.executemany(
                "UPDATE event SET state = 'posted', tries = tries + 1 WHERE seq = ?",
                [(event.seq,) for event in events],
            )

    def postpone(self, events: Sequence[tuple[OwedEvent, float | None]]) -> None:
        """They were not taken: each is tried again at its time, or given up for None."""
        with self._db.write() as db:
            db.executemany(
                "UPDATE event SET tries = tries + 1, due_at = coalesce(?2, due_at),"
                " state = CASE WHEN ?2 IS NULL THEN 'lost' ELSE state END WHERE seq = ?1",
                [(event.seq, again_at) for event, again_at in events],
            )

    def hold(self, events: Sequence[tuple[OwedEvent, float]]) -> None:
        """A fault puts each off until its time, and no fault does so again."""
        with self._db.write() as db:
            db.executemany(
                "UPDATE event SET due_at = ?2, state = 'held' WHERE seq = ?1",
                [(event.seq, until) for event, until in events],
            )

    def forget(self, events: Sequence[OwedEvent]) -> None:
        """They are never told."""
        with self._db.write() as db:
            db.executemany(
                "UPDATE event SET state = 'untold' WHERE seq = ?", [(e.seq,) for e in events]
            )

    def forget_due(self, now: float) -> None:
        """What has happened and was not told yet is never told: the webhook is switched off."""
        with self._db.write() as db:
            db.execute(f"UPDATE event SET state = 'untold' WHERE {_OWED} AND due_at <= ?", (now,))  # noqa: S608
