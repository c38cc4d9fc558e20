"""The breaker: a form's confirmations pause when too many come back or are complained of; managers' mails go on.

Nothing is counted beside what is stored: when one goes wrong the newest are looked at. A pause is two moments, which
all processes share: until when nothing passes, and since when it is tried again. It ends by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from todoke.model import ids
from todoke.model.address import addressee_key
from todoke.model.delivery import OURS, Ceiling, DeliveryEvent, Kind, Permanence, Status
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import AttemptTimeline, Message, MessageTimeline, Note, Role, Timeline
from todoke.model.notice import Notice
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.allowance import Ration
from todoke.ports.archive import Query
from todoke.ports.journal import FollowUp
from todoke.walk.alert import alert, managers_told
from todoke.walk.app import App

WINDOW = 100
"""Confirmations whose end is known; so many of the newest count."""
LEAST_KNOWN, LEAST_BOUNCED = 25, 4
ONE_IN = 25
"""One hard bounce in so many is too many: 4 %."""
COMPLAINT_WINDOW, LEAST_COMPLAINTS = 1_000, 2
"""More than one in a thousand, the 0.1 % from which services warn. A single one says nothing of a rate, in a thousand
as in twenty; and one mailbox alone could keep all others from their mails."""
RESTS = timedelta(hours=1)
TRIES = timedelta(minutes=30)
TRIED = Ration(5, timedelta(hours=1))
_LOOKED_BACK = 300
_PAGE = 100
PAUSED, TRYING = "paused/", "tried/"
_ENDS = frozenset({Status.BOUNCED, Status.REJECTED})
log = get_logger(__name__)


class State(StrEnum):
    """How a form's confirmations fare now."""

    GOING = "going"
    RESTING = "resting"
    TRYING = "trying"
    """A few pass. If none of them goes wrong in half an hour, all do."""


class Fates(NamedTuple):
    """How many of some confirmations have a known end, and came back for good, and to how many addressees they were
    unwanted."""

    known: int = 0
    bounced: int = 0
    complained: int = 0


def state_of(until: datetime | None, tried: datetime | None, now: datetime) -> State:
    """What a pause is now that rests `until`, and is tried again since `tried`."""
    if until is None:
        return State.GOING
    if now < until:
        return State.RESTING
    is_tried = tried is not None and tried >= until and now >= tried + TRIES
    return State.GOING if is_tried else State.TRYING


def too_many(fates: Fates) -> str:
    """Why these are too many, in a word for programs; "" where they are not."""
    is_enough = fates.known >= LEAST_KNOWN and fates.bounced >= LEAST_BOUNCED
    if is_enough and fates.bounced * ONE_IN >= fates.known:
        return "hard_bounces"
    return "complaints" if fates.complained >= LEAST_COMPLAINTS else ""


def too_many_of(timelines: Iterable[Timeline], since: datetime | None) -> str:
    """Why the confirmations handed over since then are too many anywhere among these, newest first; else "". Pure.

    The newest are looked at, and those up to each that went wrong: word of them comes in any order.
    """
    mailed = list(_mailed(timelines, since))
    ends = [0, *(n for n, told in enumerate(mailed) if n and _is_bad(told))]
    return next(filter(None, (too_many(_fates_of(islice(mailed, n, None))) for n in ends)), "")


def _fates_of(mailed: Iterable[AttemptTimeline]) -> Fates:
    """Those of the first of these.

    Whoever calls several of theirs unwanted is one: else a single mailbox could keep all others from their mails.
    """
    known = bounced = 0
    complained: set[str] = set()
    for told in islice(mailed, COMPLAINT_WINDOW):
        if told.standing.complained:
            complained.add(addressee_key(told.attempt.recipient))
        if known < WINDOW and _is_known(told):
            known += 1
            bounced += _has_bounced(told)
    return Fates(known, bounced, len(complained))


def _mailed(timelines: Iterable[Timeline], since: datetime | None) -> Iterator[AttemptTimeline]:
    """Of each confirmation the latest attempt that came to something."""
    for timeline in timelines:
        for message in timeline.messages:
            if message.message.role is Role.CONFIRMATION:
                tried = [a for a in message.attempts if a.standing.is_taken or _is_known(a)]
                if tried and (since is None or tried[-1].attempt.started_at >= since):
                    yield tried[-1]


def _is_known(told: AttemptTimeline) -> bool:
    """Whether it is known what became of it, as far as its service can ever tell."""
    status = told.standing.status
    if status is Status.ACCEPTED:
        return told.attempt.ceiling is not Ceiling.DELIVERED
    return status is Status.DELIVERED or status in _ENDS


def _has_bounced(told: AttemptTimeline) -> bool:
    return told.standing.status in _ENDS and told.standing.permanence is Permanence.HARD


def _is_bad(told: AttemptTimeline) -> bool:
    return told.standing.complained or _has_bounced(told)


class _Wrong(NamedTuple):
    """A confirmation that came back or is unwanted."""

    submission: Submission
    told: AttemptTimeline


@dataclass(frozen=True, slots=True)
class Watch:
    """The usual decision; and notes the confirmations that a change shows to have gone wrong."""

    usual: FollowUp
    seen: dict[str, tuple[Submission, AttemptTimeline]] = field(default_factory=dict)

    def __call__(
        self, submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        """See FollowUp."""
        if after.message.role is Role.CONFIRMATION:
            known = {a.attempt.token for a in before.attempts if _is_bad(a)}
            for told in after.attempts:
                if _is_bad(told) and told.attempt.token not in known:
                    self.seen[submission.id] = (submission, told)
        return self.usual(submission, before, after)

    def judge(self, app: App) -> None:
        """Pause the forms of which too many went wrong. Where the store cannot tell, the next that does is judged.

        Each form is looked at once, however many of its confirmations a change shows to have gone wrong.
        """
        wrong: dict[str, list[_Wrong]] = {}
        for submission, told in self.seen.values() if app.settings.pauses_confirmations else ():
            wrong.setdefault(submission.form, []).append(_Wrong(submission, told))
        try:
            for form, several in wrong.items():
                _judge(app, form, several)
        except StoreError as error:
            log.warning("not_judged", fault=type(error).__name__)


def may_try(app: App, form: str, until: datetime) -> bool:
    """Whether one more may pass while it is tried again, which then counts. Raises StoreError."""
    now = app.clock()
    app.shelf.put_mark(TRYING + form, now, unless_after=until)
    return app.allowances.draw(f"tries/{form}/{until.isoformat()}", TRIED, now)


def _judge(app: App, form: str, wrong: Sequence[_Wrong]) -> None:
    now = app.clock()
    until, tried = app.shelf.mark(PAUSED + form), app.shelf.mark(TRYING + form)
    standing = state_of(until, tried, now)
    # What was handed over before a pause says nothing of what came after it.
    wrong = [w for w in wrong if until is None or w.told.attempt.started_at >= until]
    if standing is State.RESTING or not wrong:
        return
    newest = max(wrong, key=lambda w: (w.submission.received_at, w.submission.id))
    again = standing is State.TRYING
    since = max((t for t in (until, tried) if t), default=None)
    is_unwanted = any(w.told.standing.complained for w in wrong)
    later, earlier = (COMPLAINT_WINDOW,) * 2 if is_unwanted else (WINDOW, _LOOKED_BACK)
    around = [] if again else _around(app, newest.submission, later, earlier)
    why = "again" if again else too_many_of(around, since)
    if not why or not app.shelf.put_mark(PAUSED + form, now + RESTS, unless_after=now):
        return
    log.error("confirmations_paused", form=form, reason=why)
    if not again:
        _tell(app, newest.told, now, why, form)


def _around(app: App, submission: Submission, later: int, earlier: int) -> list[Timeline]:
    """About so many of its form that came after it, it, and so many that came before it, newest first."""
    own = app.archive.timeline(submission.id)
    middle = [own] if own else []
    after = before = app.archive.cursor(submission.id)
    newer: list[Timeline] = []
    while after and len(newer) < later:
        page = app.archive.page(replace(_of(submission), after=after))
        newer = [*page.timelines, *newer]
        after = page.newer if page.timelines else ""
    older: list[Timeline] = []
    while before and len(middle) + len(older) < earlier:
        page = app.archive.page(replace(_of(submission), before=before))
        older += page.timelines
        before = page.next if page.timelines else ""
    return [*newer, *middle, *older]


def _of(submission: Submission) -> Query:
    return Query(form=submission.form, limit=_PAGE, brief=True)


def _tell(app: App, told: AttemptTimeline, now: datetime, why: str, form: str) -> None:
    """Note it on the mail that showed it, with alerts in the same write; and tell the webhooks."""
    from todoke.walk.notices.pause import tell_of_pause  # noqa: PLC0415 - hardly ever

    note = DeliveryEvent(
        kind=Kind.PAUSED, at=now, received_at=now, service=OURS, token=told.attempt.token
    )
    app.journal.journal([note], _alerts(app.settings, now), orphans=False)
    tell_of_pause(app, form, reason=why, until=now + RESTS)
    app.hint()


def _alerts(settings: Settings, now: datetime) -> FollowUp:
    """Who is told of a pause: the form's managers, and the site's `alert_to`."""

    def decide(
        submission: Submission, _before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message]:
        managers = managers_told(settings, submission)
        told = {to.key: to for to in (*managers, *settings.site.alert_to)}
        made = []
        for to in told.values():
            derived = ids.derived_id("alert", "paused", submission.form, now.isoformat(), to)
            id_ = f"{submission.id}-{derived}"
            made.append(alert(settings, submission, after, to, Note.PAUSED, id_))
        return made

    return decide
