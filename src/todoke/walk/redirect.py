"""Somebody telephones, and a confirmation goes to the address that they give: a new attempt, due at once.

Only a confirmation has such a choice: who receives notifications and alerts, the configuration alone says. Without the
answers, as to any address that did not come with them (compose.py sees to that). It has a count of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from todoke.model.address import AddressError, parse_address
from todoke.model.care import Care
from todoke.model.message import Message, MessageTimeline, Note, Role, Timeline
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.ports.journal import FollowUp
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.correct import Correction


class _NoMore(Exception):
    """The address was given as often as it may be."""


def redirect(app: App, timeline: Timeline, message_id: str, typed: str) -> Correction:
    """Send the confirmation of this id to the address that was `typed`. Raises StoreError.

    CLOSED: if it is no confirmation of this submission, was redirected `max_corrections` times, or somebody else has
    just given it another address.
    """
    message = next((m for m in timeline.messages if m.message.id == message_id), None)
    if message is None or message.message.role is not Role.CONFIRMATION:
        return Correction.CLOSED
    try:
        address = parse_address(typed)
    except AddressError:
        return Correction.NO_ADDRESS
    most = app.settings.max_corrections

    def count(care: Care) -> Care:
        if care.redirected >= most:
            raise _NoMore
        return replace(care, redirected=care.redirected + 1)

    try:
        app.carebook.take_care(timeline.submission.id, count)
    except _NoMore:
        return Correction.CLOSED
    is_due = app.outbox.resend(
        message_id,
        now=app.clock(),
        recipient=address,
        max_corrections=message.corrections + 1,
        follow_up=_without_correction(follow_up(app.settings)),
    )
    if not is_due:
        return Correction.CLOSED
    app.hint()
    return Correction.DUE


def _without_correction(decide: FollowUp) -> FollowUp:
    """The same, but for telling managers that the visitor corrected the address: one of them did."""

    def others(
        submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        caused = decide(submission, before, after)
        return [one for one in caused if isinstance(one, Notice) or one.note is not Note.CORRECTED]

    return others
