"""One process serves a store; what the one before had in hand is due at once."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from support.store.desk import Desk
from todoke.model.delivery import Kind
from todoke.model.errors import ConfigError
from todoke.stores.sqlite.lock import begin_serving, served_at
from todoke.stores.sqlite.store import SqliteStore

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    """A store of one's own."""
    store = SqliteStore(tmp_path / "todoke.db")
    yield store
    store.close()


def test_what_a_dead_process_had_in_hand_is_due_at_once_and_was_interrupted(store):
    """Its leases do not have to run out, and the claim says that a mail may have been handed over."""
    desk = Desk(store)
    message = desk.add_one()
    desk.claim_one()
    assert desk.claim() == []
    lock = begin_serving(store)
    (again,) = desk.claim()
    assert (again.message.id, again.interrupted) == (message.id, True)
    assert [e.kind for e in desk.told(message).attempts[0].events] == [Kind.INTERRUPTED]
    lock.close()


def test_what_is_not_due_yet_is_not_hurried(store):
    """Only leases end; a retry keeps its time."""
    desk = Desk(store)
    desk.add_one()
    later = desk.now + timedelta(hours=1)
    desk.finish(desk.claim_one(), Kind.DEFERRED, retry_at=later)
    lock = begin_serving(store)
    assert desk.claim() == []
    assert store.next_due() == later
    lock.close()


def test_a_second_server_of_the_same_data_is_told_who_serves_it(store, tmp_path):
    """Two senders would not lose anything, but a start would end the other's leases: so there is one."""
    lock = begin_serving(store)
    other = SqliteStore(tmp_path / "todoke.db")
    with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
        begin_serving(other)
    lock.close()
    begin_serving(other).close()
    other.close()


def test_who_serves_says_where_until_it_ends(store, tmp_path):
    """A command beside the server asks it there; what a dead one left behind is no address."""
    assert served_at(tmp_path) == ""
    lock = begin_serving(store, "http://127.0.0.1:8025")
    assert served_at(tmp_path) == "http://127.0.0.1:8025"
    lock.close()
    assert served_at(tmp_path) == ""
    with begin_serving(store):
        assert served_at(tmp_path) == ""
