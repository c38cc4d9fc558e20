"""Whom and what an erasure means: pure, and the same for every store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from todoke.model.address import mailbox_key
from todoke.model.delivery import DeliveryEvent
from todoke.model.mentions import mentioned
from todoke.model.message import Role
from todoke.model.submission import Submission
from todoke.stores.rules.work import Work


@dataclass(frozen=True, slots=True)
class Condition:
    """What to erase; exactly one of them is given (see Store.erase)."""

    submission_id: str = ""
    address: str = ""
    received_before: datetime | None = None
    retained_before: datetime | None = None

    def __post_init__(self) -> None:
        given = (self.submission_id, self.address, self.received_before, self.retained_before)
        if sum(bool(value) for value in given) != 1:
            raise ValueError("Exactly one condition says what to erase.")

    def means(self, submission: Submission, works: Iterable[Work]) -> bool:
        """Whether this submission is to be erased."""
        if self.submission_id:
            return submission.id == self.submission_id
        if self.address:
            return mailbox_key(self.address) in person_keys(submission, works)
        if self.received_before is not None:
            return submission.received_at < self.received_before
        until, limit = submission.retain_until, self.retained_before
        return until is not None and limit is not None and until <= limit

    def means_orphan(self, event: DeliveryEvent, erased_persons: set[str]) -> bool:
        """Whether an event that belongs to no attempt goes too: by its age, or because it names someone erased."""
        if self.received_before is not None and event.received_at < self.received_before:
            return True
        return bool(erased_persons) and names_any(event, erased_persons)


def person_keys(submission: Submission, works: Iterable[Work]) -> set[str]:
    """The mailboxes of the person who sent it: the visitor's, and all that a confirmation was ever for."""
    confirmations = [w for w in works if w.message.role is Role.CONFIRMATION]
    return address_keys(submission.visitor, recipients(confirmations))


def address_keys(visitor: str, others: Iterable[str]) -> set[str]:
    """The mailboxes that a submission concerns, as comparable keys."""
    return {mailbox_key(text) for text in (visitor, *others) if text}


def recipients(works: Iterable[Work]) -> Iterator[str]:
    """Everyone whom these messages were ever for."""
    for work in works:
        yield work.message.recipient
        yield from (a.attempt.recipient for a in work.timeline.attempts)


def names_any(event: DeliveryEvent, keys: set[str]) -> bool:
    """Whether an event names one of these mailboxes."""
    return any(mailbox in keys for mailbox in mentioned(event))
