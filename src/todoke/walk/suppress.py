"""The addresses that the mail service will not send to: its list is read and kept here, and an entry lifted.

What is asked may be asked by another process than the one that shows what came of it, so both are kept: when the list
was asked for and could not be read as moments, an entry's own with the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from todoke.model.address import mailbox_key
from todoke.model.errors import RecordsUnavailable
from todoke.model.log import get_logger
from todoke.ports.shelf import Shelf
from todoke.ports.suppressions import Suppression, SuppressionSource
from todoke.report.suppressions import own_addresses
from todoke.walk.app import App

EVERY = timedelta(hours=24)
REST = timedelta(hours=4)
"""After a try that came to nothing."""
AT_MOST_EVERY = timedelta(minutes=1)
"""When people ask: services wish for no more."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastReading:
    """When a list was last asked for, and when it last could not be read; None for never."""

    asked_at: datetime | None
    failed_at: datetime | None


def read_suppressions(app: App) -> int | None:
    """Keep what is on the service's list now; how many, None where it could not be read. Raises StoreError."""
    source = app.suppressions
    if source is None:
        return None
    try:
        return keep_suppressions(app, source)
    except RecordsUnavailable as error:
        log.warning("suppressions_not_read", service=source.name, why=str(error))
        return None


def keep_suppressions(app: App, source: SuppressionSource) -> int:
    """Read the list and keep it; how many are on it. Raises RecordsUnavailable: then the last one stays. StoreError."""
    app.shelf.put_mark(_asked(source.name), app.clock())
    try:
        listed = source.suppressions()
    except RecordsUnavailable:
        app.shelf.put_mark(_failed(source.name), app.clock())
        raise
    app.shelf.put_suppressions(source.name, with_liftings(app, source.name, listed), app.clock())
    own = own_addresses(app.settings)
    hit = sum(mailbox_key(suppression.address) in own for suppression in listed)
    if hit:
        log.error("own_addresses_suppressed", service=source.name, addresses=hit)
    return len(listed)


def read_suppressions_when_due(app: App) -> int | None:
    """Read the list once a day, of a service whose records are not asked: with these it is read anyway."""
    source = app.suppressions
    if source is None or app.records is not None:
        return None
    read = reading_of(app.shelf, source.name)
    now = app.clock()
    return None if was_asked(read, now) else read_suppressions(app)


def is_read_daily(app: App) -> bool:
    """Whether the list is read once a day without anybody asking: with the records, or where there are none."""
    return app.records is None or app.records.name in app.sources


def was_asked(read: LastReading, now: datetime) -> bool:
    """Whether the list was asked for so lately that it need not be read by itself. Pure."""
    if read.asked_at is None:
        return False
    has_failed = read.failed_at is not None and read.failed_at >= read.asked_at
    return timedelta() <= now - read.asked_at < (REST if has_failed else EVERY)


def may_ask(app: App, service: str) -> bool:
    """Whether the list may be asked for again now, for a person; it counts as asked for. Raises StoreError."""
    now = app.clock()
    return app.shelf.put_mark(_asked(service), now, unless_after=now - AT_MOST_EVERY)


def reading_of(shelf: Shelf, service: str) -> LastReading:
    """What is known of the last time that a list was asked for. Raises StoreError."""
    return LastReading(shelf.mark(_asked(service)), shelf.mark(_failed(service)))


def with_liftings(app: App, service: str, listed: Sequence[Suppression]) -> list[Suppression]:
    """A list as it was just read, with what was asked of entries that are still there. Raises StoreError."""
    asked = {
        mailbox_key(entry.address): entry.lifting
        for kept in app.shelf.suppressions()
        if kept.service == service
        for entry in kept.suppressions
        if entry.lifting
    }
    return [
        replace(entry, lifting=lifting)
        if asked and (lifting := asked.get(mailbox_key(entry.address)))
        else entry
        for entry in listed
    ]


def _asked(service: str) -> str:
    return f"suppressions asked/{service}"


def _failed(service: str) -> str:
    return f"suppressions not read/{service}"
