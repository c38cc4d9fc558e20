"""A visitor corrects the address of their confirmation: a new attempt, due at once, and the managers learn of it.

Who may, and how often, is `report.receipt.can_correct`: what a receipt offers is what is taken here.
"""

from __future__ import annotations

from enum import StrEnum

from todoke.model.address import NOBODY, AddressError, parse_address, same_mailbox
from todoke.model.domain_hint import intended_mailbox
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.report.receipt import can_correct
from todoke.walk.alert import follow_up
from todoke.walk.app import App
from todoke.walk.security import log


class Correction(StrEnum):
    """What came of it."""

    DUE = "due"
    NO_ADDRESS = "no_address"
    """What was typed cannot be a mail address."""
    CLOSED = "closed"
    """The address of this submission cannot be corrected, or not any more."""


def correct(app: App, timeline: Timeline, typed: str, *, takes_no_mail: bool = False) -> Correction:
    """Send the confirmation of a submission to the address that was `typed`. Raises StoreError.

    One failure takes one correction: of several at once the first counts. The same again, while it waits, is no other.
    """
    confirmation = next((m for m in timeline.messages if m.message.role is Role.CONFIRMATION), None)
    if confirmation is None:
        return Correction.CLOSED
    redirected = timeline.care.redirected
    if not can_correct(
        confirmation, app.settings, app.clock(), redirected, takes_no_mail=takes_no_mail
    ):
        return Correction.DUE if _is_asked_again(confirmation, typed) else Correction.CLOSED
    try:
        address = parse_address(typed)
    except AddressError:
        return Correction.NO_ADDRESS
    is_due = app.outbox.resend(
        confirmation.message.id,
        now=app.clock(),
        recipient=address,
        max_corrections=confirmation.corrections + 1,
        follow_up=follow_up(app.settings),
    )
    if not is_due:
        return Correction.CLOSED
    log.info("address_corrected", submission=timeline.submission.id)
    app.hint()
    return Correction.DUE


def address_at(timeline: Timeline, domain: str) -> str:
    """The confirmation's address at the `domain` that a receipt suggests, or that it has by now; "" for any other.

    So whoever sees the address masked on a receipt learns no more of it by sending it elsewhere.
    """
    confirmation = next((m for m in timeline.messages if m.message.role is Role.CONFIRMATION), None)
    to = confirmation.message.recipient if confirmation else NOBODY
    return next((str(a) for a in (intended_mailbox(to), to) if a and a.domain == domain), "")


def _is_asked_again(confirmation: MessageTimeline, typed: str) -> bool:
    """Whether the correction under way is to the very address that was typed: somebody clicked twice."""
    waits = confirmation.corrections > 0 and confirmation.headline is None
    return waits and same_mailbox(confirmation.message.recipient, typed)
