"""Erasing submissions from DynamoDB: their items and all beside them, then what elsewhere names the persons.

What a submission is found by goes last, so an erasure that was cut short is found and finished by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.stores.dynamodb import orphans, shelf
from todoke.stores.dynamodb.cabinet import TRIES, Cabinet
from todoke.stores.dynamodb.client import Changed, rest
from todoke.stores.dynamodb.index import LOWEST, Bound, after, before, oldest
from todoke.stores.dynamodb.items import StoredItem, retention_of
from todoke.stores.dynamodb.notices import remove_notices
from todoke.stores.dynamodb.page import Lists
from todoke.stores.dynamodb.transaction import DynamoTransaction
from todoke.stores.rules.erase import Condition, address_keys, person_keys, recipients
from todoke.stores.rules.work import forget

_ROUND = 100


@dataclass(slots=True)
class Eraser:
    """Erases."""

    cabinet: Cabinet
    lists: Lists

    def erase(self, condition: Condition) -> int:
        """See Erasure.erase."""
        done = _Done()
        for id_ in self._candidates(condition):
            self._erase_one(id_, condition, done)
        gone = {key for key in done.persons if not self.lists.concerns_any(key)}
        if condition.address:
            gone.add(mailbox_key(condition.address))
        for mailbox in gone:
            self._forget_mentions(mailbox)
        orphaned = (
            list(orphans.every(self.cabinet.table)) if _may_mean_orphans(condition, gone) else []
        )
        keys = [key for key, event in orphaned if condition.means_orphan(event, gone)]
        orphans.remove(self.cabinet.table, keys)
        if gone:
            shelf.forget_suppressions(self.cabinet.table, gone)
        return done.count

    def _candidates(self, condition: Condition) -> Iterator[str]:
        if condition.submission_id:
            yield condition.submission_id
        elif condition.address:
            leads = self.cabinet.pointers.look(mailbox_key(condition.address), whole=True)
            yield from leads.ids
            yield from self._fresh(leads.ids)
        elif condition.received_before is not None:
            yield from self._walk(before(ids.time_digits(condition.received_before)))
        elif condition.retained_before is not None:
            yield from self._walk(_ended(condition.retained_before))

    def _fresh(self, known: set[str]) -> Iterator[str]:
        """What no pointer leads to yet."""
        size = _ROUND
        while len(fresh := self.lists.outbox.fresh_ids(size)) == size:
            size *= 2
        yield from (id_ for id_ in fresh if id_ not in known)

    def _walk(self, high: Bound) -> Iterator[str]:
        low = LOWEST
        while True:
            entries = oldest(self.cabinet.table, low=low, high=high, limit=_ROUND)
            yield from (entry.id for entry in entries)
            if len(entries) < _ROUND:
                return
            low = after(entries[-1].id)

    def _erase_one(self, id_: str, condition: Condition, done: _Done) -> None:
        for attempt in range(TRIES):
            stored = self.cabinet.load(id_)
            if stored is None or not condition.means(stored.record.submission, stored.record.works):
                return
            remove_notices(self.cabinet.table, id_)
            try:
                self.cabinet.remove(stored)
            except Changed:
                rest(attempt)
                continue
            self._remove_pointers(stored)
            done.count += 1
            done.persons |= person_keys(stored.record.submission, stored.record.works)
            return

    def _remove_pointers(self, stored: StoredItem) -> None:
        submission, works = stored.record.submission, stored.record.works
        self.cabinet.pointers.forget_stated(works)
        for mailbox in address_keys(submission.visitor, recipients(works)):
            self.cabinet.pointers.forget(mailbox, stored.id)

    def _forget_mentions(self, mailbox: str) -> None:
        """Take out the events about others that name someone erased; by their rule they changed nothing."""
        for id_ in self.cabinet.pointers.look(mailbox, whole=True).ids:

            def leave_out(transaction: DynamoTransaction) -> None:
                for work in list(transaction.works.values()):
                    transaction.keep(forget(work, {mailbox}))

            self.cabinet.change(id_, leave_out)
            stored = self.cabinet.load(id_)
            concerned = stored and address_keys(
                stored.record.submission.visitor, recipients(stored.record.works)
            )
            if not concerned or mailbox not in concerned:
                self.cabinet.pointers.forget(mailbox, id_)


@dataclass(slots=True)
class _Done:
    count: int = 0
    persons: set[str] = field(default_factory=set)


def _ended(limit: datetime) -> Bound:
    """For each group, the id before which its submissions' retention ended by `limit`."""

    def bound(group: str) -> str:
        kept = retention_of(group)
        return LOWEST if kept is None else after(ids.time_digits(limit - kept) + "v" * 16)

    return bound


def _may_mean_orphans(condition: Condition, gone: set[str]) -> bool:
    return bool(gone) or condition.received_before is not None
