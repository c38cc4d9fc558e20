"""Who was erased stays erased: no backup of any age, and no restored table, brings them back unless it is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.store.desk import SECRET, START, Desk, nothing_follows
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.erased import REMEMBERED, Erased, ErasedBy, erased_mailbox
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Role
from todoke.ports.store import Store
from todoke.ports.suppressions import Suppression
from todoke.testing import MemoryStore
from todoke.walk import backup
from todoke.walk.erase import again, erase
from todoke.walk.past import EVERYTHING, Past, remember, unmatched

VISITORS = ["a@v.example", "B@v.example", "花@例え.jp", "c@v.example"]
SPELLED = {"a@v.example": "<A@V.example>", "花@例え.jp": "花@xn--r8jz45g.jp"}


def written(desk: Desk) -> str:
    """A store's backup."""
    out = io.StringIO()
    list(backup.write(desk.store, SECRET, desk.now, out))
    return out.getvalue()


def imported(text: str, desk: Desk, *allowed: str) -> backup.Restoration:
    """What an import does, without its words."""
    contents = backup.verify(io.StringIO(text, newline=""), SECRET)
    here = desk.store.erased(desk.now)
    past = Past((*here, *contents.erased), SECRET, allowed)
    desk.store.remember_erased(past.counting)
    sieve = backup.Sieve(past, desk.now)
    lines = io.StringIO(text, newline="")
    outcome = backup.restore(desk.store, lines, contents, nothing_follows, lambda _: None, sieve)
    fresh = [one for one in desk.store.erased(desk.now) if one not in here]
    again(desk.store, Past(fresh, SECRET, allowed))
    return outcome


def visitors(store: Store) -> set[str]:
    """Who is there."""
    return {str(kept.submission.visitor) for kept in store.walk()}


@dataclass
class Story:
    """What happens to a site, and by our own count who should be there."""

    desk: Desk = field(default_factory=lambda: Desk(MemoryStore()))
    here: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    backups: list[tuple[str, datetime, frozenset[str]]] = field(default_factory=list)

    def add(self, number: int) -> None:
        """Somebody sends a form."""
        visitor = VISITORS[number]
        id_ = self.desk.add(visitor=Address(visitor)).submission.id
        self.here[id_] = visitor, self.desk.now

    def erase_person(self, number: int) -> None:
        """In any spelling of their address."""
        visitor = VISITORS[number]
        erase(self.desk.store, SECRET, self.desk.now, address=SPELLED.get(visitor, visitor.upper()))
        self._lose(lambda id_: self.here[id_][0] == visitor)

    def erase_one(self, number: int) -> None:
        """By its id, if there is one."""
        if self.here:
            one = sorted(self.here)[number % len(self.here)]
            erase(self.desk.store, SECRET, self.desk.now, submission_id=one)
            self._lose(lambda id_: id_ == one)

    def erase_old(self, number: int) -> None:
        """By age."""
        limit = self.desk.now - timedelta(seconds=number)
        erase(self.desk.store, SECRET, self.desk.now, received_before=limit)
        self._lose(lambda id_: self.here[id_][1] < limit)

    def back_up(self, _: int) -> None:
        """All that is there now."""
        self.backups.append((written(self.desk), self.desk.now, frozenset(self.here)))

    def bring_back(self, number: int) -> None:
        """A backup, unless it is so old that the command refuses it."""
        if self.backups:
            text, at, _ = self.backups[number % len(self.backups)]
            if self.desk.now - at < REMEMBERED:
                imported(text, self.desk)

    def wait(self, number: int) -> None:
        """Days pass."""
        self.desk.move(days=number)

    def _lose(self, is_meant: Callable[[str], bool]) -> None:
        meant = {id_ for id_ in self.here if is_meant(id_)}
        self.gone |= meant
        self.here = {id_: what for id_, what in self.here.items() if id_ not in meant}


STEPS = (
    Story.add,
    Story.erase_person,
    Story.erase_one,
    Story.erase_old,
    Story.back_up,
    Story.bring_back,
    Story.wait,
)


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), max_size=14))
@example([(Story.erase_person, 0), (Story.add, 0), (Story.back_up, 0), (Story.erase_person, 0)])
def test_no_import_of_any_older_backup_brings_back_who_was_erased(
    steps: list[tuple[Callable[[Story, int], None], int]],
) -> None:
    """Whatever is added, erased, backed up and imported, in any order: what was erased is gone for good, and whoever
    comes again by themselves afterwards is kept. So it is in another store that has the list."""
    story = Story()
    for step, number in steps:
        story.desk.move(seconds=1)
        step(story, number)
        assert {kept.submission.id for kept in story.desk.store.walk()} == set(story.here)
    now = story.desk.now
    for text, at, ids in story.backups:
        elsewhere = Desk(MemoryStore(), now=now)
        elsewhere.store.remember_erased(story.desk.store.erased(now))
        imported(text, elsewhere)
        if now - at < REMEMBERED:
            assert {k.submission.id for k in elsewhere.store.walk()} == ids - story.gone


def test_an_import_counts_what_it_leaves_out_by_erasure() -> None:
    """One person with two submissions, their events and suppressions; nobody else."""
    desk = Desk(MemoryStore())
    desk.add(visitor=Address("gone@v.example"))
    desk.add(visitor=Address("gone@v.example"))
    desk.add(visitor=Address("stays@v.example"))
    desk.journal(
        desk.event(Kind.BOUNCED, service_id="1", recipient=Address("gone@v.example")),
        desk.event(Kind.BOUNCED, service_id="2", recipient=Address("stays@v.example")),
    )
    listed = [Suppression(address="gone@v.example"), Suppression(address="stays@v.example")]
    desk.store.put_suppressions("post", listed, desk.now)
    text = written(desk)
    desk.move(days=2)
    assert erase(desk.store, SECRET, desk.now, address="GONE@v.example") == 2
    (remembered,) = desk.store.erased(desk.now)
    fresh = Desk(MemoryStore(), now=desk.now)
    fresh.store.remember_erased([remembered])
    outcome = imported(text, fresh)
    assert outcome.erased == {remembered: 2}
    assert visitors(fresh.store) == {"stays@v.example"}
    assert [e.service_id for e in fresh.store.orphans(9)] == ["2"]
    assert [s.address for s in fresh.store.suppressions()[0].suppressions] == ["stays@v.example"]


def test_what_is_asked_for_comes_back() -> None:
    """By its key, or everything; and is remembered no longer by what was asked."""
    desk = Desk(MemoryStore())
    desk.add(visitor=Address("a@v.example"))
    desk.add(visitor=Address("b@v.example"))
    text = written(desk)
    desk.move(hours=1)
    for address in ("a@v.example", "b@v.example"):
        erase(desk.store, SECRET, desk.now, address=address)
    key = erased_mailbox(SECRET, "a@v.example", desk.now).key
    imported(text, desk, key[:6])
    assert visitors(desk.store) == {"a@v.example"}
    imported(text, desk, EVERYTHING)
    assert visitors(desk.store) == {"a@v.example", "b@v.example"}
    assert unmatched([key[:6], EVERYTHING, key[:5], "other-key"], desk.store.erased(desk.now)) == [
        key[:5],
        "other-key",
    ]


def test_what_is_kept_no_longer_is_left_out() -> None:
    """Retention needs no list: its end is in the backup; nobody would see it come back until the next sweep."""
    desk = Desk(MemoryStore())
    desk.add(retain_until=desk.now + timedelta(days=1))
    text = written(desk)
    later = Desk(MemoryStore(), now=START + timedelta(days=1))
    outcome = imported(text, later)
    assert (outcome.ended, outcome.words) == (1, {})
    assert imported(text, later, EVERYTHING).ended == 0


def test_a_restored_table_loses_them_again() -> None:
    """Submissions, and what elsewhere names who has none; what came after the erasure stays; to repeat it is safe."""
    desk = Desk(MemoryStore())
    desk.add(visitor=Address("gone@v.example"))
    wrong = desk.add_one(visitor=Address("wrong@v.example"))
    desk.finish(desk.claim(wrong.id)[0], Kind.BOUNCED)
    assert desk.resend(wrong.id, "corrected@v.example")
    desk.journal(desk.event(Kind.OTHER, service_id="1", raw=b"to=<orphan@v.example>"))
    desk.store.put_suppressions("post", [Suppression(address="listed@v.example")], desk.now)
    desk.move(days=1)
    remembered = [
        remember(SECRET, desk.now, address=address)
        for address in (
            "gone@v.example",
            "corrected@v.example",
            "orphan@v.example",
            "Listed@v.example",
        )
    ]
    desk.move(days=1)
    desk.add(visitor=Address("gone@v.example"))
    assert again(desk.store, Past(remembered, SECRET)) == 2
    assert [kept.submission.received_at for kept in desk.store.walk()] == [desk.now]
    assert not desk.store.orphans(9)
    assert not desk.store.suppressions()[0].suppressions
    assert again(desk.store, Past(remembered, SECRET)) == 0


def test_a_manager_is_no_person_of_a_submission() -> None:
    """To erase a manager's address takes what they sent, not what they were told of."""
    desk = Desk(MemoryStore())
    desk.add()
    assert {m.message.role for m in next(iter(desk.store.walk())).messages} == {
        Role.CONFIRMATION,
        Role.NOTIFICATION,
    }
    past = Past([remember(SECRET, desk.now, address="manager@site.example")], SECRET)
    assert again(desk.store, past) == 0


class _Fails(MemoryStore):
    """A store that is cut short in an erasure."""

    def erase(self, **_: object) -> int:
        raise StoreUnavailable("The disk is full.")


def test_it_is_remembered_before_it_is_done() -> None:
    """An erasure that failed leaves word of whom it was for."""
    store = _Fails()
    with pytest.raises(StoreUnavailable):
        erase(store, SECRET, START, address="a@v.example")
    assert [one.by for one in store.erased(START)] == [ErasedBy.MAILBOX]


def test_without_a_secret_no_address_can_be_tried() -> None:
    """A key that anybody can compute would tell of whom it is; an age is nobody's."""
    store = MemoryStore()
    erase(store, b"", START, address="a@v.example")
    erase(store, b"", START, submission_id="s1")
    assert store.erased(START) == []
    erase(store, b"", START, received_before=START)
    assert [one.by for one in store.erased(START)] == [ErasedBy.AGE]


@given(st.sampled_from(VISITORS), st.binary(min_size=32, max_size=40))
def test_the_key_is_the_persons_and_the_secrets(address: str, secret: bytes) -> None:
    """Any spelling of a mailbox has one key, no two secrets have the same, and nothing of the address is in it."""
    one = remember(secret, START, address=address)
    assert one == remember(secret, START, address=SPELLED.get(address, address.upper()))
    assert one.key != remember(secret + b"x", START, address=address).key
    assert len(one.key) == 26
    assert one.key.isalnum()
    assert one.key != remember(secret, START, submission_id=address).key
    assert one.forgotten_at - one.at == REMEMBERED


def test_exactly_one_condition() -> None:
    """None is a mistake of the caller."""
    with pytest.raises(ValueError, match="One condition"):
        remember(SECRET, START)


def test_an_empty_past_means_nobody() -> None:
    """Nothing remembered, nothing left out."""
    desk = Desk(MemoryStore())
    desk.add()
    kept = next(iter(desk.store.walk()))
    none: list[Erased] = []
    assert Past(none, SECRET).of(kept.submission, kept.messages) is None
