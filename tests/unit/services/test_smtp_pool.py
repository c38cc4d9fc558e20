"""Sessions that threads share: as few as do, no more than are granted, and one try at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from todoke.model.delivery import Reason
from todoke.model.errors import SendDeferred
from todoke.services.smtp.pool import ASK_AGAIN_SECONDS, SessionPool


@dataclass
class FakeSession:
    """A session that lives until it is said to be dead."""

    alive: bool = True
    ended: bool = False

    def is_alive(self) -> bool:
        return self.alive

    def end(self) -> None:
        self.ended = True


@dataclass
class Server:
    """Opens up to `grants` sessions, and answers 421 to more; `fault` is what it answers to all."""

    grants: int = 100
    fault: SendDeferred | None = None
    tries: int = 0
    now: float = 0.0
    opened: list[FakeSession] = field(default_factory=list)
    while_opening: Callable[[], None] = lambda: None

    def open(self) -> FakeSession:
        self.tries += 1
        self.while_opening()
        if self.fault is not None:
            raise self.fault
        if sum(not s.ended for s in self.opened) >= self.grants:
            raise SendDeferred(code="421", diagnostic="421 too many", stop_all=True)
        self.opened.append(FakeSession())
        return self.opened[-1]

    def pool(self, most: int = 8) -> SessionPool:
        return SessionPool(self.open, most, lambda: self.now)  # type: ignore[arg-type, return-value]


def refused(code: str = "535", pause: float | None = None) -> SendDeferred:
    return SendDeferred(
        code=code,
        diagnostic=f"{code} no",
        reason=Reason.MISCONFIGURED,
        retry_after_seconds=pause,
        stop_all=True,
    )


def test_an_idle_session_is_lent_before_one_is_opened() -> None:
    """The one that was used last; two at once are two."""
    server = Server()
    pool = server.pool()
    one, is_new = pool.take()
    assert is_new
    other, _ = pool.take()
    pool.give_back(one)
    pool.give_back(other)
    assert pool.take() == (other, False)
    assert pool.take() == (one, False)
    assert server.tries == 2


def test_a_dead_session_is_replaced() -> None:
    """And ended."""
    server = Server()
    pool = server.pool()
    one, _ = pool.take()
    pool.give_back(one)
    server.opened[0].alive = False
    assert pool.take()[1]
    assert server.opened[0].ended


def in_threads(count: int, work: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_threads_that_wait_for_a_try_share_its_failure() -> None:
    """Eight mails at once and a wrong password: one login, and each mail is told its answer."""
    server = Server(fault=refused(pause=300.0))
    pool = server.pool()
    server.while_opening = lambda: is_waiting(pool, 7)
    told: list[SendDeferred] = []

    def take() -> None:
        with pytest.raises(SendDeferred) as caught:
            pool.take()
        told.append(caught.value)

    threads = in_threads(8, take)
    for thread in threads:
        thread.join(10)
    assert len({id(error) for error in told}) == 8
    assert {(e.code, e.stop_all, e.retry_after_seconds) for e in told} == {("535", True, 300.0)}
    assert server.tries == 1


def test_who_comes_later_tries_again() -> None:
    """A failure is told to those alone who waited for that try."""
    server = Server(fault=refused())
    pool = server.pool()
    for moment in (1.0, 2.0):
        server.now = moment
        with pytest.raises(SendDeferred):
            pool.take()
    server.fault, server.now = None, 3.0
    assert pool.take()[1]
    assert server.tries == 3


def test_a_wish_for_a_pause_is_kept_without_a_try() -> None:
    """A refused login, on AWS: each invocation has mails of its own, and none of them asks before it is time."""
    server = Server(fault=refused(pause=300.0))
    pool = server.pool()
    for moment, left in ((0.0, 300.0), (100.0, 200.0), (299.0, 1.0), (300.0, 300.0)):
        server.now = moment
        with pytest.raises(SendDeferred) as caught:
            pool.take()
        assert (caught.value.code, caught.value.retry_after_seconds) == ("535", left)
    assert server.tries == 2
    server.fault, server.now = None, 600.0
    assert pool.take()[1]


def test_what_the_server_grants_is_enough() -> None:
    """Beyond its limit no mail is put off: it waits for a session, and no more are asked for, for a while."""
    server = Server(grants=2)
    pool = server.pool()
    one, _ = pool.take()
    pool.take()
    got: list[object] = []
    threads = in_threads(6, lambda: got.append(pool.take()))
    is_waiting(pool, 6)
    for n in range(6):
        pool.give_back(one)
        while len(got) <= n:
            pass
    for thread in threads:
        thread.join(10)
    assert got == [(server.opened[0], False)] * 6
    assert server.tries == 3


def test_the_limit_is_asked_about_again() -> None:
    """After a while, once: what a server grants changes."""
    server = Server(grants=1)
    pool = server.pool()
    one, _ = pool.take()
    got: list[object] = []
    for moment in (0.0, ASK_AGAIN_SECONDS - 1):
        server.now = moment
        [thread] = in_threads(1, lambda: got.append(pool.take()))
        is_waiting(pool, 1)
        pool.give_back(one)
        thread.join(10)
    assert (got, server.tries) == ([(one, False)] * 2, 2)
    server.grants, server.now = 2, ASK_AGAIN_SECONDS
    assert pool.take()[1]
    assert server.tries == 3


def is_waiting(pool: SessionPool, threads: int) -> None:
    """Return once so many threads wait for a session."""
    while len(pool._changed._waiters) < threads:  # type: ignore[attr-defined]
        pass


def test_a_server_that_says_nothing_may_be_down() -> None:
    """Then the mail is not kept waiting for sessions that may hang as well."""
    server = Server()
    pool = server.pool()
    pool.take()
    server.fault = refused("")
    server.fault.__cause__ = TimeoutError()
    with pytest.raises(SendDeferred):
        pool.take()


def test_the_last_session_gone_the_next_try_tells() -> None:
    """Where none of the sessions is left to wait for, a limit is a fault."""
    server = Server(grants=0, fault=None)
    pool = server.pool()
    with pytest.raises(SendDeferred):
        pool.take()


def test_who_waits_is_let_go_at_the_end() -> None:
    """`close` ends what is idle, and no thread waits on; the pool can be used again."""
    server = Server(grants=1)
    pool = server.pool()
    one, _ = pool.take()
    errors: list[SendDeferred] = []

    def take() -> None:
        with pytest.raises(SendDeferred) as caught:
            pool.take()
        errors.append(caught.value)

    [thread] = in_threads(1, take)
    is_waiting(pool, 1)
    pool.close()
    thread.join(10)
    assert len(errors) == 1
    assert not errors[0].stop_all
    pool.discard(one)
    assert pool.take()[1]
