"""How addresses, times and sizes are shown to people, in English or Japanese. Only here are months and units."""

from __future__ import annotations

from datetime import UTC, date, datetime

from todoke.model.address import Address, AddressError
from todoke.model.zone import Zone, zone_word

# fmt: off
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
# fmt: on
# A zone that is said in Japanese by a word of everyday language. Elsewhere the abbreviation is what people know.
_IN_JAPANESE = {"JST": "日本時間"}


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
    for unit, scale in (("GB", 1_073_741_824), ("MB", 1_048_576), ("kB", 1024)):
        if octets >= scale:
            return f"{octets / scale:.1f}".removesuffix(".0") + f" {unit}"
    return f"{octets} B"


def rfc3339(at: datetime | None) -> str:
    """RFC 3339 in UTC with seconds, or "" for never."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def show_time(at: datetime, zone: Zone, language: str) -> str:
    """A moment as people read it, by the clocks of `zone`, which is named: "1 April 2026, 18:30 JST"."""
    local = zone.local(at)
    day = show_date(str(local.year), str(local.month), str(local.day), language)
    word = show_zone(at, zone, language)
    if language == "ja":
        return f"{day} {local:%H:%M}（{word}）"
    return f"{day}, {local:%H:%M} {word}"


def show_zone(at: datetime, zone: Zone, language: str) -> str:
    """What a zone is called at a moment: JST, 日本時間."""
    word = zone_word(zone.local(at))
    return _IN_JAPANESE.get(word, word) if language == "ja" else word


def show_briefly(iso: str, now: datetime, zone: Zone, language: str) -> str:
    """A time of RFC 3339 in a list, as short as it can be understood `now`: 18:30, yesterday, 1 Apr, 1 Apr 2025."""
    local = zone.local(datetime.fromisoformat(iso))
    today = zone.local(now).date()
    days = (today - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "昨日" if language == "ja" else "yesterday"
    day = show_day(local.date(), language)
    if local.year == today.year:
        return day
    return f"{local.year}年{day}" if language == "ja" else f"{day} {local.year}"


def show_day(day: date, language: str) -> str:
    """A day without its year: 1 Apr, 4月1日."""
    if language == "ja":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1][:3]}"


def show_rfc3339(iso: str, zone: Zone, language: str) -> str:
    """A time of `rfc3339`'s form as `show_time` shows it; "" for never."""
    return show_time(datetime.fromisoformat(iso), zone, language) if iso else ""


def local_day(iso: str, zone: Zone) -> date:
    """The day by the calendars of `zone` of a time of RFC 3339."""
    return zone.local(datetime.fromisoformat(iso)).date()


def show_clock(iso: str, zone: Zone) -> str:
    """A time of RFC 3339 for a terminal, where times stand in columns: "2026-04-01 18:30:00 JST"; "" for never."""
    if not iso:
        return ""
    local = zone.local(datetime.fromisoformat(iso))
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_word(local)}"


def local_rfc3339(at: datetime, zone: Zone) -> str:
    """RFC 3339 with milliseconds by the clocks of `zone`, and its offset: "2026-04-01T18:30:00.000+09:00"."""
    return zone.local(at).isoformat(timespec="milliseconds")


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
