"""What came of hand-overs, counted, and when mail last left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from support.store.desk import Desk
from support.web.stories import NOW, make_app
from todoke.model.delivery import Kind
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Outcome
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.send.handed import EVERY, HANDED_OVER, HandOvers
from todoke.walk.tally import Counted

MARK = f"{HANDED_OVER}{FakeMailer().name}"


class CountingStore(MemoryStore):
    """A store that counts its marks, and keeps none while it is `full`."""

    full = False
    puts = 0

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        if self.full:
            raise StoreUnavailable
        self.puts += 1
        return super().put_mark(name, at, unless_after=unless_after)


def outcome(kind: Kind | None) -> Outcome:
    """One that came to this event, or to none: put off untried."""
    desk = Desk(MemoryStore())
    desk.add_one()
    claim = desk.claim_one()
    return Outcome(claim=claim, events=(desk.event(kind),) if kind else ())


def test_each_hand_over_is_counted_by_what_came_of_it() -> None:
    """A mail that was put off untried was not handed over."""
    app = replace(make_app(MemoryStore()), mailer=FakeMailer())
    HandOvers(app).note([outcome(k) for k in (Kind.ACCEPTED, Kind.ACCEPTED, Kind.DEFERRED, None)])
    assert app.tally.counts(Counted.HAND_OVERS) == {("accepted",): 2, ("deferred",): 1}


def test_when_mail_last_left_is_kept_and_seldom_written() -> None:
    """A write in ten seconds at most; a failure is no mail that left; one that fails is made up for by the next."""
    now, store = [NOW], CountingStore()
    app = replace(make_app(store, clock=lambda: now[0]), mailer=FakeMailer())
    hand_overs = HandOvers(app)
    hand_overs.note([outcome(Kind.REJECTED)])
    assert store.mark(MARK) is None
    store.full = True
    hand_overs.note([outcome(Kind.ACCEPTED)])
    store.full = False
    for _ in range(50):
        hand_overs.note([outcome(Kind.ACCEPTED)])
        now[0] += timedelta(milliseconds=10)
    assert (store.mark(MARK), store.puts) == (NOW, 1)
    now[0] = NOW + EVERY
    hand_overs.note([outcome(Kind.ACCEPTED)])
    assert store.mark(MARK) == NOW + EVERY
    now[0] = NOW - timedelta(days=1)  # the clock was set back
    hand_overs.note([outcome(Kind.ACCEPTED)])
    assert store.mark(MARK) == now[0]
