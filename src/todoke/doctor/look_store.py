"""Open the store, read it through quickly, and write to it once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from todoke.doctor.judge import HearingFacts, StoreFacts
from todoke.model.delivery import Ceiling, Kind
from todoke.model.errors import ConfigError, StoreCorrupt, StoreError
from todoke.model.message import AttemptTimeline
from todoke.model.settings import Settings
from todoke.ports.archive import Query
from todoke.ports.store import Store
from todoke.stores.sqlite.file_system import network_file_system
from todoke.stores.sqlite.store import SqliteStore
from todoke.toml.permissions import loose_files
from todoke.walk.silence import heard_at
from todoke.wiring import open_store

MARK = "doctor"
"""The named moment that is written, to see that the store can be."""
LOOKED_AT = 200
"""So many submissions, the newest, tell whether the webhook speaks."""


def look_at_store(settings: Settings, now: datetime) -> StoreFacts:
    """See `_look`; and whether its folder lies on another machine, and who gets at it."""
    data = settings.data
    return replace(_look(settings, now), network=network_file_system(data), loose=loose_files(data))


def _look(settings: Settings, now: datetime) -> StoreFacts:
    """Whether the store opens, is sound by SQLite's quick check, and takes a write; how much room there is.

    Where there is none yet none is made.
    """
    data = settings.data
    folder = _nearest(data)
    free = shutil.disk_usage(folder).free
    if not (data / "todoke.db").exists():
        can_write = os.access(folder, os.W_OK | os.X_OK)
        error = "" if can_write else f"{folder} cannot be written to"
        return StoreFacts(folder=str(data), free_bytes=free, error=error, is_new=can_write)
    try:
        store = open_store(settings)
    except (ConfigError, StoreError, OSError) as error:
        is_damaged = isinstance(error, StoreCorrupt)
        return StoreFacts(
            folder=str(data), free_bytes=free, error=str(error), is_damaged=is_damaged
        )
    try:
        if isinstance(store, SqliteStore):
            store.verify(quick=True)
        store.put_mark(MARK, now)
    except StoreError as error:
        is_damaged = isinstance(error, StoreCorrupt)
        return StoreFacts(
            folder=str(data), free_bytes=free, error=str(error), is_damaged=is_damaged
        )
    finally:
        store.close()
    return StoreFacts(folder=str(data), free_bytes=free)


def look_for_words(settings: Settings, *, expects: bool) -> HearingFacts:
    """When the mail service last told an event, and since when it has been silent of mails that it took."""
    if not expects or not (settings.data / "todoke.db").exists():
        return HearingFacts(expects=expects)
    store = open_store(settings)
    try:
        return hearing_of(store, settings.mail.service)
    finally:
        store.close()


def hearing_of(store: Store, service: str) -> HearingFacts:
    """The same of an open store. An event that was told has its evidence; our own have none."""
    attempts = list(_attempts(store, service))
    taken = [a for a in attempts if any(e.kind is Kind.ACCEPTED and not e.raw for e in a.events)]
    silent = [a.attempt.started_at for a in taken if not any(e.raw for e in a.events)]
    return HearingFacts(
        expects=True,
        handed_over=len(taken),
        heard_at=heard_at(store, service),
        silent_since=min(silent, default=None),
    )


def _attempts(store: Store, service: str) -> Iterator[AttemptTimeline]:
    for timeline in store.page(Query(limit=LOOKED_AT, brief=True)).timelines:
        for message in timeline.messages:
            for found in message.attempts:
                attempt = found.attempt
                if attempt.service == service and attempt.ceiling is Ceiling.DELIVERED:
                    yield found


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
