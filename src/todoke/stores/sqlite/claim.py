"""The outbox in SQLite: what is due, and who takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import apsw

from todoke.model.ids import new_attempt_token
from todoke.model.message import Claim
from todoke.stores.rules import claim as rules
from todoke.stores.rules.claim import ClaimRequest
from todoke.stores.rules.values import micros
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.transaction import SqliteTransaction


def claim(connection: apsw.Connection, requests: Sequence[ClaimRequest]) -> list[list[Claim]]:
    """See Outbox.claim. One request after the other, for each must see what the one before took."""
    return [_claim_one(connection, request) for request in requests]


def renew(
    connection: apsw.Connection, requests: Sequence[tuple[tuple[Claim, ...], datetime]]
) -> list[None]:
    """See Outbox.renew."""
    transaction = SqliteTransaction(connection)
    transaction.open_messages(claim.message.id for claims, _ in requests for claim in claims)
    for claims, lease_until in requests:
        rules.renew(transaction, claims, lease_until)
    transaction.flush()
    return [None] * len(requests)


def end_leases(connection: apsw.Connection, requests: Sequence[None]) -> list[None]:
    """Let every lease lapse now. It stays on its message, so that the next claim sees what was interrupted."""
    connection.execute(SQL["end_leases"])
    connection.execute(SQL["end_notice_leases"])
    return [None] * len(requests)


def _claim_one(connection: apsw.Connection, request: ClaimRequest) -> list[Claim]:
    values: dict[str, Any] = {"now": micros(request.now), "limit": request.limit}
    name = "due_messages"
    if request.ids:
        name, values["keys"] = "due_among", json_list(request.ids)
    message_ids = [row[0] for row in connection.execute(SQL[name], values)]
    if not message_ids:
        return []
    transaction = SqliteTransaction(connection)
    transaction.open_messages(message_ids)
    claims = [_begin(transaction, request, message_id) for message_id in message_ids]
    transaction.flush()
    return claims


def _begin(transaction: SqliteTransaction, request: ClaimRequest, message_id: str) -> Claim:
    before = transaction.work(message_id)
    assert before is not None  # noqa: S101 - it was found due in this transaction
    submission = transaction.submission(before.message.submission_id)
    ordinal = transaction.ordinal(submission.id)
    begun = rules.begin_claim(before, request, submission, ordinal, new_attempt_token())
    transaction.keep(begun.work)
    transaction.keep_attempt(begun.claim.attempt)
    if begun.interruption is not None:
        transaction.journal(message_id, begun.interruption.token, begun.interruption)
    return begun.claim
