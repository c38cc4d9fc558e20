"""What finish, journal, resend, take_care and join_orphans do in SQLite: each takes a group's requests, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import apsw

from todoke.model.address import Address
from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import MessageTimeline, Outcome
from todoke.model.notice import Notice
from todoke.ports.journal import FollowUp, Journaled
from todoke.stores.rules import journal as rules
from todoke.stores.rules.values import read_event
from todoke.stores.sqlite.add import add_total
from todoke.stores.sqlite.rows import SQL, json_list
from todoke.stores.sqlite.transaction import SqliteTransaction

ORPHANS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ResendRequest:
    """The arguments of Outbox.resend."""

    message_id: str
    now: datetime
    recipient: Address
    max_corrections: int
    seen: MessageTimeline | None
    follow_up: FollowUp


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


def resend(connection: apsw.Connection, requests: Sequence[ResendRequest]) -> list[bool]:
    """See Outbox.resend."""
    transaction = SqliteTransaction(connection)
    transaction.open_messages(r.message_id for r in requests)
    answers = [
        rules.resend(
            transaction,
            r.message_id,
            now=r.now,
            recipient=r.recipient,
            max_corrections=r.max_corrections,
            seen=r.seen,
            follow_up=r.follow_up,
        )
        for r in requests
    ]
    transaction.flush()
    return answers


def take_care(
    connection: apsw.Connection,
    requests: Sequence[tuple[str, Callable[[Care], Care], tuple[Notice, ...]]],
) -> list[Care | None]:
    """See Carebook.take_care."""
    transaction = SqliteTransaction(connection)
    transaction.open_submissions(id_ for id_, _, _ in requests)
    taken = [rules.take_care(transaction, *request) for request in requests]
    transaction.flush()
    return taken


def join_orphans(
    connection: apsw.Connection, requests: Sequence[tuple[int, FollowUp]]
) -> list[tuple[int, int]]:
    """See Journal.join_orphans, for some orphans after a row: how many were joined, and the last row looked at."""
    return [_join_round(connection, after, follow_up) for after, follow_up in requests]


def _join_round(connection: apsw.Connection, after: int, follow_up: FollowUp) -> tuple[int, int]:
    rows = list(
        connection.execute(SQL["orphans_after"], {"after": after, "limit": ORPHANS_AT_ONCE})
    )
    if not rows:
        return 0, after
    events = [read_event(text) for _, text in rows]
    transaction = SqliteTransaction(connection)
    transaction.open_events(events)
    words = rules.journal(transaction, events, follow_up, orphans=False)
    transaction.flush()
    joined = [
        id_ for (id_, _), word in zip(rows, words, strict=True) if word is not Journaled.ORPHAN
    ]
    connection.execute(SQL["delete_orphans"], {"keys": json_list(joined)})
    add_total(connection, "orphans", -connection.changes())
    return len(joined), rows[-1][0]
