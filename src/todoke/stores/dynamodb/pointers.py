"""What finds a submission by an address, or an attempt by a service's id, where neither carries the submission's id.

What a visitor sent lies in the partition of the visitor's address. All else that an address has to do with is pointed
to from there: by pointers to single submissions, or, for a manager, by one mark that says "of many: look by time".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from todoke.model import ids
from todoke.model.address import mailbox_key, same_mailbox
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import Role
from todoke.stores.dynamodb.client import DynamoTable, Item, Key
from todoke.stores.dynamodb.items import StoredItem, carried_id, epoch, id_of
from todoke.stores.dynamodb.transaction import DynamoTransaction
from todoke.stores.rules.work import Work

POINTER, MANAGER = "@", "~"
"""What the sort keys of pointers begin with, and that of a manager's mark; those of submissions are digits."""
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Leads:
    """What lies under an address: ids of submissions that may concern it, and whether a walk by time must find more."""

    ids: set[str] = field(default_factory=set)
    is_of_many: bool = False


@dataclass(slots=True)
class Pointers:
    """Puts pointers and follows them. `secret` is what places are derived with.

    `tokened` are the services whose events bring our token and the recipient: ids that they state are not pointed to,
    which would cost a write for each mail, and an event of theirs that lacks its token is found by its recipient.
    """

    table: DynamoTable
    secret: bytes
    tokened: frozenset[str] = frozenset()
    _registered: set[str] = field(default_factory=set)

    def prepare(self, stored: StoredItem, transaction: DynamoTransaction) -> None:
        """Put what must be there before a change of this submission is written."""
        for message_id, work in transaction.works.items():
            before = transaction.before.get(message_id)
            if before is None or before.message.recipient != work.message.recipient:
                self._point_to_work(stored, work)
        attempts = {
            a.attempt.token: a.attempt
            for work in transaction.works.values()
            for a in work.timeline.attempts
        }
        for token, event in transaction.journaled:
            self._state(stored, event)
            if event.recipient and not same_mailbox(event.recipient, attempts[token].recipient):
                self._point(event.recipient, stored)

    def index(self, stored: StoredItem) -> None:
        """Put all that the door left out for this submission."""
        visitor = stored.record.submission.visitor
        if visitor:
            self._point(visitor, stored)
        for work in stored.record.works:
            self._point_to_work(stored, work)

    def restore(self, stored: StoredItem) -> None:
        """Put all that leads to a submission of another store: to its persons, and from its attempts' tokens."""
        self.index(stored)
        for work in stored.record.works:
            for tried in work.timeline.attempts:
                if not same_mailbox(tried.attempt.recipient, work.message.recipient):
                    self._point(tried.attempt.recipient, stored)
                if not tried.attempt.token.startswith(stored.id):
                    self._lead(_token_key(tried.attempt.token), stored)
                for event in tried.events:
                    self._state(stored, event)
                    if event.recipient and not same_mailbox(
                        event.recipient, tried.attempt.recipient
                    ):
                        self._point(event.recipient, stored)

    def look(self, mailbox: str, *, whole: bool = False) -> Leads:
        """What lies under a mailbox key: without `whole`, no more than one page of it."""
        leads = Leads()
        home = ids.home(self.secret, mailbox)
        start = None
        while True:
            answer = self.table.query("k = :k", {":k": home}, start=start)
            for item in answer.items:
                self._note(leads, item)
            start = answer.last
            if start is None:
                return leads
            if not whole:
                leads.is_of_many = True
                return leads

    def forget(self, mailbox: str, id_: str) -> None:
        """Take away the pointer from a mailbox key to a submission."""
        self.table.delete((ids.home(self.secret, mailbox), POINTER + id_))

    def id_stated(self, service: str, service_id: str) -> str:
        """The id of the submission of which an accepted event stated this id; "" if none is known."""
        return self._led_to(_stated_key(service, service_id))

    def id_of_token(self, token: str) -> str:
        """The id of the submission with an attempt of this token, which another store gave it; "" for none."""
        return self._led_to(_token_key(token))

    def forget_stated(self, works: Iterable[Work]) -> None:
        """Take away the pointers from the ids that these works' events stated, and from their attempts' tokens."""
        for work in works:
            for attempt in work.timeline.attempts:
                if not attempt.attempt.token.startswith(work.message.submission_id):
                    self.table.delete(_token_key(attempt.attempt.token))
                for event in attempt.events:
                    if event.service in self.tokened:
                        continue
                    if _needs_pointer(event, work.message.submission_id):
                        self.table.delete(_stated_key(event.service, event.service_id))

    def _led_to(self, key: Key) -> str:
        there = self.table.get(key)
        return carried_id(str(there["x"])) if there else ""

    def _note(self, leads: Leads, item: Item) -> None:
        sort_key = str(item["r"])
        if sort_key == MANAGER:
            leads.is_of_many = True
        elif sort_key.startswith(POINTER):
            leads.ids.add(sort_key.removeprefix(POINTER))
        else:
            leads.ids.add(id_of(item))

    def _point_to_work(self, stored: StoredItem, work: Work) -> None:
        """A confirmation's recipients have few mails, each pointed to; a manager has many, and one mark for all."""
        recipient, timeline = work.message.recipient, work.timeline
        is_own = not timeline.corrections and all(
            same_mailbox(tried.attempt.recipient, recipient) for tried in timeline.attempts
        )
        if work.message.role is not Role.CONFIRMATION and is_own:
            self._register(recipient)
        else:
            self._point(work.message.recipient, stored)

    def _point(self, address: str, stored: StoredItem) -> None:
        home = ids.home(self.secret, mailbox_key(address))
        if home == stored.key[0]:
            return
        item: Item = {"k": home, "r": POINTER + stored.id}
        until = stored.record.submission.retain_until
        if until is not None:
            item["e"] = epoch(until)
        self.table.put(item)

    def _register(self, address: str) -> None:
        home = ids.home(self.secret, mailbox_key(address))
        if home in self._registered:
            return
        self.table.put({"k": home, "r": MANAGER})
        if len(self._registered) >= _MOST_REMEMBERED:
            self._registered.clear()
        self._registered.add(home)

    def _state(self, stored: StoredItem, event: DeliveryEvent) -> None:
        if event.service in self.tokened or not _needs_pointer(event, stored.id):
            return
        self._lead(_stated_key(event.service, event.service_id), stored)

    def _lead(self, key: Key, stored: StoredItem) -> None:
        """Let a key lead to a submission."""
        item: Item = {"k": key[0], "r": key[1], "x": stored.id}
        until = stored.record.submission.retain_until
        if until is not None:
            item["e"] = epoch(until)
        self.table.put(item)


def _needs_pointer(event: DeliveryEvent, submission_id: str) -> bool:
    """Whether an event states an id by which the submission cannot be found otherwise."""
    states = event.kind is Kind.ACCEPTED and bool(event.service_id)
    return states and carried_id(event.service_id) != submission_id


def _token_key(token: str) -> Key:
    return _stated_key("", token)


def _stated_key(service: str, service_id: str) -> Key:
    stated = f"{service} {service_id}".encode("utf-8", "surrogatepass")
    return "i" + hashlib.sha256(stated).hexdigest()[:32], "."
