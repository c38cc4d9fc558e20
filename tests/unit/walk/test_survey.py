"""What the store and its disk tell of how it goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from support.web.stories import NOW, make_message, make_settings, make_timeline, stored
from todoke.testing import MemoryStore
from todoke.walk.survey import survey


def test_what_waits_and_when_mail_last_left_and_was_heard_of(tmp_path: Path) -> None:
    """Of whichever service, for it may have been changed; the newest mark counts."""
    store = stored(make_timeline(make_message("queued")))
    for name, minutes in (
        ("heard/ses", 9),
        ("heard/smtp", 5),
        ("handed_over/ses", 7),
        ("ready", 0),
    ):
        store.put_mark(name, NOW - timedelta(minutes=minutes))
    found = survey(make_settings(data=tmp_path), store)
    assert (found.submissions, found.waiting, found.oldest) == (1, 1, NOW)
    assert found.heard_at == NOW - timedelta(minutes=5)
    assert found.handed_over_at == NOW - timedelta(minutes=7)


def test_room_is_that_of_the_folder_where_there_is_one(tmp_path: Path) -> None:
    """Both files count; of a table on AWS, or a folder that is not there, nothing is told."""
    (tmp_path / "todoke.db").write_bytes(b"x" * 4096)
    (tmp_path / "todoke.db-wal").write_bytes(b"x" * 100)
    here = survey(make_settings(data=tmp_path), MemoryStore())
    assert here.store_bytes == 4196
    assert here.free_bytes
    for settings in (
        make_settings(data=tmp_path, table="t"),
        make_settings(data=tmp_path / "gone" / "away"),
    ):
        told = survey(settings, MemoryStore())
        assert (told.free_bytes, told.store_bytes) == (None, None)


def test_a_table_is_not_read_through_to_be_counted() -> None:
    """That would cost, and take as long as it is large; what waits has an index."""

    class Table(MemoryStore):
        def counts(self) -> Mapping[str, int]:
            raise AssertionError

    told = survey(make_settings(table="t"), Table())
    assert (told.submissions, told.orphans, told.waiting) == (None, None, 0)
