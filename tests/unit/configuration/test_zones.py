"""Time zones: by name, and the machine's. Nothing here depends on the machine that runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from todoke.configuration import check, read
from todoke.model.errors import ConfigError
from todoke.model.zone import Zone
from todoke.toml.zones import find_zone, machine_zone

AT = datetime(2026, 11, 28, 6, 34, tzinfo=UTC)
FILE = """\
[site]
name = "Example"
{zone}
url = "https://www.example.jp"
door_url = "https://forms.example.jp"

[mail]
service = "{service}"
from = "Example <forms@example.jp>"

[forms.contact]
managers = ["manager@example.jp"]
"""
SECRET = {"TODOKE_SECRET": "ab" * 32}


def written(folder: Path, zone: str, service: str = "smtp") -> Path:
    """A configuration that is good but for the line about the zone."""
    path = folder / "todoke.toml"
    path.write_text(FILE.format(zone=zone, service=service), "utf-8")
    return path


def told(path: Path, environ: dict[str, str], *, notes: bool = False) -> list[str]:
    """What `check` says of the zone."""
    found = check(path, SECRET | environ, notes=notes)
    return [
        f"{f.severity} {Path(f.file).name}:{f.line}: {f.message} {f.hint}".strip()
        for f in found
        if f.key == "site.time_zone"
    ]


def shown(zone: Zone) -> str:
    """The clock of a zone."""
    return f"{zone.local(AT):%H:%M %Z}"


@pytest.mark.parametrize("machine", ["UTC", "Asia/Tokyo", "America/St_Johns", "Nowhere/At_All"])
def test_the_site_s_zone_is_the_file_s(tmp_path: Path, machine: str) -> None:
    """What the machine has does not matter then, not even a mistake in it."""
    path = written(tmp_path, 'time_zone = "Asia/Tokyo"')
    settings = read(path, SECRET | {"TZ": machine})
    assert (settings.site.time_zone.name, shown(settings.site.time_zone)) == (
        "Asia/Tokyo",
        "15:34 JST",
    )
    assert told(path, {"TZ": machine}, notes=True) == [
        "note todoke.toml:3: times are shown in Asia/Tokyo (JST), as this line says."
    ]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Asia/Tokio", "Did you mean 'Asia/Tokyo'?"),
        ("asia/tokyo", "Did you mean 'Asia/Tokyo'?"),
        ("Tokyo", "Did you mean 'Asia/Tokyo'?"),
        ("JST", "Did you mean 'Asia/Tokyo'?"),
        ("New York", "Did you mean 'America/New_York'?"),
        ("right/Asia/Tokyo", "Did you mean 'Asia/Tokyo'?"),
        ("GMT+9", 'An offset is none: clocks are moved. Name a place, such as "Asia/Tokyo".'),
        ("Mars/Nowhere", 'A name is written like "Asia/Tokyo".'),
        ("../../etc/passwd", 'A name is written like "Asia/Tokyo".'),
        ("localtime", 'A name is written like "Asia/Tokyo".'),
        ("", 'A name is written like "Asia/Tokyo".'),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(tmp_path: Path, name: str, advice: str) -> None:
    """With file and line; serving stops at what `check` finds."""
    path = written(tmp_path, f'time_zone = "{name}"')
    assert told(path, {}) == [
        f"error todoke.toml:3: is {name!r}, which is not a time zone. {advice}"
    ]
    with pytest.raises(ConfigError, match=r"todoke\.toml:3: site\.time_zone: is "):
        read(path, SECRET)


@pytest.mark.parametrize(
    ("stated", "clock"),
    [
        ("Asia/Tokyo", "15:34 JST"),
        (":Asia/Tokyo", "15:34 JST"),
        ("JST-9", "15:34 JST"),
        ("<+0545>-5:45", "12:19 +0545"),
        ("NST3:30NDT,M3.2.0,M11.1.0", "03:04 NST"),
        ("UTC", "06:34 UTC"),
        (":UTC", "06:34 UTC"),
        ("", "06:34 UTC"),
    ],
)
def test_tz_is_the_machine_s_zone(tmp_path: Path, stated: str, clock: str) -> None:
    """By name or in POSIX's own notation (POSIX.1 8.3); an empty one is UTC."""
    found = machine_zone({"TZ": stated}, tmp_path)
    assert (shown(found), found.source) == (clock, "TZ")


def test_a_wrong_tz_is_not_taken_for_utc(tmp_path: Path) -> None:
    """As the C library takes it; here starting stops, and says where the mistake is."""
    path = written(tmp_path, "")
    (found,) = told(path, {"TZ": "Asia/Toyko"})
    assert found == (
        "error the environment:0: TZ is 'Asia/Toyko', which is not a time zone. Did you mean 'Asia/Tokyo'?"
    )
    with pytest.raises(ConfigError, match="TZ is 'Asia/Toyko'"):
        read(path, SECRET | {"TZ": "Asia/Toyko"})


@pytest.mark.parametrize("environ", [{}, {"TZ": ":/etc/localtime"}, {"TZ": "/etc/localtime"}])
@pytest.mark.parametrize(
    "target",
    [
        "/usr/share/zoneinfo/Asia/Tokyo",
        "../usr/share/zoneinfo/Asia/Tokyo",
        "/var/db/timezone/zoneinfo/Asia/Tokyo",
    ],
)
def test_a_link_names_the_machine_s_zone(
    tmp_path: Path, target: str, environ: dict[str, str]
) -> None:
    """/etc/localtime leads into the database: its name is known, also where the database itself is not there."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").symlink_to(target)
    found = machine_zone(environ, tmp_path)
    assert (found.name, shown(found), found.source) == ("Asia/Tokyo", "15:34 JST", "/etc/localtime")


def a_copy(root: Path) -> bytes:
    """A machine whose /etc/localtime is a copy of Tokyo's file, as images are often built."""
    database = [Path(place) / "Asia" / "Tokyo" for place in TZPATH]
    content = next((file.read_bytes() for file in database if file.is_file()), b"")
    if not content:
        pytest.skip("this machine has no file of a zone to copy")
    (root / "etc").mkdir()
    (root / "etc" / "localtime").write_bytes(content)
    return content


def test_a_copied_file_is_the_machine_s_zone(tmp_path: Path) -> None:
    """It does not say its name, and is shown right all the same."""
    a_copy(tmp_path)
    found = machine_zone({}, tmp_path)
    assert (found.name, shown(found)) == ("/etc/localtime", "15:34 JST")


@pytest.mark.parametrize("stated", ["Asia/Tokyo", "Europe/Berlin"])
def test_a_copied_file_has_the_name_that_fits_it(tmp_path: Path, stated: str) -> None:
    """/etc/timezone is believed where it names that very file; the file is what programs go by."""
    content = a_copy(tmp_path)
    (tmp_path / "etc" / "timezone").write_text(stated + "\n")
    for name, data in (("Asia/Tokyo", content), ("Europe/Berlin", b"other")):
        file = tmp_path / "usr/share/zoneinfo" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    found = machine_zone({}, tmp_path)
    assert found.name == ("Asia/Tokyo" if stated == "Asia/Tokyo" else "/etc/localtime")
    assert shown(found) == "15:34 JST"


def test_a_machine_that_names_no_zone_is_in_utc(tmp_path: Path) -> None:
    """As containers are."""
    found = machine_zone({}, tmp_path)
    assert (found.name, found.source, shown(found)) == ("UTC", "", "06:34 UTC")


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    """What is no file of a zone, and a link to a zone that is none."""
    (tmp_path / "etc").mkdir()
    place = tmp_path / "etc" / "localtime"
    place.write_bytes(b"no zone")
    with pytest.raises(ConfigError, match=r"/etc/localtime cannot be read as a time zone"):
        machine_zone({}, tmp_path)
    place.unlink()
    place.symlink_to("/usr/share/zoneinfo/Asia/Toyko")
    with pytest.raises(ConfigError, match=r"/etc/localtime is 'Asia/Toyko', .* 'Asia/Tokyo'\?"):
        machine_zone({}, tmp_path)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"TZ": "Asia/Tokyo"}, "times are shown in Asia/Tokyo (JST), as TZ says."),
        ({"TZ": "JST-9"}, "times are shown in JST-9 (JST), as TZ says."),
        ({"TZ": "UTC"}, "times are shown in UTC, as TZ says."),
    ],
)
def test_check_says_which_zone_is_in_force(
    tmp_path: Path, environ: dict[str, str], says: str
) -> None:
    """And where it came from, in one line that is no fault."""
    path = written(tmp_path, "")
    assert told(path, environ, notes=True) == [f"note todoke.toml:1: {says}"]
    assert told(path, environ) == []


def test_on_aws_somebody_has_to_choose(tmp_path: Path) -> None:
    """Functions are in UTC, which nobody meant; UTC may be chosen, too."""
    on_aws = {"TODOKE_TABLE": "forms", "TZ": ":UTC"}
    path = written(tmp_path, "")
    assert told(path, on_aws, notes=True) == [
        (
            "warning todoke.toml:1: is missing, and functions on AWS are in UTC. "
            'Set site.time_zone, for instance to "Asia/Tokyo".'
        )
    ]
    path = written(tmp_path, 'time_zone = "UTC"')
    assert told(path, on_aws) == []
    assert read(path, SECRET | on_aws).site.time_zone.source == "site.time_zone"


def test_utc_needs_no_database() -> None:
    """It is the one zone whose rules are known without."""
    assert find_zone("UTC") is UTC
    assert find_zone("Etc/UTC") is UTC
