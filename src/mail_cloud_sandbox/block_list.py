"""The block list: addresses that the service will not send to, because they failed too often.

An address is counted from its first hard bounce, and blocked when there were as many as the settings say. Released,
it begins anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from mail_cloud_sandbox.database import Database, Row

HARD = frozenset({"1", "2", "9"})
"""The error status codes that count: no such host, no such user, no such form of address."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """An entry of the list: when it was made, and when it was released (None: not yet)."""

    id: str
    email: str
    occurred: int
    status: str
    created_at: float
    removed_at: float | None


class BlockList:
    """The block list in the sandbox's file."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def is_blocked(self, email: str, now: float) -> bool:
        """Whether a mail that is sent now would be suppressed."""
        cursor = self._db.execute(
            "SELECT 1 FROM block WHERE email = ? AND created_at <= ? AND removed_at IS NULL",
            (email.casefold(), now),
        )
        return cursor.fetchone() is not None

    def was_released(self, email: str) -> bool:
        """Whether somebody has released the address before."""
        cursor = self._db.execute(
            "SELECT 1 FROM block WHERE email = ? AND removed_at IS NOT NULL", (email.casefold(),)
        )
        return cursor.fetchone() is not None

    def note_bounce(self, email: str, status: str, at: float, block_after: int) -> Blocked | None:
        """Count a hard bounce at the time `at`; the new entry if it is the one that blocks the address then."""
        with self._db.write() as db:
            row = db.execute(
                "SELECT id, occurred, created_at FROM block WHERE email = ? AND removed_at IS NULL",
                (email.casefold(),),
            ).fetchone()
            block_id, occurred = (row["id"], row["occurred"] + 1) if row else (_new_id(), 1)
            was_blocked = bool(row) and row["created_at"] is not None
            blocks_now = not was_blocked and 0 < block_after <= occurred
            db.execute(
                "INSERT INTO block VALUES (?1, ?2, ?3, ?4, ?5, NULL) ON CONFLICT (id) DO UPDATE"
                " SET occurred = ?3, status = ?4, created_at = coalesce(created_at, ?5)",
                (block_id, email.casefold(), occurred, status, at if blocks_now else None),
            )
        if not blocks_now:
            return None
        return Blocked(block_id, email.casefold(), occurred, status, at, None)

    def add(self, email: str, at: float) -> Blocked:
        """Block an address as if it had failed before."""
        entry = self.note_bounce(email, "2", at, 1)
        assert entry is not None, "an address that is blocked is not blocked again"  # noqa: S101
        return entry

    def release(self, now: float, *, block_id: str = "", email: str = "") -> Sequence[Blocked]:
        """Release what the id or the whole address names; the entries that were released."""
        with self._db.write() as db:
            rows = db.execute(
                "UPDATE block SET removed_at = ?1 WHERE removed_at IS NULL AND created_at <= ?1"
                " AND (id = ?2 OR email = ?3) RETURNING *",
                (now, block_id, email.casefold()),
            ).fetchall()
        return [_entry(row) for row in rows]

    def listed(
        self,
        now: float,
        *,
        removed: bool,
        email: str = "",
        since: float | None = None,
        until: float | None = None,
        rows: int = 100,
        page: int = 0,
    ) -> Sequence[Blocked]:
        """The entries in force, or the released ones, the oldest first; `email` is a part of the address.

        `since` and `until` bound the time of the blocking.
        """
        cursor = self._db.execute(
            "SELECT * FROM block WHERE created_at <= :now AND (removed_at IS NOT NULL) = :removed"
            " AND instr(email, :email) > 0 AND created_at >= coalesce(:since, 0)"
            " AND created_at < coalesce(:until + 1, 1e12)"
            " ORDER BY created_at, id LIMIT :rows OFFSET :skip",
            {
                "now": now,
                "removed": removed,
                "email": email.casefold(),
                "since": since,
                "until": until,
                "rows": rows,
                "skip": rows * page,
            },
        )
        return [_entry(row) for row in cursor]


def _entry(row: Row) -> Blocked:
    return Blocked(
        id=row["id"],
        email=row["email"],
        occurred=row["occurred"],
        status=row["status"],
        created_at=row["created_at"],
        removed_at=row["removed_at"],
    )


def _new_id() -> str:
    return "blk" + secrets.token_hex(6)
