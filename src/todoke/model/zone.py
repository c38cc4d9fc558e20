"""A time zone as a value. It is chosen once, at the start; times are kept in UTC and shown in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_NO_OFFSET = timedelta(0)


@dataclass(frozen=True, slots=True)
class Zone:
    """`name` is that of the IANA time zone database, or what the machine calls it; `source` what chose it."""

    name: str
    rules: tzinfo
    source: str = ""

    def local(self, at: datetime) -> datetime:
        """The moment by the clocks of this zone."""
        return at.astimezone(self.rules)

    def moment(self, typed: datetime) -> datetime:
        """What a person typed, in UTC: by the clocks of this zone unless it states an offset.

        A day is its midnight here. Of an hour that comes twice the first is meant; one that is left out is read as
        if the clocks had not been moved yet (PEP 495).
        """
        return (typed if typed.tzinfo else typed.replace(tzinfo=self.rules)).astimezone(UTC)

    def begin_of_day(self, at: datetime, *, days_before: int = 0) -> datetime:
        """The midnight here, in UTC, at which the day of that moment began, or one so many days before."""
        day = self.local(at).date() - timedelta(days=days_before)
        return self.moment(datetime.combine(day, datetime.min.time()))


UTC_ZONE = Zone("UTC", UTC)


def zone_word(local: datetime) -> str:
    """What names the zone of a local time: its abbreviation, such as JST, or an offset where that says too little.

    That is where the database has none but digits, and in an hour that comes twice under one abbreviation (KST in
    Pyongyang on 14 August 2015).
    """
    word = local.tzname() or ""
    again = local.replace(fold=1 - local.fold)
    is_clear = again.tzname() != word or again.utcoffset() == local.utcoffset()
    return word if word.isalpha() and is_clear else _offset(local.utcoffset() or _NO_OFFSET)


def _offset(offset: timedelta) -> str:
    """An offset as people read it: UTC+9, UTC-3:30."""
    if not offset:
        return "UTC"
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    text = f"UTC{'-' if offset < _NO_OFFSET else '+'}{minutes // 60}"
    if minutes % 60 or seconds:
        text += f":{minutes % 60:02d}"
    return text + (f":{seconds:02d}" if seconds else "")
