"""The way of each mail of a submission at the desk: where it stands in words, then what happened, by the second.

Pure. Nothing is said twice: what two reports tell is one line with the evidence of both. Every status comes from
`delivery.reading`, every word from `words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from todoke.model.delivery import DeliveryEvent, Kind, Reading, Reason
from todoke.model.message import AttemptTimeline, MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_address
from todoke.report import words
from todoke.report.status import ROLE_ORDER, is_doubted, read_status

_TOLD_ONCE = frozenset({Kind.QUEUED, Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED, Kind.REJECTED})
"""What happens once to an attempt, however many tell of it."""
_ORDER = {kind: place for place, kind in enumerate(Kind)}
_OUT_OF_HANDS = frozenset(
    {Reading.ACCEPTED, Reading.DEFERRED, Reading.UNDETERMINED, Reading.DELIVERED, Reading.UNKNOWN}
)
"""What reads so may be with the recipient, or be on its way: another one would be a second."""


def ways(
    timeline: Timeline,
    settings: Settings,
    now: datetime,
    language: str,
    titles: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The messages with all that is known of them. `titles` are the mail services' names as they are written."""
    messages = sorted(timeline.messages, key=lambda m: ROLE_ORDER[m.message.role])
    return [way(message, settings, now, language, titles) for message in messages]


def is_out_of_hands(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """Whether another attempt may be a second mail to somebody who has the first, or complained of it."""
    is_on_its_way = read_status(message, settings, now) in _OUT_OF_HANDS and bool(message.attempts)
    return is_on_its_way or message.standing.complained


def offset(span: timedelta, language: str) -> str:
    """How long after: "+3 s", "+4 min 12 s", "+3 h 10 min", "+2 d 4 h"."""
    seconds = max(0, int(span.total_seconds()))
    units = _UNITS_JA if language == "ja" else _UNITS
    for index, (scale, unit) in enumerate(units):
        if seconds >= scale or scale == 1:
            count, rest = divmod(seconds, scale)
            finer, its_unit = units[min(index + 1, len(units) - 1)]
            less = f" {rest // finer}{its_unit}" if scale > 1 and rest // finer else ""
            return f"+{count}{unit}{less}"
    return ""


_UNITS = ((86_400, " d"), (3_600, " h"), (60, " min"), (1, " s"))
_UNITS_JA = ((86_400, "日"), (3_600, "時間"), (60, "分"), (1, "秒"))


def evidence(told: DeliveryEvent, language: str, titles: Mapping[str, str]) -> dict[str, Any]:
    """A delivery event as it came: who said so and when, codes, words, and the raw report."""
    return {
        "key": told.key[:12],
        "words": words.event_words(told.kind, language),
        "at": rfc3339(told.moment),
        "received_at": rfc3339(told.received_at),
        "service": titles.get(told.service, told.service),
        "recipient": told.recipient,
        "reason": words.reason_words(told.reason, language),
        "permanence": words.permanence_words(told.permanence, language),
        "status_code": told.status_code if told.status_code not in told.diagnostic else "",
        "diagnostic": told.diagnostic,
        "raw": told.raw.decode("utf-8", "replace"),
    }


def way(
    message: MessageTimeline,
    settings: Settings,
    now: datetime,
    language: str,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """One message: where it stands in words, and its attempts."""
    status, standing = read_status(message, settings, now), message.standing
    role = message.message.role
    said = words.desk_words(status, language, ceiling=message.ceiling, doubted=is_doubted(message))
    reason = words.reason_words(standing.reason, language)
    return {
        "id": message.message.id,
        "role": role.value,
        "title": words.desk_title(role, language),
        "to": show_address(message.message.recipient),
        "status": status,
        "since": rfc3339(standing.since),
        "label": said.label,
        "text": words.text_beside_steps(status, said, language),
        "tone": said.tone,
        "complained": standing.complained,
        "reason": reason,
        "suppressed": standing.reason is Reason.SUPPRESSED,
        "mailbox": str(message.message.recipient),
        "permanence": words.permanence_words(standing.permanence, language),
        "about": words.note_words(message.message.note, language),
        "due_at": rfc3339(message.due_at) if message.attempts else "",
        "corrections": message.corrections,
        "in_review": message.is_in_review,
        "is_out": is_out_of_hands(message, settings, now),
        "is_confirmation": role is Role.CONFIRMATION,
        "attempts": [
            _attempt(told, message, language, titles, reason) for told in message.attempts
        ],
    }


def _attempt(
    told: AttemptTimeline,
    message: MessageTimeline,
    language: str,
    titles: Mapping[str, str],
    known: str,
) -> dict[str, Any]:
    """What happened in one attempt; the first begins when the message was stored. `known` is said above."""
    attempt = told.attempt
    is_first = attempt.number == 1
    begun = message.message.created_at if is_first else attempt.started_at
    first = words.begun_words(is_first=is_first, language=language)
    steps: list[dict[str, Any]] = [
        {
            "offset": offset(timedelta(), language),
            "at": rfc3339(begun),
            "words": first,
            "reasons": [],
        }
    ]
    grouped = _grouped(told.events)
    for events in grouped:
        at = min(event.moment for event in events)
        reasons = {words.reason_words(e.reason, language) for e in events} - {"", known}
        steps.append(
            {
                "offset": offset(at - begun, language),
                "at": rfc3339(at),
                "words": words.event_words(events[0].kind, language),
                "reasons": sorted(reasons),
            }
        )
    return {
        "number": attempt.number,
        "to": show_address(attempt.recipient),
        "is_elsewhere": attempt.recipient.key != message.message.recipient.key,
        "service": titles.get(attempt.service, attempt.service),
        "ceiling": words.ceiling_words(attempt.ceiling, language),
        "started_at": rfc3339(attempt.started_at),
        "steps": steps,
        "evidence": [evidence(e, language, titles) for events in grouped for e in events],
    }


def _grouped(events: Iterable[DeliveryEvent]) -> list[list[DeliveryEvent]]:
    """In the order they happened, to the second, since services state no more; what is told twice together."""
    groups: list[list[DeliveryEvent]] = []
    once: dict[Kind, list[DeliveryEvent]] = {}
    for event in sorted(events, key=lambda e: (int(e.moment.timestamp()), _ORDER[e.kind])):
        if event.kind in once:
            once[event.kind].append(event)
            continue
        groups.append([event])
        if event.kind in _TOLD_ONCE:
            once[event.kind] = groups[-1]
    return groups
