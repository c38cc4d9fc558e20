"""The receipt: what the visitor reads of a submission. Pure.

A status comes only from `delivery.reading`, the words for it only from `receipt_words`. Every failure is told as one
(`public_status`), every address is masked, and no answer of the visitor is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from todoke.model import ids
from todoke.model.address import NOBODY
from todoke.model.delivery import TOOK_IT, Ceiling, Kind, Reading
from todoke.model.domain_hint import intended_mailbox
from todoke.model.language import LANGUAGES
from todoke.model.message import MessageTimeline, Note, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_time
from todoke.model.zone import Zone
from todoke.report import receipt_words as words
from todoke.report.receipt_words import Step, StepState
from todoke.report.status import (
    ROLE_ORDER,
    form_title,
    is_doubted,
    is_final,
    public_since,
    public_status,
    read_attempt,
    read_status,
)
from todoke.report.words import say

_HANDED_OVER = TOOK_IT | {Kind.BOUNCED, Kind.UNDETERMINED}
_TAKEN = frozenset({Reading.ACCEPTED, Reading.UNDETERMINED, Reading.DELIVERED})


def can_correct(
    message: MessageTimeline,
    settings: Settings,
    now: datetime,
    redirected: int = 0,
    *,
    takes_no_mail: bool = False,
) -> bool:
    """True when the visitor may give another address: their confirmation failed, is unknown, or goes to a domain that
    looks mistyped or `takes_no_mail`, and tries are left.

    `redirected` of its corrections were the desk's, and do not count. While it is looked at, it is due to nobody.
    """
    if message.message.role is not Role.CONFIRMATION:
        return False
    status = read_status(message, settings, now)
    if status is Reading.IN_REVIEW:
        return False
    is_doubtful = takes_no_mail or bool(intended_mailbox(message.message.recipient))
    may_help = status.is_failure or status is Reading.UNKNOWN or is_doubtful
    return may_help and message.corrections - redirected < settings.max_corrections


def receipt(
    timeline: Timeline, settings: Settings, now: datetime, *, takes_no_mail: bool = False
) -> dict[str, Any]:
    """The receipt as JSON: {id, received_at, form, ..., messages: [{role, to, status, since, can_correct, text, ...}]}.

    Alerts are left out: they are between the site and its managers. `final` is True when no change is expected.
    `attention` names what needs the reader: {text, link, target, failed}, `target` the id of an element; None for
    nothing. `suggestion` asks whether another address was meant: {text, button, domain}; None where nothing is amiss.
    `takes_no_mail`: the domain of the confirmation does not, for certain.
    """
    submission = timeline.submission
    language = receipt_language(timeline, settings)
    shown = _visitors_messages(timeline)
    told = [_receipt_message(m, timeline, settings, now, takes_no_mail) for m in shown]
    return {
        "id": submission.id,
        "number": ids.number(submission.id),
        "received_at": rfc3339(submission.received_at),
        "form": submission.form,
        "title": form_title(submission.form, settings),
        "site": settings.site.name,
        "site_url": _site_url(submission.form, settings),
        "language": language,
        "final": all(is_final(m, settings, now) for m in shown),
        "attention": _attention(told, language),
        "suggestion": _suggestion(shown, told, language, takes_no_mail),
        "messages": told,
    }


def _site_url(form_name: str, settings: Settings) -> str:
    """Where the visitor came from: the site, or else the form's page; "" where neither is known."""
    form = settings.forms.get(form_name)
    return settings.site.url or (form.page_url if form else "")


def _attention(messages: Sequence[Mapping[str, Any]], language: str) -> dict[str, Any] | None:
    """What needs the reader: the first message that failed, else the first that is unknown and can be corrected."""
    failed = (m for m in messages if m["status"] is Reading.FAILED)
    unknown = (m for m in messages if m["can_correct"] and m["status"] is Reading.UNKNOWN)
    message = next(failed, None) or next(unknown, None)
    if message is None:
        return None
    text, link = words.attention_words(
        message["status"], message["headline"], language, can_correct=message["can_correct"]
    )
    place = f"message-{messages.index(message)}"
    return {
        "text": text,
        "link": link,
        "target": "address" if message["can_correct"] else place,
        "failed": message["status"] is Reading.FAILED,
    }


def _suggestion(
    shown: Sequence[MessageTimeline],
    told: Sequence[Mapping[str, Any]],
    language: str,
    takes_no_mail: bool,
) -> dict[str, str] | None:
    """What may have been meant by the address that can be corrected, or that no mail comes there."""
    for message, said in zip(shown, told, strict=True):
        meant = intended_mailbox(message.message.recipient) if said["can_correct"] else NOBODY
        if meant:
            text, button = words.suggestion_words(said["to"], meant.masked, language)
            return {"text": text, "button": button, "domain": meant.domain}
        if takes_no_mail and said["can_correct"]:
            text = words.no_mail_words(said["to"], language)
            return {"text": text, "button": "", "domain": ""}
    return None


def receipt_language(timeline: Timeline, settings: Settings) -> str:
    """The language to speak to the visitor: the submission's, if it is one of ours, else the site's."""
    wanted = (timeline.submission.language, settings.site.language)
    return next((language for language in wanted if language in LANGUAGES), "en")


def _visitors_messages(timeline: Timeline) -> list[MessageTimeline]:
    ours = [m for m in timeline.messages if m.message.role is not Role.ALERT]
    return sorted(ours, key=lambda m: ROLE_ORDER[m.message.role])


def _receipt_message(
    message: MessageTimeline,
    timeline: Timeline,
    settings: Settings,
    now: datetime,
    takes_no_mail: bool,
) -> dict[str, Any]:
    language = receipt_language(timeline, settings)
    status = public_status(read_status(message, settings, now))
    role = message.message.role
    title = words.receipt_title(role, settings.site.name, language)
    redirected = timeline.care.redirected
    is_open = can_correct(message, settings, now, redirected, takes_no_mail=takes_no_mail)
    said = words.receipt_words(
        status,
        role,
        language,
        site=settings.site.name,
        ceiling=message.ceiling,
        doubted=is_doubted(message),
        can_correct=is_open,
        alerted=_is_alerted(message, timeline, settings, now),
    )
    received_at = timeline.submission.received_at
    since = public_since(status, message.standing.since, received_at)
    earlier = _earlier(message, received_at, settings, now, language)
    to = message.message.recipient.masked
    return {
        "role": role.value,
        "title": title,
        "to": to,
        "status": status,
        "since": rfc3339(since),
        "can_correct": is_open,
        "label": said.label,
        "headline": said.headline,
        "mail": title + say(": ", language) if said.headline == said.label else "",
        "text": said.text,
        "hint": said.hint,
        "tone": said.tone,
        "steps": _steps(message, status, since, received_at, language, settings.site.time_zone),
        "corrected": (
            words.correction_words(status, to, earlier[-1]["status"], earlier[-1]["to"], language)
            if earlier
            else ""
        ),
        "earlier": earlier,
    }


def _is_alerted(
    message: MessageTimeline, timeline: Timeline, settings: Settings, now: datetime
) -> bool:
    """Whether the mail service took an alert that a message failed or is unknown, and nothing says that it was lost."""
    alerts = (
        m
        for m in timeline.messages
        if m.message.about == message.message.id
        and (m.message.note.is_failure or m.message.note is Note.UNKNOWN)
    )
    return any(read_status(alert, settings, now) in _TAKEN for alert in alerts)


def _earlier(
    message: MessageTimeline,
    received_at: datetime,
    settings: Settings,
    now: datetime,
    language: str,
) -> list[dict[str, Any]]:
    """What became of the message at the addresses before its last correction, oldest first."""
    runs = [list(run) for _, run in groupby(message.attempts, lambda a: a.attempt.recipient.key)]
    if runs and runs[-1][-1].attempt.recipient.key == message.message.recipient.key:
        runs.pop()
    found = []
    for run in runs:
        last = next((a for a in reversed(run) if a.standing.is_taken), run[-1])
        status = public_status(read_attempt(last, settings, now))
        found.append(
            {
                "to": last.attempt.recipient.masked,
                "status": status,
                "label": words.receipt_words(status, message.message.role, language).label,
                "since": rfc3339(public_since(status, last.standing.since, received_at)),
            }
        )
    return found


def _steps(
    message: MessageTimeline,
    status: Reading,
    since: datetime,
    received_at: datetime,
    language: str,
    zone: Zone,
) -> list[dict[str, str]]:
    """The three steps of a message's way: stored here, handed over, at the recipient's server."""
    handed_over, arrived = _step_states(message, status)
    times = {
        Step.STORED: received_at,
        Step.HANDED_OVER: _taken_at(message) if handed_over is StepState.DONE else None,
        Step.ARRIVED: since if arrived in {StepState.DONE, StepState.FAILED} else None,
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
    Reading.IN_REVIEW: (StepState.REVIEW, StepState.REVIEW),
    Reading.QUEUED: (StepState.WAIT, StepState.WAIT),
    Reading.WITHHELD: (StepState.NONE, StepState.NONE),
    Reading.FAILED: (StepState.TRIED, StepState.FAILED),
    Reading.ACCEPTED: (StepState.DONE, StepState.WAIT),
    Reading.DEFERRED: (StepState.LATE, StepState.WAIT),
    Reading.UNDETERMINED: (StepState.DONE, StepState.UNKNOWN),
    Reading.DELIVERED: (StepState.DONE, StepState.DONE),
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
    return min((e.moment for e in events if e.kind in _HANDED_OVER), default=None)
