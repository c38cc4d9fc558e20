"""The receipt: what the visitor reads of a submission. Pure.

A status comes only from `delivery.reading`, the words for it only from `words`. Every address is masked, and no answer
of the visitor is in it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from todoke.model.delivery import Ceiling, Kind, Reading
from todoke.model.language import LANGUAGES
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_time
from todoke.model.zone import Zone
from todoke.report import words
from todoke.report.status import ROLE_ORDER, form_title, is_doubted, is_final, read_status
from todoke.report.words import Step, StepState

_TOOK_IT = frozenset(
    {Kind.ACCEPTED, Kind.DELIVERED, Kind.BOUNCED, Kind.UNDETERMINED, Kind.COMPLAINED}
)


def can_correct(message: MessageTimeline, settings: Settings, now: datetime) -> bool:
    """True when the visitor may give another address: their confirmation failed or is unknown, and tries are left."""
    if message.message.role is not Role.CONFIRMATION:
        return False
    status = read_status(message, settings, now)
    may_help = status.is_failure or status is Reading.UNKNOWN
    return may_help and message.corrections < settings.max_corrections


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


def receipt_language(timeline: Timeline, settings: Settings) -> str:
    """The language to speak to the visitor: the submission's, if it is one of ours, else the site's."""
    wanted = (timeline.submission.language, settings.site.language)
    return next((language for language in wanted if language in LANGUAGES), "en")


def _visitors_messages(timeline: Timeline) -> list[MessageTimeline]:
    ours = [m for m in timeline.messages if m.message.role is not Role.ALERT]
    return sorted(ours, key=lambda m: ROLE_ORDER[m.message.role])


def _receipt_message(
    message: MessageTimeline, timeline: Timeline, settings: Settings, now: datetime
) -> dict[str, Any]:
    language = receipt_language(timeline, settings)
    status = read_status(message, settings, now)
    role = message.message.role
    said = words.receipt_words(
        status, role, language, ceiling=message.ceiling, doubted=is_doubted(message)
    )
    return {
        "role": role.value,
        "title": words.receipt_title(role, settings.site.name, language),
        "to": message.message.recipient.masked,
        "status": status,
        "since": rfc3339(message.standing.since),
        "can_correct": can_correct(message, settings, now),
        "label": said.label,
        "text": said.text,
        "hint": said.hint,
        "tone": said.tone,
        "steps": _steps(
            message,
            status,
            timeline.submission.received_at,
            language,
            settings.site.time_zone,
        ),
    }


def _steps(
    message: MessageTimeline, status: Reading, received_at: datetime, language: str, zone: Zone
) -> list[dict[str, str]]:
    """The three steps of a message's way: stored here, handed over, at the recipient's server."""
    handed_over, arrived = _step_states(message, status)
    taken_at = _taken_at(message)
    since = message.standing.since
    ended = arrived in {StepState.DONE, StepState.FAILED} and handed_over is not StepState.FAILED
    times = {
        Step.STORED: received_at,
        Step.HANDED_OVER: {StepState.DONE: taken_at, StepState.FAILED: since}.get(handed_over),
        Step.ARRIVED: since if ended else None,
    }
    states = {Step.STORED: StepState.DONE, Step.HANDED_OVER: handed_over, Step.ARRIVED: arrived}
    return [
        {
            "name": step,
            "state": state,
            "label": words.step_words(step, state, language),
            "at": rfc3339(at),
            "when": show_time(at, zone, language) if at else "",
        }
        for step, state in states.items()
        for at in (times[step],)
    ]


_STEP_STATES = {
    Reading.QUEUED: (StepState.WAIT, StepState.WAIT),
    Reading.FAILED: (StepState.FAILED, StepState.FAILED),
    Reading.ACCEPTED: (StepState.DONE, StepState.WAIT),
    Reading.DEFERRED: (StepState.LATE, StepState.WAIT),
    Reading.UNDETERMINED: (StepState.DONE, StepState.UNKNOWN),
    Reading.REJECTED: (StepState.FAILED, StepState.FAILED),
    Reading.DELIVERED: (StepState.DONE, StepState.DONE),
    Reading.BOUNCED: (StepState.DONE, StepState.FAILED),
    Reading.UNKNOWN: (StepState.UNKNOWN, StepState.UNKNOWN),
}
_SILENCE = {Ceiling.HANDED_OVER: StepState.UNSEEN, Ceiling.NOT_RETURNED: StepState.NOT_RETURNED}


def _step_states(message: MessageTimeline, status: Reading) -> tuple[StepState, StepState]:
    """The states of the second and third step. Evidence of a hand-over shows as one, whatever came after."""
    handed_over, arrived = _STEP_STATES[status]
    if status is Reading.ACCEPTED and message.ceiling in _SILENCE:
        arrived = _SILENCE[message.ceiling]
    if status in {Reading.DEFERRED, Reading.UNKNOWN} and _taken_at(message):
        late = status is Reading.DEFERRED
        handed_over, arrived = StepState.DONE, StepState.LATE if late else StepState.UNKNOWN
    return handed_over, arrived


def _taken_at(message: MessageTimeline) -> datetime | None:
    """When the service took the attempt that speaks for the message, as far as its events tell."""
    events = message.headline.events if message.headline else ()
    return min((e.moment for e in events if e.kind in _TOOK_IT), default=None)
