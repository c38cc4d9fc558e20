"""A Transaction on tables in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import Message
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.stores.memory.tables import Tables
from todoke.stores.rules import orphans
from todoke.stores.rules.work import Work, new_work


@dataclass(slots=True)
class MemoryTransaction:
    """See Transaction, and Cares."""

    tables: Tables

    def message_of(self, token: str) -> str | None:
        return self.tables.tokens.get(token)

    def token_of(self, service: str, service_id: str) -> str | None:
        return self.tables.stated.get((service, service_id))

    def work(self, message_id: str) -> Work | None:
        return self.tables.works.get(message_id)

    def submission(self, submission_id: str) -> Submission:
        return self.tables.submission(submission_id)

    def keep(self, work: Work) -> None:
        self.tables.works[work.message.id] = work

    def journal(self, message_id: str, token: str, event: DeliveryEvent) -> None:  # noqa: ARG002 - the port has it
        if event.kind is Kind.ACCEPTED and event.service_id:
            self.tables.stated[event.service, event.service_id] = token

    def add(self, message: Message, due_at: datetime) -> None:
        self.tables.works.setdefault(message.id, new_work(message, due_at))

    def tell(self, notice: Notice, due_at: datetime) -> None:
        self.tables.tell([notice], due_at)

    def care(self, submission_id: str) -> Care | None:
        is_there = submission_id in self.tables.submissions
        return self.tables.care_of(submission_id) if is_there else None

    def keep_care(self, submission_id: str, care: Care) -> None:
        self.tables.care[submission_id] = care

    def works_of(self, submission_id: str) -> Sequence[Work]:
        return self.tables.of(submission_id)

    def keep_orphan(self, event: DeliveryEvent) -> None:
        self.tables.orphans.setdefault(event.key, event)
        if len(self.tables.orphans) > orphans.MOST:
            del self.tables.orphans[next(iter(self.tables.orphans))]

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:
        kept = self.tables.orphans
        named = [e for e in kept.values() if (e.service, e.service_id) == (service, service_id)]
        for event in named:
            del kept[event.key]
        return named
