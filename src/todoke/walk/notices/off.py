"""A webhook that said it is gone (410) is told nothing more until the owner says that it is back."""

from __future__ import annotations

from datetime import datetime

from todoke.model.log import get_logger
from todoke.ports.shelf import Shelf

log = get_logger(__name__)


def off_since(shelf: Shelf, webhook: str) -> datetime | None:
    """Since when it is told nothing; None where it is."""
    gone = shelf.mark(_gone(webhook))
    if gone is None:
        return None
    back = shelf.mark(_back(webhook))
    return gone if back is None or back < gone else None


def turn_off(shelf: Shelf, webhook: str, now: datetime) -> None:
    """It said that it is gone. Raises StoreError."""
    shelf.put_mark(_gone(webhook), now)
    log.error("webhook_gone", webhook=webhook, do=f"todoke webhooks --enable {webhook}")


def turn_on(shelf: Shelf, webhook: str, now: datetime) -> None:
    """The owner says that it is back: what waits is told. Raises StoreError."""
    shelf.put_mark(_back(webhook), now)


def _gone(webhook: str) -> str:
    return f"webhook-gone/{webhook}"


def _back(webhook: str) -> str:
    return f"webhook-back/{webhook}"
