"""What is bounded over all processes is counted by the store: each store must keep the promises of Allowances."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from support.mail.mails import settings
from support.store.desk import MANAGER, START, Desk
from todoke.model.delivery import Reason, Status
from todoke.model.message import Role
from todoke.ports.allowance import Ration
from todoke.testing import FakeMailer
from todoke.walk.app import App
from todoke.walk.send.round import send_round

TEN = Ration(10, timedelta(minutes=10))


def draw(desk: Desk, name: str, times: int, ration: Ration = TEN) -> int:
    """How many of so many are free."""
    return sum(desk.store.draw(name, ration, desk.now) for _ in range(times))


def test_no_more_than_the_bound(desk: Desk) -> None:
    """And each name has its own."""
    assert draw(desk, "asks a", 13) == 10
    assert draw(desk, "asks b", 3) == 3


def test_it_comes_back_evenly(desk: Desk) -> None:
    """One a minute of ten in ten; what was refused costs nothing; after all that time, all of it."""
    assert draw(desk, "asks a", 12) == 10
    desk.move(seconds=59)
    assert draw(desk, "asks a", 3) == 0
    desk.move(seconds=1)
    assert draw(desk, "asks a", 3) == 1
    desk.move(minutes=2, seconds=30)
    assert draw(desk, "asks a", 5) == 2
    desk.move(minutes=10)
    assert draw(desk, "asks a", 12) == 10


def test_what_is_put_back_is_free_again(desk: Desk) -> None:
    """Once for each time; of a name of which nothing was drawn, nothing comes of it."""
    assert draw(desk, "tries a", 10) == 10
    desk.store.put_back("tries a", TEN, desk.now)
    assert draw(desk, "tries a", 3) == 1
    desk.store.put_back("tries b", TEN, desk.now)
    desk.move(days=1)
    desk.store.put_back("tries a", TEN, desk.now)
    assert draw(desk, "tries b", 12) == 10
    assert draw(desk, "tries a", 12) == 10


@pytest.mark.parametrize("drawn_before", [0, 4])
def test_of_many_at_once_no_more_are_let_through(desk: Desk, drawn_before: int) -> None:
    """However many processes count together."""
    draw(desk, "guesses a", drawn_before)
    with ThreadPoolExecutor(12) as pool:
        taken = list(pool.map(lambda _: draw(desk, "guesses a", 1), range(30)))
    assert sum(taken) == 10 - drawn_before


def test_a_clock_that_is_a_little_behind(desk: Desk) -> None:
    """Processes' clocks differ: whoever is behind gets no more than there is."""
    assert draw(desk, "asks a", 10) == 10
    desk.now = START - timedelta(seconds=5)
    assert draw(desk, "asks a", 2) == 0


@pytest.mark.parametrize(
    "ration", [Ration(1, timedelta(hours=1)), Ration(7, timedelta(minutes=10))]
)
def test_any_ration(desk: Desk, ration: Ration) -> None:
    """Also one that does not divide its time evenly."""
    assert draw(desk, "x", ration.most + 2, ration) == ration.most


def test_a_name_may_be_any_text(desk: Desk) -> None:
    """It stays apart from others."""
    for name in ("ü 山田", "\udc80", "'; drop table", "a/b", " "):
        assert draw(desk, name, 11) == 10


def test_several_at_once(desk: Desk) -> None:
    """As if each were drawn by itself, in order, whichever is named twice."""
    names = ["asks a", "asks b", "asks a", "asks a"]
    ration = Ration(2, timedelta(days=2))
    assert list(desk.store.draw_each(names, ration, desk.now)) == [True, True, True, False]
    assert list(desk.store.draw_each(["asks b", "asks b"], ration, desk.now)) == [True, False]
    assert list(desk.store.draw_each([], ration, desk.now)) == []


def test_what_is_used_up_stays_so(desk: Desk) -> None:
    """None is free before the moment, whatever was free; then one, and the rest evenly."""
    ration = Ration(3, timedelta(days=3))
    assert draw(desk, "to a", 1, ration) == 1
    desk.store.use_up("to a", ration, desk.now + timedelta(days=400))
    desk.store.use_up("to a", ration, desk.now + timedelta(days=5))
    assert draw(desk, "to a", 3, ration) == 0
    assert draw(desk, "to b", 3, ration) == 3
    desk.move(days=399, hours=23)
    assert draw(desk, "to a", 3, ration) == 0
    desk.move(hours=1)
    assert draw(desk, "to a", 3, ration) == 1
    desk.move(days=1)
    assert draw(desk, "to a", 3, ration) == 1
    desk.move(days=3)
    assert draw(desk, "to a", 5, ration) == 3


def test_a_name_nobody_drew_of_is_used_up_as_well(desk: Desk) -> None:
    """And another time for longer."""
    ration = Ration(1, timedelta(hours=1))
    for hours in (2, 10):
        desk.store.use_up("to c", ration, desk.now + timedelta(hours=hours))
    desk.move(hours=9)
    assert draw(desk, "to c", 1, ration) == 0
    desk.move(hours=1)
    assert draw(desk, "to c", 2, ration) == 1


SPELLINGS = [
    f"{local}@{domain}"
    for local in (
        *("anna.lee", "Anna.Lee", "annalee", "ANNALEE", "a.n.n.a.l.e.e"),
        *("annalee+1", "annalee+2", "anna.lee+shop", "Anna.lee+x.y", "a.nnalee"),
    )
    for domain in ("victim.example", "Victim.Example")
]


def test_one_victim_in_twenty_spellings(desk: Desk) -> None:
    """Of 300 submissions over two forms three confirmations leave, through two processes; all is stored, the manager
    hears of all, and somebody else has theirs."""
    mailer = FakeMailer()
    bounds = settings(
        max_confirmations=3, max_confirmations_of_form=1_000, max_confirmations_of_site=1_000
    )
    processes = [
        App(settings=bounds, store=desk.store, mailer=mailer, clock=lambda: desk.now)
        for _ in range(2)
    ]
    kept: list[str] = []
    for number in range(302):
        visitor = SPELLINGS[number % 20] if number < 300 else f"honest{number}@site.example"
        kept_one = desk.submission(form=("contact", "order")[number % 2], visitor=visitor)
        desk.store.add(kept_one, desk.pair(kept_one), None).result()
        kept.append(kept_one.id)
        desk.move(seconds=1)
    while any(send_round(app, 100).outcomes for app in processes):
        pass
    to = Counter(mail.recipient for mail in mailer.sent)
    assert to[MANAGER] == 302
    assert (
        sum(n for address, n in to.items() if address.ascii_domain.lower() == "victim.example") == 3
    )
    assert to["honest300@site.example"] == to["honest301@site.example"] == 1  # type: ignore[index]
    told = [
        (m.standing.status, m.standing.reason)
        for id_ in kept
        for m in desk.timeline(id_).messages
        if m.message.role is Role.CONFIRMATION
    ]
    assert Counter(told) == {
        (Status.ACCEPTED, None): 5,
        (Status.WITHHELD, Reason.TOO_MANY): 297,
    }
