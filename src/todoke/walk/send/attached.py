"""The files that a notification is to carry, from the store: read when it is handed over, and kept no longer."""

from __future__ import annotations

from collections.abc import Mapping

from todoke.mail.attach import attachable
from todoke.model.delivery import Reason
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import Claim, Role
from todoke.model.submission import File
from todoke.walk.app import App

log = get_logger(__name__)
_FOR_FILES = frozenset({Reason.TOO_LARGE, Reason.CONTENT})


def contents_of(app: App, claim: Claim) -> Mapping[int, File]:
    """The files by their positions, whole; none for what is no notification, and none where they were in its way.

    No message waits for them: where they cannot be read now, it goes without.
    """
    form = app.settings.forms.get(claim.submission.form)
    if form is None or not form.attach or claim.message.role is not Role.NOTIFICATION:
        return {}
    positions = attachable(claim.submission, form, app.settings.mail.own.room)
    try:
        if not positions or _came_back(app, claim):
            return {}
        found = {at: app.archive.file(claim.submission.id, at) for at in positions}
    except StoreError as error:
        log.warning("not_attached", message=claim.message.id, fault=type(error).__name__)
        return {}
    return {at: file for at, file in found.items() if file is not None}


def _came_back(app: App, claim: Claim) -> bool:
    """Whether an earlier attempt failed for what it carried, or for its size: then the next goes without."""
    if claim.attempt.number == 1:
        return False
    timeline = app.archive.timeline(claim.submission.id)
    return any(
        event.reason in _FOR_FILES
        for message in (timeline.messages if timeline else ())
        if message.message.id == claim.message.id
        for attempt in message.attempts
        for event in attempt.events
    )
