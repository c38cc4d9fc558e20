"""How addresses, times and sizes are shown to people, in English or Japanese. Only here are months and units."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from todoke.model.address import Address, AddressError

# fmt: off
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
# fmt: on


def show_address(address: Address) -> str:
    """An address for managers. A domain that is not ASCII is followed by its A-labels, so look-alikes show."""
    if address.domain.isascii():
        return str(address)
    try:
        return f"{address} ({address.ascii_domain})"
    except AddressError:
        return str(address)


def show_size(octets: int) -> str:
    """A number of bytes: 5 MB, 300 kB, 1.5 MB. In steps of 1,024, as limits are configured: "5MB" reads as 5 MB."""
    for unit, scale in (("MB", 1_048_576), ("kB", 1024)):
        if octets >= scale:
            return f"{octets / scale:.1f}".removesuffix(".0") + f" {unit}"
    return f"{octets} B"


def rfc3339(at: datetime | None) -> str:
    """RFC 3339 in UTC with seconds, or "" for never."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def show_rfc3339(iso: str, language: str) -> str:
    """A time of `rfc3339`'s form as people read it, in UTC: "23 Nov 2026, 06:34 UTC"."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d):\d\dZ", iso)
    if not match:
        return iso
    year, month, day, clock = match.groups()
    if language == "ja":
        return f"{show_date(year, month, day, language)} {clock} UTC"
    return f"{int(day)} {_MONTHS[int(month) - 1][:3]} {year}, {clock} UTC"


def show_local_time(at: datetime, language: str) -> str:
    """The time by the clock of the machine's own zone (TZ), which is named."""
    local = at.astimezone()
    date = show_date(str(local.year), str(local.month), str(local.day), language)
    if language == "ja":
        return f"{date} {local:%H:%M}（{local:%Z}）"
    return f"{date}, {local:%H:%M} {local:%Z}"


def show_date(year: str, month: str, day: str, language: str) -> str:
    """A day by its numbers: 1 April 2026, 2026年4月1日."""
    if language == "ja":
        return f"{show_month(year, month, language)}{int(day)}日"
    return f"{int(day)} {show_month(year, month, language)}"


def show_month(year: str, month: str, language: str) -> str:
    """A month by its numbers: April 2026, 2026年4月."""
    return f"{year}年{int(month)}月" if language == "ja" else f"{_MONTHS[int(month) - 1]} {year}"


def show_week(year: str, week: str, language: str) -> str:
    """A week by its numbers: week 15 of 2026, 2026年第15週."""
    return f"{year}年第{int(week)}週" if language == "ja" else f"week {int(week)} of {year}"
