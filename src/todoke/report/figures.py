"""The figures of some days: what came in, what was delivered and how fast, by form and by day. Pure.

They are made of the submissions themselves, so they change with what becomes known of a mail, and with what is erased.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from todoke.model.delivery import Reading
from todoke.model.message import MessageTimeline, Role, Timeline
from todoke.model.settings import Settings
from todoke.report.status import read_status


@dataclass(slots=True)
class Sums:
    """Of some submissions: how many, and of their mails (alerts, and what is withheld or in review, are none) how many
    were delivered, failed, and whether it is not known; the rest is on its way. `seconds` are those from a mail's
    beginning to its delivery, not in order.
    """

    submissions: int = 0
    mails: int = 0
    delivered: int = 0
    failed: int = 0
    unknown: int = 0
    seconds: list[float] = field(default_factory=list)

    def share(self) -> float | None:
        """How much of what is decided was delivered, 0 to 1; None where nothing is."""
        decided = self.delivered + self.failed
        return self.delivered / decided if decided else None

    def time(self, share: float) -> float | None:
        """In so many seconds this share of what was delivered was; None for none. By the nearest rank."""
        if not self.seconds:
            return None
        ordered = sorted(self.seconds)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all, of each form that had any (by name), and of each day, the first one first."""

    whole: Sums
    forms: dict[str, Sums]
    days: dict[date, Sums]


def figures(
    timelines: Iterable[Timeline], settings: Settings, now: datetime, *, days: int
) -> Figures:
    """The figures of these submissions, for so many days up to now, by the site's calendar."""
    zone = settings.site.time_zone
    today = zone.local(now).date()
    by_day = {today - timedelta(days=ago): Sums() for ago in reversed(range(days))}
    found = Figures(Sums(), {}, by_day)
    for timeline in timelines:
        submission = timeline.submission
        day = by_day.get(zone.local(submission.received_at).date())
        if day is None:
            continue
        each = (found.whole, found.forms.setdefault(submission.form, Sums()), day)
        for sums in each:
            sums.submissions += 1
        for message in timeline.messages:
            count_mail(each, message, settings, now)
    return found


def count_mail(
    each: Sequence[Sums], message: MessageTimeline, settings: Settings, now: datetime
) -> None:
    """Count a message in each of these sums, if it is a mail as Sums has it."""
    status = read_status(message, settings, now)
    is_alert = message.message.role is Role.ALERT
    if is_alert or status in {Reading.WITHHELD, Reading.IN_REVIEW}:
        return
    begun = message.resend_asked_at or message.message.created_at
    for sums in each:
        sums.mails += 1
        if status is Reading.DELIVERED:
            sums.delivered += 1
            sums.seconds.append(max(0.0, (message.standing.since - begun).total_seconds()))
        elif status.is_failure:
            sums.failed += 1
        elif status is Reading.UNKNOWN:
            sums.unknown += 1


def show_share(share: float) -> str:
    """In per cent with one decimal, never more than it is: 99.96 % is not 100 %."""
    return f"{int(share * 1000) / 10:.1f}".removesuffix(".0")


def show_seconds(seconds: float | None, language: str) -> str:
    """A time as people read it: 2 s, 4 min, 3 h; "–" for none."""
    if seconds is None:
        return "–"
    units = (("日", 86_400), ("時間", 3_600), ("分", 60)) if language == "ja" else _UNITS
    for unit, scale in units:
        if seconds >= scale:
            return f"{seconds / scale:.1f}".removesuffix(".0") + _gap(language) + unit
    whole = f"{seconds:.0f}" if seconds >= 1 or seconds == 0 else "<1"
    return whole + _gap(language) + ("秒" if language == "ja" else "s")


_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))


def _gap(language: str) -> str:
    return "" if language == "ja" else "\u00a0"
