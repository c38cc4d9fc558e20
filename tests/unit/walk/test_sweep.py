"""The sweep does all of its tasks, and none that fails keeps the others from being done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from support.mail.post_office import OWNER, PostOffice
from support.variants import replace
from todoke.model.delivery import Kind, Status
from todoke.model.errors import RecordsUnavailable, StoreUnavailable
from todoke.ports.archive import Query
from todoke.testing import MemoryStore
from todoke.walk.silence import note_heard
from todoke.walk.sweep import sweep


@pytest.fixture
def post() -> PostOffice:
    """A site with a mail whose end only the records know, a day later."""
    made = PostOffice()
    note_heard(made.app, "post")
    made.move(hours=1)
    made.tell(made.hand_over(), Kind.DELIVERED)
    made.move(hours=25)
    return made


def test_everything_is_done(post: PostOffice) -> None:
    """Retention, the sender, the watch on silence and the records, each in one sweep."""
    ended = post.desk.submission(retain_until=post.clock.now - timedelta(seconds=1))
    post.store.add(ended, (), None).result()
    assert sweep(post.app) == 1
    assert post.hints
    [(recipient, note, about)] = post.alerts()
    assert (recipient, note) == (OWNER, "silent")
    statuses = {
        m.message.id: m.standing.status
        for t in post.store.page(Query(limit=100)).timelines
        for m in t.messages
    }
    assert statuses[about] is Status.DELIVERED


class _CannotErase(MemoryStore):
    """A store whose erasure fails, such as of files in a bucket that is no longer named."""

    def erase(self, **_: object) -> int:
        raise StoreUnavailable("Files of a submission lie in a bucket.")


def test_an_erasure_that_fails_is_told_when_all_else_is_done() -> None:
    """The sender is woken and a silent webhook is told of, whatever is wrong with what has ended."""
    post = PostOffice(_CannotErase())
    note_heard(post.app, "post")
    post.move(hours=1)
    post.tell(post.hand_over(), Kind.DELIVERED)
    post.move(hours=25)
    with pytest.raises(StoreUnavailable, match="lie in a bucket"):
        sweep(post.app)
    assert post.hints
    assert [note for _, note, _ in post.alerts()] == ["silent"]


@pytest.mark.parametrize("fault", [RecordsUnavailable(), StoreUnavailable(), ZeroDivisionError()])
def test_records_that_fail_are_put_off(
    post: PostOffice, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong with the records is logged; the sweep is done, and hours later they are asked again."""
    post.records.fault = fault
    assert sweep(post.app) == 0
    assert len(post.alerts()) == 1
    [line] = [r for r in caplog.records if getattr(r, "facts", {}).get("task")]
    assert line.facts["task"] == "reconcile"  # type: ignore[attr-defined]
    post.records.fault = None
    sweep(post.app)
    assert post.records.asked == []
    post.move(hours=4)
    sweep(post.app)
    assert post.records.asked


class NoMarks(MemoryStore):
    """A store that fails where the silence is watched."""

    def mark(self, name: str) -> datetime | None:
        """Fail."""
        if name.startswith("heard/"):
            raise StoreUnavailable
        return super().mark(name)


def test_a_watch_that_fails_does_not_keep_the_records_from_being_asked() -> None:
    """Each task stands for itself."""
    post = PostOffice(NoMarks())
    post.hand_over()
    assert sweep(post.app) == 0
    assert post.records.asked


def test_without_records_and_webhook(post: PostOffice) -> None:
    """A service that reports nothing and keeps nothing is let alone."""
    bare = replace(post.app, records=None, sources={})
    assert sweep(bare) == 0
    assert post.alerts() == []


def test_a_store_that_is_down_is_the_caller_s(post: PostOffice) -> None:
    """What the sweep is for cannot be done: the caller is told."""
    post.store.close()
    with pytest.raises(StoreUnavailable):
        sweep(post.app)
