"""What people read about a submission: the receipt (for the visitor) and the desk (for managers). Pure.

`web/receipt.py` and `web/desk.py` show these values as JSON and HTML. A status comes only from `delivery.reading`;
the words for it come only from `report_words`. The receipt masks every address and holds no answer of the visitor.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from todoke import report_words
from todoke.address import AddressError, parse_address
from todoke.delivery import UNKNOWN, Ceiling, DeliveryEvent, Kind, Status, reading
from todoke.forms import Field
from todoke.language import LANGUAGES
from todoke.message import AttemptTimeline, MessageTimeline, Role, Timeline
from todoke.report_words import FAILURES, words
from todoke.settings import Settings
from todoke.submission import Entry, File

__all__ = [
    "desk_row",
    "desk_timeline",
    "event",
    "is_final",
    "moment",
    "receipt",
    "rfc3339",
    "words",
]

_ORDER = {Role.CONFIRMATION: 0, Role.NOTIFICATION: 1, Role.ALERT: 2}
_TOOK_IT = frozenset(
    {Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED, Kind.UNDETERMINED, Kind.COMPLAINED}
)


def read_status(message: MessageTimeline, settings: Settings, now: datetime) -> str:
    """The word for a message's state at `now`: a Status, or "unknown"."""
    return reading(
        message.standing,
        ceiling=message.ceiling,
        now=now,
        expected=settings.mail.expect_events_within,
    )


def can_correct(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """True when the visitor may give another address: their confirmation failed or is unknown, and tries are left."""
    if message.message.role is not Role.CONFIRMATION:
        return False
    status = read_status(message, settings, now)
    return status in FAILURES | {UNKNOWN} and message.corrections < settings.max_corrections


def is_final(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """True when nothing more is expected to become known of a message by itself."""
    status = read_status(message, settings, now)
    if status == Status.ACCEPTED.value:
        return message.ceiling is not Ceiling.DELIVERED
    return status in FAILURES | {Status.DELIVERED.value}


def receipt(timeline: Timeline, settings: Settings, now: datetime) -> dict[str, Any]:
    """The receipt as JSON: {id, received_at, form, ..., messages: [{role, to, status, since, can_correct, text, ...}]}.

    Alerts are left out: they are between the site and its managers. `final` is True when no change is expected.
    """
    submission = timeline.submission
    language = receipt_language(timeline, settings)
    shown = _visitors_messages(timeline)
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "title": form_title(submission.form, settings),
        "site": settings.site.name,
        "language": language,
        "final": all(is_final(m, settings, now) for m in shown),
        "messages": [_receipt_message(m, timeline, settings, now) for m in shown],
    }


def form_title(name: str, settings: Settings) -> str:
    """What people call the form of this name; the name itself when it is no longer in the settings."""
    form = settings.forms.get(name)
    return form.shown if form else name


def receipt_language(timeline: Timeline, settings: Settings) -> str:
    """The language to speak to the visitor: the submission's, if it is one of ours, else the site's."""
    wanted = (timeline.submission.language, settings.site.language)
    return next((language for language in wanted if language in LANGUAGES), "en")


def _visitors_messages(timeline: Timeline) -> list[MessageTimeline]:
    ours = [m for m in timeline.messages if m.message.role is not Role.ALERT]
    return sorted(ours, key=lambda m: _ORDER[m.message.role])


def _receipt_message(
    message: MessageTimeline, timeline: Timeline, settings: Settings, now: datetime
) -> dict[str, Any]:
    language = receipt_language(timeline, settings)
    status = read_status(message, settings, now)
    role = message.message.role
    said = words(status, role, language, ceiling=message.ceiling, doubted=_is_doubted(message))
    return {
        "role": role.value,
        "title": report_words.receipt_title(role, settings.site.name, language),
        "to": mask(message.message.recipient),
        "status": status,
        "since": rfc3339(message.standing.since),
        "can_correct": can_correct(message, settings, now),
        "label": said.label,
        "text": said.text,
        "hint": said.hint,
        "tone": said.tone,
        "steps": _steps(message, status, timeline.submission.received_at, language),
    }


def mask(address: str) -> str:
    """An address as others may see it; nothing of what is not an address."""
    try:
        return parse_address(address).masked
    except AddressError:
        return "•••"


def _steps(
    message: MessageTimeline, status: str, received_at: datetime, language: str
) -> list[dict[str, str]]:
    """The three steps of a message's way: stored here, handed over, at the recipient's server."""
    handed_over, arrived = _step_states(message, status)
    taken_at = _taken_at(message)
    since = message.standing.since
    times = {
        "stored": received_at,
        "handed_over": {"done": taken_at, "failed": since}.get(handed_over),
        "arrived": since if arrived in {"done", "failed"} and handed_over != "failed" else None,
    }
    states = {"stored": "done", "handed_over": handed_over, "arrived": arrived}
    return [
        {
            "name": name,
            "state": state,
            "label": report_words.step_words(name, state, language),
            "at": rfc3339(times[name]),
        }
        for name, state in states.items()
    ]


_STEP_STATES = {
    Status.QUEUED.value: ("wait", "wait"),
    Status.FAILED.value: ("failed", "failed"),
    Status.ACCEPTED.value: ("done", "wait"),
    Status.DEFERRED.value: ("late", "wait"),
    Status.UNDETERMINED.value: ("done", "unknown"),
    Status.REJECTED.value: ("failed", "failed"),
    Status.DELIVERED.value: ("done", "done"),
    Status.BOUNCED.value: ("done", "failed"),
    UNKNOWN: ("unknown", "unknown"),
}
_SILENCE = {Ceiling.HANDED_OVER: "unseen", Ceiling.NOT_RETURNED: "not_returned"}


def _step_states(message: MessageTimeline, status: str) -> tuple[str, str]:
    """The states of the second and third step. Evidence of a hand-over shows as one, whatever came after."""
    handed_over, arrived = _STEP_STATES[status]
    if status == Status.ACCEPTED.value and message.ceiling in _SILENCE:
        arrived = _SILENCE[message.ceiling]
    if status in {Status.DEFERRED.value, UNKNOWN} and _taken_at(message):
        handed_over, arrived = "done", {"deferred": "late"}.get(status, "unknown")
    return handed_over, arrived


def _taken_at(message: MessageTimeline) -> datetime | None:
    """When the service took the latest attempt, as far as its events tell."""
    if message.ceiling is None:
        return None
    return min((e.at for e in message.attempts[-1].events if e.kind in _TOOK_IT), default=None)


def _is_doubted(message: MessageTimeline) -> bool:
    """True when a failure was told of the latest attempt and is not confirmed."""
    if message.ceiling is None:
        return False
    return any(e.kind is Kind.UNCONFIRMED for e in message.attempts[-1].events)


def desk_row(
    timeline: Timeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    """One line of the desk's list: who, when, which form, and the state of each message; failing ones stand out."""
    submission = timeline.submission
    messages = [_desk_summary(m, settings, now, language) for m in _in_order(timeline)]
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "title": form_title(submission.form, settings),
        "visitor": show_address(submission.visitor),
        "failing": any(m["tone"] == "bad" for m in messages),
        "messages": messages,
    }


def desk_timeline(
    timeline: Timeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    """A submission with its answers, messages, attempts and events: all that is known, in words and as evidence."""
    submission = timeline.submission
    form = settings.forms.get(submission.form)
    fields = {field.name: field for field in (form.fields if form else None) or ()}
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "title": form_title(submission.form, settings),
        "language": submission.language,
        "visitor": show_address(submission.visitor),
        "retain_until": rfc3339(submission.retain_until),
        "signals": list(submission.signals),
        "answers": [
            _answer(entry, position, fields.get(entry.name))
            for position, entry in enumerate(submission.entries)
        ],
        "messages": [_desk_message(m, settings, now, language) for m in _in_order(timeline)],
    }


def _in_order(timeline: Timeline) -> list[MessageTimeline]:
    return sorted(timeline.messages, key=lambda m: _ORDER[m.message.role])


def _answer(entry: Entry, position: int, field: Field | None) -> dict[str, Any]:
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
        **shown,
    }


def _desk_summary(
    message: MessageTimeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    status = read_status(message, settings, now)
    said = report_words.desk_words(
        status, language, ceiling=message.ceiling, doubted=_is_doubted(message)
    )
    return {
        "id": message.message.id,
        "role": message.message.role.value,
        "title": report_words.desk_title(message.message.role, language),
        "to": show_address(message.message.recipient),
        "status": status,
        "since": rfc3339(message.standing.since),
        "label": said.label,
        "text": said.text,
        "tone": said.tone,
        "complained": message.standing.complained,
        "reason": report_words.reason_words(message.standing.reason, language),
    }


def _desk_message(
    message: MessageTimeline, settings: Settings, now: datetime, language: str
) -> dict[str, Any]:
    standing = message.standing
    return {
        **_desk_summary(message, settings, now, language),
        "message_id": message.message.message_id,
        "about": report_words.note_words(message.message.note, language),
        "due_at": rfc3339(message.due_at),
        "corrections": message.corrections,
        "permanence": report_words.permanence_words(standing.permanence, language),
        "status_code": standing.status_code,
        "diagnostic": standing.diagnostic,
        "attempts": [_attempt(a, language) for a in reversed(message.attempts)],
    }


def _attempt(attempt: AttemptTimeline, language: str) -> dict[str, Any]:
    return {
        "number": attempt.attempt.number,
        "to": show_address(attempt.attempt.recipient),
        "service": attempt.attempt.service,
        "ceiling": report_words.ceiling_words(attempt.attempt.ceiling, language),
        "started_at": rfc3339(attempt.attempt.started_at),
        "events": [event(e, language) for e in attempt.events],
    }


def event(told: DeliveryEvent, language: str) -> dict[str, Any]:
    """A delivery event for the desk: in words, and the evidence as it came."""
    return {
        "kind": told.kind.value,
        "words": report_words.event_words(told.kind, language),
        "at": rfc3339(told.at),
        "received_at": rfc3339(told.received_at),
        "service": told.service,
        "recipient": told.recipient,
        "reason": report_words.reason_words(told.reason, language),
        "permanence": report_words.permanence_words(told.permanence, language),
        "status_code": told.status_code,
        "diagnostic": told.diagnostic,
        "raw": told.raw.decode("utf-8", "replace"),
    }


def show_address(address: str) -> str:
    """An address for managers. A domain that is not ASCII is followed by its A-labels, so look-alikes show."""
    try:
        parsed = parse_address(address)
    except AddressError:
        return address
    if parsed.domain.isascii():
        return address
    return f"{address} ({parsed.ascii_domain})"


def rfc3339(at: datetime | None) -> str:
    """RFC 3339 in UTC with seconds, or "" for never."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


def moment(iso: str, language: str) -> str:
    """A time of `rfc3339`'s form as people read it, in UTC: "23 Nov 2026, 06:34 UTC"."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d):\d\dZ", iso)
    if not found:
        return iso
    year, month, day, clock = found.groups()
    if language == "ja":
        return f"{year}年{int(month)}月{int(day)}日 {clock} UTC"
    return f"{int(day)} {_MONTHS.split()[int(month) - 1]} {year}, {clock} UTC"
