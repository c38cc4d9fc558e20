"""What the store and its disk tell of how it goes: what waits, when mail last left, how much room there is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from todoke.model.settings import Settings
from todoke.ports.store import Store
from todoke.walk.send.handed import HANDED_OVER
from todoke.walk.silence import HEARD


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """It, at one moment.

    `waiting` mails are due, in hand or to be tried again, and the oldest of them was made at `oldest`. `handed_over_at`
    is when a service last took a mail (not known of AWS), `heard_at` when a webhook call was last read. What is None is
    not asked of a table: it would read the whole of it, or it has no such thing.
    """

    submissions: int | None
    orphans: int | None
    waiting: int
    oldest: datetime | None
    handed_over_at: datetime | None
    heard_at: datetime | None
    free_bytes: int | None = None
    store_bytes: int | None = None


def survey(settings: Settings, store: Store) -> Survey:
    """Look at it. Raises StoreError."""
    backlog, marks = store.backlog(), store.marks()
    counts = {} if settings.table else store.counts()
    return Survey(
        submissions=counts.get("submissions"),
        orphans=counts.get("orphans"),
        waiting=backlog.messages,
        oldest=backlog.oldest,
        handed_over_at=_latest(marks, HANDED_OVER),
        heard_at=_latest(marks, HEARD),
        free_bytes=None if settings.table else free_bytes(settings.data),
        store_bytes=None if settings.table else _store_bytes(settings.data),
    )


def free_bytes(folder: Path) -> int | None:
    """How much room there is; None where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _store_bytes(folder: Path) -> int | None:
    sizes = []
    for name in ("todoke.db", "todoke.db-wal"):
        try:
            sizes.append((folder / name).stat().st_size)
        except OSError:
            continue
    return sum(sizes) if sizes else None


def _latest(marks: Mapping[str, datetime], prefix: str) -> datetime | None:
    """Of whichever service: it may have been changed."""
    return max((at for name, at in marks.items() if name.startswith(prefix)), default=None)
