"""Times as people read them: whatever the zone, what is shown says which minute is meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from todoke.model.language import LANGUAGES
from todoke.model.show import local_rfc3339, show_clock, show_time
from todoke.model.zone import UTC_ZONE, Zone, zone_word

NAMES = sorted(available_timezones() - {"localtime"})
MOMENTS = st.datetimes(datetime(1972, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 the bounds
MONTHS = {datetime(2026, month, 1, tzinfo=UTC).strftime("%B"): month for month in range(1, 13)}
SHOWN = {
    "en": r"(?P<d>\d+) (?P<month>\w+) (?P<y>\d{4}), (?P<h>\d\d):(?P<m>\d\d) (?P<zone>\S+)",
    "ja": r"(?P<y>\d{4})年(?P<month>\d+)月(?P<d>\d+)日 (?P<h>\d\d):(?P<m>\d\d)（(?P<zone>\S+)）",
}


def zone(name: str) -> Zone:
    """The zone of this name."""
    return Zone(name, ZoneInfo(name))


def read_back(text: str, where: Zone, language: str) -> datetime:
    """The minute that a person who knows the site's zone takes from a time that it shows."""
    found = re.fullmatch(SHOWN[language], text)
    assert found, text
    month = MONTHS.get(found["month"]) or int(found["month"])
    day_and_clock = (int(found[part]) for part in ("d", "h", "m"))
    local = datetime(int(found["y"]), month, *day_and_clock)  # noqa: DTZ001 its zone is read next
    word = "JST" if (language, found["zone"]) == ("ja", "日本時間") else found["zone"]
    if offset := re.fullmatch(r"UTC(?:([+-])(\d+)(?::(\d\d))?)?", word):
        span = timedelta(hours=int(offset[2] or 0), minutes=int(offset[3] or 0))
        return local.replace(tzinfo=timezone(-span if offset[1] == "-" else span))
    local = local.replace(tzinfo=where.rules)
    meant = [local.replace(fold=fold) for fold in (0, 1)]
    fitting = {at.astimezone(UTC) for at in meant if at.tzname() == word}
    assert len(fitting) == 1, f"{text} is {len(fitting)} moments"
    return fitting.pop()


@pytest.mark.parametrize("language", LANGUAGES)
@given(at=MOMENTS, name=st.sampled_from(NAMES))
@example(at=datetime(2026, 11, 1, 5, 30, tzinfo=UTC), name="America/New_York")
@example(at=datetime(2026, 11, 1, 6, 30, tzinfo=UTC), name="America/New_York")
@example(at=datetime(2015, 8, 14, 14, 45, tzinfo=UTC), name="Asia/Pyongyang")
@example(at=datetime(2015, 8, 14, 15, 15, tzinfo=UTC), name="Asia/Pyongyang")
@example(at=datetime(2014, 10, 25, 21, 30, tzinfo=UTC), name="Europe/Moscow")
@example(at=datetime(2026, 4, 4, 14, 45, tzinfo=UTC), name="Australia/Lord_Howe")
def test_what_is_shown_reads_back_to_the_same_minute(
    language: str, at: datetime, name: str
) -> None:
    """For every moment and zone, also in an hour that comes twice."""
    where = zone(name)
    assert read_back(show_time(at, where, language), where, language) == at.replace(
        second=0, microsecond=0
    )


@given(moments=st.lists(MOMENTS, min_size=2, max_size=6), name=st.sampled_from(NAMES))
def test_an_exported_time_is_the_moment_itself(moments: list[datetime], name: str) -> None:
    """It is ISO 8601 with an offset: read back and sorted, nothing has moved, and it can be given to --from."""
    shown = [local_rfc3339(at, zone(name)) for at in moments]
    read = [datetime.fromisoformat(text) for text in shown]
    whole = [at.replace(microsecond=at.microsecond // 1000 * 1000) for at in moments]
    assert read == whole
    assert sorted(read) == sorted(whole)
    assert [UTC_ZONE.moment(at) for at in read] == whole
    assert all(re.search(r"[+-]\d\d:\d\d$", text) for text in shown)


@pytest.mark.parametrize(
    ("at", "name", "shown"),
    [
        ("2026-11-01T05:30:00Z", "America/New_York", "2026-11-01 01:30:00 EDT"),
        ("2026-11-01T06:30:00Z", "America/New_York", "2026-11-01 01:30:00 EST"),
        ("2026-11-28T06:34:05.500Z", "Asia/Tokyo", "2026-11-28 15:34:05 JST"),
        ("2026-11-28T06:34:05Z", "America/St_Johns", "2026-11-28 03:04:05 NST"),
        ("2026-11-28T06:34:05Z", "Asia/Bangkok", "2026-11-28 13:34:05 UTC+7"),
        ("2026-11-28T06:34:05Z", "Asia/Kathmandu", "2026-11-28 12:19:05 UTC+5:45"),
        ("2026-11-28T06:34:05Z", "America/Sao_Paulo", "2026-11-28 03:34:05 UTC-3"),
        ("2015-08-14T14:45:00Z", "Asia/Pyongyang", "2015-08-14 23:45:00 UTC+9"),
        ("2015-08-14T15:15:00Z", "Asia/Pyongyang", "2015-08-14 23:45:00 UTC+8:30"),
        ("2026-08-14T15:15:00Z", "Asia/Pyongyang", "2026-08-15 00:15:00 KST"),
        ("", "Asia/Tokyo", ""),
    ],
)
def test_a_zone_is_named_by_what_people_call_it(at: str, name: str, shown: str) -> None:
    """Its abbreviation, or an offset where that is digits or means two moments; never is nothing."""
    assert show_clock(at, zone(name)) == shown


def test_an_old_offset_with_seconds_is_whole() -> None:
    """Liberia was 44 minutes and 30 seconds behind; a zone without any name has its offset alone."""
    odd = timezone(timedelta(hours=-1, minutes=15, seconds=30), "-0044")
    assert zone_word(datetime(1970, 1, 1, tzinfo=odd)) == "UTC-0:44:30"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-28", "2026-11-27T15:00:00Z"),
        ("2026-11-28T09:30", "2026-11-28T00:30:00Z"),
        ("2026-11-28T09:30+01:00", "2026-11-28T08:30:00Z"),
    ],
)
def test_a_typed_day_is_one_of_the_site_s_zone(typed: str, meant: str) -> None:
    """A manager in Tokyo means Tokyo's day; an offset that is stated counts."""
    moment = zone("Asia/Tokyo").moment(datetime.fromisoformat(typed))
    assert (moment, moment.tzinfo) == (datetime.fromisoformat(meant), UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-01T01:30", "2026-11-01T05:30:00Z"),  # comes twice: the first
        ("2026-03-08T02:30", "2026-03-08T07:30:00Z"),  # is left out: 03:30 EDT
    ],
)
def test_a_typed_time_means_one_moment(typed: str, meant: str) -> None:
    """Also on the days when clocks are moved."""
    typed_at = datetime.fromisoformat(typed)
    assert zone("America/New_York").moment(typed_at) == datetime.fromisoformat(meant)
