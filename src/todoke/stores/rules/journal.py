"""What finish, journal, resend and take_care do, written once for every store.

A store gives a Transaction that lives as long as one of its writes; the rules stay here and in work.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from todoke.model.address import Address
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import MessageTimeline, Outcome
from todoke.model.notice import Notice
from todoke.ports.journal import FollowUp, Journaled
from todoke.stores.rules.orphans import bounded
from todoke.stores.rules.transaction import Cares, Transaction, Works
from todoke.stores.rules.work import (
    Work,
    ask_again,
    end,
    hold,
    journaled,
    release,
    was_tried_since,
)


def finish(transaction: Transaction, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
    """Outbox.finish. An outcome whose message was erased in the meantime is let go."""
    changes = _Changes(transaction)
    for outcome in outcomes:
        token = outcome.claim.attempt.token
        if transaction.message_of(token) is None:
            continue
        for event in outcome.events:
            _journal_on(transaction, changes, token, event)
        changes.alter(outcome.claim.message.id, partial(end, outcome=outcome))
    moments = [e.received_at for o in outcomes for e in o.events]
    moments += [o.claim.attempt.started_at for o in outcomes]
    changes.follow(follow_up, max(moments, default=None))


def journal(
    transaction: Transaction, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool
) -> list[Journaled]:
    """Journal.journal."""
    changes = _Changes(transaction)
    words = [_journal_one(transaction, changes, event, orphans=orphans) for event in events]
    changes.follow(follow_up, max((e.received_at for e in events), default=None))
    return words


def resend(
    works: Works,
    message_id: str,
    *,
    now: datetime,
    recipient: Address,
    max_corrections: int,
    seen: MessageTimeline | None,
    follow_up: FollowUp,
) -> bool:
    """Outbox.resend."""
    work = works.work(message_id)
    if work is None or work.timeline.is_in_review:
        return False
    if seen is not None and was_tried_since(seen, work):
        return False
    asked = ask_again(work, now=now, recipient=recipient, max_corrections=max_corrections)
    if asked is None:
        return False
    changes = _Changes(works)
    changes.keep(work, asked)
    changes.follow(follow_up, now)
    return True


def take_care(
    cares: Cares, submission_id: str, change: Callable[[Care], Care], notices: Sequence[Notice]
) -> Care | None:
    """Carebook.take_care."""
    before = cares.care(submission_id)
    if before is None:
        return None
    after = change(before)
    if after == before:
        return after
    cares.keep_care(submission_id, after)
    if after.verdict is before.verdict or after.judged_at is None:
        return after
    for work in cares.works_of(submission_id):
        judged = hold(work) if after.verdict is SpamVerdict.SPAM else release(work, after.judged_at)
        if judged != work:
            cares.keep(judged)
    if after.verdict is SpamVerdict.HONEST:
        for notice in notices:
            cares.tell(notice, after.judged_at)
    return after


def _journal_one(
    transaction: Transaction, changes: _Changes, event: DeliveryEvent, *, orphans: bool
) -> Journaled:
    token = event.token if event.token and transaction.message_of(event.token) else None
    if token is None and event.service_id:
        token = transaction.token_of(event.service, event.service_id)
    if token is None:
        if orphans:
            transaction.keep_orphan(bounded(event))
        return Journaled.ORPHAN
    return Journaled.NEW if _journal_on(transaction, changes, token, event) else Journaled.REPEATED


def _journal_on(
    transaction: Transaction, changes: _Changes, token: str, event: DeliveryEvent
) -> bool:
    """Journal an event on an attempt, and the orphans it explains; False if the attempt has it already."""
    message_id = transaction.message_of(token)
    work = transaction.work(message_id) if message_id else None
    changed = journaled(work, token, event) if work else None
    if work is None or changed is None or message_id is None:
        return False
    changes.keep(work, changed)
    transaction.journal(message_id, token, event)
    if event.kind is Kind.ACCEPTED and event.service_id:
        for orphan in transaction.take_orphans(event.service, event.service_id):
            _journal_on(transaction, changes, token, orphan)
    return True


class _Changes:
    """The messages that one write changes, each as it was before."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._before: dict[str, Work] = {}

    def alter(self, message_id: str, change: Callable[[Work], Work]) -> None:
        """Change a message's work."""
        work = self._works.work(message_id)
        if work is not None and (changed := change(work)) != work:
            self.keep(work, changed)

    def keep(self, before: Work, after: Work) -> None:
        """Keep a message's work as it is after a change."""
        self._before.setdefault(before.message.id, before)
        self._works.keep(after)

    def follow(self, follow_up: FollowUp, now: datetime | None) -> None:
        """Keep the messages and notices that the changes cause, due now, whatever time they say they were written."""
        for message_id, before in self._before.items():
            after = self._works.work(message_id)
            if after is None or now is None or after.timeline == before.timeline:
                continue
            submission = self._works.submission(after.message.submission_id)
            for caused in follow_up(submission, before.timeline, after.timeline):
                if isinstance(caused, Notice):
                    self._works.tell(caused, now)
                else:
                    self._works.add(caused, now)
