"""What one store keeps moves to another and nothing is lost on the way, whichever two they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.store.desk import LEASE, MANAGER, SECRET, STORES, VISITOR, Desk
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Kind, Reason, Status
from todoke.model.kept import Kept, Restored
from todoke.model.message import Message, MessageTimeline, Note, Role, Timeline
from todoke.model.submission import Entry, File, Submission
from todoke.ports.archive import Query
from todoke.ports.journal import Journaled
from todoke.ports.outbox import Added, Duplicate
from todoke.ports.store import Store
from todoke.testing import MemoryStore

PNG = File(name="photo.png", media_type="image/png", content=b"\x89PNG\x00" + b"x" * 400_000)
CORRECTED = Address("hanako@corrected.example")
STRANGER = Address("somebody@else.example")


def alert_on_failure(
    submission: Submission, before: MessageTimeline, after: MessageTimeline
) -> tuple[Message, ...]:
    """An alert to the manager when a mail fails."""
    if not after.standing.status.is_failure or before.standing.status.is_failure:
        return ()
    alert = Message(
        id=f"{after.message.id}-alert",
        submission_id=submission.id,
        role=Role.ALERT,
        recipient=Address("alerts@site.example"),
        language="en",
        message_id=f"<{after.message.id}.alert@site.example>",
        created_at=submission.received_at,
        about=after.message.id,
        note=Note.BOUNCED,
    )
    return (alert,)


def fill(desk: Desk) -> dict[str, Submission]:
    """Bring a store into every state a submission can be in; the submissions by what became of them."""
    made: dict[str, Submission] = {}

    def add(name: str, **options: object) -> Timeline:
        desk.move(seconds=1)
        timeline = desk.add(**options)
        made[name] = timeline.submission
        return timeline

    desk.move(seconds=1)
    made["without messages"] = desk.submission(visitor=Address(""), form="leave")
    desk.store.add(made["without messages"], (), None).result()
    add("delivered")
    for number, claim in enumerate(desk.claim()):
        desk.finish(claim, Kind.ACCEPTED, service_id=f"<{number}@post.example>")
        token = claim.attempt.token
        raw = b'{"to": "x", "bad": "\xff"}'
        desk.journal(desk.event(Kind.DELIVERED, token=token, service_id="q-9", raw=raw))
    bounced = add("bounced and corrected", retain_until=desk.now + timedelta(days=90))
    for claim in desk.claim():
        desk.finish(claim, Kind.ACCEPTED, service_id=f"<{claim.message.id}@post.example>")
    first = desk.timeline(bounced.submission.id).messages[0]
    token = first.attempts[0].attempt.token
    desk.journal(
        desk.event(Kind.BOUNCED, token=token, reason=Reason.UNKNOWN_ADDRESS, recipient=VISITOR),
        desk.event(Kind.BOUNCED, token=token, recipient=STRANGER),
        follow_up=alert_on_failure,
    )
    desk.move(seconds=1)
    assert desk.resend(first.message.id, CORRECTED)
    add(
        "with files", entries=(Entry("a", "1"), Entry("f", PNG), Entry("名", "\ufffd", b"\x83\xff"))
    )
    for claim in desk.claim():
        desk.finish(claim, Kind.DEFERRED, retry_at=desk.now + timedelta(hours=1))
    add("in hand")
    assert len(desk.claim()) == 2
    add("waiting", visitor=Address(""))
    add("in review", signals=("too_fast", "蜜"))
    repeat = desk.repeat("form sent twice", seconds=5)
    desk.move(seconds=1)
    made["once"] = desk.submission(repeat=repeat)
    assert desk.add_with(repeat, made["once"]) == Added(made["once"].id)
    desk.move(seconds=10)
    repeat = desk.repeat("form sent twice", hours=2)
    made["once more"] = desk.submission(repeat=repeat)
    assert desk.add_with(repeat, made["once more"]) == Added(made["once more"].id)
    return made


def every(store: Store) -> dict[str, Kept]:
    """All that a store keeps, by id."""
    found = list(store.walk())
    assert len({kept.submission.id for kept in found}) == len(found)
    return {kept.submission.id: kept for kept in found}


def move(source: Store, target: Store) -> list[Restored]:
    """Restore all of one store in another."""
    return [f.result() for f in [target.restore(kept) for kept in every(source).values()]]


@pytest.fixture
def moved(store: Store) -> Iterator[tuple[Desk, Desk, dict[str, Submission]]]:
    """A filled store in memory, a store of each kind that it moved to, and what is what."""
    source = Desk(MemoryStore())
    made = fill(source)
    assert set(move(source.store, store)) == {Restored.NEW}
    yield source, Desk(store, now=source.now), made
    source.store.close()


class TestWalk:
    def test_gives_all_that_a_store_keeps(self, desk: Desk) -> None:
        """Every submission, whole: files with content, evidence byte for byte, work and leases."""
        made = fill(desk)
        found = every(desk.store)
        assert found.keys() == {s.id for s in made.values()}
        with_files = found[made["with files"].id].submission
        assert with_files == made["with files"] or with_files.entries[1].value == PNG
        assert with_files.entries[1].value == PNG
        delivered = found[made["delivered"].id].messages[0]
        assert delivered.attempts[0].events[1].raw == b'{"to": "x", "bad": "\xff"}'
        in_hand = found[made["in hand"].id].messages
        assert {m.lease_until for m in in_hand} == {desk.now - timedelta(seconds=13) + LEASE}
        corrected = found[made["bounced and corrected"].id].messages
        assert [m.message.role for m in corrected] == ["confirmation", "notification", "alert"]
        assert (corrected[0].corrections, corrected[0].message.recipient) == (1, CORRECTED)
        live = found[made["once more"].id].repeat
        assert live is not None
        assert (live.expires_at, live.fingerprint) == (desk.now + timedelta(hours=2), "same")

    def test_more_than_one_round(self, desk: Desk) -> None:
        """However many there are."""
        futures = [desk.store.add(s, (), None) for s in (desk.submission() for _ in range(230))]
        assert {f.result().submission_id for f in futures} == every(desk.store).keys()

    def test_an_empty_store_has_nothing(self, store: Store) -> None:
        """No submission, no orphan, no mark."""
        assert (list(store.walk()), list(store.walk_orphans()), store.marks()) == ([], [], {})

    def test_gives_orphans_and_marks(self, desk: Desk) -> None:
        """What belongs to no submission is walked as well."""
        events = [desk.event(Kind.BOUNCED, service_id=f"q-{n}", raw=bytes([n])) for n in range(120)]
        assert set(desk.journal(*events)) == {Journaled.ORPHAN}
        desk.store.put_mark("heard 蜜", desk.now)
        assert sorted(desk.store.walk_orphans(), key=lambda e: e.raw) == events
        assert desk.store.marks() == {"heard 蜜": desk.now}


class TestRestore:
    def test_a_store_gives_again_what_it_was_given(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """All of it, equal; and to restore it again changes nothing."""
        source, target, _ = moved
        assert every(target.store) == every(source.store)
        assert set(move(source.store, target.store)) == {Restored.SAME}
        assert every(target.store) == every(source.store)
        assert target.store.counts() == source.store.counts()

    def test_everything_is_found_as_before(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """By receipt link, by id, by form, by status, by every address it ever had to do with; files by position."""
        source, target, made = moved
        for submission in made.values():
            assert target.timeline(submission.id) == source.timeline(submission.id)
            link = ids.receipt_hash(ids.receipt_token(SECRET, submission.id))
            assert target.store.receipt(link) == source.store.timeline(submission.id)
        queries = [
            Query(),
            Query(form="leave"),
            Query(statuses=frozenset({"deferred"})),
            Query(statuses=frozenset({"accepted"})),
        ]
        queries += [Query(address=a) for a in (VISITOR, CORRECTED, MANAGER, "alerts@site.example")]
        for query in queries:
            assert target.store.page(query).timelines == source.store.page(query).timelines
        assert target.store.file(made["with files"].id, 1) == PNG

    def test_work_goes_on_where_it_was(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """What is due is claimed, what was put off waits, and a live lease is respected until it lapses."""
        source, target, made = moved
        assert target.store.next_due() == source.store.next_due()
        due = {c.message.id for c in source.claim()}
        assert {c.message.id for c in target.claim()} == due
        assert not any(id_.startswith(made["in hand"].id) for id_ in due)
        target.move(seconds=LEASE.total_seconds() - 10)
        lapsed = target.claim()
        assert {c.message.submission_id for c in lapsed} == {made["in hand"].id}
        assert all(c.interrupted and c.attempt.number == 2 for c in lapsed)

    def test_reports_find_the_attempts_that_came_along(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """By the token that travelled with the mail, and by the id that the service stated."""
        source, target, made = moved
        in_hand = source.timeline(made["in hand"].id).messages[0]
        token = in_hand.attempts[0].attempt.token
        late = target.event(Kind.BOUNCED, service_id="<0@post.example>", raw=b"late")
        words = target.journal(target.event(Kind.DELIVERED, token=token), late)
        assert words == [Journaled.NEW, Journaled.NEW]
        assert target.told(in_hand.message).standing.status is Status.DELIVERED
        told = target.timeline(made["delivered"].id).messages
        assert [m.standing.status for m in told].count(Status.BOUNCED) == 1

    def test_a_repeat_key_goes_on_living(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """Who presses the button again after the move gets the first submission's answer."""
        _, target, made = moved
        again = target.add_with(target.repeat("form sent twice"))
        assert again == Duplicate(made["once more"].id, same_content=True)
        other = target.add_with(target.repeat("form sent twice", "other content"))
        assert other == Duplicate(made["once more"].id, same_content=False)
        target.move(hours=2)
        assert isinstance(target.add_with(target.repeat("form sent twice")), Added)

    def test_what_became_of_it_here_is_never_written_over(
        self, moved: tuple[Desk, Desk, dict[str, Submission]]
    ) -> None:
        """A submission that went on here is left as it is, and it is said."""
        source, target, made = moved
        (claim, *_) = target.claim(f"{made['waiting'].id}-1", *_ids(target, made["waiting"]))
        before = every(target.store)
        words = {
            kept.submission.id: target.store.restore(kept).result()
            for kept in every(source.store).values()
        }
        assert words.pop(claim.message.submission_id) is Restored.DIFFERENT
        assert set(words.values()) == {Restored.SAME}
        assert every(target.store) == before

    def test_erasing_finds_all_of_it(self, moved: tuple[Desk, Desk, dict[str, Submission]]) -> None:
        """By the corrected address, by the visitor's; afterwards not even a report's token finds anything."""
        source, target, made = moved
        token = source.timeline(made["in hand"].id).messages[0].attempts[0].attempt.token
        assert target.store.erase(address=CORRECTED) == 1
        assert target.store.erase(address=VISITOR) == 7
        assert every(target.store).keys() == {made["without messages"].id}
        assert target.journal(target.event(Kind.BOUNCED, token=token)) == [Journaled.ORPHAN]

    def test_in_whatever_order(self, store: Store, tmp_path: Path) -> None:
        """Of two that had one repeat key after another, each may come first."""
        source = Desk(MemoryStore())
        made = fill(source)
        kept = list(every(source.store).values())
        for one in reversed(kept):
            assert store.restore(one).result() is Restored.NEW
        assert every(store) == every(source.store)
        again = Desk(store, now=source.now).add_with(source.repeat("form sent twice"))
        assert again == Duplicate(made["once more"].id, same_content=True)


class TestJoinOrphans:
    def test_a_report_that_came_before_its_submission(self, store: Store) -> None:
        """The webhook points to the new place already when the submissions arrive: what it told is not lost."""
        source = Desk(MemoryStore())
        made = fill(source)
        target = Desk(store, now=source.now)
        waiting = source.timeline(made["in hand"].id).messages[0]
        by_token = target.event(Kind.BOUNCED, token=waiting.attempts[0].attempt.token)
        by_id = target.event(Kind.BOUNCED, service_id="<0@post.example>")
        foreign = target.event(Kind.BOUNCED, token="n" * 26, service_id="<none@post.example>")
        assert set(target.journal(by_token, by_id, foreign)) == {Journaled.ORPHAN}
        move(source.store, store)
        assert store.join_orphans(alert_on_failure) == 2
        told = target.told(waiting.message)
        assert told.standing.status is Status.BOUNCED
        assert list(store.walk_orphans()) == [foreign]
        alerts = [m for m in target.timeline(made["in hand"].id).messages if m.message.about]
        assert [m.message.about for m in alerts] == [waiting.message.id]
        assert store.join_orphans(alert_on_failure) == 0
        assert store.counts()["orphans"] == 1


def _ids(desk: Desk, submission: Submission) -> list[str]:
    return [m.message.id for m in desk.timeline(submission.id).messages]


@pytest.mark.aws
@pytest.mark.parametrize("kind", ["dynamodb-local", "ministack"])
def test_there_and_back_again(kind: str, tmp_path: Path) -> None:
    """From one machine to AWS and back: the file is as it was, and every step says NEW."""
    here = Desk(STORES["sqlite"](tmp_path))
    fill(here)
    there = STORES[kind](tmp_path)
    back = STORES["sqlite"](tmp_path / "back")
    for source, target in ((here.store, there), (there, back)):
        assert set(move(source, target)) == {Restored.NEW}
    assert every(back) == every(there) == every(here.store)
    for store in (here.store, there, back):
        store.close()
