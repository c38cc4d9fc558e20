"""The numbers of a form's submissions: from one on, none twice, and what a missing one means."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from support.store.desk import STORE_NAMES, STORES, Desk
from todoke.model.delivery import Kind
from todoke.model.submission import Submission
from todoke.stores.sqlite.store import SqliteStore


def numbers(desk: Desk, *kept: Submission) -> list[int | None]:
    """Theirs."""
    return [desk.timeline(submission.id).ordinal for submission in kept]


def added(desk: Desk, count: int, form: str = "contact") -> list[Submission]:
    """So many, one after the other."""
    made = []
    for _ in range(count):
        made.append(desk.add(form=form).submission)
        desk.move(seconds=1)
    return made


def test_each_form_is_counted(desk: Desk) -> None:
    """From one on, in the order in which they came; a claim brings the number along, and it stays."""
    contact, leave = added(desk, 3), added(desk, 2, "leave")
    claims = desk.claim()
    assert numbers(desk, *contact) == [1, 2, 3]
    assert numbers(desk, *leave) == [1, 2]
    assert {(c.submission.id, c.ordinal) for c in claims} == {
        (s.id, n) for some in (contact, leave) for n, s in enumerate(some, start=1)
    }
    for one in claims:
        desk.finish(one, Kind.ACCEPTED)
    assert desk.resend(claims[0].message.id)
    desk.move(seconds=1)
    (again,) = desk.claim()
    assert again.ordinal == claims[0].ordinal
    assert numbers(desk, *contact) == [1, 2, 3]


def test_what_was_erased_is_missing(desk: Desk) -> None:
    """Its number is nobody's again, were it the last."""
    one, two, three = added(desk, 3)
    desk.claim()
    for gone in (two, three):
        assert desk.store.erase(submission_id=gone.id) == 1
    (four,) = added(desk, 1)
    desk.claim()
    assert numbers(desk, one, four) == [1, 4]


@pytest.mark.parametrize("other", STORE_NAMES)
def test_a_restored_one_keeps_its_number(desk: Desk, other: str, tmp_path: Path) -> None:
    """From each store into each; what comes after goes on from the highest."""
    kept = added(desk, 3)
    desk.claim()
    assert desk.store.erase(submission_id=kept[0].id) == 1
    (folder := tmp_path / "other").mkdir()
    with closing(STORES[other](folder)) as store:
        for one in list(desk.store.walk())[::-1]:
            store.restore(one).result()
        there = Desk(store, now=desk.move(hours=1))
        assert numbers(there, *kept[1:]) == [2, 3]
        (fresh,) = added(there, 1)
        there.claim()
        assert numbers(there, fresh) == [4]
        assert numbers(there, *kept[1:]) == [2, 3]


def test_on_one_machine_there_is_no_gap(tmp_path: Path) -> None:
    """However many add at once, with repetitions among them, and after a restart: number and count are one."""
    path = tmp_path / "todoke.db"
    with closing(SqliteStore(path)) as store:
        desk = Desk(store)
        wanted = [
            (desk.submission(repeat=(key := desk.repeat(f"k{n // 2}"))), key) for n in range(120)
        ]
        messages = [desk.pair(submission) for submission, _ in wanted]
        threads = [
            threading.Thread(
                target=lambda at=at: [  # type: ignore[misc]
                    store.add(s, messages[n], key).result()
                    for n, (s, key) in enumerate(wanted)
                    if n % 6 == at
                ]
            )
            for at in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(kept.ordinal or 0 for kept in store.walk()) == list(range(1, 61))
    with closing(SqliteStore(path)) as store:
        assert Desk(store, now=desk.move(hours=1)).add().ordinal == 61
