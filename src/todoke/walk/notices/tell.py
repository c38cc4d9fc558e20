"""Tell a webhook what waits for it: claim, post, keep what came of it. One after the other, each kept by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

from todoke.forms.secret import secret_names
from todoke.model.log import get_logger
from todoke.model.notice import Notice, NoticeClaim, NoticeTry, NoticeType, Telling
from todoke.model.settings import Settings
from todoke.model.webhook import Webhook
from todoke.ports.courier import TITLE, Courier, Reply
from todoke.walk.app import App
from todoke.walk.notices.body import body_of
from todoke.walk.notices.off import off_since, turn_off
from todoke.walk.notices.schedule import next_try
from todoke.walk.notices.sentences import sentences
from todoke.walk.notices.sign import signed_headers

AT_ONCE = 4
LEASE = timedelta(minutes=5)
"""Longer than so many take, however slow the receiver is."""
log = get_logger(__name__)


class Came(Enum):
    """What a round came to."""

    NOTHING = "nothing"
    """There was nothing to tell."""
    TOLD = "told"
    """The webhook answered, whatever it said."""
    DOWN = "down"
    """It does not answer, or says that it cannot now or is gone: others would fare the same."""


def tell_some(
    app: App,
    courier: Courier,
    webhook: Webhook,
    *,
    limit: int = AT_ONCE,
    may_begin: Callable[[], bool] = lambda: True,
) -> Came:
    """Tell some of what is due. What may not begin any more, or would meet a webhook that is down, stays due untried.

    Raises StoreError: if claims cannot be made or tries not kept; what was told then is told again, under its own id.
    """
    if not webhook.is_ready or off_since(app.shelf, webhook.name):
        return Came.NOTHING
    now = app.clock()
    claims = app.notices.claim_notices(webhook.name, now=now, lease_until=now + LEASE, limit=limit)
    came = Came.TOLD if claims else Came.NOTHING
    for place, claim in enumerate(claims):
        if came is Came.DOWN or not may_begin():
            left = [Telling(claim=c, retry_at=app.clock()) for c in claims[place:]]
            app.notices.finish_notices(left)
            break
        telling, came = _tell_one(app, courier, webhook, claim)
        app.notices.finish_notices([telling])
    return came


def try_webhook(
    courier: Courier, settings: Settings, webhook: Webhook, notice: Notice, at: datetime
) -> NoticeTry:
    """Post a notice once, without keeping anything."""
    reply = _post(courier, settings, webhook, notice, body_of(notice), at)
    return NoticeTry(at, reply.status, fault_of(reply))


def fault_of(reply: Reply) -> str:
    """Why it counts as not told; "" where it was. A redirect is a failure: the webhook is where it is said to be."""
    if reply.status == 0:
        return reply.fault or "no_answer"
    if 200 <= reply.status < 300:
        return ""
    if 300 <= reply.status < 400:
        return "redirect"
    return "gone" if reply.status == 410 else "status"


def _tell_one(
    app: App, courier: Courier, webhook: Webhook, claim: NoticeClaim
) -> tuple[Telling, Came]:
    notice, tries = claim.kept.notice, len(claim.kept.tries) + 1
    body, at = _body(app, webhook, notice), app.clock()
    reply = _post(courier, app.settings, webhook, notice, body, at)
    tried = NoticeTry(at, reply.status, fault_of(reply))
    if not tried.fault:
        return Telling(claim=claim, tried=tried), Came.TOLD
    now = app.clock()
    retry_at = next_try(tries, now, reply.retry_after_seconds)
    if tried.fault == "gone":
        turn_off(app.shelf, webhook.name, now)
        retry_at = now
    log.warning(
        "notice_not_taken" if retry_at else "notice_given_up",
        webhook=webhook.name,
        notice=notice.id,
        status=tried.status,
        why=tried.fault,
        tries=tries,
    )
    return Telling(claim=claim, tried=tried, retry_at=retry_at), _came(reply)


def _post(
    courier: Courier,
    settings: Settings,
    webhook: Webhook,
    notice: Notice,
    body: bytes,
    at: datetime,
) -> Reply:
    """To a program as signed JSON, to people as a title and a text, which a channel's courier takes in this form."""
    if not webhook.is_channel:
        return courier.post(webhook, body, signed_headers(notice.id, at, body, webhook.keys))
    title, text = sentences(notice, settings, webhook.language)
    return courier.post(webhook, text.encode(), {TITLE: title})


def _came(reply: Reply) -> Came:
    is_down = reply.status in {0, 410, 429} or reply.status >= 500
    return Came.DOWN if is_down else Came.TOLD


def _body(app: App, webhook: Webhook, notice: Notice) -> bytes:
    """With the answers where the webhook asks for them. They are read now: the notice itself holds none."""
    if not webhook.answers or notice.type is not NoticeType.ACCEPTED:
        return body_of(notice)
    timeline = app.archive.timeline(notice.submission_id)
    if timeline is None:
        return body_of(notice)
    submission = timeline.submission
    form = app.settings.forms.get(submission.form)
    return body_of(notice, submission, secret_names(form, submission.entries))
