"""Adding submissions to SQLite: rows are made in the caller's thread, and few statements in the writer's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import apsw
import msgspec
from msgspec.structs import replace

from todoke.model import ids
from todoke.model.care import NO_CARE
from todoke.model.kept import Repeat
from todoke.model.message import Message
from todoke.model.notice import Notice
from todoke.model.submission import Submission, files
from todoke.ports.outbox import Added, Duplicate
from todoke.stores.rules.erase import address_keys
from todoke.stores.rules.lists import lists_of
from todoke.stores.rules.query import Secrets
from todoke.stores.rules.values import beginnings, entries_json, micros, plain
from todoke.stores.rules.work import first_works
from todoke.stores.sqlite import notices
from todoke.stores.sqlite.rows import (
    SQL,
    Row,
    form_total,
    insert_rows,
    json_list,
    message_row,
    ordinal_total,
    submission_row,
)

SEQ_BITS = 8
"""A submission's seq has this many bits below the microsecond; equals beyond that spill into the next one."""
LONG = 16_384
"""Answers of more characters (as JSON) lie beside their submission, which has their beginnings."""
_REMEMBERED_TIMES = 1024
_PURGE_EVERY = 1_000_000


class Addition(msgspec.Struct, frozen=True):
    """A submission as rows, without its seq. `ordinal` is its number, None before it has one."""

    submission_id: str
    received_at: int
    submission: Row
    messages: tuple[Row, ...]
    addresses: frozenset[str]
    files: tuple[tuple[int, bytes], ...]
    lists: frozenset[str]
    repeats: tuple[tuple[str, str, int], ...]
    """Its repeat key, then its uploads: key, fingerprint, until when."""
    long_answers: str | None = None
    """All its answers where the submission's row has their beginnings alone."""
    ordinal: int | None = None
    notices: tuple[tuple[str, Row], ...] = ()
    """Their ids and rows."""

    @property
    def form(self) -> str:
        """The submission's."""
        return str(self.submission[1])

    @property
    def weight(self) -> int:
        """About how many bytes the files add to the transaction."""
        return sum(len(content) for _, content in self.files)


def prepare(
    submission: Submission,
    messages: Sequence[Message],
    repeat: Repeat | None,
    secrets: Secrets,
    uploads: Sequence[str] = (),
    told: Sequence[Notice] = (),
) -> Addition:
    """Turn the values into rows; what cannot be stored fails here, in the caller's thread."""
    works = first_works(submission, messages)
    row = submission_row(submission)
    answers: str = row[-1]
    is_long = len(answers) > LONG
    if is_long:
        hidden = secrets(submission.form, submission.entries)
        row = (*row[:-1], entries_json(beginnings(submission.entries, hidden)))
    return Addition(
        submission_id=submission.id,
        received_at=micros(submission.received_at),
        submission=row,
        long_answers=answers if is_long else None,
        messages=tuple(message_row(work, submission.form) for work in works),
        addresses=frozenset(
            map(plain, address_keys(submission.visitor, (m.recipient for m in messages)))
        ),
        lists=lists_of(submission, NO_CARE, works),
        files=tuple((place, f.content) for place, _, f in files(submission.entries)),
        repeats=_repeat_rows(submission.id, repeat, uploads),
        notices=tuple((n.id, notices.notice_row(n, submission.received_at)) for n in told),
    )


def _repeat_rows(
    submission_id: str, repeat: Repeat | None, uploads: Sequence[str]
) -> tuple[tuple[str, str, int], ...]:
    if repeat is None:
        return ()
    stated, until = plain(repeat.fingerprint), micros(repeat.expires_at)
    return tuple((plain(k), stated, until) for k in (ids.place_of(submission_id), *uploads))


@dataclass(slots=True, eq=False)
class Adder:
    """Adds groups of submissions; lives in the writer's thread."""

    _next_seqs: dict[int, int] = field(default_factory=dict)
    _purged_at: int = 0

    def __call__(
        self, connection: apsw.Connection, additions: Sequence[Addition]
    ) -> list[Added | Duplicate]:
        """Add what is new and answer each in order."""
        fresh, answers = _sort_out(connection, additions)
        if not fresh:
            return answers
        self._purge(connection, fresh[-1].received_at)
        is_alone = len(additions) == 1
        seqs = [self._seq(connection, a.received_at, is_alone=is_alone) for a in fresh]
        insert(connection, list(zip(seqs, _numbered(connection, fresh), strict=True)))
        return answers

    def _seq(self, connection: apsw.Connection, received_at: int, *, is_alone: bool) -> int:
        """A place in the order of time. If it was taken before this process began, the group fails on it and each
        addition comes again alone; then a free one is looked for."""
        seq = self._next_seqs.get(received_at, received_at << SEQ_BITS)
        if is_alone:
            seq = _free(connection, seq)
        if len(self._next_seqs) >= _REMEMBERED_TIMES:
            self._next_seqs.clear()
        self._next_seqs[received_at] = seq + 1
        return seq

    def _purge(self, connection: apsw.Connection, now: int) -> None:
        if now - self._purged_at >= _PURGE_EVERY:
            self._purged_at = now
            connection.execute(SQL["purge_repeats"], {"now": now})


def seq_of(connection: apsw.Connection, received_at: int) -> int:
    """A place that is free, in the order of time."""
    return _free(connection, received_at << SEQ_BITS)


def _free(connection: apsw.Connection, seq: int) -> int:
    if connection.execute(SQL["is_taken"], {"seq": seq}).get is None:
        return seq
    return int(connection.execute(SQL["free_seq"], {"seq": seq}).get)


def _sort_out(
    connection: apsw.Connection, additions: Sequence[Addition]
) -> tuple[list[Addition], list[Added | Duplicate]]:
    """Tell the new ones from repetitions, of what is stored and of each other."""
    keys = [key for a in additions for key, _, _ in a.repeats]
    known: dict[str, tuple[str, str, int]] = {}
    if keys:
        for row in connection.execute(SQL["live_repeats"], {"keys": json_list(keys)}):
            known[row[0]] = row[1:]
    fresh: list[Addition] = []
    answers: list[Added | Duplicate] = []
    for addition in additions:
        duplicate = _duplicate_of(addition, known)
        if duplicate is None:
            fresh.append(addition)
            for key, fingerprint, expires_at in addition.repeats:
                known[key] = (fingerprint, addition.submission_id, expires_at)
        answers.append(duplicate or Added(addition.submission_id))
    return fresh, answers


def _duplicate_of(
    addition: Addition, known: Mapping[str, tuple[str, str, int]]
) -> Duplicate | None:
    for number, (key, fingerprint, _) in enumerate(addition.repeats):
        before = known.get(key)
        if before is not None and before[2] > addition.received_at:
            is_same = before[0] == fingerprint
            return Duplicate(before[1], same_content=is_same, upload=key if number else "")
    return None


def _numbered(connection: apsw.Connection, additions: Sequence[Addition]) -> list[Addition]:
    """The same with the next numbers of their forms, in this order."""
    last: dict[str, Iterator[int]] = {}
    for form, count in Counter(a.form for a in additions).items():
        named = {"name": ordinal_total(form), "count": count}
        end = int(connection.execute(SQL["take_ordinals"], named).get)
        last[form] = iter(range(end - count + 1, end + 1))
    return [replace(a, ordinal=next(last[a.form])) for a in additions]


def insert(connection: apsw.Connection, placed: Sequence[tuple[int, Addition]]) -> None:
    """Insert additions, each at its seq."""
    insert_rows(connection, "submissions", [(seq, *a.submission, a.ordinal) for seq, a in placed])
    long = [(seq, a.long_answers) for seq, a in placed if a.long_answers is not None]
    insert_rows(connection, "long_answers", long)
    messages = [(seq, n, *row) for seq, a in placed for n, row in enumerate(a.messages, start=1)]
    insert_rows(connection, "messages", messages)
    addresses = [(address, seq) for seq, a in placed for address in a.addresses]
    insert_rows(connection, "addresses", addresses)
    for seq, addition in placed:
        for position, content in addition.files:
            connection.execute("INSERT INTO files VALUES (?, ?, ?)", (seq, position, content))
    insert_rows(connection, "unindexed", [(seq,) for seq, _ in placed])
    lists = [(name, a.form, seq) for seq, a in placed for name in a.lists]
    insert_rows(connection, "lists", lists)
    repeats = {key: (*r, a.submission_id, u) for _, a in placed for key, *r, u in a.repeats}
    insert_rows(connection, "repeats", [(key, *row) for key, row in repeats.items()])
    if told := [(id_, seq, row) for seq, a in placed for id_, row in a.notices]:
        notices.keep(connection, told, placed[-1][1].received_at)
    add_total(connection, "submissions", len(placed))
    for form, number in Counter(a.form for _, a in placed).items():
        add_form_total(connection, form, number)
    add_total(connection, "messages", len(messages))


def add_total(connection: apsw.Connection, name: str, change: int) -> None:
    """Keep a figure as it changes."""
    connection.execute(SQL["add_total"], {"name": name, "change": change})


def add_form_total(connection: apsw.Connection, form: str, change: int) -> None:
    """Keep how many submissions a form has."""
    add_total(connection, form_total(form), change)
    if not connection.changes():
        connection.execute(SQL["put_form_total"], {"name": form_total(form)})
        add_total(connection, form_total(form), change)
