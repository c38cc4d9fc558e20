"""Dates, months, weeks, times and local dates and times as HTML writes them (WHATWG HTML 2.3.5), as plain integers.

A moment is a number of milliseconds, for months a number of months, from 1970-01-01T00:00 (4.10.5.1.7 to .11, "convert
a string to a number"). Knows the grammar alone: no steps, no ranges.
"""

from __future__ import annotations

import datetime as dt
import re

DAY = 86_400_000
WEEK = 7 * DAY
EPOCH = dt.date(1970, 1, 1)
# 1970-01-01 was a Thursday; ISO 8601 weeks begin on Monday.
FIRST_MONDAY = -3 * DAY
# How far browsers go: the last day that a JavaScript Date can hold.
LAST_YEAR = 275_760

DATE = re.compile(r"([0-9]{4,6})-([0-9]{2})-([0-9]{2})")
MONTH = re.compile(r"([0-9]{4,6})-([0-9]{2})")
WEEK_OF_YEAR = re.compile(r"([0-9]{4,6})-W([0-9]{2})")
TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?")


def write_date(moment: int) -> str:
    """The date that begins at `moment`.

    Raises OverflowError: beyond the years 1 to 9999, as the writers below.
    """
    return (EPOCH + dt.timedelta(days=moment // DAY)).isoformat()


def write_month(moment: int) -> str:
    """The month; `moment` counts months."""
    return f"{1970 + moment // 12:04d}-{moment % 12 + 1:02d}"


def write_week(moment: int) -> str:
    """The week in which `moment` is."""
    year, week, _ = (EPOCH + dt.timedelta(days=moment // DAY)).isocalendar()
    return f"{year:04d}-W{week:02d}"


def write_time(moment: int) -> str:
    """The time of day, no longer than it needs to be."""
    minutes, milliseconds = divmod(moment % DAY, 60_000)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    if milliseconds:
        text += f":{milliseconds // 1000:02d}"
    return text + (f".{milliseconds % 1000:03d}" if milliseconds % 1000 else "")


def write_local(moment: int) -> str:
    """A date and a time with a T between them."""
    return f"{write_date(moment)}T{write_time(moment)}"


def read_date(text: str) -> int | None:
    """The beginning of a date; None when `text` states none."""
    match = DATE.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) for part in match.groups())
    if not (_is_year(year) and 1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    return _days(year, month, day) * DAY


def read_month(text: str) -> int | None:
    """A month, in months; None when `text` states none."""
    match = MONTH.fullmatch(text)
    if not match or not _is_year(int(match[1])) or not 1 <= int(match[2]) <= 12:
        return None
    return (int(match[1]) - 1970) * 12 + int(match[2]) - 1


def read_week(text: str) -> int | None:
    """The Monday of a week; None when `text` states none."""
    match = WEEK_OF_YEAR.fullmatch(text)
    if not match or not _is_year(int(match[1])):
        return None
    year, week = int(match[1]), int(match[2])
    first = _first_monday(year)
    if not 1 <= week <= (_first_monday(year + 1) - first) // 7:
        return None
    return (first + (week - 1) * 7) * DAY


def read_time(text: str) -> int | None:
    """A time of day; None when `text` states none."""
    match = TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1000 + int((match[4] or "").ljust(3, "0"))


def read_local(text: str) -> int | None:
    """A date and a time with a T or a space between them (2.3.5.5)."""
    day, separator, clock = text.partition("T" if "T" in text else " ")
    days, time = read_date(day), read_time(clock)
    return days + time if separator and days is not None and time is not None else None


def _is_year(year: int) -> bool:
    return 0 < year <= LAST_YEAR


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if _is_leap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01. Python's own dates end in 9999; the calendar repeats every 400 years of 146,097 days."""
    cycles, within = divmod(year - 2000, 400)
    ordinal = dt.date(2000 + within, month, day).toordinal()
    return cycles * 146_097 + ordinal - EPOCH.toordinal()


def _first_monday(year: int) -> int:
    """The Monday that begins week 1 (ISO 8601: the week of 4 January), in days from 1970-01-01."""
    fourth = _days(year, 1, 4)
    return fourth - (fourth + 3) % 7
