"""The state of a message as people read it, and what a form is called. Pure."""

from __future__ import annotations

from datetime import datetime

from todoke.model.delivery import Ceiling, Kind, Reading, reading
from todoke.model.message import MessageTimeline, Role
from todoke.model.settings import Settings

ROLE_ORDER = {Role.CONFIRMATION: 0, Role.NOTIFICATION: 1, Role.ALERT: 2}


def read_status(message: MessageTimeline, settings: Settings, now: datetime) -> Reading:
    """The word for a message's state at `now`."""
    return reading(
        message.standing,
        ceiling=message.ceiling,
        now=now,
        expected=settings.mail.expect_events_within,
    )


def is_final(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """True when nothing more is expected to become known of a message by itself."""
    status = read_status(message, settings, now)
    if status is Reading.ACCEPTED:
        return message.ceiling is not Ceiling.DELIVERED
    return status.is_failure or status is Reading.DELIVERED


def form_title(name: str, settings: Settings) -> str:
    """What people call the form of this name; the name itself when it is no longer in the settings."""
    form = settings.forms.get(name)
    return form.shown if form else name


def is_doubted(message: MessageTimeline) -> bool:
    """True when a failure was told of the attempt that speaks for the message, and is not confirmed."""
    events = message.headline.events if message.headline else ()
    return any(e.kind is Kind.UNCONFIRMED for e in events)
