"""Tell those who can act that mails to some are refused alike while others are taken: what works carries the news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.log import get_logger
from todoke.model.message import Message, MessageTimeline, Note, Outcome
from todoke.model.notice import Notice
from todoke.model.settings import Settings
from todoke.model.submission import Submission
from todoke.ports.journal import FollowUp
from todoke.walk.alert import alert, who_can_act
from todoke.walk.app import App
from todoke.walk.send.breaker import Watch
from todoke.walk.send.doubt import PartRefused, group_of
from todoke.walk.send.rest_log import without_addresses

EVERY = timedelta(days=1)
"""One alert for each group and day: a set-up is not mended sooner for a second one."""
log = get_logger(__name__)


def store_outcomes(app: App, usual: FollowUp, outcomes: Sequence[Outcome]) -> None:
    """Store outcomes, with the alerts that follow; and say once of each such refusal that it began. Raises StoreError.

    In the log, and by an alert in the same write.
    """
    news = _news(app, outcomes)
    decide = _with_alerts(app.settings, usual, news) if news else usual
    is_refused = any(e.kind is Kind.REJECTED for outcome in outcomes for e in outcome.events)
    watch = Watch(decide) if is_refused else None
    app.outbox.finish(outcomes, watch or decide)
    if watch:
        watch.judge(app)
    for part in news.values():
        app.shelf.put_mark(_mark_of(app, part), app.clock())
        _note(app, part)


def _news(app: App, outcomes: Sequence[Outcome]) -> Mapping[str, PartRefused]:
    """What is to be told by alerts, each by the message that shows it: one of those to be stored now."""
    untold = {part.group: part for part in app.doubt.parts() if not app.doubt.is_told(part)}
    news: dict[str, PartRefused] = {}
    for outcome in outcomes if untold else ():
        part = untold.get(group_of(outcome.claim))
        if part is None or outcome.retry_at is None or not outcome.events:
            continue
        del untold[part.group]
        if _was_told_today(app, part):
            _note(app, part)
        else:
            news[outcome.claim.message.id] = part
    return news


def _was_told_today(app: App, part: PartRefused) -> bool:
    told_at = app.shelf.mark(_mark_of(app, part))
    return told_at is not None and timedelta() <= app.clock() - told_at < EVERY


def _mark_of(app: App, part: PartRefused) -> str:
    return f"refused/{app.mailer.name}/{part.group.value}"


def _note(app: App, part: PartRefused) -> None:
    app.doubt.note_told(part)
    log.error(
        "mail_refused_to_some",
        service=app.mailer.name,
        to=part.group.value,
        words=without_addresses(part.words),
    )


def _with_alerts(settings: Settings, usual: FollowUp, news: Mapping[str, PartRefused]) -> FollowUp:
    """The usual decision, and an alert to each who can act on what `news` has of a message."""

    def decide(
        submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        part = news.get(after.message.id)
        told = who_can_act(settings, submission, before, after) if part else ()
        return [
            *usual(submission, before, after),
            *(_alert(settings, submission, after, part, to) for to in told if part),
        ]

    return decide


def _alert(
    settings: Settings,
    submission: Submission,
    about: MessageTimeline,
    part: PartRefused,
    to: Address,
) -> Message:
    since = part.since.isoformat()
    derived = ids.derived_id("alert", "refused", part.group.value, since, to)
    return alert(settings, submission, about, to, Note.SET_UP, f"{submission.id}-{derived}")
