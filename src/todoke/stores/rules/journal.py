"""The use of a store's journal: what finish, record and resend do, written once for every store.

A store gives a Ledger that lives as long as one of its writes; the rules stay here and in work.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import Message, Outcome
from todoke.model.submission import Submission
from todoke.ports.store import FollowUp, Recorded
from todoke.stores.rules.work import Work, ask_again, end, journal


class Ledger(Protocol):
    """What one write sees and changes. All of it becomes durable together, or none of it."""

    def message_of(self, token: str) -> str | None:
        """The id of the message whose attempt has this token."""
        ...

    def token_of(self, service: str, service_id: str) -> str | None:
        """The token of the attempt of which an accepted event stated this id."""
        ...

    def work(self, message_id: str) -> Work | None:
        """A message's work, as this write has changed it so far."""
        ...

    def submission(self, submission_id: str) -> Submission:
        """The submission of a message that is there."""
        ...

    def keep(self, work: Work) -> None:
        """Keep the work of a message that is there."""
        ...

    def keep_event(self, message_id: str, token: str, event: DeliveryEvent) -> None:
        """Keep an event that is new to the attempt with this token."""
        ...

    def keep_message(self, message: Message, due_at: datetime) -> None:
        """Keep a message due at `due_at`, unless one with its id is there."""
        ...

    def keep_orphan(self, event: DeliveryEvent) -> None:
        """Keep an event that belongs to no attempt, once."""
        ...

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:
        """Take out the orphans that name this id, oldest first."""
        ...


def finish(ledger: Ledger, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
    """Store.finish. An outcome whose message was erased in the meantime is let go."""
    changes = _Changes(ledger)
    for outcome in outcomes:
        token = outcome.claim.attempt.token
        if ledger.message_of(token) is None:
            continue
        for event in outcome.events:
            changes.hear(token, event)
        changes.alter(outcome.claim.message.id, partial(end, outcome=outcome))
    moments = [e.received_at for o in outcomes for e in o.events]
    moments += [o.claim.attempt.started_at for o in outcomes]
    changes.follow(follow_up, max(moments, default=None))


def record(
    ledger: Ledger, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool
) -> list[Recorded]:
    """Store.record."""
    changes = _Changes(ledger)
    words = [_record_one(ledger, changes, event, orphans=orphans) for event in events]
    changes.follow(follow_up, max((e.received_at for e in events), default=None))
    return words


def resend(
    ledger: Ledger,
    message_id: str,
    *,
    now: datetime,
    recipient: str,
    max_corrections: int,
    follow_up: FollowUp,
) -> bool:
    """Store.resend."""
    work = ledger.work(message_id)
    if work is None:
        return False
    asked = ask_again(work, now=now, recipient=recipient, max_corrections=max_corrections)
    if asked is None:
        return False
    changes = _Changes(ledger)
    changes.alter(message_id, lambda _: asked)
    changes.follow(follow_up, now)
    return True


def _record_one(
    ledger: Ledger, changes: _Changes, event: DeliveryEvent, *, orphans: bool
) -> Recorded:
    token = event.token if event.token and ledger.message_of(event.token) else None
    if token is None and event.service_id:
        token = ledger.token_of(event.service, event.service_id)
    if token is None:
        if orphans:
            ledger.keep_orphan(event)
        return Recorded.ORPHAN
    return Recorded.NEW if changes.hear(token, event) else Recorded.REPEATED


class _Changes:
    """The messages that one write changes, each as it was before."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before: dict[str, Work] = {}

    def hear(self, token: str, event: DeliveryEvent) -> bool:
        """Journal an event on an attempt, and the orphans it explains; False if the attempt has it already."""
        message_id = self._ledger.message_of(token)
        work = self._ledger.work(message_id) if message_id else None
        changed = journal(work, token, event) if work else None
        if work is None or changed is None or message_id is None:
            return False
        self._keep(work, changed)
        self._ledger.keep_event(message_id, token, event)
        if event.kind is Kind.ACCEPTED and event.service_id:
            for orphan in self._ledger.take_orphans(event.service, event.service_id):
                self.hear(token, orphan)
        return True

    def alter(self, message_id: str, change: Callable[[Work], Work]) -> None:
        """Change a message's work."""
        work = self._ledger.work(message_id)
        if work is not None and (changed := change(work)) != work:
            self._keep(work, changed)

    def follow(self, follow_up: FollowUp, now: datetime | None) -> None:
        """Keep the messages that the changes cause. They are due now, whatever time they say they were written."""
        for message_id, before in self._before.items():
            after = self._ledger.work(message_id)
            if after is None or now is None or after.timeline == before.timeline:
                continue
            submission = self._ledger.submission(after.message.submission_id)
            for message in follow_up(submission, before.timeline, after.timeline):
                self._ledger.keep_message(message, now)

    def _keep(self, before: Work, after: Work) -> None:
        self._before.setdefault(before.message.id, before)
        self._ledger.keep(after)
