"""Laws over the words of Customers Mail Cloud: whatever it tells, in whatever order and batches, means the same."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from support.mail.cloud_calls import ITEM, NOW, form_body, json_body, read
from todoke.model.address import Address
from todoke.model.delivery import Standing, Status, standing

Told = tuple[str, dict[str, str]]
"""An event type with an item."""

FULL = "552 5.2.2 Mailbox full (in reply to RCPT TO)"
UNKNOWN = "550 5.1.1 User unknown (in reply to RCPT TO)"
AWAY = "Automatic reply: out of office"
SUPPRESSED = "Recipient address <aoi@example.net> is suppressed to send mail. (in reply to RCPT TO)"

reasons = st.sampled_from(["", FULL, UNKNOWN, AWAY, SUPPRESSED])
times = st.sampled_from([f"2031-05-06 07:08:0{second}" for second in range(4)])


def told(event_type: str, statuses: st.SearchStrategy[str]) -> st.SearchStrategy[Told]:
    """Items of one type, of one message."""
    properties = st.fixed_dictionaries(
        {"status": statuses, "reason": reasons, "created": times, "senderIp": st.just("192.0.2.20")}
    )
    return properties.map(lambda some: (event_type, {**ITEM, **some}))


deliveries = told(
    "deliveries", st.sampled_from(["queued", "deferred", "succeeded", "failed", "a new word"])
)
bounces = told("bounces", st.sampled_from([*map(str, range(1, 13)), "99", "", "a new word"]))
others = told("blocks", st.just("1")) | told("complaints", st.just("abuse"))
anything = st.lists(deliveries | bounces | others, max_size=12)


def fold(calls: Sequence[bytes]) -> Standing:
    """What all the calls add up to for the one message."""
    events = [event for body in calls for event in read(body)]
    return standing(events, recipient=Address("Aoi@EXAMPLE.net"), started_at=NOW)


def one_by_one(some: Sequence[Told]) -> list[bytes]:
    """Each item in a call of its own, form-encoded."""
    return [form_body(event_type, item) for event_type, item in some]


@given(anything, st.data())
def test_order_repetition_batching_and_encoding_change_nothing(some: list[Told], data) -> None:
    """The standing is that of the set: any multiset of its items, shuffled, in any batches, in both encodings."""
    repeated = [one for one in some for _ in range(data.draw(st.integers(1, 3)))]
    shuffled = data.draw(st.permutations(repeated))
    calls, batch = [], list[Told]()
    for one in shuffled:
        if batch and (batch[0][0] != one[0] or data.draw(st.booleans())):
            calls.append(batch)
            batch = []
        batch.append(one)
    calls += [batch] if batch else []
    bodies = [
        data.draw(st.sampled_from([form_body, json_body]))(
            batch[0][0], *(item for _, item in batch)
        )
        for batch in calls
    ]
    assert fold(bodies) == fold(one_by_one(some))


@given(anything, deliveries, bounces)
def test_a_bounce_wins_whatever_else_is_told(some: list[Told], a_delivery, a_bounce) -> None:
    """After `succeeded`, or before it, a real bounce is what counts."""
    delivered = ("deliveries", {**a_delivery[1], "status": "succeeded"})
    returned = ("bounces", {**a_bounce[1], "status": "2"})
    for calls in ([*some, delivered, returned], [returned, delivered, *some]):
        assert fold(one_by_one(calls)).status is Status.BOUNCED


weak = st.lists(
    told("deliveries", st.sampled_from(["queued", "deferred", "succeeded"]))
    | told("bounces", st.sampled_from(["6", "10", "11"]))
    | others,
    max_size=8,
)


@given(weak, bounces)
def test_code_6_never_hides_a_delivery(some: list[Told], a_bounce) -> None:
    """A failed forward leaves what was delivered delivered, and is no failure where nothing else is known."""
    delivered = ("deliveries", {**ITEM, "status": "succeeded"})
    forward = ("bounces", {**a_bounce[1], "status": "6"})
    for calls in ([*some, delivered, forward], [forward, delivered, *some]):
        assert fold(one_by_one(calls)).status is Status.DELIVERED
    assert not fold(one_by_one([forward])).status.is_failure


@given(anything)
def test_more_events_never_lower_the_rank(some: list[Told]) -> None:
    """What is known only grows."""
    ranks = [fold(one_by_one(some[:n])).status.rank for n in range(len(some) + 1)]
    assert ranks == sorted(ranks)


@given(anything)
def test_delivered_is_said_only_of_succeeded(some: list[Told]) -> None:
    """Nothing reads delivered unless the service said `succeeded`."""
    if fold(one_by_one(some)).status is Status.DELIVERED:
        assert ("deliveries", "succeeded") in {(kind, item["status"]) for kind, item in some}


@given(anything)
def test_suppressed_mail_is_no_bounce_of_the_address(some: list[Told]) -> None:
    """Codes 10 and 11 are the service's own refusal: alone they read rejected, and never as a bounce."""
    only = [("bounces", {**item, "status": status}) for _, item in some for status in ("10", "11")]
    assert fold(one_by_one(only)).status is (Status.REJECTED if only else Status.QUEUED)
