"""One line of the desk's list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.variants import replace
from support.web.stories import EVENTS, NOW, make_message, make_settings, make_timeline
from todoke.model.address import Address
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import Ceiling, Kind
from todoke.model.message import MessageTimeline, Role
from todoke.model.show import show_briefly
from todoke.model.zone import UTC_ZONE
from todoke.report.row import initials, row

SETTINGS = make_settings()


def shown(*messages: MessageTimeline, name: str = "", message: str = "", **changes: Any) -> Any:
    """The row of a submission with these messages."""
    care = changes.pop("care", Care())
    timeline = replace(make_timeline(*messages, **changes), care=care)
    return row(timeline, SETTINGS, NOW, "en", name=name, message=message)


def test_it_says_who_wrote_what() -> None:
    """By name where there is one, by address else; the address takes an empty message's place."""
    one = shown(name="Hana Suzuki", message="Do you\nhave paper?")
    assert (one["who"], one["excerpt"]) == ("Hana Suzuki", "Do you have paper?")
    assert shown(message="Hi")["who"] == "hana@example.com"
    assert (shown(name="Hana")["excerpt"], shown()["excerpt"]) == ("hana@example.com", "")
    assert shown(visitor=Address(""))["who"] == ""


def test_one_tick_when_all_is_well() -> None:
    """Then the tone alone is told; and of what is not well the worst, with how many more."""
    good = make_message("delivered")
    told = make_message("delivered", Role.NOTIFICATION)
    assert shown(good, told)["mails"]["tone"] == "good"
    bounced = make_message("bounced", Role.NOTIFICATION)
    assert shown(good, bounced)["mails"] == {
        "tone": "bad",
        "label": "Bounced",
        "which": "notification",
        "more": 0,
    }
    assert shown(make_message("deferred"), bounced)["mails"]["more"] == 1
    assert shown()["mails"] is None


@pytest.mark.parametrize("status", EVENTS)
def test_only_what_was_delivered_is_well(status: str) -> None:
    """Nothing else has the tick, also where the service cannot tell more."""
    tone = shown(make_message(status))["mails"]["tone"]
    assert (tone == "good") == (status == "delivered")
    bare = make_message("accepted", ceiling=Ceiling.HANDED_OVER)
    assert shown(bare)["mails"]["tone"] == "handed"


def test_a_complaint_is_bad() -> None:
    """Although the mail arrived."""
    complained = make_message("delivered", kinds=(Kind.DELIVERED, Kind.COMPLAINED))
    assert shown(complained)["mails"]["label"] == "Reported as unwanted"


def test_an_alert_that_is_well_says_nothing() -> None:
    """It is not what makes a submission well or not."""
    alert = make_message("delivered", Role.ALERT)
    assert shown(alert)["mails"] is None
    assert shown(make_message("bounced"), alert)["mails"]["more"] == 0
    assert shown(make_message("bounced", Role.ALERT))["mails"]["which"] == "alert"


def test_who_cares() -> None:
    """Unread until somebody read it; done, starred and taken on as somebody said."""
    fresh = shown()
    assert (fresh["unread"], fresh["done"], fresh["starred"], fresh["initials"]) == (
        True,
        False,
        False,
        "",
    )
    care = Care().done(NOW).star(on=True).assign("aoi.tanaka@shop.example")
    kept = shown(care=care)
    assert (kept["unread"], kept["done"], kept["starred"], kept["initials"]) == (
        False,
        True,
        True,
        "AT",
    )


@pytest.mark.parametrize(
    ("address", "letters"),
    [("aoi.tanaka@x.example", "AT"), ("ken@x.example", "KE"), ("k@x.example", "K"), ("", "")],
)
def test_initials(address: str, letters: str) -> None:
    """Two at most."""
    assert initials(address) == letters


@pytest.mark.parametrize(
    ("ago", "english", "japanese"),
    [
        (timedelta(), "06:34", "06:34"),
        (timedelta(hours=6), "00:34", "00:34"),
        (timedelta(hours=7), "yesterday", "昨日"),
        (timedelta(days=2), "21 Nov", "11月21日"),
        (timedelta(days=400), "19 Oct 2025", "2025年10月19日"),
        (timedelta(hours=-24), "24 Nov", "11月24日"),
    ],
)
def test_short_times(ago: timedelta, english: str, japanese: str) -> None:
    """As short as they can be understood; a time of tomorrow (a clock that was wrong) is a day."""
    iso = (NOW - ago).isoformat()
    assert show_briefly(iso, NOW, UTC_ZONE, "en") == english
    assert show_briefly(iso, NOW, UTC_ZONE, "ja") == japanese


def test_what_is_kept_for_review_is_not_unread() -> None:
    """It waits in a list of its own; what was said to be spam is called so."""
    held = make_message("in_review")
    assert shown(held)["unread"] is False
    honest, spam = (Care(verdict=verdict, judged_at=NOW) for verdict in SpamVerdict)
    assert shown(held, care=honest)["unread"] is True
    assert (shown(held)["spam"], shown(held, care=spam)["spam"]) == (False, True)
