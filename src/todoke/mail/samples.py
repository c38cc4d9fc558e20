"""Made-up claims, one for each role of each form: what owners' templates are tried with before they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from todoke.model.address import Address
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason, standing
from todoke.model.form import ControlKind, Form
from todoke.model.message import (
    Attempt,
    AttemptTimeline,
    Claim,
    Message,
    MessageTimeline,
    Note,
    Role,
)
from todoke.model.settings import Settings
from todoke.model.submission import Entry, File, Submission

_AT = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
_VISITOR = Address("visitor@example.com")
_MANAGER = Address("manager@example.com")


def sample_claims(settings: Settings) -> Iterator[tuple[Claim, MessageTimeline | None]]:
    """A confirmation, a notification and an alert of each form in `settings`."""
    for form in settings.forms.values():
        for role in Role:
            about = _bounced(form) if role is Role.ALERT else None
            yield _claim(form, role), about


def _submission(form: Form) -> Submission:
    named = [Entry(f.name, f.value or "–") for f in form.fields or () if f.kind != ControlKind.FILE]
    made_up = [Entry("message", "Good morning,\nthis is only a try.")]
    file = Entry(
        "attachment", File(name="plan.pdf", media_type="application/pdf", content=b"%PDF-1.7")
    )
    return Submission(
        id="00000000000000000000sample",
        form=form.name,
        received_at=_AT,
        entries=(*(named or made_up), file),
        language=form.language,
        visitor=_VISITOR,
        token_hash="",
    )


def _message(form: Form, role: Role) -> Message:
    return Message(
        id=f"sample-{role.value}",
        submission_id="00000000000000000000sample",
        role=role,
        recipient=_VISITOR if role is Role.CONFIRMATION else _MANAGER,
        language=form.language,
        message_id="<sample@example.com>",
        created_at=_AT,
        about="sample-confirmation" if role is Role.ALERT else "",
        note=Note.BOUNCED if role is Role.ALERT else Note.NONE,
    )


def _attempt(message: Message) -> Attempt:
    return Attempt(
        token="0" * 26,
        message_id=message.id,
        number=1,
        recipient=message.recipient,
        service="smtp",
        ceiling=Ceiling.HANDED_OVER,
        started_at=_AT,
    )


def _claim(form: Form, role: Role) -> Claim:
    message = _message(form, role)
    return Claim(
        message=message,
        attempt=_attempt(message),
        submission=_submission(form),
        lease_until=_AT + timedelta(minutes=5),
    )


def _bounced(form: Form) -> MessageTimeline:
    message = _message(form, Role.CONFIRMATION)
    attempt = _attempt(message)
    event = DeliveryEvent(
        kind=Kind.BOUNCED,
        at=_AT,
        received_at=_AT,
        service="smtp",
        token=attempt.token,
        permanence=Permanence.HARD,
        reason=Reason.UNKNOWN_ADDRESS,
        status_code="5.1.1",
        diagnostic="550 5.1.1 User unknown",
    )
    state = standing([event], recipient=message.recipient, started_at=_AT)
    return MessageTimeline(
        message=message,
        attempts=(AttemptTimeline(attempt=attempt, events=(event,), standing=state),),
        due_at=None,
    )
