"""Which notices a fact makes: one for each webhook that listens. Pure; a store keeps them in the write of the fact.

Ids are derived, so that the same fact makes the same notice for the same webhook, however often it is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from todoke.model import ids
from todoke.model.delivery import Standing, Status
from todoke.model.message import Message, MessageTimeline
from todoke.model.notice import MailNews, Notice, NoticeType
from todoke.model.submission import Submission
from todoke.model.webhook import Webhook, Webhooks
from todoke.ports.journal import FollowUp


def of_submission(
    webhooks: Webhooks, submission_id: str, form: str, at: datetime
) -> tuple[Notice, ...]:
    """That a submission was accepted. Of one that is held for review this is told when it is released, not before."""
    return tuple(
        Notice(
            id=_id(submission_id, webhook, NoticeType.ACCEPTED),
            webhook=webhook.name,
            type=NoticeType.ACCEPTED,
            at=at,
            form=form,
            submission_id=submission_id,
        )
        for webhook in webhooks.values()
        if webhook.listens(NoticeType.ACCEPTED, form)
    )


def of_pause(
    webhooks: Webhooks, form: str, at: datetime, *, reason: str, until: datetime | None = None
) -> tuple[Notice, ...]:
    """That the confirmations of a form pause from that moment on; `until` they may go on, where that is known."""
    return tuple(
        Notice(
            id=ids.time_digits(at) + ids.derived_id("paused", webhook.name, form)[:16],
            webhook=webhook.name,
            type=NoticeType.PAUSED,
            at=at,
            form=form,
            reason=reason,
            until=until,
        )
        for webhook in webhooks.values()
        if webhook.listens(NoticeType.PAUSED, form)
    )


def of_mail(
    webhooks: Webhooks, type_: NoticeType, at: datetime, *, reason: str = ""
) -> tuple[Notice, ...]:
    """That all mail rests since that moment, or leaves again (RESTS, WORKS)."""
    return tuple(
        Notice(
            id=ids.time_digits(at) + ids.derived_id(type_.value, webhook.name)[:16],
            webhook=webhook.name,
            type=type_,
            at=at,
            reason=reason,
        )
        for webhook in webhooks.values()
        if webhook.listens(type_, "")
    )


def with_notices(decide: FollowUp, webhooks: Webhooks) -> FollowUp:
    """The same decision, and the notices of what became of the message. Without webhooks it is the same."""
    if not webhooks:
        return decide

    def told(
        submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> Sequence[Message | Notice]:
        return [
            *decide(submission, before, after),
            *of_message(webhooks, submission, before, after),
        ]

    return told


def of_message(
    webhooks: Webhooks, submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> Sequence[Notice]:
    """That a message was delivered, or will not arrive, by a change that made it so."""
    type_ = _news(before.standing, after.standing)
    if type_ is None:
        return ()
    standing = after.standing
    news = MailNews(
        id=after.message.id,
        role=after.message.role.value,
        status=standing.status.value,
        attempt=after.headline.attempt.number if after.headline else 0,
        reason=standing.reason.value if standing.reason else "",
        permanence=standing.permanence.value if type_ is NoticeType.FAILED else "",
    )
    return [
        Notice(
            id=_id(submission.id, webhook, type_, news.id, news.status, str(news.attempt)),
            webhook=webhook.name,
            type=type_,
            at=standing.since,
            form=submission.form,
            submission_id=submission.id,
            message=news,
        )
        for webhook in webhooks.values()
        if webhook.listens(type_, submission.form)
    ]


def _news(was: Standing, is_now: Standing) -> NoticeType | None:
    if is_now.has_failed and not was.has_failed:
        return NoticeType.FAILED
    if is_now.status is Status.DELIVERED and was.status is not Status.DELIVERED:
        return NoticeType.DELIVERED
    return None


def _id(submission_id: str, webhook: Webhook, type_: NoticeType, *parts: str) -> str:
    derived = ids.derived_id("notice", webhook.name, type_.value, submission_id, *parts)
    return f"{submission_id}-{derived}"
