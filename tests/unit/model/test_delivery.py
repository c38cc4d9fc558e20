"""The status algebra and its laws (docs/status.md)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import (
    FAILURES,
    Ceiling,
    DeliveryEvent,
    Kind,
    Permanence,
    Reading,
    Reason,
    Status,
    reading,
    standing,
)

START = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
RECIPIENT = Address("aoi@example.net")
BORNE = [status for status in Status if status.value in set(Kind)]
"""The statuses that an event bears: all but that of what is in review."""


def event(kind: Kind, seconds: float = 0, **more: object) -> DeliveryEvent:
    """An event of `kind`, `seconds` after the start."""
    at = START + timedelta(seconds=seconds)
    return DeliveryEvent(kind=kind, at=at, received_at=at, service="smtp", **more)  # type: ignore[arg-type]


def fold(*events: DeliveryEvent) -> Status:
    """The status these events add up to."""
    return standing(events, recipient=RECIPIENT, started_at=START).status


events = st.builds(
    DeliveryEvent,
    kind=st.sampled_from(Kind),
    at=st.integers(0, 5).map(lambda s: START + timedelta(seconds=s)),
    received_at=st.integers(0, 9).map(lambda s: START + timedelta(seconds=s)),
    service=st.sampled_from(["smtp", "ses"]),
    recipient=st.sampled_from(["", RECIPIENT, "AOI@EXAMPLE.NET", "other@example.net"]),
    permanence=st.sampled_from(Permanence),
    reason=st.none() | st.sampled_from(Reason),
    diagnostic=st.sampled_from(["", "550 5.1.1 unknown", "452 full"]),
)


@pytest.mark.parametrize(
    "named", ['"aya..h"@docomo.ne.jp', '<"Aya..h"@docomo.ne.jp>', "aya..h@docomo.ne.jp"]
)
def test_an_event_names_the_mailbox_with_or_without_quotes(named: str) -> None:
    """It is about the mail all the same; one that names another mailbox is not."""
    told = {
        name: standing(
            [event(Kind.ACCEPTED), event(Kind.BOUNCED, 1, recipient=name)],
            recipient=Address("aya..h@docomo.ne.jp"),
            started_at=START,
        ).status
        for name in (named, "aya.h@docomo.ne.jp")
    }
    assert list(told.values()) == [Status.BOUNCED, Status.ACCEPTED]


@given(st.lists(events, max_size=8), st.randoms(use_true_random=False))
def test_order_never_matters(evidence, random):
    """Any order of the same events gives the same standing, to the last detail."""
    shuffled = list(evidence)
    random.shuffle(shuffled)
    one = standing(evidence, recipient=RECIPIENT, started_at=START)
    assert standing(shuffled, recipient=RECIPIENT, started_at=START) == one


@given(st.lists(events, min_size=1, max_size=6), st.lists(st.integers(0, 5), max_size=12))
def test_repetition_never_matters(evidence, repeated):
    """Hearing an event again, any number of times, changes nothing."""
    again = evidence + [evidence[i % len(evidence)] for i in repeated]
    one = standing(evidence, recipient=RECIPIENT, started_at=START)
    assert standing(again, recipient=RECIPIENT, started_at=START) == one


@given(st.lists(events, max_size=6), events)
def test_more_evidence_never_lowers_the_status(evidence, more):
    """The status only rises in rank as events come in."""
    before, after = fold(*evidence), fold(*evidence, more)
    assert after.rank >= before.rank


@given(
    st.lists(events.map(lambda e: replace(e, recipient=Address("other@example.net"))), max_size=5)
)
def test_events_for_another_recipient_change_nothing(evidence):
    """What happened to another recipient says nothing of this attempt."""
    assert standing(evidence, recipient=RECIPIENT, started_at=START) == standing(
        [], recipient=RECIPIENT, started_at=START
    )


@given(st.lists(events, max_size=8))
def test_delivered_needs_evidence(evidence):
    """`delivered` is said only when an event for this recipient said so."""
    if fold(*evidence) is Status.DELIVERED:
        assert any(
            e.kind is Kind.DELIVERED and e.recipient != "other@example.net" for e in evidence
        )


@given(st.lists(events, max_size=8), st.sampled_from(Ceiling), st.integers(0, 10**6))
def test_reading_never_claims_more_than_the_standing(evidence, ceiling, seconds):
    """What is shown is the status or `unknown`, never another status."""
    found = standing(evidence, recipient=RECIPIENT, started_at=START)
    now = START + timedelta(seconds=seconds)
    shown = reading(found, ceiling=ceiling, now=now, expected=timedelta(hours=1))
    assert shown in {found.status.value, Reading.UNKNOWN}


@pytest.mark.parametrize(
    ("low", "high"),
    list(itertools.combinations([s for s in BORNE if s is not Status.QUEUED], 2)),
)
def test_the_higher_rank_wins_in_both_orders(low, high):
    """For each pair of statuses the later one in the table wins, whichever came first."""
    one, other = event(Kind(low.value), 1), event(Kind(high.value), 2)
    assert fold(one, other) is fold(other, one) is high


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ([], Status.QUEUED),
        ([Kind.DELIVERED, Kind.BOUNCED], Status.BOUNCED),
        ([Kind.UNDETERMINED, Kind.DELIVERED], Status.DELIVERED),
        ([Kind.DELIVERED, Kind.COMPLAINED], Status.DELIVERED),
        ([Kind.FAILED, Kind.ACCEPTED], Status.ACCEPTED),
        ([Kind.ANSWER_LOST], Status.QUEUED),
        ([Kind.OTHER], Status.QUEUED),
    ],
)
def test_the_stories_of_the_table(kinds, status):
    """A late bounce beats a delivery, a doubt never hides one, a complaint stands beside, a surprise is believed."""
    assert fold(*(event(k, n) for n, k in enumerate(kinds))) is status


def test_a_complaint_stays_visible_beside_every_status():
    """A complaint is a flag that no other event removes."""
    for status in BORNE:
        evidence = [event(Kind.COMPLAINED), event(Kind(status.value), 5)]
        assert standing(evidence, recipient=RECIPIENT, started_at=START).complained


def test_the_detail_is_that_of_the_most_telling_bearer():
    """Of two bounces, the one that gives a reason explains the status."""
    vague = event(Kind.BOUNCED, 1, reason=Reason.OTHER)
    clear = event(Kind.BOUNCED, 2, reason=Reason.UNKNOWN_ADDRESS, permanence=Permanence.HARD)
    found = standing([vague, clear], recipient=RECIPIENT, started_at=START)
    assert (found.reason, found.permanence) == (Reason.UNKNOWN_ADDRESS, Permanence.HARD)
    assert found.since == vague.at


@pytest.mark.parametrize(
    ("kinds", "ceiling", "hours", "shown"),
    [
        ([Kind.ACCEPTED], Ceiling.DELIVERED, 0.5, "accepted"),
        ([Kind.ACCEPTED], Ceiling.DELIVERED, 2, Reading.UNKNOWN),
        ([Kind.ACCEPTED], Ceiling.HANDED_OVER, 1000, "accepted"),
        ([Kind.ACCEPTED], Ceiling.NOT_RETURNED, 1000, "accepted"),
        ([Kind.ACCEPTED, Kind.DEFERRED], Ceiling.DELIVERED, 2, Reading.UNKNOWN),
        ([Kind.DELIVERED], Ceiling.DELIVERED, 1000, "delivered"),
        ([Kind.ANSWER_LOST], Ceiling.HANDED_OVER, 0, Reading.UNKNOWN),
        ([Kind.ANSWER_LOST, Kind.ACCEPTED], Ceiling.DELIVERED, 0, "accepted"),
        ([], Ceiling.DELIVERED, 1000, "queued"),
    ],
)
def test_unknown_is_read_from_silence_and_lost_answers(kinds, ceiling, hours, shown):
    """Silence means unknown only where the service would have spoken; a lost answer until word comes."""
    found = standing((event(k) for k in kinds), recipient=RECIPIENT, started_at=START)
    now = START + timedelta(hours=hours)
    assert reading(found, ceiling=ceiling, now=now, expected=timedelta(hours=1)) == shown


def test_failures_are_what_someone_must_act_on():
    """Failed, rejected and bounced mean that it will not arrive by itself."""
    assert {s for s in Status if s.is_failure} == set(FAILURES)


def test_a_repeated_event_has_the_same_key_whenever_it_reaches_us():
    """The key leaves out when we heard of it, and nothing else that it states."""
    one = event(Kind.BOUNCED, 1, diagnostic="550")
    late = DeliveryEvent(
        kind=one.kind,
        at=one.at,
        received_at=START + timedelta(days=1),
        service=one.service,
        diagnostic=one.diagnostic,
    )
    assert one.key == late.key != event(Kind.BOUNCED, 1, diagnostic="551").key


@given(st.lists(events, max_size=8), st.integers(1, 10**9))
def test_a_time_to_come_is_not_believed(evidence, seconds):
    """However far ahead a service's clock or zone is: nothing held, and nothing was heard, after it reached us."""
    ahead = [replace(e, at=e.received_at + timedelta(seconds=seconds)) for e in evidence]
    at_once = [replace(e, at=e.received_at) for e in evidence]
    now = START + timedelta(days=1)
    read_ahead, read_now = (
        standing(told, recipient=RECIPIENT, started_at=START) for told in (ahead, at_once)
    )
    assert (read_ahead.since, read_ahead.heard_at) == (read_now.since, read_now.heard_at)
    for found in (read_ahead, read_now):
        shown = reading(found, ceiling=Ceiling.DELIVERED, now=now, expected=timedelta(hours=1))
        waits = found.status in {Status.ACCEPTED, Status.DEFERRED} or (
            found.answer_lost and found.status in {Status.QUEUED, Status.FAILED}
        )
        assert (shown is Reading.UNKNOWN) is waits
