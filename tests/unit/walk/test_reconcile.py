"""Which days are asked for, what becomes of what is found, and how often that happens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.post_office import MANAGER, PostOffice
from support.store.desk import START, VISITOR
from support.variants import replace
from todoke.model.delivery import DeliveryEvent, Kind, Status
from todoke.model.errors import ConfigError, RecordsUnavailable, StoreUnavailable
from todoke.ports.suppressions import Suppression
from todoke.testing import FakeRecords
from todoke.walk.reconcile import (
    EVERY,
    REST,
    Reconciled,
    days_to_ask,
    is_due,
    reconcile,
    reconcile_when_due,
)

TODAY = date(2026, 3, 4)
ONE_DAY = timedelta(days=1)


class TestDays:
    @pytest.mark.parametrize(
        ("begin", "unsettled", "expected"),
        [
            (TODAY, (), [0]),
            (TODAY - 2 * ONE_DAY, (), [2, 1, 0]),
            (None, (), [4, 3, 2, 1, 0]),
            (TODAY - 99 * ONE_DAY, (), [4, 3, 2, 1, 0]),
            (TODAY, (TODAY - 3 * ONE_DAY, TODAY), [3, 0]),
            (TODAY, (TODAY - 5 * ONE_DAY, TODAY + ONE_DAY), [0]),
            (TODAY + ONE_DAY, (), []),
        ],
    )
    def test_are_those_that_matter(
        self, begin: date | None, unsettled: tuple[date, ...], expected: list[int]
    ) -> None:
        """From the beginning on, and those of open messages; nothing beyond the reach, nothing to come."""
        found = days_to_ask(TODAY, reach=5, begin=begin, unsettled=unsettled)
        assert found == [TODAY - ago * ONE_DAY for ago in expected]

    @given(
        st.none() | st.integers(-50, 50),
        st.lists(st.integers(-50, 50)),
        st.integers(1, 45),
    )
    def test_each_once_in_order_and_within_reach(
        self, begin: int | None, unsettled: list[int], reach: int
    ) -> None:
        """Whatever is asked for, days come once, in order, in the window that ends today."""
        first = None if begin is None else TODAY + begin * ONE_DAY
        days = [TODAY + n * ONE_DAY for n in unsettled]
        found = list(days_to_ask(TODAY, reach=reach, begin=first, unsettled=days))
        assert found == sorted(set(found))
        assert all(TODAY - reach * ONE_DAY < day <= TODAY for day in found)
        if begin is not None and begin <= 0:
            assert TODAY in found


@pytest.mark.parametrize(
    ("done_ago", "asked_ago", "due"),
    [
        (None, None, True),
        (EVERY, EVERY, True),
        (EVERY - timedelta(seconds=1), EVERY, False),
        (None, REST - timedelta(seconds=1), False),
        (None, REST, True),
        (2 * EVERY, REST - timedelta(seconds=1), False),
        (2 * EVERY, REST, True),
        (-EVERY, -EVERY, True),
    ],
)
def test_once_a_day_and_not_too_soon_after_a_failure(
    done_ago: timedelta | None, asked_ago: timedelta | None, due: bool
) -> None:
    """A day after it was done, and some hours after a try that came to nothing."""
    done, asked = (ago and START - ago for ago in (done_ago, asked_ago))
    assert is_due(START, done=done, asked=asked) is due


@pytest.fixture
def post() -> PostOffice:
    """A site, its mail service and that service's records."""
    return PostOffice()


def asked(post: PostOffice) -> list[int]:
    """How many days ago the days are that were asked for since the last look."""
    today = post.clock.now.astimezone(post.records.zone).date()
    found = [(today - day).days for day in post.records.asked]
    post.records.asked.clear()
    return found


class TestReconcile:
    def test_finds_what_the_webhook_lost(self, post: PostOffice) -> None:
        """A delivery and a failure on record become the mails' states, and the failure is told."""
        arrived, failed = post.hand_over(), post.hand_over()
        post.move(hours=1)
        post.tell(arrived, Kind.DELIVERED)
        post.tell(failed, Kind.BOUNCED)
        found = reconcile(post.app)
        assert found == Reconciled(days=1, read=2, new=2, repeated=0, foreign=0, suppressed=0)
        assert post.told(arrived).standing.status is Status.DELIVERED
        assert post.told(failed).standing.status is Status.BOUNCED
        assert post.alerts() == [(MANAGER, "bounced", failed.id)]
        assert post.hints == ["hint"]

    def test_a_lost_answer_gets_its_truth(self, post: PostOffice) -> None:
        """A mail of which nobody knows whether it was taken is known once the records are asked."""
        lost = post.hand_over(Kind.ANSWER_LOST)
        post.tell(lost, Kind.ACCEPTED)
        post.tell(lost, Kind.DELIVERED)
        reconcile(post.app)
        assert post.told(lost).standing.status is Status.DELIVERED

    def test_what_the_webhook_told_is_known(self, post: PostOffice) -> None:
        """An event that came by the webhook, before or after, is the same: nothing changes."""
        message = post.hand_over()
        event = post.tell(message, Kind.DELIVERED)
        assert [word.value for word in post.desk.journal(event)] == ["new"]
        told = post.told(message)
        assert reconcile(post.app).repeated == 1
        assert reconcile(post.app).repeated == 1
        post.move(seconds=5)
        assert [w.value for w in post.desk.journal(replace(event, received_at=post.clock.now))] == [
            "repeated"
        ]
        assert post.told(message) == told

    def test_other_senders_are_let_go(self, post: PostOffice) -> None:
        """Events of mails that are not ours are counted, and leave nothing; one is ours by the service's id, too."""
        post.desk.add_one()
        post.desk.finish(post.desk.claim_one(), Kind.ACCEPTED, service_id="ours")
        at = {"at": START, "received_at": START, "service": "post", "kind": Kind.DELIVERED}
        post.records.events += [
            DeliveryEvent(**at, token="theirs", service_id="theirs"),
            DeliveryEvent(**at),
            DeliveryEvent(**at, service_id="ours"),
        ]
        found = reconcile(post.app)
        assert (found.new, found.foreign) == (1, 2)
        assert post.store.counts()["orphans"] == 0

    def test_first_as_far_back_as_there_is_something(self, post: PostOffice) -> None:
        """The first time all days are asked for on which something can be on record, and none when there is nothing."""
        assert reconcile(post.app).days == 0
        post.hand_over()
        post.move(days=3)
        post.store.put_mark("reconciled/post", START - timedelta(days=90))
        reconcile(post.app)
        assert asked(post) == [3, 2, 1, 0]
        post.move(days=50)
        post.store.put_mark("reconciled/post", START - timedelta(days=90))
        assert reconcile(post.app).days == post.records.days
        assert asked(post) == list(range(39, -1, -1))

    def test_then_since_the_last_time(self, post: PostOffice) -> None:
        """All days since the last time are asked for, that day included."""
        settled = post.hand_over()
        post.desk.journal(post.event(settled, Kind.DELIVERED))
        reconcile(post.app)
        assert asked(post) == [0]
        reconcile(post.app)
        assert asked(post) == [0]
        post.move(days=4)
        reconcile(post.app)
        assert asked(post) == [4, 3, 2, 1, 0]

    @pytest.mark.parametrize(
        ("kinds", "is_open"),
        [
            ((Kind.ACCEPTED,), True),
            ((Kind.ACCEPTED, Kind.DEFERRED), True),
            ((Kind.ACCEPTED, Kind.UNDETERMINED), True),
            ((Kind.ANSWER_LOST,), True),
            ((Kind.ANSWER_LOST, Kind.FAILED), True),
            ((Kind.FAILED,), False),
            ((Kind.REJECTED,), False),
            ((Kind.ACCEPTED, Kind.DELIVERED), False),
            ((Kind.ACCEPTED, Kind.BOUNCED), False),
        ],
    )
    def test_days_of_open_messages_are_asked_again(
        self, post: PostOffice, kinds: tuple[Kind, ...], is_open: bool
    ) -> None:
        """A day on which a mail was handed over whose end is not known is asked for until it is, or is out of reach."""
        post.hand_over(*kinds)
        reconcile(post.app)
        post.move(days=9)
        post.store.put_mark("reconciled/post", post.clock.now)
        asked(post)
        reconcile(post.app)
        assert asked(post) == ([9, 0] if is_open else [0])
        post.move(days=31)
        post.store.put_mark("reconciled/post", post.clock.now)
        reconcile(post.app)
        assert asked(post) == [0]

    def test_open_messages_of_another_service_are_not_its(self, post: PostOffice) -> None:
        """What another service took is not on these records."""
        post.hand_over()
        post.move(days=9)
        other = replace(post.app, records=FakeRecords(name="courier"))
        post.store.put_mark("reconciled/courier", post.clock.now)
        reconcile(other)
        assert other.records.asked == [post.clock.now.date()]

    def test_days_are_the_service_s_own(self, post: PostOffice) -> None:
        """A day begins and ends by the calendar of the records."""
        post.records.zone = timezone(timedelta(hours=14))
        post.clock.now = datetime(2026, 3, 4, 9, 59, 59, tzinfo=UTC)
        post.hand_over()
        reconcile(post.app)
        assert post.records.asked == [date(2026, 3, 4)]
        post.move(seconds=1)
        reconcile(post.app)
        assert post.records.asked[1:] == [date(2026, 3, 4), date(2026, 3, 5)]

    def test_since_a_day(self, post: PostOffice) -> None:
        """On demand all days from a given one on are asked for; what is due by itself stays due unless it was done."""
        post.hand_over(Kind.ACCEPTED, Kind.DELIVERED)
        post.move(days=6)
        reconcile(post.app, since=START.date() + 4 * ONE_DAY)
        assert asked(post) == [2, 1, 0]
        assert post.store.mark("reconciled/post") is None
        reconcile(post.app, since=START.date() - 90 * ONE_DAY)
        assert asked(post) == [6, 5, 4, 3, 2, 1, 0]
        assert post.store.mark("reconciled/post") == post.clock.now

    def test_progress_is_told(self, post: PostOffice) -> None:
        """Whoever waits hears which day is asked for, and how many there are."""
        post.hand_over()
        post.move(days=1)
        heard: list[tuple[int, int, date]] = []
        reconcile(post.app, progress=lambda *told: heard.append(told))
        assert heard == [(1, 2, START.date()), (2, 2, START.date() + ONE_DAY)]

    def test_without_records(self, post: PostOffice) -> None:
        """A service without records cannot be asked, and says so; by itself nothing happens."""
        app = replace(post.app, records=None)
        with pytest.raises(ConfigError, match="keeps no records"):
            reconcile(app)
        assert reconcile_when_due(app) is None

    def test_without_a_webhook_only_on_demand(self, post: PostOffice) -> None:
        """A site that set up no webhook is told no more than it asks for; asked, the records tell it."""
        app = replace(post.app, sources={})
        message = post.hand_over()
        post.tell(message, Kind.DELIVERED)
        assert reconcile_when_due(app) is None
        assert reconcile(app).new == 1


class TestInterrupted:
    def test_half_way_it_is_simply_run_again(self, post: PostOffice) -> None:
        """What was read before a fault is kept; the next run has the rest, and only then it counts as done."""
        first = post.hand_over()
        post.tell(first, Kind.DELIVERED)
        post.move(days=1)
        second = post.hand_over()
        post.tell(second, Kind.BOUNCED)

        def breaks(number: int, _days: int, _day: date) -> None:
            post.records.fault = RecordsUnavailable() if number == 2 else None

        with pytest.raises(RecordsUnavailable):
            reconcile(post.app, progress=breaks)
        assert post.told(first).standing.status is Status.DELIVERED
        assert post.store.mark("reconciled/post") is None
        post.records.fault = None
        assert reconcile(post.app).new == 1
        assert post.told(second).standing.status is Status.BOUNCED
        assert post.alerts() == [(MANAGER, "bounced", second.id)]

    def test_by_itself_once_a_day(self, post: PostOffice) -> None:
        """Within a day it is not done again, whoever did it; after a fault it rests for some hours."""
        post.hand_over()
        assert reconcile_when_due(post.app) is not None
        assert reconcile_when_due(post.app) is None
        post.move(hours=23)
        assert reconcile_when_due(post.app) is None
        post.move(hours=1)
        post.records.fault = RecordsUnavailable()
        with pytest.raises(RecordsUnavailable):
            reconcile_when_due(post.app)
        post.records.fault = None
        post.move(hours=3, minutes=59)
        assert reconcile_when_due(post.app) is None
        post.move(minutes=1)
        assert reconcile_when_due(post.app) is not None

    def test_a_store_that_cannot_write_is_told(self, post: PostOffice) -> None:
        """The caller learns that nothing could be kept."""
        post.hand_over()
        post.store.close()
        with pytest.raises(StoreUnavailable):
            reconcile(post.app)


class TestSuppressions:
    def test_are_kept_with_when_they_were_read(self, post: PostOffice) -> None:
        """The service's list is kept as it is now."""
        post.listed.blocked = [Suppression(address=VISITOR, reason="2")]
        assert reconcile(post.app).suppressed == 1
        [listed] = post.store.suppressions()
        assert (listed.service, listed.read_at) == ("post", post.clock.now)
        assert listed.suppressions == tuple(post.listed.blocked)

    def test_a_list_that_cannot_be_read_costs_nothing_else(self, post: PostOffice) -> None:
        """The events count as read, and the list stays as it was."""
        post.store.put_suppressions("post", [Suppression(address=VISITOR)], START)
        post.listed.fault = RecordsUnavailable()
        message = post.hand_over()
        post.tell(message, Kind.DELIVERED)
        found = reconcile(post.app)
        assert (found.new, found.suppressed) == (1, None)
        assert post.store.mark("reconciled/post") == post.clock.now
        [listed] = post.store.suppressions()
        assert (len(listed.suppressions), listed.read_at) == (1, START)

    def test_the_site_s_own_are_an_error_in_the_log(
        self, post: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A manager who gets no mail is worth a person's look; the log names nobody."""
        post.listed.blocked = [Suppression(address=VISITOR)]
        reconcile(post.app)
        assert "own_addresses_suppressed" not in caplog.text
        post.listed.blocked = [Suppression(address=MANAGER.upper())]
        reconcile(post.app)
        [line] = [r for r in caplog.records if r.getMessage() == "own_addresses_suppressed"]
        assert line.levelname == "ERROR"
        assert MANAGER not in str(line.__dict__).lower()
