"""What one store keeps of a submission, for another store to keep just so.

A backup holds these values. Nothing of a store's own is in them: no key, no index, no row.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import Attempt, Message
from todoke.model.submission import RepeatKey, Submission

_FINGERPRINT_DIGITS = 16
"""64 bits: two contents under one key are told apart, and each submission pays for these digits."""


class Repeat(msgspec.Struct, frozen=True):
    """What is kept of a repeat key, whose place is in the submission's id: until when it is live, and what it named.

    `fingerprint` is the beginning of the content's.
    """

    expires_at: datetime
    fingerprint: str

    @classmethod
    def of(cls, key: RepeatKey) -> Repeat:
        """Of a key that a submission is added under."""
        return cls(key.expires_at, key.fingerprint[:_FINGERPRINT_DIGITS])


class KeptAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt with its events, in the order they reached us."""

    attempt: Attempt
    events: tuple[DeliveryEvent, ...] = ()


class KeptMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its attempts, oldest first, and its work (see MessageTimeline).

    `lease_until` is when the lease of the latest attempt lapses, None where nobody is at work.
    """

    message: Message
    attempts: tuple[KeptAttempt, ...] = ()
    due_at: datetime | None = None
    lease_until: datetime | None = None
    resend_asked_at: datetime | None = None
    corrections: int = 0


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of one submission: files with their content, messages in the order they were made."""

    submission: Submission
    messages: tuple[KeptMessage, ...] = ()
    repeat: Repeat | None = None
    care: Care = NO_CARE
    ordinal: int | None = None


class Restored(StrEnum):
    """What became of a submission that was to be restored."""

    NEW = "new"
    SAME = "same"
    """It was there already, with all of its messages, attempts, events and work."""
    DIFFERENT = "different"
    """One with its id is there, and more or less became of it here: nothing was changed."""
    UNPLACED = "unplaced"
    """Its ids are of an early todoke and tell no place: this store cannot keep it."""
