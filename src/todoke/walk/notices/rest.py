"""All mail rests, or leaves again: webhooks and channels are told, for mail itself cannot tell it."""

from __future__ import annotations

from datetime import timedelta

from todoke.model.notice import NoticeType
from todoke.walk.app import App
from todoke.walk.notices.cause import of_mail
from todoke.walk.send.circuit import MailRest

TOLD_AFTER_SECONDS = 20.0
"""A shorter rest mends itself; and with what follows it is told within a minute."""
LOOKED_AFTER_SECONDS = 5.0
_RESTS, _WORKS = "mail-rests", "mail-works"


def tell_of_rest(app: App, rest: MailRest | None) -> bool:
    """Tell once that all mail rests, and once that it leaves again; whether something was told.

    Marks remember it, so that a restart neither tells it twice nor forgets to tell the end. Raises StoreError.
    """
    webhooks = app.settings.webhooks
    if not any(
        w.listens(t, "") for w in webhooks.values() for t in (NoticeType.RESTS, NoticeType.WORKS)
    ):
        return False
    was_told, now = _was_told(app), app.clock()
    if rest is not None and not was_told and rest.seconds >= TOLD_AFTER_SECONDS:
        since = now - timedelta(seconds=rest.seconds)
        notices = of_mail(webhooks, NoticeType.RESTS, since, reason=rest.reason.value)
        mark = _RESTS
    elif rest is None and was_told:
        notices, mark = of_mail(webhooks, NoticeType.WORKS, now), _WORKS
    else:
        return False
    app.notices.put_notices(notices, now)
    app.shelf.put_mark(mark, now)
    app.hint()
    return True


def _was_told(app: App) -> bool:
    """Whether the last word was that mail rests."""
    rests, works = app.shelf.mark(_RESTS), app.shelf.mark(_WORKS)
    return rests is not None and (works is None or works < rests)
