"""What managers read about a submission: all that is known of it. Pure.

Every status comes from `delivery.reading`, every word from `words`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from todoke.model.delivery import DeliveryEvent
from todoke.model.form import Field
from todoke.model.message import AttemptTimeline, MessageTimeline, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_address
from todoke.model.submission import Entry, File
from todoke.report import words
from todoke.report.status import ROLE_ORDER, form_title, is_doubted, read_status


def desk_timeline(
    timeline: Timeline,
    settings: Settings,
    now: datetime,
    language: str,
    secret: Collection[str] = (),
) -> dict[str, Any]:
    """A submission with its answers, messages, attempts and events: all that is known, in words and as evidence.

    The answers to the fields named in `secret` say that they are.
    """
    submission = timeline.submission
    form = settings.forms.get(submission.form)
    fields = {field.name: field for field in (form.fields if form else None) or ()}
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "ordinal": timeline.ordinal,
        "title": form_title(submission.form, settings),
        "language": submission.language,
        "visitor": show_address(submission.visitor),
        "retain_until": rfc3339(submission.retain_until),
        "signals": list(submission.signals),
        "answers": [
            _answer(entry, position, fields.get(entry.name), is_secret=entry.name in secret)
            for position, entry in enumerate(submission.entries)
        ],
        "messages": [_desk_message(m, settings, now, language) for m in _in_order(timeline)],
    }


def _in_order(timeline: Timeline) -> list[MessageTimeline]:
    return sorted(timeline.messages, key=lambda m: ROLE_ORDER[m.message.role])


def _answer(entry: Entry, position: int, field: Field | None, *, is_secret: bool) -> dict[str, Any]:
    value = entry.value
    shown: dict[str, Any]
    if isinstance(value, File):
        shown = {"file": {"name": value.name, "media_type": value.media_type}}
    else:
        shown = {"value": field.in_words(value) if field else value}
    return {
        "name": entry.name,
        "label": (field.label if field else "") or entry.name,
        "position": position,
        "undecoded": entry.raw is not None,
        "secret": is_secret,
        **shown,
    }


def _desk_summary(
    message: MessageTimeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    status = read_status(message, settings, now)
    said = words.desk_words(status, language, ceiling=message.ceiling, doubted=is_doubted(message))
    return {
        "id": message.message.id,
        "role": message.message.role.value,
        "title": words.desk_title(message.message.role, language),
        "to": show_address(message.message.recipient),
        "status": status,
        "since": rfc3339(message.standing.since),
        "label": said.label,
        "text": said.text,
        "tone": said.tone,
        "complained": message.standing.complained,
        "reason": words.reason_words(message.standing.reason, language),
    }


def _desk_message(
    message: MessageTimeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    standing = message.standing
    return {
        **_desk_summary(message, settings, now, language),
        "message_id": message.message.message_id,
        "about": words.note_words(message.message.note, language),
        "due_at": rfc3339(message.due_at),
        "corrections": message.corrections,
        "permanence": words.permanence_words(standing.permanence, language),
        "status_code": standing.status_code,
        "diagnostic": standing.diagnostic,
        "attempts": [_attempt(a, language) for a in reversed(message.attempts)],
    }


def _attempt(attempt: AttemptTimeline, language: str) -> dict[str, Any]:
    return {
        "number": attempt.attempt.number,
        "to": show_address(attempt.attempt.recipient),
        "service": attempt.attempt.service,
        "ceiling": words.ceiling_words(attempt.attempt.ceiling, language),
        "started_at": rfc3339(attempt.attempt.started_at),
        "events": [event(e, language) for e in attempt.events],
    }


def event(told: DeliveryEvent, language: str) -> dict[str, Any]:
    """A delivery event for the desk: in words, and the evidence as it came."""
    return {
        "kind": told.kind.value,
        "words": words.event_words(told.kind, language),
        "at": rfc3339(told.at),
        "received_at": rfc3339(told.received_at),
        "service": told.service,
        "recipient": told.recipient,
        "reason": words.reason_words(told.reason, language),
        "permanence": words.permanence_words(told.permanence, language),
        "status_code": told.status_code,
        "diagnostic": told.diagnostic,
        "raw": told.raw.decode("utf-8", "replace"),
    }
