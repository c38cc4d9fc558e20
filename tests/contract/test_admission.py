"""Codes, sessions and the trail: the same promises of every store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import msgspec
import pytest

from support.store.desk import START, Desk
from support.web.stories import make_app
from todoke.model.act import BY_TIME, REMEMBERED, Act, Deed
from todoke.model.address import Address
from todoke.model.admission import DeskSession, Grant
from todoke.model.errors import Malformed
from todoke.stores.dynamodb.admission import DynamoAdmission
from todoke.walk.sweep import sweep

T = TypeVar("T")
AOI = Address("aoi@bücher.example")
GRANT = Grant(person=AOI, leads_to="/desk/0123?status=bounced")


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """All at once."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def stay(name: str = "one", **changes: object) -> DeskSession:
    """A session of eight hours."""
    session = DeskSession(
        hash=name,
        person=AOI,
        began_at=START,
        seen_at=START,
        ends_at=START + timedelta(hours=8),
        browser="Firefox, 携帯",
    )
    return msgspec.structs.replace(session, **changes)


class TestCodes:
    def test_opens_once(self, desk: Desk) -> None:
        """A live code is worth its grant once; an unknown one is never worth anything."""
        desk.store.put_code("hash", START + timedelta(minutes=15), GRANT)
        assert desk.store.take_code("other", START) is None
        assert desk.store.take_code("hash", START) == GRANT
        assert desk.store.take_code("hash", START) is None

    def test_expires(self, desk: Desk) -> None:
        """At its expires_at a code is dead, and asking for it does not bring it back."""
        desk.store.put_code("hash", START, Grant())
        assert desk.store.take_code("hash", START) is None
        assert desk.store.take_code("hash", START - timedelta(hours=1)) is None

    def test_opens_once_for_many(self, desk: Desk) -> None:
        """Of many who try at once one gets in."""
        desk.store.put_code("hash", START + timedelta(minutes=15), GRANT)
        answers = together([lambda: desk.store.take_code("hash", START)] * 20)
        assert answers.count(GRANT) == 1
        assert answers.count(None) == 19


class TestSessions:
    def test_is_kept_as_it_was_put(self, desk: Desk) -> None:
        """Whoever's it is; an unknown one is None."""
        desk.store.put_session(stay())
        desk.store.put_session(stay("two", person=Address("")))
        assert desk.store.session("one") == stay()
        assert desk.store.session("two") == stay("two", person=Address(""))
        assert desk.store.session("three") is None

    def test_is_renewed(self, desk: Desk) -> None:
        """Its last use moves, and nothing else."""
        desk.store.put_session(stay())
        later = START + timedelta(hours=1)
        desk.store.renew_session("one", later)
        assert desk.store.session("one") == stay(seen_at=later)

    def test_that_ended_stays_ended(self, desk: Desk) -> None:
        """Also where another request renews it just then."""
        desk.store.put_session(stay())
        assert desk.store.end_session("one")
        desk.store.renew_session("one", START + timedelta(hours=1))
        assert desk.store.session("one") is None
        assert not desk.store.end_session("one")

    def test_ended_amid_renewals_stays_ended(self, desk: Desk) -> None:
        """Of many requests one leaves."""
        for round_ in range(5):
            desk.store.put_session(stay())
            times = [START + timedelta(minutes=n) for n in range(1, 8)]
            renewals = [lambda t=t: desk.store.renew_session("one", t) for t in times]
            together([*renewals, lambda: desk.store.end_session("one")])
            assert desk.store.session("one") is None, round_

    def test_are_listed_while_they_may_go_on(self, desk: Desk) -> None:
        """The newest first."""
        old = stay("old", began_at=START - timedelta(days=1), ends_at=START)
        new = stay("new", began_at=START + timedelta(minutes=1))
        for session in (old, stay(), new):
            desk.store.put_session(session)
        assert list(desk.store.sessions(START)) == [new, stay()]


class TestTrail:
    def acts(self, count: int) -> list[Act]:
        """Some acts, each a second after the other."""
        return [
            Act(
                at=START + timedelta(seconds=n),
                by="ab" if n % 2 else "",
                deed=list(Deed)[n % len(Deed)],
                submission=f"{n:026}",
                detail=f"{n} 件",
            )
            for n in range(count)
        ]

    def test_tells_the_newest_first_page_by_page(self, desk: Desk) -> None:
        """Each once, with nothing left out."""
        acts = self.acts(7)
        desk.store.put_acts(acts[:4])
        desk.store.put_acts(acts[4:])
        told: list[Act] = []
        before = ""
        for _ in range(9):
            page = desk.store.acts(before=before, limit=3)
            told += page.acts
            before = page.next
            if not before:
                break
        assert told == acts[::-1]

    def test_of_nothing_is_empty(self, desk: Desk) -> None:
        """And has no next page; nor after none were kept."""
        desk.store.put_acts([])
        assert desk.store.acts() == ((), "")

    @pytest.mark.parametrize("cursor", ["x", "-1", "1 or 1", "９", "0" * 40, "\udc80"])
    def test_refuses_what_is_no_cursor(self, desk: Desk, cursor: str) -> None:
        """Whatever an address says."""
        with pytest.raises(Malformed):
            desk.store.acts(before=cursor)

    def test_equal_moments_lose_nothing(self, desk: Desk) -> None:
        """Two acts may be alike."""
        act = self.acts(1)[0]
        desk.store.put_acts([act, act])
        desk.store.put_acts([act])
        assert desk.store.acts().acts == (act, act, act)


def test_what_retention_erased_is_in_the_trail(desk: Desk) -> None:
    """How many, by nobody, once; a sweep that finds nothing adds nothing."""
    for days in (1, 2, 60):
        desk.add(retain_until=desk.now + timedelta(days=days))
    app = make_app(desk.store, clock=lambda: desk.now)
    assert sweep(app) == 0
    assert desk.store.acts().acts == ()
    now = desk.move(days=30)
    assert sweep(app) == 2
    assert sweep(app) == 0
    ended = Act(at=now, by=BY_TIME, deed=Deed.ERASED, detail="2")
    assert desk.store.acts().acts == (ended,)


def test_an_old_act_is_forgotten(desk: Desk) -> None:
    """Where no time to live does it, with the next one that is kept."""
    if isinstance(desk.store, DynamoAdmission):
        pytest.skip("DynamoDB forgets by its time to live, which no emulator keeps to")
    acts = TestTrail().acts(2)
    desk.store.put_acts(acts)
    late = msgspec.structs.replace(acts[0], at=acts[0].at + REMEMBERED)
    desk.store.put_acts([late])
    assert desk.store.acts().acts == (late, acts[1])
