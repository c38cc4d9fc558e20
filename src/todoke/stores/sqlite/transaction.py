"""A Transaction of SQLite: it reads what a write is about at once, and writes what changed at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import apsw
from msgspec.structs import replace

from todoke.model.address import mailbox_key
from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import Attempt, Message
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.stores.rules import orphans
from todoke.stores.rules.values import event_json, micros, plain, read_event
from todoke.stores.rules.work import Work, new_work
from todoke.stores.sqlite import notices
from todoke.stores.sqlite.add import add_total
from todoke.stores.sqlite.care import put_care, relist
from todoke.stores.sqlite.read import StoredRows, load
from todoke.stores.sqlite.rows import (
    SQL,
    Row,
    attempt_row,
    event_row,
    insert_rows,
    json_list,
    message_row,
    stated_id,
    stated_key,
    work_columns,
)
from todoke.stores.sqlite.words import join as join_words

Place = tuple[int, int]
"""A message's submission (its seq) and its number there."""


@dataclass(slots=True)
class SqliteTransaction:
    """See Transaction and Cares. `flush` writes; before that nothing is written but orphans."""

    connection: apsw.Connection
    _stored: dict[int, StoredRows] = field(default_factory=dict)
    _seqs: dict[str, int] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _stated: dict[str, str] = field(default_factory=dict)
    _changed: dict[str, None] = field(default_factory=dict)
    _attempts: list[Row] = field(default_factory=list)
    _events: list[Row] = field(default_factory=list)
    _messages: list[Row] = field(default_factory=list)
    _addresses: list[tuple[int, Message]] = field(default_factory=list)
    """Messages with a recipient that may be new to their submission."""
    _listed: dict[int, frozenset[str]] = field(default_factory=dict)
    """Of submissions of which something changed, the lists that they are in."""
    _cared: dict[int, None] = field(default_factory=dict)
    _notices: list[tuple[str, int | None, Row]] = field(default_factory=list)
    _told_at: int = 0

    def open_messages(self, message_ids: Iterable[str]) -> None:
        """Read the submissions of these messages."""
        keys = {"keys": json_list(message_ids)}
        rows = self.connection.execute(SQL["seqs_of_messages"], keys)
        self._open({seq for _, seq in rows})

    def open_submissions(self, submission_ids: Iterable[str]) -> None:
        """Read these submissions, where they are there."""
        statement = SQL["seq_of_submission"]
        found = (
            self.connection.execute(statement, {"id": plain(id_)}).get for id_ in submission_ids
        )
        self._open({seq for seq in found if seq is not None})

    def open_events(self, events: Sequence[DeliveryEvent]) -> None:
        """Read the submissions that these events may belong to."""
        tokens = {e.token for e in events if e.token}
        stated = {key for e in events if (key := stated_id(e))}
        seqs: set[int] = set()
        for row in self.connection.execute(SQL["places_of_tokens"], {"keys": json_list(tokens)}):
            seqs.add(row[2])
        for row in self.connection.execute(
            SQL["tokens_of_stated_ids"], {"keys": json_list(stated)}
        ):
            self._stated[row[0]] = row[1]
            seqs.add(row[3])
        self._open(seqs)

    def _open(self, seqs: Collection[int]) -> None:
        for stored in load(self.connection, seqs).values():
            self._stored[stored.seq] = stored
            self._seqs[stored.submission.id] = stored.seq
            for number, work in stored.works.items():
                self._places[work.message.id] = (stored.seq, number)
                for attempt in work.timeline.attempts:
                    self._tokens[attempt.attempt.token] = work.message.id

    def message_of(self, token: str) -> str | None:
        """See Transaction."""
        return self._tokens.get(token)

    def token_of(self, service: str, service_id: str) -> str | None:
        """See Transaction."""
        return self._stated.get(stated_key(service, service_id))

    def work(self, message_id: str) -> Work | None:
        """See Transaction."""
        place = self._places.get(message_id)
        return None if place is None else self._stored[place[0]].works[place[1]]

    def submission(self, submission_id: str) -> Submission:
        """See Transaction."""
        return self._stored[self._seqs[submission_id]].submission

    def ordinal(self, submission_id: str) -> int | None:
        """The number of an open submission."""
        return self._stored[self._seqs[submission_id]].ordinal

    def keep(self, work: Work) -> None:
        """See Transaction."""
        seq, number = self._places[work.message.id]
        before = self._stored[seq].works[number]
        if before.message.recipient != work.message.recipient:
            self._addresses.append((seq, work.message))
        self._note_lists(seq)
        self._stored[seq].works[number] = work
        self._changed[work.message.id] = None

    def keep_attempt(self, attempt: Attempt) -> None:
        """Keep a new attempt of a message that is there."""
        self._attempts.append((*self._places[attempt.message_id], *attempt_row(attempt)))
        self._tokens[attempt.token] = attempt.message_id

    def journal(self, message_id: str, token: str, event: DeliveryEvent) -> None:
        """See Transaction."""
        seq, number = self._places[message_id]
        stored = self._stored[seq]
        attempts = stored.works[number].timeline.attempts
        attempt = next(a.attempt for a in attempts if a.attempt.token == token)
        row = event_row(event, attempt.recipient)
        if row[0] is not None:
            self._stated[row[0]] = token
        place = (number, attempt.number)
        stored.positions[place] = position = stored.positions.get(place, 0) + 1
        self._events.append((seq, *place, position, *row))

    def add(self, message: Message, due_at: datetime) -> None:
        """See Transaction."""
        seq = self._seqs[message.submission_id]
        if message.id in self._places or self._is_known(message.id):
            return
        stored = self._stored[seq]
        self._note_lists(seq)
        number = max(stored.works, default=0) + 1
        stored.works[number] = work = new_work(message, due_at)
        self._places[message.id] = (seq, number)
        self._messages.append((seq, number, *message_row(work, stored.submission.form)))
        self._addresses.append((seq, message))

    def tell(self, notice: Notice, due_at: datetime) -> None:
        """See Transaction."""
        seq = self._seqs[notice.submission_id]
        self._notices.append((notice.id, seq, notices.notice_row(notice, due_at)))
        self._told_at = micros(due_at)

    def care(self, submission_id: str) -> Care | None:
        """See Cares."""
        seq = self._seqs.get(submission_id)
        return None if seq is None else self._stored[seq].care

    def keep_care(self, submission_id: str, care: Care) -> None:
        """See Cares."""
        seq = self._seqs[submission_id]
        self._note_lists(seq)
        self._stored[seq] = replace(self._stored[seq], care=care)
        self._cared[seq] = None

    def works_of(self, submission_id: str) -> Sequence[Work]:
        """See Cares."""
        return tuple(self._stored[self._seqs[submission_id]].works.values())

    def keep_orphan(self, event: DeliveryEvent) -> None:
        """See Transaction."""
        self.connection.execute(
            SQL["put_orphan"],
            {
                "key": event.key,
                "stated_id": stated_id(event),
                "received_at": micros(event.received_at),
                "event": event_json(event),
            },
        )
        if self.connection.changes():
            add_total(self.connection, "orphans", 1)
            self.connection.execute(SQL["drop_oldest_orphans"], {"most": orphans.MOST})
            add_total(self.connection, "orphans", -self.connection.changes())

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:
        """See Transaction."""
        key = {"stated_id": stated_key(service, service_id)}
        rows = sorted(self.connection.execute(SQL["take_orphans"], key))
        if rows:
            add_total(self.connection, "orphans", -len(rows))
        return [read_event(text) for _, text in rows]

    def flush(self) -> None:
        """Write what changed."""
        insert_rows(self.connection, "messages", self._messages)
        insert_rows(self.connection, "attempts", self._attempts)
        insert_rows(self.connection, "events", self._events)
        self.connection.executemany(
            SQL["update_message"], [self._update(message_id) for message_id in self._changed]
        )
        self.connection.executemany(
            SQL["put_address"],
            [
                {"address": plain(mailbox_key(message.recipient)), "seq": seq}
                for seq, message in self._addresses
            ],
        )
        for seq, message in self._addresses:
            join_words(self.connection, seq, message)
        for seq in self._cared:
            put_care(self.connection, seq, self._stored[seq].care)
        relist(
            self.connection,
            [
                (seq, self._stored[seq].submission.form, before, self._stored[seq].lists)
                for seq, before in self._listed.items()
            ],
        )
        if self._messages:
            add_total(self.connection, "messages", len(self._messages))
        if self._notices:
            notices.keep(self.connection, self._notices, self._told_at)

    def _note_lists(self, seq: int) -> None:
        if seq not in self._listed:
            self._listed[seq] = self._stored[seq].lists

    def _update(self, message_id: str) -> Row:
        seq, number = self._places[message_id]
        return (*work_columns(self._stored[seq].works[number]), seq, number)

    def _is_known(self, message_id: str) -> bool:
        keys = {"keys": json_list([message_id])}
        return self.connection.execute(SQL["seqs_of_messages"], keys).get is not None
