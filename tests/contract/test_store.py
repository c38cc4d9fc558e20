"""Every sentence of the Store port, held against every store. Nothing here knows how a store works."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from support.store.desk import LEASE, MANAGER, SECRET, START, VISITOR, Desk
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Ceiling, Kind, Reason, Status
from todoke.model.erased import erased_before, erased_mailbox, erased_submission
from todoke.model.errors import Malformed, StoreUnavailable
from todoke.model.ids import receipt_hash, receipt_token
from todoke.model.message import Message, MessageTimeline, Note, Outcome, Role
from todoke.model.submission import Entry, File, RepeatKey, Submission
from todoke.ports.archive import Query
from todoke.ports.journal import Journaled
from todoke.ports.outbox import Added, Backlog, Duplicate
from todoke.ports.suppressions import Lifting, Suppression
from todoke.walk import backup

PNG = File(name="photo.png", media_type="image/png", content=b"\x89PNG\x00" + b"x" * 70_000)


class TestAdd:
    def test_keeps_all_of_a_submission_and_its_messages(self, desk: Desk) -> None:
        """What was added comes back equal, in its order."""
        submission = desk.submission(
            entries=(Entry("a", "1"), Entry("a", "二"), Entry("b", ""), Entry("", "x\x00\r\ny")),
            retain_until=START + timedelta(days=90),
            signals=("too_fast", "蜜"),
        )
        messages = desk.pair(submission)
        assert desk.store.add(submission, messages, None).result() == Added(submission.id)
        timeline = desk.timeline(submission.id)
        assert submission == timeline.submission
        assert messages == tuple(m.message for m in timeline.messages)

    def test_keeps_what_cannot_be_decoded(self, desk: Desk) -> None:
        """Raw bytes and lone surrogates of an entry list are kept as they came."""
        entries = (Entry("名", "\ufffd", raw=b"\x83\xff"), Entry("json", "\ud83d alone"))
        assert entries == desk.add(entries=entries).submission.entries

    def test_messages_are_due_now(self, desk: Desk) -> None:
        """A message that was just added is due, has no attempt, and reads queued."""
        told = desk.add().messages[0]
        assert (desk.now, (), Status.QUEUED) == (told.due_at, told.attempts, told.standing.status)
        assert len(desk.claim()) == 2

    def test_a_submission_may_have_no_message(self, desk: Desk) -> None:
        """A form without recipients keeps its submissions all the same."""
        submission = desk.submission()
        assert desk.store.add(submission, (), None).result() == Added(submission.id)
        assert desk.timeline(submission.id).messages == ()

    def test_many_of_one_moment(self, desk: Desk) -> None:
        """Any number of submissions with the same time are kept."""
        futures = [desk.store.add(s, (), None) for s in (desk.submission() for _ in range(600))]
        assert all(isinstance(f.result(), Added) for f in futures)
        assert desk.store.counts()["submissions"] == 600

    def test_repeat_is_a_duplicate(self, desk: Desk) -> None:
        """The second call with a live key gets the first one's id, and nothing is written."""
        first = desk.submission(repeat=desk.repeat("k"))
        assert desk.add_with(desk.repeat("k"), first) == Added(first.id)
        assert desk.add_with(desk.repeat("k")) == Duplicate(first.id, same_content=True)
        assert (desk.store.counts()["submissions"], desk.store.counts()["messages"]) == (1, 2)

    def test_repeat_with_other_content_is_told(self, desk: Desk) -> None:
        """A key that is used again for other content is a Duplicate that says so."""
        first = desk.submission(repeat=desk.repeat("k"))
        desk.add_with(desk.repeat("k", "one"), first)
        assert desk.add_with(desk.repeat("k", "two")) == Duplicate(first.id, same_content=False)

    def test_other_keys_are_others(self, desk: Desk) -> None:
        """Keys do not disturb each other."""
        assert isinstance(desk.add_with(desk.repeat("k1")), Added)
        assert isinstance(desk.add_with(desk.repeat("k2")), Added)

    def test_a_key_is_free_from_the_moment_it_expires(self, desk: Desk) -> None:
        """Whatever came shortly before: nobody has to tidy up first."""
        desk.add_with(desk.repeat("k", seconds=10))
        desk.move(seconds=9.9)
        desk.add_with(desk.repeat("other"))
        desk.move(seconds=0.2)
        assert isinstance(desk.add_with(desk.repeat("k", seconds=10)), Added)
        assert isinstance(desk.add_with(desk.repeat("k", seconds=10)), Duplicate)

    def test_repeat_expires(self, desk: Desk) -> None:
        """From its expires_at on a key is free again, and then names the newer submission."""
        desk.add_with(desk.repeat("k", minutes=10))
        desk.move(minutes=9, seconds=59)
        assert isinstance(desk.add_with(desk.repeat("k")), Duplicate)
        desk.move(seconds=1)
        second = desk.submission(repeat=desk.repeat("k"))
        assert desk.add_with(desk.repeat("k"), second) == Added(second.id)
        assert desk.add_with(desk.repeat("k")) == Duplicate(second.id, same_content=True)

    def test_a_key_of_one_visitor(self, desk: Desk) -> None:
        """A key that only one visitor's requests can have is a repeat key like another."""
        repeat = replace(desk.repeat("k", minutes=10), of_visitor=True)
        first = desk.submission(repeat=repeat)
        assert desk.add_with(repeat, first) == Added(first.id)
        desk.move(seconds=1)
        assert desk.add_with(repeat) == Duplicate(first.id, same_content=True)
        assert _all_pages(desk, Query(address=VISITOR)) == [first.id]
        desk.move(minutes=10)
        second = desk.submission(repeat=repeat)
        assert desk.add_with(replace(repeat, expires_at=desk.now), second) == Added(second.id)
        assert _all_pages(desk, Query(address=VISITOR)) == [second.id, first.id]
        assert [desk.timeline(id_).submission.id for id_ in (first.id, second.id)] == [
            first.id,
            second.id,
        ]

    def test_work_goes_on_when_a_key_names_another(self, desk: Desk) -> None:
        """The submission that a key named before is worked on, reported on and erased like any other."""
        repeat = desk.repeat("k", minutes=10)
        first = desk.submission(repeat=repeat)
        desk.add_with(repeat, first)
        claims = desk.claim()
        desk.move(minutes=10)
        second = desk.submission(repeat=repeat)
        assert isinstance(desk.add_with(desk.repeat("k"), second), Added)
        desk.finish(claims[0], Kind.ACCEPTED)
        desk.journal(desk.event(Kind.DELIVERED, token=claims[0].attempt.token))
        told = desk.timeline(first.id).messages[0]
        assert told.standing.status is Status.DELIVERED
        assert desk.store.receipt(first.token_hash) == desk.timeline(first.id)
        assert {c.message.submission_id for c in desk.claim()} == {first.id, second.id}
        assert desk.store.erase(submission_id=first.id) == 1
        assert desk.timeline(second.id).submission.id == second.id
        assert desk.store.counts()["submissions"] == 1

    def test_parallel_repeats_add_once(self, desk: Desk) -> None:
        """Of fifty concurrent calls with one key exactly one adds; the others get its id."""
        repeat = desk.repeat("double click")
        submissions = [desk.submission(repeat=repeat) for _ in range(50)]
        answers = _together([lambda s=s: desk.add_with(repeat, s) for s in submissions])
        (added,) = [a for a in answers if isinstance(a, Added)]
        duplicates = [a for a in answers if isinstance(a, Duplicate)]
        assert [Duplicate(added.submission_id, same_content=True)] * 49 == duplicates
        assert desk.store.counts()["submissions"] == 1

    def test_waiting_repeats_add_once(self, desk: Desk) -> None:
        """The same holds where one thread asks fifty times before it looks at any answer."""
        repeat = desk.repeat("double click")
        futures = [desk.store.add(desk.submission(repeat=repeat), (), repeat) for _ in range(50)]
        assert sum(isinstance(f.result(), Added) for f in futures) == 1


class TestUploads:
    def test_one_upload_is_of_one_submission(self, desk: Desk) -> None:
        """Whatever else differs: the key, the answers, the time. Nothing is written for the second."""
        first = desk.submission(repeat=desk.repeat("k1"))
        assert desk.add_with(_with_uploads(desk.repeat("k1", "one"), "u1", "u2"), first) == Added(
            first.id
        )
        for number, upload in enumerate(("u1", "u2")):
            desk.move(minutes=1)
            taking = _with_uploads(desk.repeat(f"other{number}", "two"), "fresh", upload)
            assert desk.add_with(taking) == Duplicate(first.id, same_content=False, upload=upload)
        assert desk.store.counts()["submissions"] == 1

    def test_what_was_refused_takes_no_upload(self, desk: Desk) -> None:
        """All or none: an upload that came beside a taken one is free."""
        desk.add_with(_with_uploads(desk.repeat("k1"), "taken"))
        assert isinstance(
            desk.add_with(_with_uploads(desk.repeat("k2"), "free", "taken")), Duplicate
        )
        assert isinstance(desk.add_with(_with_uploads(desk.repeat("k3"), "free")), Added)

    def test_an_honest_retry_gets_the_first(self, desk: Desk) -> None:
        """The same key, and also the same answers under a key of its own: as if the first answer had come."""
        first = desk.submission(repeat=desk.repeat("k1"))
        repeat = _with_uploads(desk.repeat("k1"), "u")
        assert desk.add_with(repeat, first) == Added(first.id)
        assert desk.add_with(repeat) == Duplicate(first.id, same_content=True)
        again = _with_uploads(desk.repeat("k2"), "u")
        assert desk.add_with(again) == Duplicate(first.id, same_content=True, upload="u")

    def test_of_fifty_at_once_one_takes_it(self, desk: Desk) -> None:
        """Each with a key and answers of its own, as a replayed ticket comes."""
        repeats = [_with_uploads(desk.repeat(f"k{n}", f"{n}"), "u") for n in range(50)]
        answers = _together([lambda r=r: desk.add_with(r) for r in repeats])
        (added,) = [a for a in answers if isinstance(a, Added)]
        refused = [a for a in answers if isinstance(a, Duplicate)]
        assert [Duplicate(added.submission_id, same_content=False, upload="u")] * 49 == refused
        assert desk.store.counts()["submissions"] == 1

    def test_it_ends_with_the_key(self, desk: Desk) -> None:
        """From then on no ticket is good that could name it; a key that another takes over has uploads, too."""
        desk.add_with(_with_uploads(desk.repeat("k", minutes=10), "u"))
        desk.move(minutes=10)
        second = desk.submission(repeat=desk.repeat("k"))
        assert desk.add_with(_with_uploads(desk.repeat("k"), "u"), second) == Added(second.id)
        taken = desk.add_with(_with_uploads(desk.repeat("other", "two"), "u"))
        assert taken == Duplicate(second.id, same_content=False, upload="u")

    def test_an_erased_submission_has_none(self, desk: Desk) -> None:
        """Nothing of it is kept, so nothing says that it had one."""
        first = desk.submission(repeat=desk.repeat("k1"))
        desk.add_with(_with_uploads(desk.repeat("k1"), "u"), first)
        assert desk.store.erase(submission_id=first.id) == 1
        assert isinstance(desk.add_with(_with_uploads(desk.repeat("k2"), "u")), Added)


def _with_uploads(repeat: RepeatKey, *uploads: str) -> RepeatKey:
    return replace(repeat, uploads=uploads)


class TestFiles:
    def test_content_is_kept_apart(self, desk: Desk) -> None:
        """A timeline carries a file empty, with its size and digest; `file` gives it whole."""
        entries = (Entry("text", "see photo"), Entry("photo", PNG))
        submission = desk.add(entries=entries).submission
        shown = submission.entries[1].value
        assert PNG.without_content() == shown
        assert (b"", PNG.size, PNG.digest) == (shown.content, shown.size, shown.digest)  # type: ignore[union-attr]
        assert desk.store.file(submission.id, 1) == PNG

    def test_claims_and_pages_carry_files_empty(self, desk: Desk) -> None:
        """Neither a claim nor a page carries the content."""
        desk.add(entries=(Entry("photo", PNG),))
        (timeline,) = desk.store.page(Query()).timelines
        for submission in (desk.claim()[0].submission, timeline.submission):
            assert PNG.without_content() == submission.entries[0].value

    def test_no_file_there(self, desk: Desk) -> None:
        """A position without a file, outside of the list, or of no submission gives None."""
        id_ = desk.add(
            entries=(
                Entry("text", "x"),
                Entry("empty", replace(PNG, content=b"", size=-1, digest="")),
            )
        ).submission.id
        assert [desk.store.file(id_, at) for at in (0, 2, -1)] == [None, None, None]
        assert desk.store.file("nobody", 0) is None
        assert desk.store.file(id_, 1).content == b""  # type: ignore[union-attr]


class TestClaim:
    def test_carries_all_that_is_needed(self, desk: Desk) -> None:
        """A claim holds the message, its submission, and a first attempt that is durable already."""
        message = desk.add_one()
        desk.move(seconds=3)
        claim = desk.claim_one()
        assert message == claim.message
        assert desk.timeline(message.submission_id).submission == claim.submission
        assert (False, desk.now + LEASE) == (claim.interrupted, claim.lease_until)
        attempt = claim.attempt
        assert (message.id, 1, message.recipient) == (
            attempt.message_id,
            attempt.number,
            attempt.recipient,
        )
        assert ("post", Ceiling.DELIVERED, desk.now) == (
            attempt.service,
            attempt.ceiling,
            attempt.started_at,
        )
        assert [attempt] == [a.attempt for a in desk.told(message).attempts]

    def test_attempts_have_tokens_of_their_own(self, desk: Desk) -> None:
        """Every attempt has its own token in [a-z0-9], of one length, so that none is a part of another."""
        for _ in range(5):
            desk.add()
        tokens = [c.attempt.token for c in desk.claim()]
        assert len(set(tokens)) == 10
        (length,) = {len(t) for t in tokens}
        assert 26 <= length <= 64
        assert all(t.isascii() and t.isalnum() and t == t.lower() for t in tokens)

    def test_nothing_before_it_is_due(self, desk: Desk) -> None:
        """A message is claimed when due_at <= now, not a moment earlier."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.DEFERRED, retry_at=desk.now + timedelta(minutes=7))
        desk.move(minutes=7, microseconds=-1)
        assert desk.claim() == []
        desk.move(microseconds=1)
        claim = desk.claim_one()
        assert (message.id, 2) == (claim.message.id, claim.attempt.number)

    def test_longest_due_first_up_to_the_limit(self, desk: Desk) -> None:
        """Claims come in the order in which they became due, and no more than asked for."""
        ids = [desk.add_one(received_at=START - timedelta(seconds=n)).id for n in (5, 9, 1, 7)]
        assert [ids[1], ids[3]] == [c.message.id for c in desk.claim(limit=2)]
        assert [ids[0], ids[2]] == [c.message.id for c in desk.claim(limit=9)]

    def test_only_those_asked_for(self, desk: Desk) -> None:
        """With ids, only those of them that are due are claimed."""
        messages = [desk.add_one() for _ in range(4)]
        desk.claim(messages[0].id)
        found = desk.claim(messages[0].id, messages[2].id, "unknown")
        assert [messages[2].id] == [c.message.id for c in found]
        assert len(desk.claim(messages[1].id, messages[3].id, limit=1)) == 1

    def test_a_live_lease_is_respected(self, desk: Desk) -> None:
        """While a lease lives nobody else gets the message."""
        desk.add_one()
        desk.claim_one()
        desk.move(seconds=299)
        assert desk.claim() == []

    def test_a_lease_that_is_renewed_lives_on(self, desk: Desk) -> None:
        """Nobody else gets the message until the renewed lease lapses; a renewal never shortens."""
        desk.add_one()
        claim = desk.claim_one()
        until = START + timedelta(minutes=9)
        desk.store.renew([claim], until)
        desk.store.renew([claim], START + timedelta(minutes=1))
        assert desk.store.next_due() == until
        desk.move(minutes=8)
        assert desk.claim() == []
        desk.move(minutes=1)
        assert desk.claim_one().interrupted

    def test_what_has_ended_or_is_stale_is_not_renewed(self, desk: Desk) -> None:
        """Neither a claim that ended, nor one that another took over, nor one whose message was erased."""
        messages = [desk.add_one() for _ in range(3)]
        ended, stale, erased = desk.claim(*(m.id for m in messages))
        desk.finish(ended, Kind.DEFERRED, retry_at=START + timedelta(minutes=7))
        desk.store.erase(submission_id=erased.message.submission_id)
        desk.move(minutes=5)
        (other,) = desk.claim(stale.message.id)
        desk.store.renew([ended, stale, erased], START + timedelta(hours=9))
        assert desk.store.next_due() == START + timedelta(minutes=7)
        desk.move(minutes=2)
        desk.finish(desk.claim_one(), Kind.ACCEPTED)
        assert desk.store.next_due() == other.lease_until

    def test_a_lapsed_lease_is_due_and_interrupted(self, desk: Desk) -> None:
        """A lapsed lease makes it due again; without any event of the lapsed attempt the claim is interrupted,
        and the journal of that attempt says so."""
        message = desk.add_one()
        desk.claim_one()
        desk.move(minutes=5)
        claim = desk.claim_one()
        assert (claim.interrupted, claim.attempt.number) == (True, 2)
        lapsed, latest = desk.told(message).attempts
        assert [(Kind.INTERRUPTED, "todoke", desk.now)] == [
            (e.kind, e.service, e.at) for e in lapsed.events
        ]
        assert lapsed.standing.answer_lost
        assert latest.events == ()

    def test_a_lapsed_lease_with_an_event_is_not_interrupted(self, desk: Desk) -> None:
        """An event of the lapsed attempt shows how far it came, so the claim is not interrupted."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        desk.journal(desk.event(Kind.DEFERRED, token=token))
        desk.move(minutes=5)
        assert not desk.claim_one().interrupted
        assert [e.kind for e in desk.told(message).attempts[0].events] == [Kind.DEFERRED]

    def test_a_claim_tells_how_many_answers_were_lost(self, desk: Desk) -> None:
        """Of the attempts since a person last asked for one, those that were handed over and never answered."""
        message = desk.add_one()
        for kind, lost in ((Kind.ANSWER_LOST, 0), (Kind.DEFERRED, 1), (Kind.ANSWER_LOST, 1)):
            claim = desk.claim_one()
            assert claim.answers_lost == lost
            desk.finish(claim, kind, retry_at=desk.now)
        assert desk.claim_one().answers_lost == 2
        desk.move(minutes=5)
        assert desk.claim_one().answers_lost == 2, "an attempt that our process died in is none"
        desk.move(seconds=1)
        desk.resend(message.id)
        assert desk.claim_one().answers_lost == 0

    def test_nobody_twice(self, desk: Desk) -> None:
        """Many threads that claim at once share the work; nobody gets a message that another has."""
        for _ in range(60):
            desk.add()
        taken = _together([lambda: _claim_until_empty(desk)] * 8)
        ids = [id_ for some in taken for id_ in some]
        assert 120 == len(ids) == len(set(ids))

    def test_next_due(self, desk: Desk) -> None:
        """It tells when the next message becomes due or a lease lapses, and None without work."""
        assert desk.store.next_due() is None
        desk.add_one(received_at=START - timedelta(seconds=5))
        assert START - timedelta(seconds=5) == desk.store.next_due()
        claim = desk.claim_one()
        assert desk.store.next_due() == START + LEASE
        later = START + timedelta(hours=1)
        desk.finish(claim, Kind.DEFERRED, retry_at=later)
        assert later == desk.store.next_due()
        desk.move(hours=1)
        desk.finish(desk.claim_one(), Kind.ACCEPTED)
        assert desk.store.next_due() is None

    def test_due(self, desk: Desk) -> None:
        """It names what a claim would find, the longest due first, no more than asked for, and takes nothing."""
        assert list(desk.store.due(desk.now, 10)) == []
        messages = [
            desk.add_one(received_at=START - timedelta(seconds=seconds)) for seconds in (30, 10, 20)
        ]
        in_order = [messages[n].id for n in (0, 2, 1)]
        assert list(desk.store.due(desk.now, 10)) == in_order
        assert list(desk.store.due(desk.now, 2)) == in_order[:2]
        [claim] = desk.claim(limit=1)
        assert claim.message.id == in_order[0]
        assert list(desk.store.due(desk.now, 10)) == in_order[1:]
        later = START + timedelta(hours=1)
        desk.finish(claim, Kind.DEFERRED, retry_at=later)
        assert list(desk.store.due(desk.now, 10)) == in_order[1:]
        assert list(desk.store.due(later, 10)) == [*in_order[1:], in_order[0]]

    def test_due_in_a_backlog(self, desk: Desk) -> None:
        """Hundreds are named at once, each once, and a claim of these takes them."""
        for _ in range(150):
            desk.add()
        named = list(desk.store.due(desk.now, 1000))
        assert len(named) == len(set(named)) == 300
        assert len(list(desk.store.due(desk.now, 120))) == 120


class TestFinish:
    def test_accepted_ends_the_work(self, desk: Desk) -> None:
        """Without retry_at nothing is left to do, and the journal has the events as they were stated."""
        message = desk.add_one()
        claim = desk.claim_one()
        event = desk.event(
            Kind.ACCEPTED,
            token=claim.attempt.token,
            service_id="q-1",
            diagnostic="250 2.0.0 Ok: queued 花 \ud83d",
            status_code="2.0.0",
            reason=Reason.OTHER,
            raw=bytes(range(256)),
        )
        desk.store.finish([Outcome(claim=claim, events=(event,))], _nothing)
        told = desk.told(message)
        assert (event,) == told.attempts[0].events
        assert (told.due_at, told.standing.status) == (None, Status.ACCEPTED)
        desk.move(days=9)
        assert desk.claim() == []

    def test_retry_makes_it_due_then(self, desk: Desk) -> None:
        """With retry_at it is due then, and deferred in the meantime."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.DEFERRED, retry_at=START + timedelta(minutes=1))
        told = desk.told(message)
        assert (START + timedelta(minutes=1), Status.DEFERRED) == (
            told.due_at,
            told.standing.status,
        )

    def test_no_event_and_a_retry(self, desk: Desk) -> None:
        """A claim may be given back: no event, due again."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), retry_at=desk.now)
        assert desk.now == desk.told(message).due_at
        assert not desk.claim_one().interrupted

    def test_many_outcomes_in_one_call(self, desk: Desk) -> None:
        """One call ends many claims, each its own way."""
        desk.add()
        one, other = desk.claim()
        desk.store.finish(
            [
                Outcome(claim=one, events=(desk.event(Kind.REJECTED),)),
                Outcome(claim=other, events=(desk.event(Kind.ACCEPTED),)),
            ],
            _nothing,
        )
        assert desk.told(one.message).standing.status == Status.REJECTED
        assert desk.told(other.message).standing.status == Status.ACCEPTED
        assert desk.store.counts()["due"] == 0

    def test_after_its_lease_lapsed_but_alone(self, desk: Desk) -> None:
        """A claim that nobody took over still ends its work, however late."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.move(hours=2)
        desk.finish(claim, Kind.ACCEPTED)
        assert desk.told(message).due_at is None

    def test_taken_over_it_keeps_events_and_changes_no_work(self, desk: Desk) -> None:
        """When another took over, the late events are journaled and the other's work goes on."""
        message = desk.add_one()
        late = desk.claim_one()
        desk.move(minutes=5)
        other = desk.claim_one()
        desk.finish(late, Kind.DEFERRED, retry_at=desk.now)
        assert desk.claim() == []
        assert [e.kind for e in desk.told(message).attempts[0].events] == [
            Kind.INTERRUPTED,
            Kind.DEFERRED,
        ]
        desk.finish(other, Kind.ACCEPTED)
        assert desk.told(message).due_at is None

    def test_resend_asked_since_it_changes_no_work(self, desk: Desk) -> None:
        """When a person asked for a new attempt meanwhile, the old claim's end does not cancel it."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.move(seconds=1)
        assert desk.resend(message.id)
        desk.finish(claim, Kind.ACCEPTED)
        told = desk.told(message)
        assert (desk.now, Status.QUEUED) == (told.due_at, told.standing.status)
        assert [e.kind for e in told.attempts[0].events] == [Kind.ACCEPTED]
        assert desk.claim_one().attempt.number == 2

    def test_known_proof_beats_a_retry(self, desk: Desk) -> None:
        """If a delivery is known by then, a lost answer is no reason to send again."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.journal(desk.event(Kind.DELIVERED, token=claim.attempt.token))
        desk.finish(claim, Kind.ANSWER_LOST, retry_at=desk.now)
        told = desk.told(message)
        assert (told.due_at, told.standing.status) == (None, Status.DELIVERED)

    def test_twice_is_once(self, desk: Desk) -> None:
        """The same outcome again changes nothing."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.finish(claim, Kind.ACCEPTED)
        told = desk.told(message)
        desk.finish(claim, Kind.ACCEPTED)
        assert told == desk.told(message)

    def test_of_an_erased_message(self, desk: Desk) -> None:
        """A claim whose message was erased meanwhile ends without a trace."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.store.erase(submission_id=message.submission_id)
        desk.finish(claim, Kind.ACCEPTED, service_id="q-1")
        assert {0} == set(desk.store.counts().values())


class TestJournal:
    def test_by_token(self, desk: Desk) -> None:
        """An event is matched by its token."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.finish(claim, Kind.ACCEPTED)
        event = desk.event(Kind.DELIVERED, token=claim.attempt.token, raw=b"{}")
        assert desk.journal(event) == [Journaled.NEW]
        assert event in desk.told(message).attempts[0].events
        assert desk.told(message).standing.status == Status.DELIVERED

    def test_by_service_id(self, desk: Desk) -> None:
        """Without a token it is matched by the service's id that an accepted event stated, of that service only."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.ACCEPTED, service_id="q-1")
        bounced = desk.event(Kind.BOUNCED, service_id="q-1")
        elsewhere = replace(bounced, service="other post")
        assert desk.journal(elsewhere, bounced) == [Journaled.ORPHAN, Journaled.NEW]
        assert desk.told(message).standing.status == Status.BOUNCED

    def test_an_unknown_token_falls_back_to_the_service_id(self, desk: Desk) -> None:
        """A token that is not ours does not hide an id that is known."""
        desk.add_one()
        desk.finish(desk.claim_one(), Kind.ACCEPTED, service_id="q-1")
        event = desk.event(Kind.DELIVERED, token="somebody-elses", service_id="q-1")
        assert desk.journal(event) == [Journaled.NEW]

    def test_repetition_changes_nothing(self, desk: Desk) -> None:
        """The same event again is REPEATED, in one call or in another, also when it arrives later."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        event = desk.event(Kind.ACCEPTED, token=token)
        assert desk.journal(event, event) == [Journaled.NEW, Journaled.REPEATED]
        told = desk.told(message)
        desk.move(minutes=3)
        assert desk.journal(replace(event, received_at=desk.now)) == [Journaled.REPEATED]
        assert told == desk.told(message)

    def test_the_words_keep_the_order(self, desk: Desk) -> None:
        """There is one word for each event, in order; none for none."""
        desk.add_one()
        token = desk.claim_one().attempt.token
        good, lost = desk.event(Kind.DELIVERED, token=token), desk.event(Kind.DELIVERED, token="x")
        assert desk.journal(lost, good, good) == [
            Journaled.ORPHAN,
            Journaled.NEW,
            Journaled.REPEATED,
        ]
        assert desk.journal() == []

    def test_an_orphan_is_kept_once(self, desk: Desk) -> None:
        """An unmatched event is kept with its evidence, once however often it comes."""
        orphan = desk.event(Kind.BOUNCED, service_id="q-9", raw=b"raw \xff", diagnostic="gone")
        assert desk.journal(orphan) == [Journaled.ORPHAN]
        assert desk.journal(replace(orphan, received_at=desk.move(hours=1))) == [Journaled.ORPHAN]
        assert [orphan] == list(desk.store.orphans(10))
        assert desk.store.counts()["orphans"] == 1

    def test_a_stranger_s_event_may_be_let_go(self, desk: Desk) -> None:
        """Without `orphans` an unmatched event is answered ORPHAN and not kept; what is ours is journaled."""
        message = desk.add_one()
        ours = desk.event(Kind.DELIVERED, token=desk.claim_one().attempt.token)
        strange = desk.event(Kind.BOUNCED, token="t", service_id="q-9")
        words = desk.store.journal([strange, ours, ours], _nothing, orphans=False)
        assert words == [Journaled.ORPHAN, Journaled.NEW, Journaled.REPEATED]
        assert desk.store.orphans(10) == []
        assert desk.store.counts()["orphans"] == 0
        assert desk.told(message).standing.status is Status.DELIVERED

    def test_of_a_very_long_orphan_the_beginning_is_kept(self, desk: Desk) -> None:
        """Whoever knows a webhook's secret cannot fill the store with one call; what a service tells stays whole."""
        long = {"raw": b"r" * 500_000, "diagnostic": "d" * 500_000, "service_id": "q" * 500_000}
        assert desk.journal(desk.event(Kind.BOUNCED, **long)) == [Journaled.ORPHAN]
        (kept,) = desk.store.orphans(10)
        assert 10_000 < len(kept.raw) + len(kept.diagnostic) + len(kept.service_id) < 30_000
        assert kept.raw == b"r" * len(kept.raw)

    def test_newest_orphans_first(self, desk: Desk) -> None:
        """Orphans are listed newest first, up to the limit."""
        for n in range(5):
            desk.journal(desk.event(Kind.BOUNCED, service_id=str(n)))
            desk.move(seconds=1)
        assert [e.service_id for e in desk.store.orphans(3)] == ["4", "3", "2"]

    @pytest.mark.parametrize("by_hook", [False, True])
    def test_an_orphan_is_joined_later(self, desk: Desk, *, by_hook: bool) -> None:
        """A report that overtook the answer is joined when an accepted event states its id, however that comes."""
        message = desk.add_one()
        claim = desk.claim_one()
        early = desk.event(Kind.BOUNCED, service_id="q-1", diagnostic="550 no such user")
        assert desk.journal(early, desk.event(Kind.OTHER, service_id="q-2"))[:1] == [
            Journaled.ORPHAN
        ]
        desk.move(seconds=1)
        if by_hook:
            desk.journal(desk.event(Kind.ACCEPTED, token=claim.attempt.token, service_id="q-1"))
        else:
            desk.finish(claim, Kind.ACCEPTED, service_id="q-1")
        told = desk.told(message)
        assert [e.kind for e in told.attempts[0].events] == [Kind.BOUNCED, Kind.ACCEPTED]
        assert (told.due_at, told.standing.status) == (None, Status.BOUNCED)
        assert [e.service_id for e in desk.store.orphans(10)] == ["q-2"]
        assert desk.journal(early) == [Journaled.REPEATED]

    def test_an_orphan_is_joined_in_the_same_call(self, desk: Desk) -> None:
        """The order of events in one call does not matter."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        delivered = desk.event(Kind.DELIVERED, service_id="q-1")
        accepted = desk.event(Kind.ACCEPTED, token=token, service_id="q-1")
        assert desk.journal(delivered, accepted) == [Journaled.ORPHAN, Journaled.NEW]
        assert desk.told(message).standing.status == Status.DELIVERED
        assert list(desk.store.orphans(10)) == []

    @pytest.mark.parametrize("kind", Kind)
    def test_which_events_end_the_work(self, desk: Desk, kind: Kind) -> None:
        """An event that proves that the attempt got somewhere ends the work; those that prove nothing do not."""
        message = desk.add_one()
        desk.journal(desk.event(kind, token=desk.claim_one().attempt.token))
        proves_nothing = {
            Kind.ANSWER_LOST,
            Kind.INTERRUPTED,
            Kind.DEFERRED,
            Kind.UNCONFIRMED,
            Kind.SILENT,
            Kind.PAUSED,
            Kind.OTHER,
        }
        assert (kind in proves_nothing) == (desk.told(message).due_at is not None)
        desk.move(minutes=5)
        assert (kind in proves_nothing) == bool(desk.claim())

    def test_a_failure_of_an_earlier_attempt_ends_nothing(self, desk: Desk) -> None:
        """Only a failure of the latest attempt ends the work."""
        message = desk.add_one()
        first = desk.claim_one().attempt.token
        desk.move(minutes=5)
        desk.claim_one()
        desk.journal(desk.event(Kind.BOUNCED, token=first))
        assert desk.told(message).due_at is not None

    @pytest.mark.parametrize("kind", [Kind.ACCEPTED, Kind.DELIVERED, Kind.COMPLAINED])
    @pytest.mark.parametrize("by_hook", [True, False])
    def test_proof_that_an_earlier_attempt_was_taken_ends_the_work(
        self, desk: Desk, kind: Kind, by_hook: bool
    ) -> None:
        """However late it comes, by a late outcome or by an event: the message is never claimed again, and the attempt
        that was taken speaks for it."""
        message = desk.add_one()
        first = desk.claim_one()
        desk.move(minutes=5)
        second = desk.claim_one()
        if by_hook:
            desk.journal(desk.event(kind, token=first.attempt.token))
        else:
            desk.finish(first, kind)
        desk.finish(second, Kind.DEFERRED, retry_at=desk.now)
        told = desk.told(message)
        assert (told.due_at, desk.store.next_due()) == (None, None)
        assert told.headline == told.attempts[0]
        desk.move(days=9)
        assert desk.claim() == []

    def test_that_an_attempt_before_a_wish_was_taken_does_not_cancel_it(self, desk: Desk) -> None:
        """A person wanted another copy: news of the ones before neither end the work nor speak for the message."""
        message = desk.add_one()
        first = desk.claim_one()
        desk.move(seconds=1)
        desk.resend(message.id)
        second = desk.claim_one()
        desk.journal(desk.event(Kind.DELIVERED, token=first.attempt.token))
        desk.finish(second, Kind.DEFERRED, retry_at=desk.now)
        assert desk.told(message).standing.status == Status.DEFERRED
        assert desk.claim_one().attempt.number == 3

    def test_an_event_for_another_recipient_changes_nothing(self, desk: Desk) -> None:
        """It is journaled, but neither status nor work change; another spelling of ours is ours."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        desk.journal(desk.event(Kind.BOUNCED, token=token, recipient=Address("other@else.example")))
        told = desk.told(message)
        assert (told.standing.status, len(told.attempts[0].events)) == (Status.QUEUED, 1)
        assert told.due_at is not None
        desk.journal(desk.event(Kind.BOUNCED, token=token, recipient=VISITOR.upper()))
        assert (
            desk.told(message).standing.status,
            desk.told(message).due_at,
        ) == (Status.BOUNCED, None)

    def test_a_late_event_does_not_cancel_a_resend(self, desk: Desk) -> None:
        """After a person asked for a new attempt, news of the old one are kept, and the new one still happens."""
        message = desk.add_one()
        claim = desk.claim_one()
        desk.finish(claim, Kind.ACCEPTED)
        desk.move(seconds=1)
        desk.resend(message.id)
        desk.journal(desk.event(Kind.DELIVERED, token=claim.attempt.token))
        assert desk.told(message).standing.status == Status.QUEUED
        assert desk.claim_one().attempt.number == 2


class TestResend:
    def test_its_claims_say_when_it_was_asked(self, desk: Desk) -> None:
        """The time to give up counts from the person's wish: first and later attempts of it know when that was."""
        message = desk.add_one()
        first = desk.claim_one()
        assert first.resend_asked_at is None
        desk.finish(first, Kind.REJECTED)
        desk.move(hours=100)
        desk.resend(message.id)
        asked = desk.now
        again = desk.claim_one()
        desk.finish(again, Kind.DEFERRED, retry_at=desk.now)
        assert [again.resend_asked_at, desk.claim_one().resend_asked_at] == [asked, asked]

    def test_makes_it_due_for_a_new_attempt(self, desk: Desk) -> None:
        """A message that was done is due again, reads queued, and keeps its Message-ID and its history."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.REJECTED)
        desk.move(hours=1)
        assert desk.resend(message.id)
        told = desk.told(message)
        assert (desk.now, desk.now, 0) == (told.due_at, told.resend_asked_at, told.corrections)
        assert (Status.QUEUED, message, 1) == (
            told.standing.status,
            told.message,
            len(told.attempts),
        )
        claim = desk.claim_one()
        assert (2, message.message_id) == (claim.attempt.number, claim.message.message_id)
        assert not claim.interrupted
        desk.finish(claim, Kind.ACCEPTED)
        assert desk.told(message).standing.status == Status.ACCEPTED

    def test_to_a_corrected_address(self, desk: Desk) -> None:
        """The message's recipient changes, an attempt's never; corrections are counted."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.ACCEPTED)
        assert desk.resend(message.id, "taro@right.example")
        claim = desk.claim_one()
        assert [claim.message.recipient, claim.attempt.recipient] == ["taro@right.example"] * 2
        told = desk.told(message)
        assert [a.attempt.recipient for a in told.attempts] == [VISITOR, "taro@right.example"]
        assert told.corrections == 1

    def test_corrected_too_often(self, desk: Desk) -> None:
        """Beyond max_corrections the answer is False and nothing changes; a plain resend is always possible."""
        message = desk.add_one()
        assert [desk.resend(message.id, f"{n}@right.example", most=2) for n in range(3)] == [
            True,
            True,
            False,
        ]
        told = desk.told(message)
        assert (told.message.recipient, told.corrections) == ("1@right.example", 2)
        assert desk.resend(message.id, most=2)
        assert not desk.resend(message.id, "x@right.example", most=0)

    def test_no_such_message(self, desk: Desk) -> None:
        """The answer is False."""
        assert not desk.resend("nobody")

    def test_of_what_somebody_saw_once(self, desk: Desk) -> None:
        """Of those who saw the same one asks for it, whether or not the new attempt has begun."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.REJECTED)
        seen = desk.told(message)
        assert [desk.resend(message.id, seen=seen) for _ in range(3)] == [True, False, False]
        desk.finish(desk.claim_one(), Kind.REJECTED)
        assert not desk.resend(message.id, seen=seen)
        assert len(desk.told(message).attempts) == 2
        assert desk.resend(message.id, seen=desk.told(message))

    def test_of_what_is_tried_again_meanwhile(self, desk: Desk) -> None:
        """An attempt that began by itself is the one that was asked for."""
        message = desk.add_one()
        seen = desk.told(message)
        desk.claim_one()
        assert not desk.resend(message.id, seen=seen)

    def test_before_the_first_attempt(self, desk: Desk) -> None:
        """A correction may come before anything was sent; then only the right address gets mail."""
        message = desk.add_one()
        desk.resend(message.id, "taro@right.example")
        claim = desk.claim_one()
        assert (claim.attempt.recipient, claim.attempt.number) == ("taro@right.example", 1)
        desk.finish(claim, Kind.ACCEPTED)
        assert desk.told(message).standing.status == Status.ACCEPTED

    def test_while_a_claim_lives(self, desk: Desk) -> None:
        """A resend does not wait for the lease, and the new claim is not interrupted."""
        message = desk.add_one()
        desk.claim_one()
        desk.resend(message.id)
        claim = desk.claim_one()
        assert (claim.attempt.number, claim.interrupted) == (2, False)

    def test_when_the_clock_was_set_back(self, desk: Desk) -> None:
        """The new attempt answers the wish, whatever the clock says; the message never hangs as queued."""
        message = desk.add_one()
        desk.finish(desk.claim_one(), Kind.BOUNCED)
        desk.move(minutes=-10)
        desk.resend(message.id)
        assert desk.told(message).standing.status == Status.QUEUED
        desk.move(minutes=-10)
        assert desk.claim() == []
        desk.move(minutes=10)
        desk.finish(desk.claim_one(), Kind.ACCEPTED)
        assert desk.told(message).standing.status == Status.ACCEPTED


class TestFollowUp:
    def test_sees_before_and_after_and_is_kept(self, desk: Desk) -> None:
        """A follow-up gets the submission and the message before and after; what it gives is kept and due now."""
        seen: list[tuple[Submission, MessageTimeline, MessageTimeline]] = []
        timeline = desk.add(desk.submission(entries=(Entry("photo", PNG),)))
        claim = next(c for c in desk.claim() if c.message.role is Role.CONFIRMATION)
        desk.move(minutes=1)
        desk.finish(claim, Kind.REJECTED, follow_up=_alert(desk, seen))
        ((submission, before, after),) = seen
        assert timeline.submission == submission
        assert (before.standing.status, after.standing.status) == (Status.QUEUED, Status.REJECTED)
        assert desk.told(claim.message) == after
        alert = desk.timeline(submission.id).messages[2]
        assert (Role.ALERT, claim.message.id) == (alert.message.role, alert.message.about)
        assert desk.now == alert.due_at
        assert [alert.message.id] == [c.message.id for c in desk.claim()]

    @pytest.mark.parametrize("how", ["journal", "resend"])
    def test_from_every_change(self, desk: Desk, how: str) -> None:
        """An event from outside and a correction cause follow-ups too."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        if how == "journal":
            desk.journal(desk.event(Kind.BOUNCED, token=token), follow_up=_alert(desk))
        else:
            desk.resend(message.id, "taro@right.example", follow_up=_alert(desk))
        assert Role.ALERT is desk.timeline(message.submission_id).messages[1].message.role

    def test_an_orphan_that_is_joined_is_a_change(self, desk: Desk) -> None:
        """A bounce that came early is seen by the follow-up of the answer that explains it."""
        desk.add_one()
        seen: list[tuple[Submission, MessageTimeline, MessageTimeline]] = []
        desk.journal(desk.event(Kind.BOUNCED, service_id="q-1"))
        desk.finish(desk.claim_one(), Kind.ACCEPTED, service_id="q-1", follow_up=_alert(desk, seen))
        assert seen[-1][2].standing.status == Status.BOUNCED

    def test_no_change_no_follow_up(self, desk: Desk) -> None:
        """A repetition causes nothing."""
        message = desk.add_one()
        event = desk.event(Kind.BOUNCED, token=desk.claim_one().attempt.token)
        desk.journal(event)
        desk.journal(event, follow_up=_alert(desk))
        assert len(desk.timeline(message.submission_id).messages) == 1

    def test_the_same_message_is_kept_once(self, desk: Desk) -> None:
        """Two changes that cause a message of the same id cause one message, as the first made it."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        desk.journal(desk.event(Kind.BOUNCED, token=token), follow_up=_alert(desk))
        first = desk.timeline(message.submission_id).messages[1]
        desk.move(minutes=1)
        desk.journal(desk.event(Kind.COMPLAINED, token=token), follow_up=_alert(desk))
        assert [first] == list(desk.timeline(message.submission_id).messages[1:])

    def test_a_follow_up_that_fails_leaves_nothing(self, desk: Desk) -> None:
        """If it raises, the write left nothing behind, and others are not disturbed."""
        message = desk.add_one()
        event = desk.event(Kind.BOUNCED, token=desk.claim_one().attempt.token)
        told = desk.told(message)
        with pytest.raises(ZeroDivisionError):
            desk.journal(event, follow_up=lambda *_: 1 / 0)
        assert told == desk.told(message)
        assert desk.journal(event) == [Journaled.NEW]


class TestReading:
    def test_receipt(self, desk: Desk) -> None:
        """A receipt is found by its token's hash alone."""
        timeline = desk.add()
        assert timeline == desk.store.receipt(
            receipt_hash(receipt_token(SECRET, timeline.submission.id))
        )
        forged = receipt_token(b"t" * 32, timeline.submission.id)
        for token in ("other", "o" * 58, forged):
            assert desk.store.receipt(receipt_hash(token)) is None
        assert desk.store.receipt("") is None

    def test_nobody_there(self, desk: Desk) -> None:
        """An unknown id gives None."""
        assert desk.store.timeline("nobody") is None

    def test_counts(self, desk: Desk) -> None:
        """The figures count what is there."""
        assert desk.store.counts() == {"submissions": 0, "messages": 0, "due": 0, "orphans": 0}
        desk.add()
        desk.add()
        desk.journal(desk.event(Kind.OTHER))
        desk.finish(desk.claim(limit=1)[0], Kind.ACCEPTED)
        assert desk.store.counts() == {"submissions": 2, "messages": 4, "due": 3, "orphans": 1}

    def test_the_backlog_is_what_waits_and_since_when(self, desk: Desk) -> None:
        """Due, in hand or to be tried again; what is done is not in it, however old."""
        assert desk.store.backlog() == Backlog(0, None)
        first = desk.add_one()
        desk.move(minutes=7)
        second = desk.add_one()
        assert desk.store.backlog() == Backlog(2, first.created_at)
        [claim] = desk.claim(first.id)
        assert desk.store.backlog() == Backlog(2, first.created_at)
        desk.finish(claim, Kind.ACCEPTED)
        assert desk.store.backlog() == Backlog(1, second.created_at)


class TestPage:
    def test_newest_first(self, desk: Desk) -> None:
        """Submissions come newest first, whatever order they were added in."""
        ids = {
            n: desk.add(received_at=START + timedelta(seconds=n)).submission.id
            for n in (3, 1, 4, 2)
        }
        assert [ids[n] for n in (4, 3, 2, 1)] == _all_pages(desk, Query())

    def test_pages_join_without_gap(self, desk: Desk) -> None:
        """The pages of any size together are the list; the last one has no next."""
        for n in range(23):
            desk.add(received_at=START + timedelta(seconds=n // 4), form=f"form{n % 3}")
        for query in (
            Query(),
            Query(form="form1"),
            Query(statuses=frozenset({"queued"})),
            Query(address=MANAGER),
        ):
            whole = _all_pages(desk, replace(query, limit=1000))
            assert whole == [
                id_ for size in (1,) for id_ in _all_pages(desk, replace(query, limit=size))
            ]
            assert whole == _all_pages(desk, replace(query, limit=5))
            assert len(whole) == len(set(whole)) == (8 if query.form else 23)

    def test_what_comes_in_between_does_not_shift_pages(self, desk: Desk) -> None:
        """A cursor stays where it was when newer submissions arrive or shown ones are erased."""
        ids = [desk.add(received_at=START + timedelta(seconds=n)).submission.id for n in range(6)]
        first = desk.store.page(Query(limit=3))
        desk.add(received_at=START + timedelta(seconds=60))
        desk.store.erase(submission_id=ids[5])
        second = desk.store.page(Query(limit=3, before=first.next))
        assert [ids[2], ids[1], ids[0]] == [t.submission.id for t in second.timelines]

    def test_by_form(self, desk: Desk) -> None:
        """Only those of the form."""
        desk.add(form="contact")
        leave = desk.add(form="leave").submission.id
        assert [leave] == _all_pages(desk, Query(form="leave"))
        assert _all_pages(desk, Query(form="nothing")) == []

    def test_by_status(self, desk: Desk) -> None:
        """Those with any message of the headline status; it follows the journal, and a resend."""
        one, other = desk.add(form="a"), desk.add(form="b")
        claim = desk.claim(one.messages[1].message.id)[0]
        desk.finish(claim, Kind.ACCEPTED)
        assert [one.submission.id] == _all_pages(desk, Query(statuses=frozenset({"accepted"})))
        assert {one.submission.id, other.submission.id} == set(
            _all_pages(desk, Query(statuses=frozenset({"queued"})))
        )
        desk.journal(desk.event(Kind.BOUNCED, token=claim.attempt.token))
        assert _all_pages(desk, Query(statuses=frozenset({"accepted"}))) == []
        assert [one.submission.id] == _all_pages(
            desk, Query(statuses=frozenset({"bounced"}), form="a")
        )
        assert _all_pages(desk, Query(statuses=frozenset({"bounced"}), form="b")) == []
        desk.move(seconds=1)
        desk.resend(claim.message.id)
        assert _all_pages(desk, Query(statuses=frozenset({"bounced"}))) == []

    def test_by_address(self, desk: Desk) -> None:
        """Those of a visitor or of any recipient, in any spelling, corrected ones included."""
        one = desk.add(visitor=Address("A@Visitor.example"))
        other = desk.add(desk.submission(visitor=Address("花@例え.jp")))
        assert [one.submission.id] == _all_pages(desk, Query(address="a@visitor.EXAMPLE"))
        assert [other.submission.id] == _all_pages(desk, Query(address="花@xn--r8jz45g.jp"))
        assert len(_all_pages(desk, Query(address=MANAGER))) == 2
        assert _all_pages(desk, Query(address="nobody@visitor.example")) == []
        desk.resend(one.messages[0].message.id, "right@visitor.example")
        for address in ("right@visitor.example", "a@visitor.example"):
            assert [one.submission.id] == _all_pages(desk, Query(address=address))

    def test_by_time(self, desk: Desk) -> None:
        """From received_from on, and before received_to."""
        ids = [desk.add(received_at=START + timedelta(seconds=n)).submission.id for n in range(5)]
        span = Query(
            received_from=START + timedelta(seconds=1), received_to=START + timedelta(seconds=3)
        )
        assert [ids[2], ids[1]] == _all_pages(desk, span)

    def test_all_conditions_together(self, desk: Desk) -> None:
        """Only what meets every condition."""
        right = desk.add(form="a", visitor=Address("x@v.example")).submission.id
        desk.add(form="b", visitor=Address("x@v.example"))
        desk.add(form="a", visitor=Address("y@v.example"))
        desk.add(form="a", visitor=Address("x@v.example"), received_at=START - timedelta(days=1))
        query = Query(
            form="a", address="x@v.example", statuses=frozenset({"queued"}), received_from=START
        )
        assert [right] == _all_pages(desk, query)
        assert _all_pages(desk, replace(query, statuses=frozenset({"bounced"}))) == []

    def test_a_cursor_that_is_none(self, desk: Desk) -> None:
        """What is no cursor is Malformed."""
        with pytest.raises(Malformed):
            desk.store.page(Query(before="../../x"))


class TestErase:
    def test_by_id(self, desk: Desk) -> None:
        """All of a submission goes: its messages, attempts, events, files, receipt and repeat key."""
        submission = desk.submission(entries=(Entry("photo", PNG),), repeat=desk.repeat("k"))
        assert isinstance(desk.add_with(desk.repeat("k"), submission), Added)
        other = desk.add()
        for claim in desk.claim():
            desk.finish(claim, Kind.ACCEPTED, service_id=claim.message.id)
        assert desk.store.erase(submission_id=submission.id) == 1
        assert desk.store.timeline(submission.id) is None
        assert desk.store.receipt(submission.token_hash) is None
        assert desk.store.file(submission.id, 0) is None
        assert [other.submission.id] == _all_pages(desk, Query(address=VISITOR))
        assert desk.store.counts() == {"submissions": 1, "messages": 2, "due": 0, "orphans": 0}
        desk.move(microseconds=1)
        assert isinstance(desk.add_with(desk.repeat("k")), Added)
        assert desk.store.erase(submission_id=submission.id) == 0

    def test_by_address_as_visitor(self, desk: Desk) -> None:
        """All submissions of a visitor go, in any spelling of the address; a manager's stay."""
        desk.add(visitor=VISITOR)
        desk.add(visitor=VISITOR.upper())
        other = desk.add(visitor=Address("other@visitor.example"))
        assert desk.store.erase(address=MANAGER) == 0
        assert desk.store.erase(address=VISITOR) == 2
        assert [other.submission.id] == _all_pages(desk, Query())

    def test_by_address_as_recipient_of_a_confirmation(self, desk: Desk) -> None:
        """An address counts that a confirmation was ever for, corrected or not."""
        message = desk.add_one(visitor=Address("wrong@visitor.example"))
        desk.finish(desk.claim_one(), Kind.BOUNCED)
        desk.resend(message.id, "right@visitor.example")
        again = desk.add_one(visitor=Address("wrong2@visitor.example"))
        desk.resend(again.id, "right@visitor.example")
        assert desk.store.erase(address="wrong@visitor.example") == 1
        assert desk.store.erase(address="right@visitor.example") == 1

    def test_by_age(self, desk: Desk) -> None:
        """All received before a time go, with the orphans of that time."""
        for n in range(4):
            desk.add(received_at=START + timedelta(days=n))
        desk.journal(desk.event(Kind.OTHER, service_id="old"))
        desk.journal(
            desk.event(Kind.OTHER, service_id="new", received_at=START + timedelta(days=2))
        )
        assert desk.store.erase(received_before=START + timedelta(days=2)) == 2
        assert len(_all_pages(desk, Query())) == 2
        assert [e.service_id for e in desk.store.orphans(9)] == ["new"]

    def test_by_retention(self, desk: Desk) -> None:
        """All go whose retention ended; those without one stay."""
        desk.add(retain_until=START + timedelta(days=1))
        desk.add(retain_until=START + timedelta(days=2))
        desk.add(retain_until=None)
        assert desk.store.erase(retained_before=START) == 0
        assert desk.store.erase(retained_before=START + timedelta(days=1)) == 1
        assert desk.store.erase(retained_before=START + timedelta(days=99)) == 1
        assert desk.store.counts()["submissions"] == 1

    def test_events_elsewhere_that_name_the_person_go(self, desk: Desk) -> None:
        """Orphans, and events about others, go when they name an erased person; not while others concern them."""
        desk.add(visitor=Address("gone@visitor.example"))
        desk.add(visitor=Address("stays@visitor.example"))
        last = desk.add(visitor=Address("stays@visitor.example"))
        claim = desk.claim(last.messages[1].message.id)[0]
        stranger = desk.event(
            Kind.OTHER, token=claim.attempt.token, recipient=Address("Gone@visitor.example")
        )
        own = desk.event(Kind.DEFERRED, token=claim.attempt.token)
        desk.journal(
            stranger,
            own,
            desk.event(Kind.BOUNCED, service_id="1", recipient=Address("gone@visitor.example")),
            desk.event(Kind.BOUNCED, service_id="2", raw=b"to=<gone@visitor.example>, relay=x"),
            desk.event(Kind.BOUNCED, service_id="3", recipient=Address("stays@visitor.example")),
        )
        assert desk.store.erase(address="gone@visitor.example") == 1
        assert [e.service_id for e in desk.store.orphans(9)] == ["3"]
        assert (own,) == desk.told(claim.message).attempts[0].events
        desk.journal(desk.event(Kind.DELIVERED, token=claim.attempt.token))
        assert desk.told(claim.message).standing.status == Status.DELIVERED
        assert desk.store.erase(submission_id=last.submission.id) == 1
        assert [e.service_id for e in desk.store.orphans(9)] == ["3"]

    def test_exactly_one_condition(self, desk: Desk) -> None:
        """None or two conditions are a mistake of the caller; nothing is erased."""
        desk.add()
        with pytest.raises(ValueError, match="one condition"):
            desk.store.erase()
        with pytest.raises(ValueError, match="one condition"):
            desk.store.erase(address=VISITOR, received_before=START)
        assert desk.store.counts()["submissions"] == 1

    def test_of_claimed_work(self, desk: Desk) -> None:
        """Erasing does not wait for a lease; an event that comes afterwards is an orphan."""
        message = desk.add_one()
        token = desk.claim_one().attempt.token
        assert desk.store.erase(submission_id=message.submission_id) == 1
        assert desk.store.next_due() is None
        assert desk.journal(desk.event(Kind.DELIVERED, token=token)) == [Journaled.ORPHAN]


class TestErased:
    """What is remembered of erasures."""

    def test_is_remembered_for_its_time(self, desk: Desk) -> None:
        """Oldest first, each as it was given, until its time is over; it changes nothing that is kept."""
        desk.add()
        first = erased_submission(SECRET, "s1", START)
        second = erased_before(START - timedelta(days=9), START + timedelta(days=1))
        third = erased_mailbox(SECRET, "a@v.example", START + timedelta(days=2))
        desk.store.remember_erased([third, first])
        desk.store.remember_erased([second])
        desk.store.remember_erased([])
        assert list(desk.store.erased(START)) == [first, second, third]
        assert list(desk.store.erased(first.forgotten_at)) == [second, third]
        assert list(desk.store.erased(third.forgotten_at)) == []
        assert desk.store.counts()["submissions"] == 1
        assert desk.store.marks() == {}

    def test_of_two_of_the_same_the_later_moments_stay(self, desk: Desk) -> None:
        """Whichever comes first: a person that was erased twice is erased until the second time."""
        early, late = (
            erased_mailbox(SECRET, "a@v.example", START + timedelta(days=n)) for n in (0, 1)
        )
        for order in ([early, late], [late, early], [late, late]):
            desk.store.remember_erased(order)
            assert list(desk.store.erased(START)) == [late]

    def test_an_erasure_remembers_nothing_by_itself(self, desk: Desk) -> None:
        """And the sweep's takes nothing that is still remembered."""
        kept = erased_mailbox(SECRET, VISITOR, START)
        desk.store.remember_erased([kept])
        desk.add_one()
        assert desk.store.erase(address=VISITOR) == 1
        desk.store.erase(retained_before=START + timedelta(days=34))
        assert list(desk.store.erased(START)) == [kept]

    def test_survives(self, desk: Desk) -> None:
        """A backup carries it into any other store."""
        kept = erased_mailbox(SECRET, VISITOR, START)
        desk.store.remember_erased([kept])
        out = io.StringIO()
        assert list(backup.write(desk.store, SECRET, desk.now, out, erasures_only=True)) == []
        assert VISITOR not in out.getvalue()
        contents = backup.verify(io.StringIO(out.getvalue(), newline=""), SECRET)
        assert contents.erased == (kept,)
        assert backup.verify(io.StringIO(out.getvalue(), newline=""), b"x" * 32).erased == ()


class TestMarks:
    def test_a_moment_under_a_name(self, desk: Desk) -> None:
        """What was kept last comes back, earlier or later than before; each name is its own."""
        assert desk.store.mark("heard/post") is None
        desk.store.put_mark("heard/post", START)
        desk.store.put_mark("heard/other", START + timedelta(days=1))
        assert desk.store.mark("heard/post") == START
        for at in (START + timedelta(microseconds=1), START - timedelta(days=9)):
            desk.store.put_mark("heard/post", at)
            assert desk.store.mark("heard/post") == at
        assert desk.store.mark("heard/other") == START + timedelta(days=1)

    def test_one_that_is_after_another_time_may_stay(self, desk: Desk) -> None:
        """So a mark can be taken for a while: until it lies in the past, or was given back, nobody else gets it."""
        lapses, mark = START + timedelta(minutes=5), "swept"
        assert desk.store.put_mark(mark, lapses, unless_after=START)
        assert not desk.store.put_mark(mark, lapses, unless_after=START + timedelta(minutes=4))
        assert desk.store.mark(mark) == lapses
        later = lapses + timedelta(minutes=5)
        assert desk.store.put_mark(mark, later, unless_after=lapses)
        assert desk.store.put_mark(mark, lapses)
        assert desk.store.put_mark(mark, later, unless_after=lapses)
        assert desk.store.mark(mark) == later

    def test_of_many_who_take_one_at_once_one_gets_it(self, desk: Desk) -> None:
        """Whether it was there before or not."""
        for hours in (1, 2):
            now = START + timedelta(hours=hours)
            lapses = now + timedelta(minutes=5)
            put = partial(desk.store.put_mark, "swept", lapses, unless_after=now)
            assert sum(_together([put] * 20)) == 1


class TestSuppressions:
    def test_a_list_comes_back_whole(self, desk: Desk) -> None:
        """Every entry as it was stated, in the order of the addresses, with the time it was read."""
        whole = Suppression(
            address="B@visitor.example",
            since=START - timedelta(days=3),
            reason="2",
            cause=Reason.UNKNOWN_ADDRESS,
            service_id="cp0example",
        )
        bare = Suppression(address="花 \ud83d@例え.jp")
        first = Suppression(address="a@visitor.example", reason="no such user")
        assert desk.store.suppressions() == []
        desk.store.put_suppressions("post", [whole, bare, first, whole], START)
        (listed,) = desk.store.suppressions()
        assert (listed.service, listed.read_at) == ("post", START)
        assert listed.suppressions == (first, whole, bare)

    def test_a_list_takes_the_place_of_the_one_before(self, desk: Desk) -> None:
        """What a service no longer lists is gone; another service's list stays, and an empty list is one too."""
        gone, stays = Suppression(address="gone@v.example"), Suppression(address="stays@v.example")
        desk.store.put_suppressions("post", [gone, stays], START)
        desk.store.put_suppressions("courier", [gone], START)
        later = START + timedelta(days=1)
        desk.store.put_suppressions("post", [stays], later)
        courier, post = desk.store.suppressions()
        assert (post.suppressions, post.read_at) == ((stays,), later)
        assert courier.suppressions == (gone,)
        desk.store.put_suppressions("courier", [], later)
        assert [listed.suppressions for listed in desk.store.suppressions()] == [(), (stays,)]

    def test_an_erased_person_leaves_the_lists(self, desk: Desk) -> None:
        """An erasure by address takes the address off every list; others stay, and so does who is still known."""
        stays = Suppression(address=MANAGER)
        gone = [Suppression(address=VISITOR.upper()), Suppression(address=VISITOR, service_id="1")]
        for service in ("post", "courier"):
            desk.store.put_suppressions(service, [stays, *gone], START)
        assert desk.store.erase(address=VISITOR) == 0
        assert [listed.suppressions for listed in desk.store.suppressions()] == [(stays,)] * 2
        desk.store.put_suppressions("post", [stays, *gone], START)
        first, second = desk.add().submission, desk.add().submission
        desk.store.erase(submission_id=first.id)
        assert len(desk.store.suppressions()[1].suppressions) == 3
        desk.store.erase(submission_id=second.id)
        assert desk.store.suppressions()[1].suppressions == (stays,)

    def test_one_entry_is_changed_or_taken_off(self, desk: Desk) -> None:
        """All that name the mailbox, however it is spelt, and no other's; the list's time stays."""
        a, b = Suppression(address="A@v.example"), Suppression(address="a@v.example", reason="2")
        other = Suppression(address="a@v.example.evil.example")
        for service in ("post", "courier"):
            desk.store.put_suppressions(service, [a, b, other], START)
        asked = Lifting(asked_at=START + timedelta(hours=1), refusal="no \ud83d")
        desk.store.change_suppressions("post", "a@V.example", lambda s: replace(s, lifting=asked))
        courier, post = desk.store.suppressions()
        assert courier.suppressions == (a, b, other)
        assert set(post.suppressions) == {*(replace(s, lifting=asked) for s in (a, b)), other}
        assert post.read_at == START
        desk.store.change_suppressions(
            "post", "a@v.example", lambda s: None if s.reason else replace(s, lifting=None)
        )
        assert desk.store.suppressions()[1].suppressions == (a, other)

    def test_to_change_what_is_not_there_is_nothing(self, desk: Desk) -> None:
        """Neither an entry nor a list comes of it."""
        desk.store.change_suppressions("post", "a@v.example", lambda _: None)
        assert desk.store.suppressions() == []
        stays = Suppression(address="b@v.example")
        desk.store.put_suppressions("post", [stays], START)
        desk.store.change_suppressions("post", "a@v.example", lambda _: None)
        desk.store.change_suppressions("courier", "b@v.example", lambda _: None)
        [listed] = desk.store.suppressions()
        assert listed.suppressions == (stays,)

    def test_two_at_once_lose_neither(self, desk: Desk) -> None:
        """Each change is made over what the one before it left."""
        entries = [Suppression(address=f"gone{n}@v.example") for n in range(8)]
        desk.store.put_suppressions("post", entries, START)
        off = [
            partial(desk.store.change_suppressions, "post", entry.address, lambda _: None)
            for entry in entries[1:]
        ]
        _together(off)
        assert [listed.suppressions for listed in desk.store.suppressions()] == [(entries[0],)]


class TestClose:
    def test_what_was_promised_is_kept(self, desk: Desk) -> None:
        """Writes that wait when the store closes are finished."""
        futures = [desk.store.add(desk.submission(), (), None) for _ in range(50)]
        desk.store.close()
        assert all(isinstance(f.result(), Added) for f in futures)

    @pytest.mark.parametrize(
        "call",
        [
            lambda desk: desk.store.add(desk.submission(), (), None).result(),
            lambda desk: desk.claim(),
            lambda desk: desk.journal(),
            lambda desk: desk.store.timeline("x"),
            lambda desk: desk.store.next_due(),
            lambda desk: desk.store.page(Query()),
            lambda desk: desk.store.erase(submission_id="x"),
            lambda desk: desk.store.mark("x"),
            lambda desk: desk.store.put_mark("x", START),
            lambda desk: desk.store.put_suppressions("x", [], START),
            lambda desk: desk.store.suppressions(),
            lambda desk: desk.store.change_suppressions("x", "a@v.example", lambda _: None),
        ],
    )
    def test_later_calls_are_refused(self, desk: Desk, call: Callable[[Desk], object]) -> None:
        """After close every call raises StoreUnavailable; closing twice is no fault."""
        desk.store.close()
        desk.store.close()
        with pytest.raises(StoreUnavailable):
            call(desk)


class TestThreads:
    def test_all_at_once(self, desk: Desk) -> None:
        """Adding, sending, reporting, reading and erasing at once lose nothing and mix nothing up."""
        kept: list[str] = []

        def add() -> None:
            kept.extend(desk.add().submission.id for _ in range(20))

        def send() -> None:
            while len(kept) < 80 or desk.store.next_due() == desk.now:
                for claim in desk.claim(limit=7):
                    desk.finish(claim, Kind.ACCEPTED, service_id=claim.attempt.token)
                    desk.journal(desk.event(Kind.DELIVERED, service_id=claim.attempt.token))

        def read() -> None:
            while len(kept) < 80:
                for timeline in desk.store.page(Query(limit=20)).timelines:
                    assert len(timeline.messages) == 2

        _together(
            [add, add, add, add, send, send, read, lambda: desk.store.erase(address="x@y.example")]
        )
        assert set(kept) == set(_all_pages(desk, Query(statuses=frozenset({"delivered"}))))
        assert desk.store.counts() == {"submissions": 80, "messages": 160, "due": 0, "orphans": 0}


def _nothing(*_: object) -> tuple[Message, ...]:
    return ()


def _alert(
    desk: Desk, seen: list[tuple[Submission, MessageTimeline, MessageTimeline]] | None = None
) -> object:
    """A follow-up that writes one alert for a message, whatever changed."""

    def follow_up(
        submission: Submission, before: MessageTimeline, after: MessageTimeline
    ) -> tuple[Message, ...]:
        if seen is not None:
            seen.append((submission, before, after))
        status = after.standing.status
        return (
            Message(
                id=after.message.id + "-alert",
                submission_id=submission.id,
                role=Role.ALERT,
                recipient=MANAGER,
                language="en",
                message_id=f"<alert.{after.message.id}@site.example>",
                created_at=desk.now,
                about=after.message.id,
                note=Note(status.value) if status.is_failure else Note.CORRECTED,
            ),
        )

    return follow_up


def _all_pages(desk: Desk, query: Query) -> list[str]:
    """The ids of all pages of a query, one page after the other."""
    ids: list[str] = []
    while True:
        page = desk.store.page(query)
        assert len(page.timelines) <= query.limit
        ids += [t.submission.id for t in page.timelines]
        if not page.next:
            return ids
        query = replace(query, before=page.next)


def _claim_until_empty(desk: Desk) -> list[str]:
    ids: list[str] = []
    while claims := desk.claim(limit=3):
        ids += [c.message.id for c in claims]
    return ids


def _together(calls: list[Callable[[], object]]) -> list[object]:
    """Call all at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures: list[Future[object]] = [pool.submit(run, call) for call in calls]
        return [f.result() for f in futures]
