"""What finish, record and resend do in DynamoDB: one conditional put for each submission, with the rules of all stores.

A call about several submissions is kept submission by submission. When it fails in between, a part of it is kept; to
repeat it is safe, because an event that is known changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import MessageTimeline, Outcome
from todoke.ports.archive import Query
from todoke.ports.clock import Clock
from todoke.ports.journal import FollowUp, Journaled
from todoke.stores.dynamodb import orphans
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.client import Key
from todoke.stores.dynamodb.items import StoredItem, carried_id
from todoke.stores.dynamodb.page import Lists
from todoke.stores.dynamodb.transaction import DynamoTransaction
from todoke.stores.rules import journal as rules

T = TypeVar("T")
_JOIN_EVERY = timedelta(minutes=1)
_JOIN_WITHIN = timedelta(minutes=15)
_MOST_JOINED = 20
_IN_WRITE = 10
"""So many events of one submission come into one write, which may have 100 items: each may make a notice for each of
eight webhooks."""
MOST_LOOKED_AT = 200
"""So many of the newest submissions are looked through for one event without a token."""


@dataclass(slots=True)
class DynamoJournal:
    """Keeps what happened to messages."""

    cabinet: Cabinet
    lists: Lists
    clock: Clock
    joined_at: datetime

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Outbox.finish."""
        groups: defaultdict[str, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            groups[outcome.claim.message.submission_id].append(outcome)
        there = {id_: stored for id_ in groups if (stored := self.cabinet.written(id_))}
        there |= self.cabinet.load_all(id_ for id_ in groups if id_ not in there)
        pieces = ((id_, some) for id_, group in groups.items() for some in _pieces(group))
        for id_, group in pieces:
            tokens = [o.claim.attempt.token for o in group]
            _, transaction = self.cabinet.change(
                id_,
                lambda transaction, group=group: rules.finish(transaction, group, follow_up),  # type: ignore[misc]
                _if_has(there.get(id_), tokens),
            )
            self._join(id_, transaction, follow_up)
        self._join_late(follow_up)

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, keep_orphans: bool
    ) -> list[Journaled]:
        """See Journal.journal."""
        targets, there = self._targets(events)
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for number, id_ in enumerate(targets):
            groups[id_].append(number)
        words = [Journaled.ORPHAN] * len(events)
        lost = [events[number] for number in groups.pop("", ())]
        if keep_orphans:
            for event in lost:
                orphans.keep(self.cabinet.table, event)
        pieces = ((id_, some) for id_, numbers in groups.items() for some in _pieces(numbers))
        for id_, numbers in pieces:
            group = [events[number] for number in numbers]
            answers = self._record_group(id_, group, follow_up, there.get(id_), keep_orphans)
            for number, word in zip(numbers, answers, strict=True):
                words[number] = word
        if keep_orphans:
            self._look_again(_named(lost), follow_up)
        self._join_late(follow_up)
        return words

    def resend(
        self,
        message_id: str,
        *,
        now: datetime,
        recipient: Address,
        max_corrections: int,
        seen: MessageTimeline | None,
        follow_up: FollowUp,
    ) -> bool:
        """See Outbox.resend."""
        done, _ = self.cabinet.change(
            message_id[:26],
            lambda transaction: rules.resend(
                transaction,
                message_id,
                now=now,
                recipient=recipient,
                max_corrections=max_corrections,
                seen=seen,
                follow_up=follow_up,
            ),
        )
        return done

    def _record_group(
        self,
        id_: str,
        group: Sequence[DeliveryEvent],
        follow_up: FollowUp,
        first: StoredItem | None,
        keep_orphans: bool,
    ) -> list[Journaled]:
        tokens = [event.token for event in group if event.token]
        words, transaction = self.cabinet.change(
            id_,
            lambda transaction: rules.journal(transaction, group, follow_up, orphans=keep_orphans),
            _if_has(first, tokens),
        )
        for event in transaction.orphans:
            orphans.keep(self.cabinet.table, event)
        self._join(id_, transaction, follow_up)
        return words

    def _join(self, id_: str, transaction: DynamoTransaction, follow_up: FollowUp) -> None:
        """Journal the orphans that what was just written explains. They are looked for after the write: who keeps an
        orphan looks for its attempt afterwards likewise, so one of the two sees the other."""
        while stated := {
            (e.service, e.service_id)
            for _, e in transaction.journaled
            if _states_id(e) and e.service not in self.cabinet.pointers.tokened
        }:
            named = orphans.named(self.cabinet.table, stated)
            if not named:
                return
            events = [event for _, event in named]
            words, transaction = self.cabinet.change(
                id_,
                lambda transaction, events=events: rules.journal(  # type: ignore[misc]
                    transaction, events, follow_up, orphans=False
                ),
            )
            joined = [
                key for (key, _), word in zip(named, words, strict=True) if word != Journaled.ORPHAN
            ]
            orphans.remove(self.cabinet.table, joined)

    def join_all(self, follow_up: FollowUp) -> int:
        """See Journal.join_orphans."""
        joined = 0
        waiting = iter(list(orphans.every(self.cabinet.table)))
        while some := list(islice(waiting, _MOST_JOINED)):
            joined += self._look_again(some, follow_up)
        return joined

    def _look_again(self, lost: Sequence[tuple[Key, DeliveryEvent]], follow_up: FollowUp) -> int:
        """Join orphans whose attempt became known while they were being kept; how many."""
        targets, there = self._targets([event for _, event in lost])
        joined = []
        for (key, event), id_ in zip(lost, targets, strict=True):
            if not id_:
                continue
            (word,) = self._record_group(
                id_, [event], follow_up, there.get(id_), keep_orphans=False
            )
            if word != Journaled.ORPHAN:
                joined.append(key)
        orphans.remove(self.cabinet.table, joined)
        return len(joined)

    def _join_late(self, follow_up: FollowUp) -> None:
        """Now and then, join the orphans of the last minutes that came before what explains them.

        For services that bring our token back it is the only time: to look after each answer would cost a read for
        each mail, and none of theirs should ever be an orphan.
        """
        now = self.clock()
        if now - self.joined_at < _JOIN_EVERY:
            return
        self.joined_at = now
        recent = orphans.newest(self.cabinet.table, _MOST_JOINED)
        self._look_again(_named(e for e in recent if now - e.received_at < _JOIN_WITHIN), follow_up)

    def _targets(self, events: Sequence[DeliveryEvent]) -> tuple[list[str], dict[str, StoredItem]]:
        """The id of the submission that each event is about ("": none is known), and those that are there."""
        candidates = {carried_id(event.token) for event in events}
        candidates |= {carried_id(event.service_id) for event in events}
        there = self.cabinet.load_all(candidates - {""})
        targets = [self._target(event, there) for event in events]
        stating = {
            (e.service, e.service_id): id_
            for e, id_ in zip(events, targets, strict=True)
            if id_ and _states_id(e)
        }
        return [
            id_ or stating.get((e.service, e.service_id), "")
            for e, id_ in zip(events, targets, strict=True)
        ], there

    def _target(self, event: DeliveryEvent, there: dict[str, StoredItem]) -> str:
        id_ = carried_id(event.token)
        if id_ in there and self._has(there, id_, event.token):
            return id_
        if event.token and (id_ := self.cabinet.pointers.id_of_token(event.token)):
            return id_
        if not event.service_id:
            return ""
        id_ = carried_id(event.service_id)
        if id_ in there and DynamoTransaction(there[id_].record).token_of(
            event.service, event.service_id
        ):
            return id_
        if event.service in self.cabinet.pointers.tokened:
            return self._by_recipient(event)
        return self.cabinet.pointers.id_stated(event.service, event.service_id)

    def _by_recipient(self, event: DeliveryEvent) -> str:
        """The submission with a mail to the event's recipient of which the service stated this id; "" for none."""
        if not event.recipient:
            return ""
        query = Query(address=event.recipient, limit=MOST_LOOKED_AT)
        for timeline in self.lists.page(query).timelines:
            for message in timeline.messages:
                for attempt in message.attempts:
                    if any(_states(e, event) for e in attempt.events):
                        return timeline.submission.id
        return ""

    def _has(self, there: dict[str, StoredItem], id_: str, token: str) -> bool:
        """Whether one of its attempts has this token, by a consistent read if the first knows nothing of it."""
        if DynamoTransaction(there[id_].record).message_of(token):
            return True
        fresh = self.cabinet.load(id_)
        if fresh is None:
            return False
        there[id_] = fresh
        return DynamoTransaction(fresh.record).message_of(token) is not None


def _pieces(values: list[T]) -> Iterator[list[T]]:
    return (values[start : start + _IN_WRITE] for start in range(0, len(values), _IN_WRITE))


def _named(events: Iterable[DeliveryEvent]) -> list[tuple[Key, DeliveryEvent]]:
    """Those that name a service's id, each with the place where it is kept as an orphan."""
    return [(orphans.key_of_event(event), event) for event in events if event.service_id]


def _states_id(event: DeliveryEvent) -> bool:
    return event.kind is Kind.ACCEPTED and bool(event.service_id)


def _states(event: DeliveryEvent, other: DeliveryEvent) -> bool:
    """Whether an event states the id that the other one names."""
    is_same = (event.service, event.service_id) == (other.service, other.service_id)
    return event.kind is Kind.ACCEPTED and is_same


def _if_has(stored: StoredItem | None, tokens: Sequence[str]) -> StoredItem | None:
    """What was read, unless it is too old to know these attempts."""
    if stored is None:
        return None
    transaction = DynamoTransaction(stored.record)
    return stored if all(transaction.message_of(token) for token in tokens) else None
