"""A site's mails of a day are bounded where its owner says so: what a flood of submissions may cost.

Beyond it confirmations are withheld and managers' mails wait for the next day (UTC). Alerts are neither counted nor
held back: they have a bound of their own. Who runs the site is told once a day of this bound, and of
those of an hour (rates.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from todoke.model.delivery import Reason
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import Claim, Message, MessageTimeline, Note, Outcome, Role
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.ports.allowance import Ration
from todoke.ports.journal import FollowUp
from todoke.walk.alert import site_alerts
from todoke.walk.app import App
from todoke.walk.send.restraint import withheld

_DAY = timedelta(days=1)
_COMES_BACK_WITHIN = 100 * _DAY
"""Of a day's own count hardly anything comes back on that day: one in a hundred."""
_BUSY = frozenset({Reason.OVER_RATE, Reason.BUSY_NETWORK})
log = get_logger(__name__)


def over_cap(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    """What those come to that are more than a day's mails, by their attempts' tokens.

    A mail is counted when it is first claimed, and a later try of it is not. Where the store cannot count, they go.
    """
    fresh = [claim for claim in claims if _counts(claim)]
    now = app.clock()
    names = [_name(now)] * len(fresh)
    try:
        are_free = app.allowances.draw_each(names, _ration(app), now) if fresh else ()
    except StoreError as error:
        log.warning("day_not_counted", mails=len(fresh), fault=type(error).__name__)
        return {}
    beyond = [claim for claim, is_free in zip(fresh, are_free, strict=True) if not is_free]
    return {claim.attempt.token: _held(claim, now) for claim in beyond}


def give_back(app: App, outcomes: Sequence[Outcome]) -> None:
    """Let those not count that were put off untried: they come again, and are counted then."""
    if not app.settings.max_mails_per_day:
        return
    now = app.clock()
    untried = [o for o in outcomes if not o.events and _counts(o.claim)]
    try:
        for _ in untried:
            app.allowances.put_back(_name(now), _ration(app), now)
    except StoreError as error:
        log.info("counted_twice", fault=type(error).__name__)


def _counts(claim: Claim) -> bool:
    return claim.message.role is not Role.ALERT and not claim.was_tried


def _name(now: datetime) -> str:
    return f"mails/{now.date().isoformat()}"


def _ration(app: App) -> Ration:
    return Ration(app.settings.max_mails_per_day, _COMES_BACK_WITHIN)


def _held(claim: Claim, now: datetime) -> Outcome:
    if claim.message.role is not Role.CONFIRMATION:
        return Outcome(claim=claim, events=(), retry_at=_begin(now) + _DAY)
    return withheld(claim, Reason.OVER_CAP, now)


def _begin(now: datetime) -> datetime:
    """When its day began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def with_alerts(
    app: App, usual: FollowUp, held: Sequence[Outcome], capped: Sequence[Outcome]
) -> FollowUp:
    """The usual decision; and of the first mail of a day (UTC) that is beyond a bound an alert that it is so.

    `held` are those that are beyond one of an hour, among others; `capped` are beyond the day's. Raises StoreError.
    """
    busy = [o for o in held if any(e.reason in _BUSY for e in o.events)]
    if busy and _is_first(app, Note.OVER_RATE):
        log.error("confirmations_over_rate", form=busy[0].claim.submission.form)
        usual = _with_alert(app, usual, Note.OVER_RATE, busy[0])
    if capped and _is_first(app, Note.CAPPED):
        log.error("daily_cap_reached", most=app.settings.max_mails_per_day)
        usual = _with_alert(app, usual, Note.CAPPED, capped[0])
    return usual


def _is_first(app: App, note: Note) -> bool:
    """Whether it is told of for the first time on this day. It is looked up first: in a flood, to write costs more."""
    begin = _begin(app.clock())
    told_at = app.shelf.mark(note.value)
    if told_at is not None and told_at >= begin:
        return False
    return app.shelf.put_mark(note.value, begin, unless_after=begin - timedelta(microseconds=1))


def _with_alert(app: App, usual: FollowUp, note: Note, of: Outcome) -> FollowUp:
    begin, first = _begin(app.clock()), of.claim.message.id

    def decide(
        submission: Submission, was: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        made = list(usual(submission, was, after))
        if after.message.id == first:
            what = (note.value, begin.isoformat())
            made += site_alerts(app.settings, submission, after, note, *what)
        return made

    return decide
