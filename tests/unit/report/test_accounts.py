"""The accounts: each mail stands at one place, and what is open is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from support.web.stories import EVENTS, NOW, make_message, make_settings, make_timeline
from todoke.model.address import Address
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import Ceiling, Kind, Reason
from todoke.model.message import Role
from todoke.report.accounts import (
    HANDED_OVER,
    NOT_HANDED_OVER,
    OPEN,
    Stage,
    accounts,
    busiest,
    stage_of,
    urgent,
)

SETTINGS = make_settings()


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("in_review", Stage.IN_REVIEW),
        ("withheld", Stage.WITHHELD),
        ("queued", Stage.WAITING),
        ("failed", Stage.REFUSED),
        ("rejected", Stage.REFUSED),
        ("unknown", Stage.UNCERTAIN),
        ("delivered", Stage.DELIVERED),
        ("bounced", Stage.RETURNED),
        ("accepted", Stage.AWAITED),
        ("deferred", Stage.AWAITED),
        ("undetermined", Stage.SILENT),
    ],
)
def test_each_status_has_its_stage(status: str, stage: Stage) -> None:
    """By what was handed over, and what is known since."""
    assert stage_of(make_message(status), None, SETTINGS, NOW) is stage


def test_what_no_service_tells_ends_with_the_hand_over() -> None:
    """By plain SMTP nothing more is expected; with reports, silence is no end."""
    bare = make_message("accepted", ceiling=Ceiling.HANDED_OVER)
    assert stage_of(bare, None, SETTINGS, NOW) is Stage.UNREPORTED
    later = NOW + SETTINGS.mail.expect_events_within + timedelta(days=1)
    assert stage_of(make_message("accepted"), None, SETTINGS, later) is Stage.SILENT


def test_what_never_was_taken_is_not_handed_over() -> None:
    """A deferral by the service waits here; a rejection after it was taken was handed over."""
    deferred = make_message("deferred", kinds=(Kind.DEFERRED,))
    assert stage_of(deferred, None, SETTINGS, NOW) is Stage.WAITING
    rejected = make_message("rejected", kinds=(Kind.ACCEPTED, Kind.REJECTED))
    assert stage_of(rejected, None, SETTINGS, NOW) is Stage.RETURNED


def test_spam_is_withheld_for_good() -> None:
    """What somebody said to be spam waits for nobody."""
    held = make_message("in_review")
    assert stage_of(held, SpamVerdict.SPAM, SETTINGS, NOW) is Stage.WITHHELD
    timeline = replace(make_timeline(held), care=Care(verdict=SpamVerdict.SPAM, judged_at=NOW))
    assert accounts([timeline], SETTINGS, NOW, days=1).is_closed


def test_a_confirmation_that_was_never_planned_is_told_first() -> None:
    """A visitor with an address and no confirmation: the one gap that the mails themselves do not show."""
    waits = make_timeline(make_message("queued"), id_="s1")
    gap = make_timeline(make_message("delivered", Role.NOTIFICATION), id_="s2")
    nobody = make_timeline(id_="s3", visitor=Address(""))
    found = accounts([waits, gap, nobody], SETTINGS, NOW, days=1)
    assert found.stored == 3
    first, second = urgent(found)
    assert (first.submission_id, first.stage, first.role) == ("s2", None, Role.CONFIRMATION)
    assert (second.submission_id, second.stage) == ("s1", Stage.WAITING)


def test_reasons_and_domains() -> None:
    """Why mails went wrong, and whose servers took how many; what was not to be sent is no mail of a domain."""
    elsewhere = Address("ken@例え.jp")
    timeline = make_timeline(
        make_message("bounced"),
        make_message("delivered", recipient=elsewhere),
        make_message("withheld", Role.NOTIFICATION, recipient=Address("a@withheld.example")),
    )
    found = accounts([timeline], SETTINGS, NOW, days=1)
    assert found.reasons == {Reason.UNKNOWN_ADDRESS: 1, Reason.TOO_MANY: 1}
    rows = {name: (sums.mails, sums.delivered, sums.failed) for name, sums in busiest(found)}
    assert rows == {"example.com": (1, 0, 1), "例え.jp": (1, 1, 0)}


def test_alerts_are_no_mails_of_a_domain() -> None:
    """As they are none of a form or a day: the tables agree. Among the stages each alert has its place."""
    timeline = make_timeline(make_message("delivered"), make_message("delivered", Role.ALERT))
    found = accounts([timeline], SETTINGS, NOW, days=1)
    [(_, sums)] = busiest(found)
    assert sums.mails == found.figures.whole.mails == 1
    assert found.planned == found.at(Stage.DELIVERED) == 2


@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), st.sampled_from(Role)), max_size=12))
def test_the_accounts_balance(mails: list[tuple[str, Role]]) -> None:
    """Law: planned = not handed over + handed over, by each role; and each mail that may still change is named once."""
    timelines = [make_timeline(make_message(s, r), id_=f"s{n}") for n, (s, r) in enumerate(mails)]
    found = accounts(timelines, SETTINGS, NOW, days=1)
    assert found.stored == found.figures.whole.submissions == len(mails)
    assert found.planned == len(mails)
    assert found.planned == found.at(*NOT_HANDED_OVER) + found.at(*HANDED_OVER)
    named = [item.message_id for item in found.open_items if item.stage]
    assert len(named) == found.at(*OPEN)
    missing = [item for item in found.open_items if item.stage is None]
    assert len(missing) == sum(role is not Role.CONFIRMATION for _, role in mails)
