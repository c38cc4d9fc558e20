"""The state of a message as people read it, and what a form is called. Pure."""

from __future__ import annotations

from datetime import datetime

from todoke.model.delivery import Ceiling, Kind, Reading, Standing, reading
from todoke.model.message import AttemptTimeline, MessageTimeline, Role
from todoke.model.settings import Settings

ROLE_ORDER = {Role.CONFIRMATION: 0, Role.NOTIFICATION: 1, Role.ALERT: 2}


def read_status(message: MessageTimeline, settings: Settings, now: datetime) -> Reading:
    """The word for a message's state at `now`."""
    return _read(message.standing, message.ceiling, settings, now)


def read_attempt(told: AttemptTimeline, settings: Settings, now: datetime) -> Reading:
    """The word for the state of one attempt at `now`."""
    return _read(told.standing, told.attempt.ceiling, settings, now)


def _read(
    standing: Standing, ceiling: Ceiling | None, settings: Settings, now: datetime
) -> Reading:
    expected = settings.mail.expect_events_within
    return reading(standing, ceiling=ceiling, now=now, expected=expected)


def public_status(status: Reading) -> Reading:
    """The word for whoever holds a receipt's link: FAILED for every failure, else the word itself.

    Refused, returned or given up: the difference would tell strangers which mailboxes exist or are suppressed.
    """
    return Reading.FAILED if status.is_failure else status


def public_since(status: Reading, since: datetime, received_at: datetime) -> datetime:
    """Since when, for whoever holds a receipt's link: to the minute for a failure, never before `received_at`.

    Its seconds would tell a refusal at the hand-over from a mail that came back.
    """
    if not status.is_failure:
        return since
    return max(received_at, since.replace(second=0, microsecond=0))


def is_final(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """True when nothing more is expected to become known of a message by itself."""
    status = read_status(message, settings, now)
    if status is Reading.ACCEPTED:
        return message.ceiling is not Ceiling.DELIVERED
    return status.is_failure or status in {Reading.DELIVERED, Reading.WITHHELD}


def form_title(name: str, settings: Settings) -> str:
    """What people call the form of this name; the name itself when it is no longer in the settings."""
    form = settings.forms.get(name)
    return form.shown if form else name


def is_doubted(message: MessageTimeline) -> bool:
    """True when a failure was told of the attempt that speaks for the message, and is not confirmed."""
    events = message.headline.events if message.headline else ()
    return any(e.kind is Kind.UNCONFIRMED for e in events)
