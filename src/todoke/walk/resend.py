"""A manager asks for another try of one message: a new attempt, due at once."""

from __future__ import annotations

from todoke.model.message import MessageTimeline
from todoke.walk.alert import follow_up
from todoke.walk.app import App


def resend(app: App, seen: MessageTimeline) -> bool:
    """Make a message due for a new attempt. Raises StoreError.

    False, and nothing is changed: if it is gone, or not as it was `seen` any more. Who clicks twice means it once.
    """
    is_due = app.outbox.resend(
        seen.message.id, now=app.clock(), seen=seen, follow_up=follow_up(app.settings)
    )
    if is_due:
        app.hint()
    return is_due
