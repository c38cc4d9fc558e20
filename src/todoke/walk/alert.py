"""Decide who must learn of what a delivery event changed. Pure; the store applies it inside the write.

A message that failed or is left unknown, was called unwanted or got another address causes alerts to people who can
act, once, and never to the address that failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from todoke.forms.managers import managers_of
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Status
from todoke.model.log import get_logger
from todoke.model.message import Message, MessageTimeline, Note, Role
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.journal import FollowUp
from todoke.walk.notices.cause import with_notices

log = get_logger(__name__)


def follow_up(settings: Settings) -> FollowUp:
    """The decision for these settings: which alerts, and which notices, a change of one message causes.

    An alert's id is a hash of the message, what happened, the attempt (or the correction) it happened to, and who
    is told. So one attempt's failure is told once, in whichever order the events came that prove it, and a new
    attempt that fails as well is told again. Alerts cause none; where nobody is left to tell, the log has a line.
    """

    def decide(
        submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message]:
        if after.message.role is Role.ALERT:
            if after.standing.has_failed and not before.standing.has_failed:
                _log_nobody(after)
            return ()
        happened = tuple(_happened(before, after))
        if not happened:
            return ()
        told = who_can_act(settings, submission, before, after)
        if not told:
            _log_nobody(after)
        return [
            _alert(settings, submission, after, recipient, what, note, nth)
            for what, note, nth in happened
            for recipient in told
        ]

    return with_notices(decide, settings.webhooks)


def _log_nobody(told: MessageTimeline) -> None:
    """The log is what is left. Where the store calls twice for one change the line stands there twice."""
    log.error(
        "nobody_told",
        message=told.message.id,
        role=told.message.role.value,
        status=told.standing.status.value,
    )


def _happened(before: MessageTimeline, after: MessageTimeline) -> Iterable[tuple[str, Note, int]]:
    """What the change amounts to: its name, the alert's note, and to which attempt or correction it happened."""
    was, is_now = before.standing, after.standing
    if _is_left_unknown(after) and not _is_left_unknown(before):
        yield "unknown", Note.UNKNOWN, len(after.attempts)
    if is_now.has_failed and not was.has_failed:
        yield "failed", Note(is_now.status.value), len(after.attempts)
    if is_now.complained and not was.complained:
        is_disowned = after.is_disowned and not before.is_disowned
        note = Note.DISOWNED if is_disowned else Note.COMPLAINED
        yield "complained", note, len(after.attempts)
    if before.message.recipient.key != after.message.recipient.key:
        yield "corrected", Note.CORRECTED, after.corrections


def _is_left_unknown(told: MessageTimeline) -> bool:
    """Whether a mail was handed over without an answer, will not be again, and no service's event can tell of it."""
    is_open = told.standing.answer_lost and told.standing.status in {Status.QUEUED, Status.FAILED}
    return is_open and told.due_at is None and told.ceiling is not Ceiling.DELIVERED


def who_can_act(
    settings: Settings, submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> Sequence[Address]:
    """Whom to tell: of a confirmation, the managers; of a notification, the site's `alert_to` and the other managers.

    Without one of them, `alert_to`. Never the address that the message failed to reach: it was
    `before.message.recipient`, which is also the one that a correction leaves behind.
    """
    managers, alert_to = managers_told(settings, submission), settings.site.alert_to
    wanted = managers if after.message.role is Role.CONFIRMATION else (*alert_to, *managers)
    failed = before.message.recipient
    return _each_once(wanted, failed) or _each_once(alert_to, failed)


def managers_told(settings: Settings, submission: Submission) -> Sequence[Address]:
    """The managers whom a submission's answers name; nobody when its form is no longer in the settings."""
    form = settings.forms.get(submission.form)
    return managers_of(form, submission.entries) if form else ()


def _each_once(addresses: Iterable[Address], but: Address) -> Sequence[Address]:
    first: dict[str, Address] = {}
    for address in addresses:
        if address.key != but.key:
            first.setdefault(address.key, address)
    return tuple(first.values())


def _alert(
    settings: Settings,
    submission: Submission,
    about: MessageTimeline,
    recipient: Address,
    what: str,
    note: Note,
    nth: int,
) -> Message:
    derived = ids.derived_id("alert", about.message.id, what, str(nth), recipient)
    return alert(settings, submission, about, recipient, note, f"{submission.id}-{derived}")


def alert(
    settings: Settings,
    submission: Submission,
    about: MessageTimeline,
    recipient: Address,
    note: Note,
    alert_id: str,
) -> Message:
    """An alert to `recipient` about a message, in the language of its form."""
    domain = settings.mail.sender.address.ascii_domain
    form = settings.forms.get(submission.form)
    return Message(
        id=alert_id,
        submission_id=submission.id,
        role=Role.ALERT,
        recipient=recipient,
        language=form.language if form else settings.site.language,
        message_id=f"<{alert_id}@{domain}>",
        created_at=_when(about),
        about=about.message.id,
        note=note,
    )


def site_alerts(
    settings: Settings, submission: Submission, about: MessageTimeline, note: Note, *what: str
) -> Sequence[Message]:
    """Alerts of what concerns the whole site, to its `alert_to`, else to the managers.

    Their ids are hashes of `what` happened and who is told, so that it is told once to each.
    """
    return [
        alert(
            settings,
            submission,
            about,
            recipient,
            note,
            f"{submission.id}-{ids.derived_id('alert', *what, recipient)}",
        )
        for recipient in dict.fromkeys(
            settings.site.alert_to or managers_told(settings, submission)
        )
    ]


def _when(about: MessageTimeline) -> datetime:
    """When we learned of it, by our own clock; the store makes an alert due at once whatever this says."""
    heard = [event.received_at for attempt in about.attempts for event in attempt.events]
    known = (*heard, about.resend_asked_at, about.message.created_at)
    return max(moment for moment in known if moment is not None)
