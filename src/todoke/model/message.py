"""A message: one RFC 5322 mail to ONE recipient, and the attempts to hand it over.

Values only: no word of how they are kept, composed or handed over.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from todoke.model.address import Address
from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import Ceiling, DeliveryEvent, Reason, Standing, Status
from todoke.model.submission import Submission


class Role(StrEnum):
    """Why a message exists."""

    CONFIRMATION = "confirmation"
    """To the visitor: we have what you sent."""
    NOTIFICATION = "notification"
    """To a manager: this is what a visitor sent."""
    ALERT = "alert"
    """To a manager: a message of this submission failed, or its address was corrected."""


class Note(StrEnum):
    """Why an alert was written: the status of what failed, or what else happened. NONE is for what is no alert.

    A confirmation with OVER_RATE is not to be sent: its network had asked for too many.
    """

    NONE = ""
    FAILED = "failed"
    REJECTED = "rejected"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DISOWNED = "disowned"
    """Its reader said that they asked for no confirmation."""
    CORRECTED = "corrected"
    SILENT = "silent"
    CAPPED = "capped"
    """The site sent as many mails today as it may."""
    OVER_RATE = "over_rate"
    """More confirmations were asked for than are sent in an hour: of a form, of the site, or from one network."""
    PAUSED = "paused"
    """The confirmations of its form pause, because too many went wrong."""
    UNKNOWN = "unknown"
    SET_UP = "set_up"
    """Mails like it are refused alike while others are taken: the set-up is at fault."""

    @property
    def is_failure(self) -> bool:
        """True when a mail will not arrive unless someone acts."""
        return self in {Note.FAILED, Note.REJECTED, Note.BOUNCED}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one recipient.

    `id` begins with the submission's. `message_id` is the RFC 5322 Message-ID (with angle brackets) without the
    digest of the content that each attempt adds (model/mail.py). `recipient` is an addr-spec. `about` is, for an alert,
    the id of the message it tells of; `note` is why it was written.
    """

    id: str
    submission_id: str
    role: Role
    recipient: Address
    language: str
    message_id: str
    created_at: datetime
    about: str = ""
    note: Note = Note.NONE


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One hand-over of a message.

    `token` (fixed length, [a-z0-9], unguessable) travels with the mail and comes back in delivery events.
    `recipient` is whom this attempt was for: a correction changes the message's, never an attempt's.
    `service` and `ceiling` are those of the mailer it was given to. `number` counts from 1.
    """

    token: str
    message_id: str
    number: int
    recipient: Address
    service: str
    ceiling: Ceiling
    started_at: datetime


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The right to hand over one message until `lease_until`, with all that is needed to do it.

    `interrupted` is True when the attempt before this one ended without any answer being recorded: the process
    died between claiming and recording, so that mail may have been handed over already.
    `resend_asked_at` is when a person last asked for a new attempt: the time to give up counts from then.
    `answers_lost` is how many attempts since then ended without an answer; `was_tried` whether there were any before
    this one that came to something or ended with the process. `ordinal` is the submission's (Timeline).
    """

    message: Message
    attempt: Attempt
    submission: Submission
    lease_until: datetime
    interrupted: bool = False
    resend_asked_at: datetime | None = None
    answers_lost: int = 0
    was_tried: bool = False
    ordinal: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a claim: the events to journal, and when to try again (None: no more work)."""

    claim: Claim
    events: tuple[DeliveryEvent, ...]
    retry_at: datetime | None = None


class AttemptTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with its events in the order they reached us, and the standing they add up to."""

    attempt: Attempt
    events: tuple[DeliveryEvent, ...]
    standing: Standing


class MessageTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its attempts, oldest first, and its work.

    `due_at` None means nothing is left to do, or `is_in_review`. `resend_asked_at` is when a person last asked for it,
    `corrections` how often the visitor corrected the address.
    """

    message: Message
    attempts: tuple[AttemptTimeline, ...]
    due_at: datetime | None
    resend_asked_at: datetime | None = None
    corrections: int = 0

    @property
    def is_in_review(self) -> bool:
        """Whether it waits for somebody to look at its submission: never handed over, and not due."""
        return not self.attempts and self.due_at is None

    @property
    def standing(self) -> Standing:
        """That of the headline; `queued` while a first or a new attempt has not begun, `in_review` while none may."""
        if self.headline is None:
            since = self.resend_asked_at or self.message.created_at
            status = Status.IN_REVIEW if self.is_in_review else Status.QUEUED
            return Standing(since=since, status=status)
        return self.headline.standing

    @property
    def is_disowned(self) -> bool:
        """Whether the reader of an attempt said that they asked for no confirmation."""
        return any(e.reason is Reason.DISOWNED for a in self.attempts for e in a.events)

    @property
    def ceiling(self) -> Ceiling | None:
        """The best the service of the headline can prove, or None when there was no attempt."""
        return self.headline.attempt.ceiling if self.headline else None

    @property
    def headline(self) -> AttemptTimeline | None:
        """The attempt that speaks for the message, None while a first or a new one has not begun.

        The latest; but if no service took that one, the latest of those for the same wish that a service did take.
        """
        if not self.attempts or not self.is_of_this_wish(self.attempts[-1]):
            return None
        if len(self.attempts) == 1 or self.attempts[-1].standing.is_taken:
            return self.attempts[-1]
        taken = (
            a for a in reversed(self.attempts) if a.standing.is_taken and self.is_of_this_wish(a)
        )
        return next(taken, self.attempts[-1])

    def is_of_this_wish(self, attempt: AttemptTimeline) -> bool:
        """Whether an attempt was made since a person last asked for one."""
        return self.resend_asked_at is None or attempt.attempt.started_at >= self.resend_asked_at


def awaits_verdict(submission: Submission, care: Care) -> bool:
    """Whether a submission is kept for review, and nobody judged it yet."""
    return bool(submission.signals) and care.verdict is None


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A submission and all that became of it: what the receipt and the desk show. `care` is the desk's alone.

    `ordinal` tells which of its form's submissions it is, from 1 on; None before it has a number (Outbox.add).
    """

    submission: Submission
    messages: tuple[MessageTimeline, ...]
    care: Care = NO_CARE
    ordinal: int | None = None

    @property
    def awaits_verdict(self) -> bool:
        """Whether it is kept for review, and nobody judged it yet."""
        return awaits_verdict(self.submission, self.care)
