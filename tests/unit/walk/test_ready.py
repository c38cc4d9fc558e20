"""Whether anything can be kept: tried, and told when it turns."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from support.web.stories import make_app
from todoke.model.errors import StoreCorrupt, StoreError, StoreGone, StoreUnavailable
from todoke.testing import MemoryStore
from todoke.walk.ready import DOUBT_SECONDS, MARK, Readiness
from todoke.walk.tally import Counted


@dataclass
class FullStore(MemoryStore):
    """A store that can be read, and that takes no write while it has an error."""

    error: StoreError | None = None
    marks_put: list[str] = field(default_factory=list)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        if self.error is not None:
            raise self.error
        self.marks_put.append(name)
        return True


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StoreUnavailable("The disk of /srv/todoke.db is full."), "nothing can be kept now"),
        (StoreGone("/srv/todoke.db is gone"), "the store's files are gone"),
        (StoreCorrupt("/srv/todoke.db is damaged"), "the store is damaged"),
    ],
)
def test_it_turns_and_turns_back_with_a_line_each(
    error: StoreError, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Strangers read what is wrong, the owner reads why, once; the store's place is for the log alone."""
    store = FullStore(error=error)
    readiness = Readiness(make_app(store))
    with caplog.at_level(logging.WARNING):
        assert [readiness.why_not() for _ in range(3)] == [words] * 3
        store.error = None
        assert [readiness.why_not() for _ in range(3)] == [""] * 3
    assert store.marks_put == [MARK] * 3
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("ERROR", "not_ready"),
        ("WARNING", "ready_again"),
    ]
    assert vars(caplog.records[0])["facts"] == {"why": str(error)}


def test_a_form_that_could_not_be_kept_counts_for_more_than_a_small_write() -> None:
    """On a disk with next to no room a moment fits, and no form does: that was seen. Until one is kept, or a minute."""
    now = [0.0]
    app = make_app(FullStore())
    readiness = Readiness(app, lambda: now[0])
    assert readiness.why_not() == ""
    app.tally.count(Counted.REFUSED, "contact", "503", "unavailable")
    assert readiness.why_not() == "forms cannot be kept now"
    app.tally.count(Counted.ACCEPTED, "contact")
    assert readiness.why_not() == ""
    app.tally.count(Counted.REFUSED, "contact", "503", "unavailable")
    assert readiness.why_not() != ""
    now[0] += DOUBT_SECONDS
    assert readiness.why_not() == ""


def test_visitors_who_are_refused_for_their_own_faults_change_nothing() -> None:
    """Only what could not be kept counts."""
    app = make_app(FullStore())
    for code in ("invalid", "origin_refused", "crowded"):
        app.tally.count(Counted.REFUSED, "contact", "422", code)
    assert Readiness(app).why_not() == ""
