"""Since when each webhook is off, as the store has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from todoke.model.settings import Settings
from todoke.walk.notices.off import off_since
from todoke.wiring import open_store


def look_for_off(settings: Settings) -> Mapping[str, datetime | None]:
    """By the webhooks' names; nothing where there is no store yet. Raises StoreError."""
    if not settings.table and not (settings.data / "todoke.db").exists():
        return {}
    store = open_store(settings)
    try:
        return {name: off_since(store, name) for name in settings.webhooks}
    finally:
        store.close()
