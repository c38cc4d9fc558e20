"""What a guard found suspicious is kept whole in its one write, and leaves only by a person's word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.store.desk import Desk
from todoke.model import ids
from todoke.model.care import Care, SpamVerdict
from todoke.model.delivery import Kind, Status
from todoke.model.message import Role, Timeline
from todoke.model.notice import Notice, NoticeType
from todoke.model.submission import Submission
from todoke.ports.archive import Query

SIGNALS = ("honeypot", "too_fast")


def suspect(desk: Desk, **options: object) -> Timeline:
    """A submission that is kept for review."""
    kept = desk.submission(signals=SIGNALS, **options)  # type: ignore[arg-type]
    return desk.add(kept)


def about(submission: Submission) -> Notice:
    """That it was accepted."""
    return Notice(
        id=f"{submission.id}-{ids.derived_id('notice', submission.id)}",
        webhook="crm",
        type=NoticeType.ACCEPTED,
        at=submission.received_at,
        form=submission.form,
        submission_id=submission.id,
    )


def statuses(timeline: Timeline) -> list[Status]:
    """Those of its messages."""
    return [message.standing.status for message in timeline.messages]


class TestKept:
    """From the door's write on."""

    def test_all_is_there_and_nothing_is_due(self, desk: Desk) -> None:
        """Its messages are planned as any other's, none is due now or ever, and an honest one beside it is."""
        kept = suspect(desk)
        assert kept.submission.signals == SIGNALS
        assert statuses(kept) == [Status.IN_REVIEW] * 2
        assert all(m.is_in_review and m.due_at is None for m in kept.messages)
        desk.move(days=30)
        assert desk.store.next_due() is None
        assert desk.store.backlog().messages == 0
        assert desk.claim() == []
        assert desk.claim(*(m.message.id for m in kept.messages)) == []
        honest = desk.add()
        assert {c.submission.id for c in desk.claim()} == {honest.submission.id}
        assert desk.timeline(kept.submission.id) == kept

    def test_it_is_found_by_its_word(self, desk: Desk) -> None:
        """The list of what is in review has it, and that of what waits has not."""
        kept = suspect(desk)
        desk.move(seconds=1)
        waits = desk.add()
        for status, wanted in (("in_review", kept), ("queued", waits)):
            page = desk.store.page(Query(statuses=frozenset({status})))
            assert [t.submission.id for t in page.timelines] == [wanted.submission.id]

    @pytest.mark.parametrize("recipient", ["", "other@v.example"])
    def test_neither_a_resend_nor_a_correction_lets_it_go(self, desk: Desk, recipient: str) -> None:
        """Whoever asks for another attempt, or gives another address, changes nothing."""
        kept = suspect(desk)
        assert not desk.resend(kept.messages[0].message.id, recipient)
        assert desk.timeline(kept.submission.id) == kept
        assert desk.claim() == []

    def test_it_moves_as_it_is(self, desk: Desk) -> None:
        """A backup of it, brought into an empty place, is in review there."""
        kept = suspect(desk)
        [moving] = desk.store.walk()
        assert desk.store.erase(submission_id=kept.submission.id) == 1
        desk.store.restore(moving).result()
        there = desk.timeline(kept.submission.id)
        assert there.messages == kept.messages
        assert desk.claim() == []

    def test_others_go_on(self, desk: Desk) -> None:
        """An attempt that ended without a retry is no review: it keeps its word, and may be asked for again."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.FAILED)
        told = desk.told(message)
        assert not told.is_in_review
        assert told.standing.status is Status.FAILED
        assert desk.resend(message.id)


def judge(desk: Desk, id_: str, verdict: SpamVerdict, *notices: Notice) -> Care | None:
    """Say what it is, now."""
    now = desk.now
    return desk.store.take_care(id_, lambda care: care.judge(verdict, now), notices)


def listed(desk: Desk, **asked: bool) -> list[str]:
    """The ids that a list has."""
    query = Query(**asked)  # type: ignore[arg-type]
    found = [t.submission.id for t in desk.store.page(query).timelines]
    assert desk.store.count(query).number == len(found)
    return found


class TestJudged:
    """By somebody, in one write with all that follows."""

    def test_what_is_honest_leaves(self, desk: Desk) -> None:
        """Its messages are due from that moment on, and told of are the notices that the door left out."""
        kept = suspect(desk)
        desk.move(days=9)
        notice = about(kept.submission)
        care = judge(desk, kept.submission.id, SpamVerdict.HONEST, notice)
        assert care == Care(verdict=SpamVerdict.HONEST, judged_at=desk.now)
        there = desk.timeline(kept.submission.id)
        assert there.care == care
        assert {(m.due_at, m.resend_asked_at) for m in there.messages} == {(desk.now, desk.now)}
        assert statuses(there) == [Status.QUEUED] * 2
        assert desk.store.next_due() == desk.now
        claims = desk.claim()
        assert {c.message.id for c in claims} == {m.message.id for m in kept.messages}
        assert {c.resend_asked_at for c in claims} == {desk.now}
        assert desk.store.notice(notice.id) is not None

    def test_what_is_spam_stays(self, desk: Desk) -> None:
        """Nothing is due, and nobody is told; it may be let go later all the same."""
        kept = suspect(desk)
        notice = about(kept.submission)
        care = judge(desk, kept.submission.id, SpamVerdict.SPAM, notice)
        assert care == Care(
            read_at=desk.now, done_at=desk.now, verdict=SpamVerdict.SPAM, judged_at=desk.now
        )
        assert statuses(desk.timeline(kept.submission.id)) == [Status.IN_REVIEW] * 2
        assert desk.store.next_due() is None
        assert desk.store.notice(notice.id) is None
        later = desk.move(hours=1)
        assert judge(desk, kept.submission.id, SpamVerdict.HONEST, notice)
        there = desk.timeline(kept.submission.id)
        assert there.care.done_at is None
        assert {m.due_at for m in there.messages} == {later}
        assert desk.store.notice(notice.id) is not None

    def test_the_same_again_changes_nothing(self, desk: Desk) -> None:
        """Of two who let it go the first counts, whatever became of its mails meanwhile."""
        kept = suspect(desk)
        first = judge(desk, kept.submission.id, SpamVerdict.HONEST)
        desk.finish(desk.claim()[0], Kind.ACCEPTED)
        before = desk.timeline(kept.submission.id)
        desk.move(minutes=1)
        assert judge(desk, kept.submission.id, SpamVerdict.HONEST, about(kept.submission)) == first
        assert desk.timeline(kept.submission.id) == before
        assert desk.store.notice(about(kept.submission).id) is None

    def test_what_was_not_tried_is_stopped(self, desk: Desk) -> None:
        """Spam that no guard saw: what has begun goes on, the rest stays."""
        passed = desk.add()
        first, second = (m.message.id for m in passed.messages)
        [claimed] = desk.claim(first)
        judge(desk, passed.submission.id, SpamVerdict.SPAM)
        there = {m.message.id: m for m in desk.timeline(passed.submission.id).messages}
        assert there[second].is_in_review
        assert not there[first].is_in_review
        assert desk.claim() == []
        desk.finish(claimed, Kind.ACCEPTED)
        judge(desk, passed.submission.id, SpamVerdict.HONEST)
        assert {c.message.id for c in desk.claim()} == {second}

    def test_an_alert_is_about_something_else(self, desk: Desk) -> None:
        """What tells a manager of a fault goes on when the submission is said to be spam."""
        kept = desk.submission()
        alert = desk.message(kept, Role.ALERT)
        desk.add(kept, *desk.pair(kept), alert)
        judge(desk, kept.id, SpamVerdict.SPAM)
        assert {c.message.id for c in desk.claim()} == {alert.id}

    def test_each_is_in_its_list(self, desk: Desk) -> None:
        """What waits for somebody is not among the unread; what is said to be spam has a list; so has what is none."""
        kept = suspect(desk)
        desk.move(seconds=1)
        other = desk.add()
        both = kept.submission.id, other.submission.id
        assert (listed(desk, review=True), listed(desk, unread=True)) == ([both[0]], [both[1]])
        judge(desk, both[0], SpamVerdict.HONEST)
        assert listed(desk, review=True) == []
        assert listed(desk, unread=True) == [both[1], both[0]]
        for id_ in both:
            judge(desk, id_, SpamVerdict.SPAM)
        assert listed(desk, spam=True) == [both[1], both[0]]
        assert listed(desk, unread=True) == listed(desk, review=True) == []
        assert listed(desk) == [both[1], both[0]]

    def test_a_judged_one_moves_as_it_is(self, desk: Desk) -> None:
        """What was said of it, and what waits for it, are part of a backup."""
        kept = suspect(desk)
        judge(desk, kept.submission.id, SpamVerdict.HONEST)
        before = desk.timeline(kept.submission.id)
        [moving] = desk.store.walk()
        desk.store.erase(submission_id=kept.submission.id)
        desk.store.restore(moving).result()
        there = desk.timeline(kept.submission.id)
        assert (there.care, there.messages) == (before.care, before.messages)
        assert len(desk.claim()) == 2

    def test_nobody_there(self, desk: Desk) -> None:
        """A submission that is gone cannot be judged, and makes no notice."""
        gone = desk.submission()
        assert judge(desk, gone.id, SpamVerdict.HONEST, about(gone)) is None
        assert desk.store.notice(about(gone).id) is None

    def test_several_at_once(self, desk: Desk) -> None:
        """Of people who say different things at one moment the last is what counts, and all agrees with it."""
        kept = suspect(desk)
        with ThreadPoolExecutor(4) as pool:
            said = [SpamVerdict.HONEST, SpamVerdict.SPAM] * 4
            list(pool.map(lambda verdict: judge(desk, kept.submission.id, verdict), said))
        there = desk.timeline(kept.submission.id)
        is_let_go = there.care.verdict is SpamVerdict.HONEST
        assert [m.is_in_review for m in there.messages] == [not is_let_go] * 2
        assert len(desk.claim()) == (2 if is_let_go else 0)
