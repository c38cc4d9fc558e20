"""What a guard found suspicious is kept whole in its one write, and leaves only by a person's word."""

from __future__ import annotations

import pytest

from support.store.desk import Desk
from todoke.model.delivery import Kind, Status
from todoke.model.message import Timeline
from todoke.ports.archive import Query

SIGNALS = ("honeypot", "too_fast")


def suspect(desk: Desk, **options: object) -> Timeline:
    """A submission that is kept for review."""
    kept = desk.submission(signals=SIGNALS, **options)  # type: ignore[arg-type]
    return desk.add(kept)


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
