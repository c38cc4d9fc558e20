"""A form's confirmations pause: webhooks are told of it."""

from __future__ import annotations

from datetime import datetime

from todoke.walk.app import App
from todoke.walk.notices.cause import of_pause


def tell_of_pause(app: App, form: str, *, reason: str, until: datetime | None = None) -> None:
    """Tell the webhooks that the confirmations of `form` pause from now on, after that was stored; once for each pause.

    `reason` is a word for programs, such as `hard_bounces` or `complaints`; `until` when they may go on, where that is
    known. Without webhooks nothing is done. Raises StoreError: if the notices cannot be kept.
    """
    if not app.settings.webhooks:
        return
    now = app.clock()
    app.notices.put_notices(
        of_pause(app.settings.webhooks, form, now, reason=reason, until=until), now
    )
    app.hint()
