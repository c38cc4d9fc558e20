"""How much a day is offered room in the bucket: the bound over any 24 hours, and many who ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.mail.mails import settings
from todoke.model.errors import StoreUnavailable
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.uploads.quota import DAY, LEAST_BYTES, take_room

CAP = 1024**3


def make_app(store: MemoryStore | None = None) -> tuple[App, FakeClock]:
    """An app whose day has room for CAP bytes."""
    clock = FakeClock()
    app = App(
        settings=replace(settings(), uploads_a_day=CAP),
        store=store or MemoryStore(),
        mailer=FakeMailer(),
        clock=clock,
    )
    return app, clock


def takes(app: App, *sizes: int) -> bool:
    """Whether there is room for these files."""
    try:
        take_room(app, sizes)
    except StoreUnavailable:
        return False
    return True


def test_half_may_come_at_once_and_comes_back_within_a_day() -> None:
    """So that a morning's rush has room, and no day has more than all."""
    app, clock = make_app()
    assert takes(app, CAP // 4, CAP // 4)
    assert not takes(app, LEAST_BYTES)
    clock.now += DAY / 2
    assert takes(app, CAP // 4)
    assert not takes(app, LEAST_BYTES)


def test_a_refusal_takes_nothing_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Who asks for too much leaves the room to others; the log names the setting, and nobody."""
    app, _ = make_app()
    assert not takes(app, CAP)
    assert takes(app, CAP // 2)
    assert "uploads_used_up" in caplog.text


def test_small_files_count_as_a_link_costs() -> None:
    """A flood of files of one byte is a flood of requests."""
    app, _ = make_app()
    assert takes(app, *[1] * (CAP // 2 // LEAST_BYTES))
    assert not takes(app, 1)


@given(
    st.lists(st.tuples(st.integers(0, 60_000), st.integers(1, CAP // 2)), min_size=1, max_size=60)
)
def test_no_24_hours_see_more_than_all(asked: list[tuple[int, int]]) -> None:
    """Whatever is asked for, and when."""
    app, clock = make_app()
    given_out: list[tuple[datetime, int]] = []
    for seconds, size in asked:
        clock.now += timedelta(seconds=seconds)
        if takes(app, size):
            given_out.append((clock.now, size))
    for begin, _ in given_out:
        within = [size for at, size in given_out if begin <= at <= begin + DAY]
        assert sum(within) <= CAP


def test_many_at_once_keep_the_bound_together() -> None:
    """Each sees what the others took: the write is conditional, and who comes too late asks again."""
    store = MemoryStore()
    apps = [make_app(store)[0] for _ in range(8)]
    size = CAP // 2 // 20
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: takes(apps[n % 8], size), range(60)))
    assert 0 < sum(taken) <= 20
