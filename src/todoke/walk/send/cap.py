"""A site's mails of a day are bounded where its owner says so: what a flood of submissions may cost.

Beyond it confirmations are withheld and managers' mails wait for the next day (UTC). Alerts are neither counted nor
held back: they have a bound of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from todoke.forms.managers import managers_of
from todoke.model import ids
from todoke.model.delivery import OURS, DeliveryEvent, Kind, Reason
from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.message import Claim, Message, MessageTimeline, Note, Outcome, Role
from todoke.model.notice import Notice
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.allowance import Ration
from todoke.ports.journal import FollowUp
from todoke.walk.alert import alert
from todoke.walk.app import App

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
    event = DeliveryEvent(
        kind=Kind.WITHHELD,
        at=now,
        received_at=now,
        service=OURS,
        token=claim.attempt.token,
        recipient=str(claim.attempt.recipient),
        reason=Reason.OVER_CAP,
    )
    return Outcome(claim=claim, events=(event,))


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
            made += _alerts(app.settings, submission, after, begin)
        return made

    return decide


def _alerts(
    settings: Settings, submission: Submission, after: MessageTimeline, begin: datetime
) -> Sequence[Message]:
    """To the site's `alert_to`, else to the form's managers."""
    form = settings.forms.get(submission.form)
    managers = managers_of(form, submission.entries) if form else ()
    made = []
    for to in dict.fromkeys(settings.site.alert_to or managers):
        derived = ids.derived_id("alert", "capped", begin.isoformat(), to)
        id_ = f"{submission.id}-{derived}"
        made.append(alert(settings, submission, after, to, Note.CAPPED, id_))
    return made
