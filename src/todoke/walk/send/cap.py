"""A site's mails of a day are bounded where its owner says so: what a flood of submissions may cost.

Beyond it confirmations are withheld and managers' mails wait for the next day (UTC). Alerts are neither counted nor
held back: they have a bound of their own.
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
_MARK = "capped"
log = get_logger(__name__)


def over_cap(app: App, claims: Sequence[Claim]) -> dict[str, Outcome]:
    """What those come to that are more than a day's mails, by their attempts' tokens.

    A mail is counted when it is first claimed, and a later try of it is not. Where the store cannot count, they go.
    """
    fresh = [c for c in claims if c.message.role is not Role.ALERT and not c.was_tried]
    now = app.clock()
    ration = Ration(app.settings.max_mails_per_day, _COMES_BACK_WITHIN)
    names = [f"mails/{now.date().isoformat()}"] * len(fresh)
    try:
        are_free = app.allowances.draw_each(names, ration, now) if fresh else ()
    except StoreError as error:
        log.warning("day_not_counted", mails=len(fresh), fault=type(error).__name__)
        return {}
    beyond = [claim for claim, is_free in zip(fresh, are_free, strict=True) if not is_free]
    return {claim.attempt.token: _held(claim, now) for claim in beyond}


def _held(claim: Claim, now: datetime) -> Outcome:
    if claim.message.role is not Role.CONFIRMATION:
        return Outcome(claim=claim, events=(), retry_at=_begin(now) + _DAY)
    return withheld(claim, Reason.OVER_CAP, now)


def _begin(now: datetime) -> datetime:
    """When its day began."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def with_cap_alert(app: App, usual: FollowUp, outcomes: Sequence[Outcome]) -> FollowUp:
    """The usual decision; of the first mail beyond a day's also an alert that it is so. Raises StoreError."""
    begin = _begin(app.clock())
    before = begin - timedelta(microseconds=1)
    if not outcomes or not app.shelf.put_mark(_MARK, begin, unless_after=before):
        return usual
    log.error("daily_cap_reached", most=app.settings.max_mails_per_day)
    first = outcomes[0].claim.message.id

    def decide(
        submission: Submission, was: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        made = list(usual(submission, was, after))
        if after.message.id == first:
            made += site_alerts(
                app.settings, submission, after, Note.CAPPED, "capped", begin.isoformat()
            )
        return made

    return decide
