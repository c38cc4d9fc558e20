"""What a message's work and its journal become when something happens: pure, and the same for every store.

A store fetches a Work, applies one of these functions, and keeps what comes back. Nothing here knows how.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from todoke.model.address import Address, mailbox_key, same_mailbox
from todoke.model.care import Care
from todoke.model.delivery import OURS, TOOK_IT, Ceiling, DeliveryEvent, Kind, Standing, standing
from todoke.model.kept import Kept, KeptAttempt, KeptMessage
from todoke.model.message import (
    Attempt,
    AttemptTimeline,
    Message,
    MessageTimeline,
    Outcome,
    Role,
)
from todoke.model.submission import Submission

OPEN_KINDS = frozenset(
    {
        Kind.ANSWER_LOST,
        Kind.INTERRUPTED,
        Kind.DEFERRED,
        Kind.UNCONFIRMED,
        Kind.SILENT,
        Kind.PAUSED,
        Kind.OTHER,
    }
)
"""Events that leave the work as it is. Any other proves that the attempt got somewhere, so the work ends."""


class Work(msgspec.Struct, frozen=True):
    """A message with all that became of it, and the lease of its latest attempt (None: nobody is at work)."""

    timeline: MessageTimeline
    lease_until: datetime | None = None

    @property
    def wakes_at(self) -> datetime | None:
        """When it is due, or when the lease on it lapses; None when nothing is left to do."""
        due_at = self.timeline.due_at
        return due_at if due_at is None or self.lease_until is None else self.lease_until

    @property
    def message(self) -> Message:
        """The message itself."""
        return self.timeline.message


def first_works(submission: Submission, messages: Iterable[Message]) -> list[Work]:
    """The messages that a new submission causes: due at once, or not while it is in review."""
    return [new_work(m, None if submission.signals else m.created_at) for m in messages]


def new_work(message: Message, due_at: datetime | None) -> Work:
    """A message that nobody has worked on."""
    return Work(MessageTimeline(message=message, attempts=(), due_at=due_at))


def kept_message(work: Work) -> KeptMessage:
    """A message as it moves to another store."""
    timeline = work.timeline
    return KeptMessage(
        message=timeline.message,
        attempts=tuple(KeptAttempt(attempt=a.attempt, events=a.events) for a in timeline.attempts),
        due_at=timeline.due_at,
        lease_until=work.lease_until,
        resend_asked_at=timeline.resend_asked_at,
        corrections=timeline.corrections,
    )


def work_of(kept: KeptMessage) -> Work:
    """A message as it came from another store."""
    timeline = MessageTimeline(
        message=kept.message,
        attempts=tuple(_with_events(a.attempt, a.events) for a in kept.attempts),
        due_at=kept.due_at,
        resend_asked_at=kept.resend_asked_at,
        corrections=kept.corrections,
    )
    return Work(timeline, kept.lease_until)


def is_same(submission: Submission, works: Iterable[Work], care: Care, kept: Kept) -> bool:
    """Whether what is there (files without content, which their digests stand for) is what comes."""
    if submission != kept.submission.without_contents() or care != kept.care:
        return False
    wanted = map(work_of, kept.messages)
    return {w.message.id: w for w in works} == {w.message.id: w for w in wanted}


def begin(
    work: Work, *, token: str, now: datetime, lease_until: datetime, service: str, ceiling: Ceiling
) -> tuple[Work, DeliveryEvent | None]:
    """Start a new attempt under a lease. The event is the one journaled on an attempt that was interrupted, or None.

    A lease that is still there has lapsed; without any event on its attempt, our process died in it.
    """
    interruption = None
    if work.lease_until is not None and not work.timeline.attempts[-1].events:
        lapsed = work.timeline.attempts[-1].attempt.token
        interruption = DeliveryEvent(
            kind=Kind.INTERRUPTED, at=now, received_at=now, service=OURS, token=lapsed
        )
        work = journaled(work, lapsed, interruption) or work
    timeline = work.timeline
    attempt = Attempt(
        token=token,
        message_id=work.message.id,
        number=len(timeline.attempts) + 1,
        recipient=work.message.recipient,
        service=service,
        ceiling=ceiling,
        # Never before the wish it fulfils, even if the clock was set back in between.
        started_at=max(now, timeline.resend_asked_at or now),
    )
    fresh = _with_events(attempt, ())
    timeline = replace(timeline, attempts=(*timeline.attempts, fresh))
    return Work(timeline, lease_until), interruption


def journaled(work: Work, token: str, event: DeliveryEvent) -> Work | None:
    """The work with an event journaled on the attempt with this token; None when the attempt has it already."""
    attempts = work.timeline.attempts
    place = next(i for i, a in enumerate(attempts) if a.attempt.token == token)
    events = attempts[place].events
    if events and event.key in {e.key for e in events}:
        return None
    changed = _with_events(attempts[place].attempt, (*events, event))
    timeline = replace(work.timeline, attempts=(*attempts[:place], changed, *attempts[place + 1 :]))
    if _ends_work(event, changed, timeline):
        return Work(replace(timeline, due_at=None))
    return replace(work, timeline=timeline)


def extend(work: Work, token: str, lease_until: datetime) -> Work:
    """Lengthen the lease of the attempt with this token. One that has ended, or is stale, changes nothing."""
    if work.lease_until is None or not _is_held(work, token):
        return work
    return replace(work, lease_until=max(work.lease_until, lease_until))


def end(work: Work, outcome: Outcome) -> Work:
    """End the claim of `outcome`, whose events are journaled already. A stale claim changes nothing."""
    if not _is_held(work, outcome.claim.attempt.token):
        return work
    return Work(replace(work.timeline, due_at=outcome.retry_at))


def ask_again(
    work: Work, *, now: datetime, recipient: Address, max_corrections: int
) -> Work | None:
    """Make it due for a new attempt, to a corrected recipient if one is given; None if corrected too often."""
    timeline = work.timeline
    if recipient and timeline.corrections >= max_corrections:
        return None
    asked_at = now
    if timeline.attempts:
        # The wish is later than the attempt that it is about, even if the clock says otherwise.
        asked_at = max(now, timeline.attempts[-1].attempt.started_at + timedelta(microseconds=1))
    return Work(
        replace(
            timeline,
            message=replace(timeline.message, recipient=recipient or timeline.message.recipient),
            due_at=now,
            resend_asked_at=asked_at,
            corrections=timeline.corrections + bool(recipient),
        )
    )


def release(work: Work, now: datetime) -> Work:
    """Make what is in review due: a person asks for it now, and the time to give up counts from here."""
    if not work.timeline.is_in_review:
        return work
    return Work(replace(work.timeline, due_at=now, resend_asked_at=now))


def hold(work: Work) -> Work:
    """Put what was never tried in review. An alert is about something else, and goes on."""
    if work.timeline.attempts or work.message.role is Role.ALERT:
        return work
    return Work(replace(work.timeline, due_at=None))


def was_tried_since(seen: MessageTimeline, work: Work) -> bool:
    """Whether somebody asked for another attempt, or one began, since a message was `seen`."""
    now = work.timeline
    return (now.resend_asked_at, len(now.attempts)) != (seen.resend_asked_at, len(seen.attempts))


def forget(work: Work, mailboxes: set[str]) -> Work:
    """Leave out the events that name one of these mailboxes and are not about the attempt's recipient.

    They changed nothing when they came, so nothing changes when they go.
    """
    attempts = tuple(
        replace(a, events=tuple(e for e in a.events if not _is_stranger(e, a.attempt, mailboxes)))
        for a in work.timeline.attempts
    )
    return replace(work, timeline=replace(work.timeline, attempts=attempts))


def attempt_timeline(attempt: Attempt, events: tuple[DeliveryEvent, ...]) -> AttemptTimeline:
    """An attempt as its events tell it."""
    return _with_events(attempt, events)


def _with_events(attempt: Attempt, events: tuple[DeliveryEvent, ...]) -> AttemptTimeline:
    if not events:  # the usual case of a claim: nothing to fold
        nothing = Standing(since=attempt.started_at)
        return AttemptTimeline(attempt=attempt, events=(), standing=nothing)
    in_order = tuple(sorted(events, key=lambda e: e.received_at))
    told = standing(in_order, recipient=attempt.recipient, started_at=attempt.started_at)
    return AttemptTimeline(attempt=attempt, events=in_order, standing=told)


def _is_held(work: Work, token: str) -> bool:
    """Whether the attempt with this token has the lease."""
    attempts = work.timeline.attempts
    return work.lease_until is not None and bool(attempts) and attempts[-1].attempt.token == token


def _is_stranger(event: DeliveryEvent, attempt: Attempt, mailboxes: set[str]) -> bool:
    is_ours = not event.recipient or same_mailbox(event.recipient, attempt.recipient)
    return not is_ours and mailbox_key(event.recipient) in mailboxes


def _ends_work(event: DeliveryEvent, told: AttemptTimeline, timeline: MessageTimeline) -> bool:
    """Whether an event leaves nothing to do. What is heard of an attempt before a person's wish must not cancel that.

    That a service took a mail ends the work, whichever attempt it was: another copy would be one too many. Any other
    end counts for the latest attempt alone.
    """
    if event.kind in OPEN_KINDS or not timeline.is_of_this_wish(told):
        return False
    if event.kind not in TOOK_IT and told is not timeline.attempts[-1]:
        return False
    return not event.recipient or same_mailbox(event.recipient, told.attempt.recipient)
