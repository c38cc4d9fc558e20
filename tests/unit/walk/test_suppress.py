"""The suppression list read: by itself, when somebody asks, and what stays of what was asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from support.mail.post_office import PostOffice
from support.variants import replace
from todoke.model.errors import RecordsUnavailable
from todoke.ports.suppressions import Lifting, Suppression, SuppressionList
from todoke.walk.suppress import (
    may_ask,
    read_suppressions,
    read_suppressions_when_due,
    reading_of,
)
from todoke.walk.sweep import sweep

GONE = "gone@example.com"


@pytest.fixture
def post() -> PostOffice:
    """A site whose service has a list and keeps no records."""
    made = PostOffice()
    made.listed.blocked = [Suppression(address=GONE)]
    return made


def swept(post: PostOffice) -> datetime | None:
    """Sweep; when the list was last read then."""
    sweep(replace(post.app, records=None))
    found = listed(post)
    return found.read_at if found else None


def listed(post: PostOffice) -> SuppressionList | None:
    """The list as it is kept."""
    return next(iter(post.store.suppressions()), None)


class TestByItself:
    def test_once_a_day(self, post: PostOffice) -> None:
        """At first at once, then not before a day is over."""
        first = post.clock.now
        assert swept(post) == first
        post.move(hours=23)
        assert swept(post) == first
        post.move(hours=1)
        assert swept(post) == post.clock.now

    def test_a_list_that_cannot_be_read_is_asked_for_hours_later(
        self, post: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The sweep goes on, the log says it once, and the page can say since when."""
        post.listed.fault = RecordsUnavailable("not now")
        assert swept(post) is None
        assert swept(post) is None
        [line] = [r for r in caplog.records if r.getMessage() == "suppressions_not_read"]
        assert line.facts["why"] == "not now"  # type: ignore[attr-defined]
        assert reading_of(post.store, "post").failed_at == post.clock.now
        post.listed.fault = None
        post.move(hours=3)
        assert swept(post) is None
        post.move(hours=1)
        assert swept(post) == post.clock.now

    def test_a_clock_that_was_wrong_keeps_nobody_waiting(self, post: PostOffice) -> None:
        """A time to come counts for nothing."""
        post.store.put_mark("suppressions asked/post", post.clock.now + timedelta(days=300))
        assert swept(post) == post.clock.now

    def test_where_records_are_asked_the_list_comes_with_them(self, post: PostOffice) -> None:
        """It is not read a second time."""
        assert read_suppressions_when_due(post.app) is None
        assert listed(post) is None

    def test_a_service_without_a_list(self, post: PostOffice) -> None:
        """There is nothing to read."""
        bare = replace(post.app, records=None, suppressions=None)
        sweep(bare)
        assert read_suppressions(bare) is None
        assert listed(post) is None


class TestForPeople:
    def test_once_a_minute(self, post: PostOffice) -> None:
        """Whoever asks, in whichever process."""
        assert may_ask(post.app, "post")
        assert not may_ask(post.app, "post")
        assert may_ask(post.app, "other")
        post.move(minutes=1)
        assert may_ask(post.app, "post")

    def test_what_was_asked_of_an_entry_stays_with_it(self, post: PostOffice) -> None:
        """As long as it is on the list; where it came anew, nothing was asked of it."""
        read_suppressions(post.app)
        asked = Lifting(asked_at=post.clock.now, ended_at=post.clock.now, refusal="No.")
        post.store.change_suppressions("post", GONE, lambda s: replace(s, lifting=asked))
        post.listed.blocked = [
            Suppression(address=GONE.upper()),
            Suppression(address="b@x.example"),
        ]
        read_suppressions(post.app)
        found = listed(post)
        assert found
        assert [s.lifting for s in found.suppressions] == [None, asked]
        post.listed.blocked = []
        read_suppressions(post.app)
        post.listed.blocked = [Suppression(address=GONE)]
        read_suppressions(post.app)
        found = listed(post)
        assert found
        assert [s.lifting for s in found.suppressions] == [None]
