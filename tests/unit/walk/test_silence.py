"""When a webhook that says nothing is a silence, who is told of it, and when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.mail.post_office import MANAGER, OWNER, PostOffice
from support.store.desk import START
from support.variants import replace
from todoke.model.delivery import Ceiling, Kind, Status
from todoke.model.message import Role
from todoke.ports.archive import Query
from todoke.walk.reconcile import reconcile
from todoke.walk.silence import (
    HEARD_EVERY,
    LOOKED_AT,
    Heard,
    note_heard,
    silence,
    unheard,
    watch,
)

DAY = timedelta(days=1)


@pytest.fixture
def post() -> PostOffice:
    """A site whose service was heard at START."""
    made = PostOffice()
    note_heard(made.app, "post")
    made.move(hours=1)
    return made


class TestHeard:
    def test_the_mark_moves(self, post: PostOffice) -> None:
        """A call that is read moves the mark, but no more often than needed."""
        note_heard(post.app, "post")
        assert post.store.mark("heard/post") == post.clock.now
        before = post.clock.now
        post.move(seconds=HEARD_EVERY.total_seconds() - 0.001)
        note_heard(post.app, "post")
        assert post.store.mark("heard/post") == before
        post.move(seconds=0.001)
        note_heard(post.app, "post")
        assert post.store.mark("heard/post") == post.clock.now

    def test_a_mark_of_a_time_to_come_is_replaced(self, post: PostOffice) -> None:
        """A clock that was wrong once does not hide every silence."""
        post.store.put_mark("heard/post", post.clock.now + timedelta(days=9999))
        note_heard(post.app, "post")
        assert post.store.mark("heard/post") == post.clock.now

    def test_calls_in_between_ask_the_store_nothing(self, post: PostOffice) -> None:
        """All functions share one mark, and a key of a table bears so many reads: each looks when it may be due."""
        heard, others = Heard(post.app), post.clock.now - timedelta(seconds=4)
        post.store.put_mark("heard/post", others)
        heard.note("post")
        post.store.put_mark("heard/post", others - timedelta(days=1))
        post.move(seconds=5.999)
        heard.note("post")
        assert post.store.mark("heard/post") == others - timedelta(days=1)
        post.move(seconds=0.001)
        heard.note("post")
        assert post.store.mark("heard/post") == post.clock.now


class TestUnheard:
    """Which attempts a service that reports at all would have reported on."""

    def found(self, post: PostOffice, since: float = 0.0) -> int:
        """How many there are between START and an hour before now."""
        return len(
            unheard(
                post.store.page(Query()).timelines,
                "post",
                since=START + timedelta(hours=since),
                until=post.clock.now - timedelta(hours=1),
            )
        )

    def test_taken_after_it_was_heard_and_long_ago(self, post: PostOffice) -> None:
        """One that the service took counts from the time on when a report is due."""
        post.hand_over()
        post.move(hours=1)
        assert self.found(post) == 0
        post.move(seconds=1)
        assert self.found(post) == 1
        assert self.found(post, since=1) == 0

    def test_so_close_to_the_mark_that_it_may_have_been_heard(self) -> None:
        """The mark may be older than the last call, so an attempt right after it proves nothing."""
        post = PostOffice()
        post.move(seconds=HEARD_EVERY.total_seconds())
        post.hand_over()
        post.move(hours=2)
        assert self.found(post) == 0

    @pytest.mark.parametrize(
        "kinds", [(Kind.ANSWER_LOST,), (Kind.REJECTED,), (Kind.DEFERRED,), (Kind.FAILED,)]
    )
    def test_what_was_not_taken_proves_nothing(self, post: PostOffice, kinds: tuple[Kind]) -> None:
        """Without the service's word that it took the mail there is nothing it had to report."""
        post.hand_over(*kinds)
        post.move(hours=2)
        assert self.found(post) == 0

    def test_a_service_that_reports_nothing_anyway_is_not_silent(self, post: PostOffice) -> None:
        """Below the ceiling of delivery events, and of another service, no report is expected."""
        post.hand_over()
        post.move(hours=2)
        timelines = post.store.page(Query()).timelines
        span = {"since": START, "until": post.clock.now}
        assert len(unheard(timelines, "post", **span)) == 1
        assert unheard(timelines, "courier", **span) == []
        [timeline] = timelines
        [message] = timeline.messages
        bare = replace(
            message.attempts[0],
            attempt=replace(message.attempts[0].attempt, ceiling=Ceiling.HANDED_OVER),
        )
        quiet = replace(timeline, messages=(replace(message, attempts=(bare,)),))
        assert unheard([quiet], "post", **span) == []

    def test_the_oldest_comes_first(self, post: PostOffice) -> None:
        """In the order in which they were handed over."""
        ids = []
        for _ in range(3):
            ids.append(post.hand_over().id)
            post.move(minutes=1)
        post.move(hours=2)
        found = unheard(
            post.store.page(Query()).timelines, "post", since=START, until=post.clock.now
        )
        assert [attempt.message_id for attempt in found] == ids


class TestWatch:
    def test_tells_those_who_can_act_once(
        self, post: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        """After the expected time without any word: one alert about the oldest mail, an error in the log, a hint."""
        oldest = post.hand_over()
        post.move(minutes=5)
        post.hand_over()
        post.move(hours=23, minutes=55)
        watch(post.app)
        assert post.alerts() == []
        post.move(seconds=1)
        for _ in range(3):
            watch(post.app)
            post.move(hours=5)
        assert post.alerts() == [(OWNER, "silent", oldest.id)]
        [line] = [r for r in caplog.records if r.getMessage() == "service_silent"]
        assert line.levelname == "ERROR"
        assert post.hints == ["hint"]

    def test_the_note_stands_in_the_timeline_and_changes_nothing(self, post: PostOffice) -> None:
        """The mail's own evidence says since when the service was silent; its state is what it was."""
        message = post.hand_over()
        post.move(hours=25)
        before = post.told(message)
        watch(post.app)
        after = post.told(message)
        assert after.standing == before.standing
        assert after.due_at is None
        assert [(e.kind, e.at) for e in after.attempts[0].events[1:]] == [(Kind.SILENT, START)]
        alert = post.desk.timeline(message.submission_id).messages[1]
        assert (alert.message.role, alert.due_at) == (Role.ALERT, post.clock.now)

    def test_without_alert_to_the_managers_are_told(self) -> None:
        """The form's managers can act where the site names nobody."""
        post = PostOffice(alert_to=())
        note_heard(post.app, "post")
        post.move(hours=1)
        message = post.hand_over()
        post.move(hours=25)
        watch(post.app)
        assert post.alerts() == [(MANAGER, "silent", message.id)]

    def test_a_call_since_then_is_no_silence(self, post: PostOffice) -> None:
        """One lost report is not a dead webhook."""
        post.hand_over()
        post.move(hours=2)
        note_heard(post.app, "post")
        post.move(days=9)
        watch(post.app)
        assert post.alerts() == []
        assert silence(post.app) is None

    def test_quiet_times_are_no_silence(self, post: PostOffice) -> None:
        """While nothing is handed over nothing is to be reported, however long that lasts."""
        post.move(days=60)
        watch(post.app)
        post.hand_over()
        watch(post.app)
        assert post.alerts() == []

    def test_what_the_records_tell_does_not_end_it(self, post: PostOffice) -> None:
        """A reconciliation finds the truth a day late; the webhook is silent all the same."""
        message = post.hand_over()
        post.tell(message, Kind.DELIVERED)
        post.move(hours=3)
        reconcile(post.app)
        assert post.told(message).standing.status is Status.DELIVERED
        post.move(hours=23)
        watch(post.app)
        assert post.alerts() == [(OWNER, "silent", message.id)]
        found = silence(post.app)
        assert found
        assert (found.since, found.unknown, found.more) == (START, 0, False)

    def test_a_service_that_was_never_heard(self) -> None:
        """A webhook that never worked is found out, from when we began to wait; mails from before prove nothing."""
        post = PostOffice()
        post.hand_over()
        post.move(days=2)
        watch(post.app)
        began = post.clock.now
        post.move(days=2)
        watch(post.app)
        assert post.alerts() == []
        message = post.hand_over()
        post.move(hours=25)
        watch(post.app)
        assert post.alerts() == [(OWNER, "silent", message.id)]
        found = silence(post.app)
        assert found
        assert found.since == began

    def test_each_silence_is_told(self, post: PostOffice) -> None:
        """When words come again it is over; the next silence is another one."""
        first = post.hand_over()
        post.move(hours=25)
        watch(post.app)
        assert silence(post.app) is not None
        note_heard(post.app, "post")
        assert silence(post.app) is None
        watch(post.app)
        post.move(hours=1)
        second = post.hand_over()
        post.move(hours=25)
        assert silence(post.app) is None
        watch(post.app)
        assert silence(post.app) is not None
        assert sorted(post.alerts()) == sorted(
            (OWNER, "silent", about.id) for about in (first, second)
        )

    def test_a_crash_between_the_alert_and_its_mark(self, post: PostOffice) -> None:
        """The same silence makes the same alert, so telling it again tells nobody twice."""
        post.hand_over()
        post.move(hours=25)
        watch(post.app)
        post.store.put_mark("silent/post", START - DAY)
        post.move(minutes=5)
        watch(post.app)
        assert len(post.alerts()) == 1
        assert post.store.mark("silent/post") == START

    def test_work_is_bounded(self, post: PostOffice) -> None:
        """However many mails nobody reported on, one page is looked at, and the desk says that there are more."""
        for _ in range(LOOKED_AT + 5):
            post.hand_over()
        post.move(hours=25)
        watch(post.app)
        assert len(post.alerts()) == 1
        found = silence(post.app)
        assert found
        assert (found.unknown, found.more) == (LOOKED_AT, True)
