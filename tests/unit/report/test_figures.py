"""The figures of some days."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.variants import replace
from support.web.stories import EVENTS, NOW, make_message, make_settings, make_timeline
from todoke.model.delivery import Kind
from todoke.model.message import Role
from todoke.model.zone import Zone
from todoke.report.figures import Sums, figures, show_seconds

SETTINGS = make_settings()


def test_what_became_of_the_mails_of_each_form_and_day() -> None:
    """Each is in one column; alerts are no mails of the site."""
    each = [
        make_timeline(make_message(status), make_message("bounced", Role.ALERT))
        for status in EVENTS
    ]
    older = make_timeline(form="leave", received_at=NOW - timedelta(days=2))
    found = figures([*each, older], SETTINGS, NOW, days=3)
    assert found.whole.submissions == len(EVENTS) + 1
    assert found.whole.mails == len(EVENTS) - 2, "what is in review, or withheld, is no mail"
    assert (found.whole.delivered, found.whole.failed, found.whole.unknown) == (1, 3, 1)
    assert {name: t.submissions for name, t in found.forms.items()} == {
        "contact": len(EVENTS),
        "leave": 1,
    }
    assert {day: t.submissions for day, t in found.days.items()} == {
        date(2026, 11, 21): 1,
        date(2026, 11, 22): 0,
        date(2026, 11, 23): len(EVENTS),
    }


def test_days_are_those_of_the_sites_calendar() -> None:
    """What came in late on a day in London came on the next in Tokyo; what is older than the first day is left out."""
    tokyo = replace(SETTINGS.site, time_zone=Zone("Asia/Tokyo", ZoneInfo("Asia/Tokyo")))
    late = make_timeline(received_at=NOW.replace(day=22, hour=16))
    early = make_timeline(received_at=NOW.replace(day=22, hour=14))
    found = figures([late, early], replace(SETTINGS, site=tokyo), NOW, days=1)
    assert found.whole.submissions == 1
    assert figures([late, early], SETTINGS, NOW, days=2).days[date(2026, 11, 22)].submissions == 2


def test_the_time_to_delivery() -> None:
    """From the mail's beginning, or from when somebody asked for another attempt."""
    message = make_message("delivered")
    [seconds] = figures([make_timeline(message)], SETTINGS, NOW, days=1).whole.seconds
    assert seconds == 3
    asked = replace(message, resend_asked_at=message.message.created_at + timedelta(seconds=2))
    again = make_message("delivered", kinds=(Kind.DELIVERED,))
    assert figures([make_timeline(again)], SETTINGS, NOW, days=1).whole.seconds == [2]
    assert figures([make_timeline(asked)], SETTINGS, NOW, days=1).whole.delivered == 0


@pytest.mark.parametrize(
    ("seconds", "median", "slow"),
    [([], None, None), ([5], 5, 5), ([3, 1, 2], 2, 3), (list(range(1, 101)), 50, 95)],
)
def test_quantiles(seconds: list[float], median: float | None, slow: float | None) -> None:
    """By the nearest rank: each is a time that was measured."""
    sums = Sums(seconds=seconds)
    assert (sums.time(0.5), sums.time(0.95)) == (median, slow)


def test_the_share_is_of_what_is_decided() -> None:
    """A mail that is on its way is neither."""
    assert Sums(mails=9, delivered=3, failed=1).share() == 0.75
    assert Sums(mails=9).share() is None


@pytest.mark.parametrize(
    ("seconds", "english", "japanese"),
    [
        (None, "–", "–"),
        (0.2, "<1\u00a0s", "<1秒"),
        (3.4, "3\u00a0s", "3秒"),
        (90, "1.5\u00a0min", "1.5分"),
        (7200, "2\u00a0h", "2時間"),
        (200_000, "2.3\u00a0d", "2.3日"),
    ],
)
def test_times_as_people_read_them(seconds: float | None, english: str, japanese: str) -> None:
    """One unit, one decimal at most."""
    assert show_seconds(seconds, "en") == english
    assert show_seconds(seconds, "ja") == japanese
