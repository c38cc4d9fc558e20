"""Whoever was sent a confirmation says that they asked for none: the managers learn of it, and no more come.

The link stands in that confirmation alone, and is good for whom that was sent to. It tells nothing of the submission,
and to open it changes nothing: programs look at links before people do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from todoke.model import ids
from todoke.model.delivery import OURS, DeliveryEvent, Kind, Reason
from todoke.model.log import get_logger
from todoke.model.message import AttemptTimeline, Role
from todoke.walk.app import App
from todoke.walk.send.restraint import use_up
from todoke.walk.track import track

NO_MORE_FOR = timedelta(days=400)
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mailed:
    """A confirmation that was sent to whom a link is good for, and whether they disowned it."""

    attempt: AttemptTimeline
    submission: str
    language: str

    @property
    def is_disowned(self) -> bool:
        """Whether it was."""
        return any(event.reason is Reason.DISOWNED for event in self.attempt.events)


def find_mailed(app: App, token: str) -> Mailed | None:
    """What a link's token is good for; None for any other token, and once it is erased. Raises StoreError."""
    submission = ids.submission_of(token)
    timeline = app.archive.timeline(submission) if submission and token.isascii() else None
    if timeline is None:
        return None
    secret = app.settings.secret
    good = [
        Mailed(told, submission, timeline.submission.language)
        for message in timeline.messages
        if message.message.role is Role.CONFIRMATION
        for told in message.attempts
        if ids.is_disown_token(secret, submission, told.attempt.recipient.key, token)
    ]
    # One that was taken is what they read; of several the latest.
    good.sort(key=lambda m: (m.is_disowned, m.attempt.standing.is_taken, m.attempt.attempt.number))
    return good[-1] if good else None


def disown(app: App, mailed: Mailed) -> None:
    """Send this addressee no more for long, and journal once that they said so. Raises StoreError."""
    if mailed.is_disowned:
        return
    attempt, now = mailed.attempt.attempt, app.clock()
    use_up(app, attempt.recipient, now + NO_MORE_FOR)
    said = DeliveryEvent(
        kind=Kind.COMPLAINED,
        at=now,
        received_at=now,
        service=OURS,
        token=attempt.token,
        recipient=str(attempt.recipient),
        reason=Reason.DISOWNED,
    )
    track(app, [said], orphans=False)
    log.info("disowned", submission=mailed.submission)
