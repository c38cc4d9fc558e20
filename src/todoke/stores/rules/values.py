"""Values to text and numbers that a store can hold, and back. The same for every store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from todoke.model.address import mailbox_key
from todoke.model.delivery import DeliveryEvent
from todoke.model.json_text import reader, to_json
from todoke.model.submission import Entry, EntryList, File
from todoke.ports.archive import BRIEF
from todoke.ports.suppressions import Suppression

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_MICROSECOND = timedelta(microseconds=1)


def micros(time: datetime) -> int:
    """A time as microseconds since 1970."""
    return (time - _EPOCH) // _ONE_MICROSECOND


def micros_or_none(time: datetime | None) -> int | None:
    """The same, where there may be none."""
    return None if time is None else micros(time)


def time_of(value: int) -> datetime:
    """The time that `micros` made the value of."""
    return _EPOCH + timedelta(microseconds=value)


def time_or_none(value: int | None) -> datetime | None:
    """The same, where there may be none."""
    return None if value is None else time_of(value)


def plain(text: str) -> str:
    """Text that SQLite can hold as a key: a lone surrogate (JSON can bring one) is written out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class _StoredFile(msgspec.Struct, array_like=True):
    name: str
    media_type: str
    size: int
    digest: str


class _StoredEntry(msgspec.Struct, array_like=True):
    name: str
    value: str | _StoredFile
    raw: bytes | None = None


_read_entries: Callable[[str], list[_StoredEntry]] = reader(list[_StoredEntry])
read_event: Callable[[str], DeliveryEvent] = reader(DeliveryEvent)
"""A delivery event from its JSON."""
read_suppression: Callable[[str], Suppression] = reader(Suppression)
"""A suppression from its JSON."""
read_signals: Callable[[str], tuple[str, ...]] = reader(tuple[str, ...])
"""Signals from their JSON."""


def event_json(event: DeliveryEvent) -> str:
    """A delivery event: all that it states, and nothing of what it leaves open."""
    return to_json(event)


def entries_json(entries: EntryList) -> str:
    """An entry list without its files' content."""
    return to_json(entry_rows(entries))


def entry_rows(entries: EntryList) -> list[tuple[Any, ...]]:
    """The same, to be a part of other JSON."""
    return [_entry_items(e) for e in entries]


def _entry_items(entry: Entry) -> tuple[Any, ...]:
    value: Any = entry.value
    if isinstance(value, File):
        value = (value.name, value.media_type, value.size, value.digest)
    return (entry.name, value) if entry.raw is None else (entry.name, value, entry.raw)


def beginnings(entries: EntryList, hidden: Collection[str]) -> EntryList:
    """The same as lists read it (Query.brief): whole as far as words are looked for, and BRIEF of whatever follows.

    `hidden` are the names of secrets, which nobody looks for and no list shows.
    """
    from todoke.model.search import LOOKED_INTO  # noqa: PLC0415 - 5 ms of a cold start, for long answers alone

    left, kept = LOOKED_INTO, []
    for entry in entries:
        value = "" if entry.name in hidden and isinstance(entry.value, str) else entry.value
        if isinstance(value, str):
            length, value = len(value), value[: max(left, BRIEF)]
            left = max(0, left - length)
        kept.append(Entry(entry.name[:BRIEF], value))
    return tuple(kept)


def entries_of(text: str) -> EntryList:
    """The entry list of its JSON, its files without their content."""
    return tuple(map(_entry_of, _read_entries(text)))


def entries_from(rows: Any) -> EntryList:
    """The same, of JSON that was read already."""
    return tuple(map(_entry_of, msgspec.convert(rows, list[_StoredEntry])))


def _entry_of(stored: _StoredEntry) -> Entry:
    value = stored.value if isinstance(stored.value, str) else _file_of(stored.value)
    return Entry(stored.name, value, stored.raw)


def _file_of(stored: _StoredFile) -> File:
    return File(
        name=stored.name,
        media_type=stored.media_type,
        content=b"",
        size=stored.size,
        digest=stored.digest,
    )


def changed_suppressions(
    entries: Iterable[Suppression],
    address: str,
    change: Callable[[Suppression], Suppression | None],
) -> list[Suppression]:
    """What a list's entries are once those that name this mailbox are changed. Pure as `change` is."""
    key = mailbox_key(address)
    changed = (change(s) if mailbox_key(s.address) == key else s for s in entries)
    return [suppression for suppression in changed if suppression is not None]
