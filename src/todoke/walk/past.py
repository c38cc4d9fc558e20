"""What was erased before, asked of what a backup or a restored table would bring back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from todoke.model.address import mailbox_key
from todoke.model.delivery import DeliveryEvent
from todoke.model.erased import (
    Erased,
    ErasedBy,
    erased_before,
    erased_mailbox,
    erased_submission,
    latest,
)
from todoke.model.kept import KeptMessage
from todoke.model.mentions import mentioned
from todoke.model.message import MessageTimeline, Role
from todoke.model.submission import Submission
from todoke.ports.suppressions import SuppressionList

EVERYTHING = "all"
"""In place of a key: whatever was erased."""
_LONG_ENOUGH = 6


class Past:
    """The erasures that are remembered, and the secret that their keys were made with.

    `allowed` names those that are to count for nothing, by how their keys begin, or EVERYTHING.
    """

    def __init__(
        self, remembered: Iterable[Erased], secret: bytes, allowed: Sequence[str] = ()
    ) -> None:
        self._secret = secret
        self.allows_everything = EVERYTHING in allowed
        self.counting = tuple(one for one in remembered if not _is_among(one, allowed))
        self._known: dict[tuple[ErasedBy, str], Erased] = {}
        for one in self.counting:
            # A backup may remember an older erasure of somebody who came again and was erased again.
            self._known[one.by, one.key] = latest(self._known.get((one.by, one.key)), one)
        ages = (one for one in self.counting if one.by is ErasedBy.AGE)
        self._age = max(ages, key=lambda one: one.until, default=None)

    def of(
        self, submission: Submission, messages: Iterable[MessageTimeline | KeptMessage]
    ) -> Erased | None:
        """The erasure that took this submission: itself, with all of its person's, or with all of its age."""
        at = submission.received_at
        if self._age is not None and at < self._age.until:
            return self._age
        if not self._known:
            return None
        itself = erased_submission(self._secret, submission.id, at)
        persons = (self.of_person(key, at) for key in _persons(submission, messages))
        return self._known.get((itself.by, itself.key)) or next(filter(None, persons), None)

    def of_person(self, mailbox: str, at: datetime) -> Erased | None:
        """The erasure of the person of a mailbox key, if it took what was received at `at`."""
        person = erased_mailbox(self._secret, mailbox, at)
        known = self._known.get((person.by, person.key))
        return known if known and at <= known.until else None

    def means_orphan(self, event: DeliveryEvent) -> bool:
        """Whether an event that belongs to nobody went with an erasure: it is as old, or names someone erased."""
        if self._age is not None and event.received_at < self._age.until:
            return True
        return bool(self._known) and any(
            self.of_person(mailbox, event.received_at) for mailbox in mentioned(event)
        )

    def without_erased(self, listed: SuppressionList) -> SuppressionList:
        """A list but for the entries of who was erased since it was read."""
        kept = (
            s
            for s in listed.suppressions
            if not self.of_person(mailbox_key(s.address), listed.read_at)
        )
        return replace(listed, suppressions=tuple(kept))


def remember(
    secret: bytes,
    now: datetime,
    *,
    submission_id: str = "",
    address: str = "",
    received_before: datetime | None = None,
) -> Erased:
    """What to remember of an erasure by this condition. Raises ValueError: if none is given."""
    if submission_id:
        return erased_submission(secret, submission_id, now)
    if address:
        return erased_mailbox(secret, mailbox_key(address), now)
    if received_before is None:
        raise ValueError("One condition says what was erased.")
    return erased_before(received_before, now)


def unmatched(allowed: Iterable[str], remembered: Sequence[Erased]) -> list[str]:
    """Those of `allowed` that name no erasure, or so short that they might name another."""
    return [
        text
        for text in allowed
        if text != EVERYTHING and not any(_is_among(one, (text,)) for one in remembered)
    ]


def _is_among(one: Erased, allowed: Sequence[str]) -> bool:
    return any(
        text == EVERYTHING or (len(text) >= _LONG_ENOUGH and one.key.startswith(text))
        for text in allowed
    )


def _persons(
    submission: Submission, messages: Iterable[MessageTimeline | KeptMessage]
) -> Iterator[str]:
    """The mailboxes of who sent it: the visitor's, and all that a confirmation was ever for."""
    texts = {str(submission.visitor)}
    for message in messages:
        if message.message.role is Role.CONFIRMATION:
            texts.add(message.message.recipient)
            texts.update(tried.attempt.recipient for tried in message.attempts)
    return (mailbox_key(text) for text in texts if text)
