"""What is remembered of an erasure, so that no backup brings back whoever was erased: no address, no id, no name."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from todoke.model import ids

REMEMBERED = timedelta(days=35)
"""So long: as far as DynamoDB's point-in-time recovery reaches back."""


class ErasedBy(StrEnum):
    """The condition of an erasure. Retention needs none: its end stands in every backup of a submission."""

    SUBMISSION = "submission"
    MAILBOX = "mailbox"
    AGE = "age"


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """An erasure: by what, of what (a keyed hash), of what was received until when, and the moment it was made.

    `key` of an age is the `until` itself, which is nobody's.
    """

    by: ErasedBy
    key: str
    until: datetime
    at: datetime

    @property
    def forgotten_at(self) -> datetime:
        """When it is no longer remembered."""
        return self.at + REMEMBERED


def erased_submission(secret: bytes, submission_id: str, at: datetime) -> Erased:
    """One submission, by its id."""
    key = ids.erased_key(secret, ErasedBy.SUBMISSION, submission_id)
    return Erased(by=ErasedBy.SUBMISSION, key=key, until=at, at=at)


def erased_mailbox(secret: bytes, mailbox: str, at: datetime) -> Erased:
    """All that a person had sent until `at`, by their mailbox key."""
    key = ids.erased_key(secret, ErasedBy.MAILBOX, mailbox)
    return Erased(by=ErasedBy.MAILBOX, key=key, until=at, at=at)


def erased_before(limit: datetime, at: datetime) -> Erased:
    """All that had been received before `limit`."""
    return Erased(by=ErasedBy.AGE, key=ids.time_digits(limit), until=limit, at=at)


def latest(known: Erased | None, new: Erased) -> Erased:
    """What is remembered of two erasures of the same."""
    if known is None:
        return new
    return replace(new, until=max(known.until, new.until), at=max(known.at, new.at))
