"""Time zones by their IANA names, and the zone of the machine.

Python's zoneinfo looks into the system's database, then into the package tzdata (PEP 615). UTC needs neither.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from todoke.model.errors import ConfigError
from todoke.model.settings import named_table
from todoke.model.zone import UTC_ZONE, Zone, zone_word
from todoke.toml.findings import ERROR, NOTE
from todoke.toml.table import Table

KEY = "time_zone"
SETTING = f"site.{KEY}"
"""What chose a zone that nobody had to look for."""
_UTC = frozenset({"UTC", "Etc/UTC"})
_NO_PLACE = frozenset({"Factory", "localtime", "posixrules"})
"""Files of a database that are no zones of their own."""
_OFFSET = re.compile(r"[+-]\d")
_FOLDER = "/zoneinfo/"
_LOCAL_TIME = "etc/localtime"


def read_zone(table: Table, environ: Mapping[str, str], root: Path = Path("/")) -> Zone:
    """The zone that `time_zone` names, else that of the machine whose files lie at `root`; UTC with a finding."""
    if KEY in table:
        name = table.text(KEY)
        rules = check_zone(table, KEY, name)
        zone = Zone(name, rules, SETTING) if rules else None
    else:
        try:
            zone = machine_zone(environ, root)
        except ConfigError as error:
            table.findings.note(ERROR, table.at(KEY), str(error), place=("the environment", 0))
            zone = None
    if zone:
        _note(table, zone, environ)
    return zone or UTC_ZONE


def _note(table: Table, zone: Zone, environ: Mapping[str, str]) -> None:
    """Say which zone is in force and where it came from; of a default on AWS, that somebody has to choose."""
    if named_table(environ) and KEY not in table:
        table.warn(KEY, f"is missing, and functions on AWS are in UTC. {SET_IT}")
    else:
        word = zone_word(zone.local(datetime.now(UTC)))
        named = zone.name if word in {zone.name, ""} else f"{zone.name} ({word})"
        table.findings.note(NOTE, table.at(KEY), f"times are shown in {named}, {_origin(zone)}.")


def _origin(zone: Zone) -> str:
    """What chose the zone."""
    if zone.source == SETTING:
        return "as this line says"
    return f"as {zone.source} says" if zone.source else "for this machine names none"


def check_zone(table: Table, key: str, name: str) -> tzinfo | None:
    """The zone's rules; None with a finding where there is none of this name."""
    rules = find_zone(name)
    if rules is None:
        table.error(key, *zone_fault(name))
    return rules


def zone_fault(name: str) -> tuple[str, str]:
    """What is wrong with a name that `find_zone` does not find, and what to do."""
    return f"is {name!r}, {_fault()}", _advice(name)


def find_zone(name: str) -> tzinfo | None:
    """The rules of the zone with exactly this name in the IANA time zone database; None where there is none."""
    if name in _UTC:
        return UTC
    if name not in _listed() and name not in _names():
        return None
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - a machine in UTC needs none

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def machine_zone(environ: Mapping[str, str], root: Path = Path("/")) -> Zone:
    """The zone that programs on this machine use: TZ (POSIX.1 8.3), else /etc/localtime, else UTC.

    Raises ConfigError: if it cannot be told.
    """
    stated = environ.get("TZ")
    if stated is None:
        return _of_file(root / _LOCAL_TIME, root)
    name = stated.removeprefix(":")
    if not name:
        return Zone("UTC", UTC, "TZ")
    if name.startswith("/"):
        return _of_file(root / name[1:], root)
    rules = find_zone(name) or _posix_rules(name)
    if rules is None:
        raise ConfigError(f"TZ is {stated!r}, {_fault()} {_advice(name)}")
    return Zone(name, rules, "TZ")


def _of_file(path: Path, root: Path) -> Zone:
    """The zone that a link into the database names, or else a copy of one of its files."""
    shown = f"/{path.relative_to(root)}"
    if not path.is_symlink() and not path.exists():
        return UTC_ZONE
    target = str(path.readlink()) if path.is_symlink() else str(path)
    name = target.partition(_FOLDER)[2].removeprefix("posix/")
    if name:
        rules = find_zone(name)
        if rules is None:
            raise ConfigError(" ".join([shown, *zone_fault(name)]))
        return Zone(name, rules, shown)
    try:
        return _of_copy(path.read_bytes(), shown, root)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown} cannot be read as a time zone: {error}. {SET_IT}") from error


def _of_copy(content: bytes, shown: str, root: Path) -> Zone:
    """A copied file does not say its name. /etc/timezone does, and is believed where the two agree."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    rules = ZoneInfo.from_file(io.BytesIO(content), key=shown)
    stated, database = root / "etc/timezone", root / "usr/share/zoneinfo"
    name = stated.read_text("utf-8").strip() if stated.is_file() else ""
    file = database / name
    is_same = find_zone(name) is not None and file.is_file() and file.read_bytes() == content
    return Zone(name if is_same else shown, rules, shown)


def _posix_rules(text: str) -> tzinfo | None:
    """The rules of POSIX's own notation, such as JST-9: they are the last line of a zone's file (RFC 9636 3.3)."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    # One local time type of offset 0, named by an empty text; no transition.
    block = b"TZif2" + bytes(15 + 16) + b"\0\0\0\1\0\0\0\1" + bytes(6) + b"\0"
    try:
        return ZoneInfo.from_file(io.BytesIO(block * 2 + f"\n{text}\n".encode()), key=text)
    except ValueError:
        return None


@cache
def _listed() -> frozenset[str]:
    """The names that the package tzdata knows, which has them in one file."""
    spec = find_spec("tzdata")
    listed = Path(spec.origin).with_name("zones") if spec and spec.origin else None
    names = listed.read_text("utf-8").split() if listed and listed.is_file() else ()
    return frozenset(names) - _NO_PLACE


@cache
def _names() -> frozenset[str]:
    """All names of the databases; takes 20 ms."""
    from zoneinfo import available_timezones  # noqa: PLC0415 - as above

    return frozenset(available_timezones()) - _NO_PLACE


SET_IT = 'Set site.time_zone, for instance to "Asia/Tokyo".'


def _fault() -> str:
    return (
        "which is not a time zone."
        if _names()
        else "and this machine has no time zone database to look it up in."
    )


def _advice(name: str) -> str:
    """The nearest name, or how to get any."""
    if not _names():
        return "Install one: pip install tzdata (or the system's package tzdata)."
    if _OFFSET.search(name):
        return 'An offset is none: clocks are moved. Name a place, such as "Asia/Tokyo".'
    near = _nearest(name)
    return f"Did you mean {near!r}?" if near else 'A name is written like "Asia/Tokyo".'


def _nearest(name: str) -> str:
    """The name that was probably meant: by its spelling, its city, or the abbreviation that only one zone has."""
    import difflib  # noqa: PLC0415 - only a fault needs it

    wanted = name.lower().replace(" ", "_")
    whole = {known.lower(): known for known in sorted(_names())}
    cities = {known.lower().rpartition("/")[2]: known for known in sorted(_names()) if "/" in known}
    if wanted in whole or wanted in cities:
        return whole.get(wanted) or cities[wanted]
    if name.isupper() and (zones := _zones_called(name)):
        return zones[0] if len(zones) == 1 else ""
    for names in (whole, cities):
        for found in difflib.get_close_matches(wanted, names, n=1, cutoff=0.75):
            return names[found]
    return ""


def _zones_called(abbreviation: str) -> list[str]:
    """The zones with this abbreviation in January or July; those with a slash, for the others are old names."""
    moments = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]
    zones = ((name, find_zone(name)) for name in sorted(_names()) if "/" in name)
    return [
        n for n, z in zones if z and abbreviation in {m.astimezone(z).tzname() for m in moments}
    ]
