"""Tell all webhooks for a spell, where no process stays to tell them for ever."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.model.webhook import Webhook
from todoke.ports.courier import Courier
from todoke.walk.app import App
from todoke.walk.notices.tell import Came, tell_some

log = get_logger(__name__)


def tell_webhooks(app: App, seconds: float) -> None:
    """Tell what is due, all webhooks at once, and begin nothing more after `seconds`; what is under way then ends
    within another half minute. One that is down is left for the next time. It never raises."""
    courier, webhooks = app.courier, app.settings.webhooks
    if courier is None or not webhooks:
        return
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(webhooks), "todoke-notices") as pool:
        for webhook in webhooks.values():
            pool.submit(_tell_one, app, courier, webhook, until)


def _tell_one(app: App, courier: Courier, webhook: Webhook, until: float) -> None:
    def may_begin() -> bool:
        return time.monotonic() < until

    if not webhook.is_ready:
        log.error("webhook_without_secret", webhook=webhook.name)
        return
    try:
        while may_begin() and tell_some(app, courier, webhook, may_begin=may_begin) is Came.TOLD:
            pass
    except StoreError as error:
        log.warning("notices_put_off", error=type(error).__name__)
    except Exception:
        log.exception("notices_failed", webhook=webhook.name)
