"""How addresses and times are shown to people."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from todoke.model.address import AddressError, parse_address


def show_address(address: str) -> str:
    """An address for managers. A domain that is not ASCII is followed by its A-labels, so look-alikes show."""
    try:
        parsed = parse_address(address)
    except AddressError:
        return address
    if parsed.domain.isascii():
        return address
    return f"{address} ({parsed.ascii_domain})"


def rfc3339(at: datetime | None) -> str:
    """RFC 3339 in UTC with seconds, or "" for never."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


def moment(iso: str, language: str) -> str:
    """A time of `rfc3339`'s form as people read it, in UTC: "23 Nov 2026, 06:34 UTC"."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d):\d\dZ", iso)
    if not found:
        return iso
    year, month, day, clock = found.groups()
    if language == "ja":
        return f"{year}年{int(month)}月{int(day)}日 {clock} UTC"
    return f"{int(day)} {_MONTHS.split()[int(month) - 1]} {year}, {clock} UTC"
