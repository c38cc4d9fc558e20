"""The writes to SQLite that are no additions: each takes the requests of one group and answers them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import apsw
import msgspec

from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.ids import new_attempt_token
from todoke.model.message import Claim, Outcome
from todoke.ports.journal import FollowUp, Journaled
from todoke.stores.rules import journal as rules
from todoke.stores.rules.values import micros
from todoke.stores.rules.work import begin
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.transaction import SqliteTransaction


class ClaimWish(msgspec.Struct, frozen=True):
    """The arguments of Outbox.claim."""

    now: datetime
    lease_until: datetime
    limit: int
    service: str
    ceiling: Ceiling
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResendWish:
    """The arguments of Outbox.resend."""

    message_id: str
    now: datetime
    recipient: str
    max_corrections: int
    follow_up: FollowUp


def claim(connection: apsw.Connection, wishes: Sequence[ClaimWish]) -> list[list[Claim]]:
    """See Outbox.claim. One wish after the other, for each must see what the one before took."""
    return [_claim_one(connection, wish) for wish in wishes]


def finish(
    connection: apsw.Connection, requests: Sequence[tuple[tuple[Outcome, ...], FollowUp]]
) -> list[None]:
    """See Outbox.finish."""
    transaction = SqliteTransaction(connection)
    transaction.open_messages(o.claim.message.id for outcomes, _ in requests for o in outcomes)
    for outcomes, follow_up in requests:
        rules.finish(transaction, outcomes, follow_up)
    transaction.flush()
    return [None] * len(requests)


def journal(
    connection: apsw.Connection,
    requests: Sequence[tuple[tuple[DeliveryEvent, ...], FollowUp, bool]],
) -> list[list[Journaled]]:
    """See Journal.journal."""
    transaction = SqliteTransaction(connection)
    transaction.open_events([e for events, _, _ in requests for e in events])
    words = [
        rules.journal(transaction, events, follow_up, orphans=orphans)
        for events, follow_up, orphans in requests
    ]
    transaction.flush()
    return words


def resend(connection: apsw.Connection, wishes: Sequence[ResendWish]) -> list[bool]:
    """See Outbox.resend."""
    transaction = SqliteTransaction(connection)
    transaction.open_messages(w.message_id for w in wishes)
    answers = [
        rules.resend(
            transaction,
            w.message_id,
            now=w.now,
            recipient=w.recipient,
            max_corrections=w.max_corrections,
            follow_up=w.follow_up,
        )
        for w in wishes
    ]
    transaction.flush()
    return answers


def end_leases(connection: apsw.Connection, wishes: Sequence[None]) -> list[None]:
    """Let every lease lapse now. It stays on its message, so that the next claim sees what was interrupted."""
    connection.execute(SQL["end_leases"])
    return [None] * len(wishes)


def put_code(connection: apsw.Connection, codes: Sequence[tuple[str, int]]) -> list[None]:
    """See Shelf.put_code."""
    for code_hash, expires_at in codes:
        connection.execute(SQL["put_code"], {"hash": code_hash, "expires_at": expires_at})
    return [None] * len(codes)


def take_code(connection: apsw.Connection, asked: Sequence[tuple[str, int]]) -> list[bool]:
    """See Shelf.take_code."""
    answers = []
    for code_hash, now in asked:
        expires_at = connection.execute(SQL["take_code"], {"hash": code_hash}).get
        connection.execute(SQL["purge_codes"], {"now": now})
        answers.append(expires_at is not None and expires_at > now)
    return answers


def put_mark(connection: apsw.Connection, marks: Sequence[tuple[str, int]]) -> list[None]:
    """See Shelf.put_mark."""
    for name, at in marks:
        connection.execute(SQL["put_mark"], {"name": name, "at": at})
    return [None] * len(marks)


def _claim_one(connection: apsw.Connection, wish: ClaimWish) -> list[Claim]:
    values: dict[str, Any] = {"now": micros(wish.now), "limit": wish.limit}
    name = "due_messages"
    if wish.ids:
        name, values["keys"] = "due_among", json_list(wish.ids)
    message_ids = [row[0] for row in connection.execute(SQL[name], values)]
    if not message_ids:
        return []
    transaction = SqliteTransaction(connection)
    transaction.open_messages(message_ids)
    claims = [_begin(transaction, wish, message_id) for message_id in message_ids]
    transaction.flush()
    return claims


def _begin(transaction: SqliteTransaction, wish: ClaimWish, message_id: str) -> Claim:
    before = transaction.work(message_id)
    assert before is not None  # noqa: S101 - it was found due in this transaction
    work, interruption = begin(
        before,
        token=new_attempt_token(),
        now=wish.now,
        lease_until=wish.lease_until,
        service=wish.service,
        ceiling=wish.ceiling,
    )
    attempt = work.timeline.attempts[-1].attempt
    transaction.keep(work)
    transaction.keep_attempt(attempt)
    if interruption is not None:
        transaction.journal(message_id, interruption.token, interruption)
    return Claim(
        message=work.message,
        attempt=attempt,
        submission=transaction.submission(work.message.submission_id),
        lease_until=wish.lease_until,
        interrupted=interruption is not None,
        resend_asked_at=work.timeline.resend_asked_at,
    )
