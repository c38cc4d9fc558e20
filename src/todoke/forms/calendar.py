"""Dates, months, weeks, times and local dates and times as HTML writes them (WHATWG HTML 2.3.5), as plain integers.

Called by validity (order and steps) and wording (for people). A moment is a number of milliseconds, or of months for
kind `month`, from 1970-01-01T00:00 (4.10.5.1.7 to .11, "convert a string to a number").
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

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

KINDS = ("date", "month", "week", "time", "datetime-local")
# Kind: what one step is, the default step, the default step base (4.10.5.1.7 to .11).
STEP_SCALE = {"date": DAY, "month": 1, "week": WEEK, "time": 1000, "datetime-local": 1000}
DEFAULT_STEP = {"date": 1, "month": 1, "week": 1, "time": 60, "datetime-local": 60}
DEFAULT_BASE = {"week": FIRST_MONDAY}


def read_moment(kind: str, text: str) -> Decimal | None:
    """The moment that `text` states in the grammar of `kind`, or None when it does not."""
    number: int | None
    match kind:
        case "date":
            number = _date(text)
        case "month":
            number = _month(text)
        case "week":
            number = _week(text)
        case "time":
            number = _time(text)
        case _:
            number = _local(text)
    return None if number is None else Decimal(number)


def write_moment(kind: str, moment: Decimal) -> str:
    """The text that states `moment` in the grammar of `kind`; "" beyond the years 1 to 9999."""
    number = int(moment)
    try:
        if kind == "month":
            return f"{1970 + number // 12:04d}-{number % 12 + 1:02d}"
        if kind == "time":
            return _write_time(number % DAY)
        day = EPOCH + dt.timedelta(days=number // DAY)
    except OverflowError:
        return ""
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    return day.isoformat() + (f"T{_write_time(number % DAY)}" if kind == "datetime-local" else "")


def _write_time(number: int) -> str:
    minutes, milliseconds = divmod(number, 60_000)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    if milliseconds:
        text += f":{milliseconds // 1000:02d}"
    return text + (f".{milliseconds % 1000:03d}" if milliseconds % 1000 else "")


def _date(text: str) -> int | None:
    found = DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (_is_year(year) and 1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    return _days(year, month, day) * DAY


def _month(text: str) -> int | None:
    found = MONTH.fullmatch(text)
    if not found or not _is_year(int(found[1])) or not 1 <= int(found[2]) <= 12:
        return None
    return (int(found[1]) - 1970) * 12 + int(found[2]) - 1


def _week(text: str) -> int | None:
    found = WEEK_OF_YEAR.fullmatch(text)
    if not found or not _is_year(int(found[1])):
        return None
    year, week = int(found[1]), int(found[2])
    first = _first_monday(year)
    if not 1 <= week <= (_first_monday(year + 1) - first) // 7:
        return None
    return (first + (week - 1) * 7) * DAY


def _time(text: str) -> int | None:
    found = TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return ((hour * 60 + minute) * 60 + second) * 1000 + int((found[4] or "").ljust(3, "0"))


def _local(text: str) -> int | None:
    """A date and a time with a T or a space between them (2.3.5.5)."""
    day, separator, clock = text.partition("T" if "T" in text else " ")
    days, time = _date(day), _time(clock)
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
