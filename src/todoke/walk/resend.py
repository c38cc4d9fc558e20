"""A manager asks for another try of one message: a new attempt, due at once."""

from __future__ import annotations

from todoke.walk.alert import follow_up
from todoke.walk.app import App


def resend(app: App, submission_id: str, message_id: str) -> bool:
    """Make a message of this submission due for a new attempt; False if it has none of this id. Raises StoreError."""
    timeline = app.archive.timeline(submission_id)
    if timeline is None or message_id not in {m.message.id for m in timeline.messages}:
        return False
    is_due = app.outbox.resend(message_id, now=app.clock(), follow_up=follow_up(app.settings))
    if is_due:
        app.hint()
    return is_due
