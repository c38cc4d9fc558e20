"""What `todoke status` says, and when somebody has to look at something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from support.variants import replace
from support.web.stories import NOW, make_message, make_settings, make_timeline
from todoke.cli.status import MOST_TODAY, Found, Today, as_record, count_today, lines_of
from todoke.model.message import Role
from todoke.model.zone import UTC_ZONE
from todoke.walk.survey import Survey

REFUSED = {"to": "visitors", "since": "2026-11-29T07:00:00+00:00", "words": "554 no relay"}
SERVER: dict[str, Any] = {
    "version": "0.1.0",
    "started_at": (NOW - timedelta(hours=5)).isoformat(),
    "ready": True,
    "why_not": "",
    "mail_rests": None,
    "mail_refused": [],
    "accepted": 3,
    "refused": [],
    "latest_refused": [],
    "connections_ended": {},
}
RESTS = {"seconds": 600.0, "reason": "misconfigured", "words": "535 no", "next_try_seconds": 20.0}
WELL = Found(
    at=NOW,
    is_on_aws=False,
    is_served=True,
    address="http://127.0.0.1:8025",
    server=SERVER,
    today=Today(submissions=2, mails={"delivered": 3, "accepted": 1}, more=False),
    survey=Survey(
        submissions=40,
        orphans=0,
        waiting=0,
        oldest=None,
        handed_over_at=NOW - timedelta(minutes=3),
        heard_at=None,
        free_bytes=5 * 1024**3,
        store_bytes=1024**2,
    ),
)


def said(found: Found) -> dict[str, str]:
    """Each line by its name."""
    return {name: words for name, words, _ in lines_of(found, UTC_ZONE)}


def test_all_is_well() -> None:
    """In a few lines: that it is up and ready, what came, and when mail last left."""
    assert WELL.faults == ()
    assert said(WELL) == {
        "server": "todoke 0.1.0 at http://127.0.0.1:8025 since 2026-11-23 01:34:00 UTC",
        "ready": "yes, a form can be kept",
        "today": "2 submissions; mails: 3 delivered, 1 accepted",
        "waiting": "0 mails",
        "last mail": "left at 2026-11-23 06:31:00 UTC",
        "last event": "none is known",
        "space": "5 GB free; the store has 1 MB",
        "refused": "nobody since the start",
    }


@pytest.mark.parametrize(
    ("changes", "line", "words", "fault"),
    [
        ({"is_served": False, "server": None}, "server", "nobody serves this data", "nobody serves it"),
        ({"server": None}, "server", "does not answer", "the server does not answer"),
        (
            {"server": {**SERVER, "why_not": "nothing can be kept now"}},
            "ready",
            "no: nothing can be kept now",
            "it is not ready: nothing can be kept now",
        ),
        (
            {"server": {**SERVER, "mail_rests": RESTS}},
            "mail",
            "rests for 10 min (misconfigured): 535 no; next try in 20 s",
            "all mail rests",
        ),
        (
            {"server": {**SERVER, "mail_refused": [REFUSED]}},
            "mail",
            "to visitors is refused since",
            "mail to some is refused",
        ),
        (
            {"survey": replace(WELL.survey, free_bytes=1024**2)},
            "space",
            "1 MB free",
            "the disk is nearly full",
        ),
    ],
)  # fmt: skip
def test_what_somebody_has_to_look_at(
    changes: dict[str, Any], line: str, words: str, fault: str
) -> None:
    """It is said in its line, in red, and makes the exit code 1."""
    found = replace(WELL, **changes)
    assert found.faults == (fault,)
    assert words in said(found)[line]
    assert said(found)["look at"] == fault
    assert {name: colour for name, _, colour in lines_of(found, UTC_ZONE)}[line] == "red"
    assert as_record(found)["is_well"] is False


def test_who_was_refused_is_said_by_reason_with_the_last_one() -> None:
    """The most frequent first; the last one with its fields or origin, which say what to mend."""
    last = {
        "at": NOW.isoformat(),
        "form": "contact",
        "status": 422,
        "code": "invalid",
        "fields": {"topic": "unknown_option"},
        "origin": "",
    }
    refused = [
        {"form": "contact", "status": 422, "code": "invalid", "times": 12},
        {"form": "", "status": 404, "code": "not_found", "times": 2},
    ]
    found = replace(WELL, server={**SERVER, "refused": refused, "latest_refused": [last]})
    assert said(found)["refused"] == (
        "14 since the start: 12 contact 422 invalid, 2 (no form) 404 not_found"
    )
    assert said(found)[""] == (
        "the last at 2026-11-23 06:34:00 UTC: contact 422 invalid, topic unknown_option"
    )
    assert found.faults == ()


def test_connections_that_had_to_be_ended_are_said() -> None:
    """By reason; not those that a browser opened in advance and never used."""
    ended = {"no_head": 70, "peer_crowded": 3, "slow_reader": 9}
    assert said(replace(WELL, server={**SERVER, "connections_ended": ended}))["ended"] == (
        "12 connections since the start: 9 slow_reader, 3 peer_crowded"
    )
    unused = replace(WELL, server={**SERVER, "connections_ended": {"no_head": 70}})
    assert "ended" not in said(unused)


def test_on_aws_it_says_where_the_rest_is_told() -> None:
    """No process of this machine serves a table, and that is no fault."""
    survey = replace(WELL.survey, free_bytes=None, store_bytes=None)
    found = replace(WELL, is_on_aws=True, is_served=False, server=None, address="", survey=survey)
    assert found.faults == ()
    assert "todoke aws status" in said(found)["server"]
    assert "space" not in said(found)


def test_mails_are_counted_by_what_people_read_of_them() -> None:
    """All of today's, to a bound; beyond it the words say so."""
    timeline = make_timeline(
        make_message("unknown"), make_message("failed", Role.NOTIFICATION), make_message("queued", Role.ALERT)
    )  # fmt: skip
    today = count_today([timeline, timeline], make_settings(), NOW)
    assert today == Today(submissions=2, mails={"unknown": 2, "failed": 2, "queued": 2}, more=False)
    many = count_today([timeline] * (MOST_TODAY + 1), make_settings(), NOW)
    assert (many.submissions, many.mails["failed"], many.more) == (MOST_TODAY, MOST_TODAY, True)
    assert "there are more" in said(replace(WELL, today=many))["today"]


def test_a_waiting_mail_is_told_with_its_age() -> None:
    """How long the oldest has waited is what tells a queue from a standstill."""
    survey = replace(WELL.survey, waiting=1, oldest=NOW - timedelta(days=3))
    words = said(replace(WELL, survey=survey))["waiting"]
    assert words == "1 mail, the oldest since 2026-11-20 06:34:00 UTC (3 days)"
