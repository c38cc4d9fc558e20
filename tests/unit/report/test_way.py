"""The way of a mail, as the desk tells it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.variants import replace
from support.web.stories import NOW, make_message, make_settings, make_timeline
from todoke.model.address import Address
from todoke.model.delivery import Kind, Reason
from todoke.model.message import MessageTimeline, Role
from todoke.report.way import is_out_of_hands, offset, way, ways

SETTINGS = make_settings()
TITLES = {"customers-mail-cloud": "Customers Mail Cloud"}


def shown(message: MessageTimeline) -> dict[str, object]:
    """What the desk shows of a message."""
    return way(message, SETTINGS, NOW, "en", TITLES)


def steps(message: MessageTimeline) -> list[tuple[str, str]]:
    """Of its first attempt, when and what."""
    [attempt, *_] = shown(message)["attempts"]  # type: ignore[misc]
    return [(step["offset"], step["words"]) for step in attempt["steps"]]


def test_seconds_matter() -> None:
    """From the moment that it was stored."""
    assert steps(make_message("delivered")) == [
        ("+0 s", "Stored here"),
        ("+2 s", "The mail service took it"),
        ("+3 s", "The recipient's mail server accepted it"),
    ]


def test_what_two_reports_tell_is_one_line() -> None:
    """With the evidence of both, under the earlier time; what happens again is told again."""
    twice = make_message(
        "delivered",
        kinds=(Kind.ACCEPTED, Kind.DEFERRED, Kind.ACCEPTED, Kind.DEFERRED, Kind.DELIVERED),
        reason=None,
    )
    assert [words for _, words in steps(twice)] == [
        "Stored here",
        "The mail service took it",
        "Not taken for now",
        "Not taken for now",
        "The recipient's mail server accepted it",
    ]
    [attempt] = shown(twice)["attempts"]  # type: ignore[misc]
    assert len(attempt["evidence"]) == 5


def test_a_reason_is_said_once() -> None:
    """In the headline where it is that of the headline; beside its step where it is another."""
    message = shown(make_message("bounced"))
    assert message["reason"] == "There is no such mailbox."
    [attempt] = message["attempts"]  # type: ignore[misc]
    assert [step["reasons"] for step in attempt["steps"]] == [[], [], []]
    late = make_message(
        "deferred", kinds=(Kind.DEFERRED, Kind.DELIVERED), reason=Reason.MAILBOX_FULL
    )
    [attempt] = shown(late)["attempts"]  # type: ignore[misc]
    assert attempt["steps"][1]["reasons"] == ["The mailbox is full."]


def test_evidence_is_kept_as_it_came() -> None:
    """Who said it, by the service's written name, codes, words, and the raw report."""
    [attempt] = shown(make_message("bounced"))["attempts"]  # type: ignore[misc]
    [_, proof] = attempt["evidence"]
    assert attempt["service"] == proof["service"] == "Customers Mail Cloud"
    assert proof["diagnostic"] == "550 5.1.1 no such user here"
    assert proof["status_code"] == ""  # the words have it
    assert proof["raw"] == '{"status": "bounced"}'


def test_a_clock_that_is_late_makes_nothing_negative() -> None:
    """A service whose clock is behind ours reports from before the mail was stored."""
    message = make_message("delivered")
    [told] = message.attempts
    early = tuple(replace(e, at=e.at - timedelta(minutes=5)) for e in told.events)
    late = replace(message, attempts=(replace(told, events=early),))
    assert [when for when, _ in steps(late)] == ["+0 s", "+0 s", "+0 s"]


def test_an_attempt_to_another_address_says_so() -> None:
    """The old address stays with the attempt that was made to it."""
    message = make_message("bounced")
    moved = replace(
        message, message=replace(message.message, recipient=Address("hana@right.example"))
    )
    told = shown(moved)
    assert told["to"] == "hana@right.example"
    [attempt] = told["attempts"]  # type: ignore[misc]
    assert (attempt["is_elsewhere"], attempt["to"]) == (True, "hana@example.com")


def test_the_order_is_that_of_the_roles() -> None:
    """The visitor's mail first, then the managers', then alerts."""
    roles = (Role.ALERT, Role.NOTIFICATION, Role.CONFIRMATION)
    timeline = make_timeline(*(make_message("queued", role) for role in roles))
    assert [m["role"] for m in ways(timeline, SETTINGS, NOW, "en", {})] == [
        "confirmation",
        "notification",
        "alert",
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("queued", False),
        ("failed", False),
        ("rejected", False),
        ("bounced", False),
        ("accepted", True),
        ("deferred", True),
        ("undetermined", True),
        ("delivered", True),
        ("unknown", True),
    ],
)
def test_when_another_would_be_a_second(status: str, expected: bool) -> None:
    """Wherever the recipient may have it already."""
    assert is_out_of_hands(make_message(status), SETTINGS, NOW) is expected


def test_who_complained_has_it() -> None:
    """Though it bounced from another place."""
    message = make_message("bounced", kinds=(Kind.ACCEPTED, Kind.COMPLAINED, Kind.BOUNCED))
    assert is_out_of_hands(message, SETTINGS, NOW)


@pytest.mark.parametrize(
    ("span", "en", "ja"),
    [
        (timedelta(seconds=-3), "+0 s", "+0秒"),
        (timedelta(seconds=59.9), "+59 s", "+59秒"),
        (timedelta(minutes=4), "+4 min", "+4分"),
        (timedelta(minutes=4, seconds=12), "+4 min 12 s", "+4分 12秒"),
        (timedelta(hours=3, minutes=10, seconds=5), "+3 h 10 min", "+3時間 10分"),
        (timedelta(days=2, hours=4), "+2 d 4 h", "+2日 4時間"),
        (timedelta(days=2, minutes=4), "+2 d", "+2日"),
    ],
)
def test_how_long_after(span: timedelta, en: str, ja: str) -> None:
    """Two units at most."""
    assert (offset(span, "en"), offset(span, "ja")) == (en, ja)
