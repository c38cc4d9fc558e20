"""One line of the desk's list: who wrote what and when, how its mails fare, and who cares for it. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from todoke.model.care import SpamVerdict
from todoke.model.delivery import Reading
from todoke.model.language import N_
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_address
from todoke.report.excerpt import excerpt
from todoke.report.status import form_title, read_status
from todoke.report.words import DESK_LABELS, TONES, Tone, say

_NAME, _EXCERPT = 36, 72
"""Letters of a name and of an excerpt: a row of a usual screen shows no more, and fifty rows are a light page."""
_WORST_FIRST = (Tone.BAD, Tone.UNCLEAR, Tone.LATE, Tone.WAIT, Tone.HANDED, Tone.GOOD)
_WHICH = {
    Role.CONFIRMATION: N_("confirmation"),
    Role.NOTIFICATION: N_("notification"),
    Role.ALERT: N_("alert"),
}
_UNWANTED = N_("Reported as unwanted")
_PARTS = re.compile(r"[._+-]+")


def row(
    timeline: Timeline, settings: Settings, now: datetime, language: str, *, name: str, message: str
) -> dict[str, Any]:
    """The line of a submission whose visitor gave this `name` and wrote this `message`, each as typed, or ""."""
    submission, care = timeline.submission, timeline.care
    address = excerpt(show_address(submission.visitor), _EXCERPT)
    name = excerpt(name, _NAME)
    return {
        "id": submission.id,
        "received_at": rfc3339(submission.received_at),
        "ordinal": timeline.ordinal,
        "title": form_title(submission.form, settings),
        "who": name or address,
        "excerpt": excerpt(message, _EXCERPT) or (address if name else ""),
        "unread": care.read_at is None and not timeline.awaits_verdict,
        "done": care.done_at is not None,
        "spam": care.verdict is SpamVerdict.SPAM,
        "starred": care.starred,
        "assignee": care.assignee,
        "initials": initials(care.assignee),
        "mails": _mails(timeline.messages, settings, now, language),
    }


def initials(address: str) -> str:
    """Two letters that stand for an address: those of its local part's first two words, or of its beginning."""
    words = [word for word in _PARTS.split(address.partition("@")[0]) if word]
    if len(words) > 1:
        return (words[0][0] + words[1][0]).upper()
    return words[0][:2].upper() if words else ""


def _mails(
    messages: tuple[MessageTimeline, ...], settings: Settings, now: datetime, language: str
) -> dict[str, Any] | None:
    """How the mails fare: what is worst is said, with how many more are as bad or nearly; None where there are none.

    An alert that is well says nothing: it is about another mail, which is not.
    """
    told = [_one(m, settings, now) for m in messages]
    told = [one for one in told if one[0] is not Tone.GOOD or one[2] is not Role.ALERT]
    if not told:
        return None
    told.sort(key=lambda one: _WORST_FIRST.index(one[0]))
    tone, label, role = told[0]
    amiss = [one for one in told if one[0] is not Tone.GOOD]
    return {
        "tone": tone,
        "label": say(label, language),
        "which": say(_WHICH[role], language),
        "more": max(0, len(amiss) - 1),
    }


def _one(message: MessageTimeline, settings: Settings, now: datetime) -> tuple[Tone, str, Role]:
    status: Reading = read_status(message, settings, now)
    role = message.message.role
    if message.standing.complained and not status.is_failure:
        return Tone.BAD, _UNWANTED, role
    return TONES[status], DESK_LABELS[status], role
