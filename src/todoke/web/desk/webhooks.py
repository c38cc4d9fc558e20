"""How it goes with each webhook, as owners see it among the settings: what its newest notices came to."""

from __future__ import annotations

from typing import Any

from todoke.model.show import rfc3339
from todoke.model.webhook import Webhook
from todoke.walk.app import App
from todoke.walk.notices.off import off_since

LOOKED_AT = 50
"""So many notices, the newest, tell how it goes."""


def shown_webhooks(app: App) -> list[dict[str, Any]]:
    """[{name, origin, off, taken, failed, status, waits}] of each: times as text, "" where there is none.

    Of its address the origin alone: the rest may be a secret. `waits` is a number, with a plus if there may be more.
    """
    return [_shown(app, webhook) for webhook in app.settings.webhooks.values()]


def _shown(app: App, webhook: Webhook) -> dict[str, Any]:
    page = app.notices.notices(webhook.name, limit=LOOKED_AT)
    tries = [tried for kept in page.notices for tried in kept.tries]
    taken = max((tried.at for tried in tries if not tried.fault), default=None)
    failed = max((tried for tried in tries if tried.fault), key=lambda t: t.at, default=None)
    waits = sum(kept.due_at is not None for kept in page.notices)
    off = off_since(app.shelf, webhook.name)
    return {
        "name": webhook.name,
        "origin": webhook.place,
        "off": rfc3339(off) if off else "",
        "taken": rfc3339(taken) if taken else "",
        "failed": rfc3339(failed.at) if failed else "",
        "status": failed.status if failed else 0,
        "waits": f"{waits}+" if waits and page.next else str(waits or ""),
    }
