"""Whoever was erased does not come back into any store, by an import or with a restored table."""

from __future__ import annotations

import io
from datetime import timedelta

from support.store.desk import SECRET, START, Desk, nothing_follows
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.ports.store import Store
from todoke.ports.suppressions import Suppression
from todoke.testing import MemoryStore
from todoke.walk import backup
from todoke.walk.erase import again, erase, meant_again
from todoke.walk.past import Past

OLD, GONE, ONE, STAYS = (Address(f"{name}@v.example") for name in ("old", "gone", "one", "stays"))


def fill(desk: Desk) -> str:
    """Four visitors, of whom two sent twice, and words of two of them elsewhere; the id of one submission."""
    desk.add(visitor=OLD, received_at=START - timedelta(days=9))
    for visitor in (GONE, GONE, ONE, STAYS):
        desk.move(seconds=1)
        last = desk.add(visitor=visitor)
    one = desk.add(visitor=ONE).submission.id
    assert last.submission.visitor == STAYS
    desk.journal(
        desk.event(Kind.BOUNCED, service_id="1", recipient=GONE),
        desk.event(Kind.BOUNCED, service_id="2", recipient=Address("listed@v.example")),
        desk.event(Kind.BOUNCED, service_id="3", recipient=STAYS),
    )
    listed = [Suppression(address=a) for a in (GONE, STAYS, "listed@v.example")]
    desk.store.put_suppressions("post", listed, desk.now)
    desk.move(days=1)
    return one


def erase_some(desk: Desk, one: str) -> None:
    """By age, by two addresses (one of which sent nothing), by id."""
    erase(desk.store, SECRET, desk.now, received_before=START)
    erase(desk.store, SECRET, desk.now, address=GONE.upper())
    erase(desk.store, SECRET, desk.now, address="listed@v.example")
    erase(desk.store, SECRET, desk.now, submission_id=one)


def told(store: Store) -> tuple[list[str], set[str], list[str]]:
    """Who is there, and what elsewhere names people."""
    [listed] = store.suppressions()
    return (
        sorted(str(kept.submission.visitor) for kept in store.walk()),
        {event.service_id for event in store.walk_orphans()},
        [suppression.address for suppression in listed.suppressions],
    )


LEFT = ([ONE, STAYS], {"3"}, [STAYS])


def test_an_import_leaves_them_out(desk: Desk) -> None:
    """A backup of before, into the store that erased them: it holds what it held."""
    out = io.StringIO()
    one = fill(desk)
    list(backup.write(desk.store, SECRET, desk.now, out))
    erase_some(desk, one)
    assert told(desk.store) == LEFT
    contents = backup.verify(io.StringIO(out.getvalue(), newline=""), SECRET)
    sieve = backup.Sieve(Past(desk.store.erased(desk.now), SECRET), desk.now)
    lines = io.StringIO(out.getvalue(), newline="")
    done = backup.restore(desk.store, lines, contents, nothing_follows, lambda _: None, sieve)
    assert (sum(done.erased.values()), done.orphans) == (4, 1)
    assert told(desk.store) == LEFT


def test_a_restored_store_loses_them_again(desk: Desk) -> None:
    """As it was before, with the list of another: whoever is on it goes, by whatever condition it was."""
    elsewhere = Desk(MemoryStore())
    one = fill(desk)
    for kept in desk.store.walk():
        elsewhere.store.restore(kept).result()
    elsewhere.now = desk.now
    erase_some(elsewhere, one)
    past = Past(elsewhere.store.erased(desk.now), SECRET)
    assert meant_again(desk.store, past) == 4
    assert again(desk.store, past) == 4
    assert told(desk.store) == LEFT
    assert again(desk.store, past) == 0
    assert told(desk.store) == LEFT
