"""What a DynamoDB item holds of a submission: small, whole, and never guessed at."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from support.store.desk import ENTRIES, LEASE, START, Desk
from support.variants import replace
from todoke.model.delivery import Ceiling, DeliveryEvent, Kind, Permanence, Reason
from todoke.model.errors import StoreCorrupt
from todoke.model.kept import Repeat
from todoke.model.message import Note, Role
from todoke.model.submission import Entry, File
from todoke.stores.dynamodb.client import plain_item
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.items import (
    StoredItem,
    archive_key,
    current_key,
    group_of,
    item_of,
    packed,
    retention_of,
    stored_of,
)
from todoke.stores.rules.work import Work, begin, journaled, new_work
from todoke.testing import MemoryStore

DESK = Desk(MemoryStore())
TIMES = st.datetimes(
    min_value=START.replace(tzinfo=None), max_value=START.replace(tzinfo=None, year=2030)
).map(lambda t: t.replace(tzinfo=START.tzinfo))
TEXT = st.text(max_size=30) | st.just("\ud83d alone")
EVENTS = st.builds(
    DeliveryEvent,
    kind=st.sampled_from(sorted(Kind)),
    at=TIMES,
    received_at=TIMES,
    service=st.sampled_from(["post", "todoke", "customers-mail-cloud"]),
    token=TEXT,
    service_id=TEXT,
    recipient=TEXT,
    permanence=st.sampled_from(sorted(Permanence)),
    reason=st.none() | st.sampled_from(sorted(Reason)),
    status_code=TEXT,
    diagnostic=TEXT,
    raw=st.binary(max_size=40) | TEXT.map(lambda t: t.encode("utf-8", "replace")),
)
ENTRY = st.builds(
    Entry,
    TEXT,
    TEXT
    | st.builds(
        lambda name, content: File(
            name=name, media_type="text/plain", content=content
        ).without_content(),
        TEXT,
        st.binary(max_size=9),
    ),
    st.none() | st.binary(max_size=9),
)


def kept(record: Record) -> StoredItem:
    """The record as its item holds it."""
    stored = StoredItem(current_key(record.submission.id), b"nonce.", record)
    item = item_of(stored)
    return stored_of(item, packed(record))


@given(
    entries=st.lists(ENTRY, max_size=4),
    events=st.lists(EVENTS, max_size=4),
    signals=st.lists(TEXT, max_size=2),
    days=st.none() | st.integers(0, 10**12),
    note=st.sampled_from(Note),
    retry=st.none() | TIMES,
    token_hash=st.sampled_from(["", "short", "f" * 64]) | st.none(),
)
def test_all_comes_back(
    entries: list[Entry],
    events: list[DeliveryEvent],
    signals: list[str],
    days: int | None,
    note: Note,
    retry: object,
    token_hash: str | None,
) -> None:
    """Whatever a submission, its messages, attempts and events state, an item gives back equal."""
    submission = DESK.submission(
        entries=tuple(entries),
        signals=tuple(signals),
        retain_until=None if days is None else START + timedelta(microseconds=days),
    )
    if token_hash is not None:
        submission = replace(submission, token_hash=token_hash)
    message = replace(
        DESK.message(submission, Role.ALERT, "boss@site.example"), note=note, about=note.value
    )
    begun, _ = begin(
        new_work(message, START),
        token=submission.id + "t" * 26,
        now=START,
        lease_until=START + LEASE,
        service="post",
        ceiling=Ceiling.DELIVERED,
    )
    for event in events:
        begun = journaled(begun, submission.id + "t" * 26, event) or begun
    works: tuple[Work, ...] = (begun, new_work(DESK.message(submission), START))
    record = Record(submission, works, Repeat(START + LEASE, "0123456789abcdef"))
    assert kept(record).record == record


def test_retention_is_a_part_of_the_order() -> None:
    """Submissions of one form that are kept equally long are one group, and the group says how long."""
    for span in (None, 0, 1, 7_776_000_000_000, 86_400_000_001):
        expected = None if span is None else timedelta(microseconds=span)
        assert retention_of(group_of("contact", span)) == expected
    assert group_of("contact", 7_776_000_000_000) == "contact/7776000/"


def test_places() -> None:
    """The place is the end of the id; an archived one is beside it, under its own time."""
    assert current_key("0123456789abcdefghijklmnop") == ("abcdef", "ghijklmnop")
    assert archive_key("0123456789abcdefghijklmnop") == ("abcdef", "ghijklmnop.0123456789")


def test_work_is_indexed_only_when_the_first_pass_is_over() -> None:
    """Neither the door nor a first attempt is in the index of work; a retry, and what was late, are."""
    submission = DESK.submission()
    work = new_work(DESK.message(submission), START)
    stored = StoredItem(current_key(submission.id), b"nonce.", Record(submission, (work,)))
    assert "w" not in item_of(stored)
    assert "w" in item_of(stored, is_late=True)
    later = replace(work, timeline=replace(work.timeline, due_at=START + LEASE))
    put_off = replace(stored, record=Record(submission, (later,)))
    assert item_of(put_off)["w"] == item_of(put_off, is_late=True)["w"]
    done = replace(work, timeline=replace(work.timeline, due_at=None))
    assert "w" not in item_of(replace(stored, record=Record(submission, (done,))), is_late=True)


def test_what_cannot_be_read_is_said() -> None:
    """A value that is damaged, or of a newer todoke, is StoreCorrupt and never guessed at."""
    submission = DESK.submission()
    record = Record(submission, ())
    item = item_of(StoredItem(current_key(submission.id), b"nonce.", record))
    whole = packed(record)
    for damaged in (b"", b"\x02" + whole[1:], whole[:-4], whole[:1] + b"\xff" * 30):
        with pytest.raises(StoreCorrupt, match=submission.id):
            stored_of(item, damaged)


def test_an_image_of_the_stream_is_the_item() -> None:
    """Attributes are read as they were written."""
    submission = DESK.submission()
    record = Record(submission, tuple(new_work(m, START) for m in DESK.pair(submission)))
    item = item_of(StoredItem(current_key(submission.id), b"nonce.", record)) | {
        "b": packed(record)
    }
    image = {
        name: {"S": v} if isinstance(v, str) else {"N": str(v)} if isinstance(v, int) else {"B": v}
        for name, v in item.items()
    }
    assert plain_item(image) == item


def test_words_repeat_at_no_cost() -> None:
    """What the id, the visitor and the field names say once is not paid for again in messages."""
    submission = DESK.submission(entries=ENTRIES)
    alone = len(packed(Record(submission, ())))
    both = tuple(new_work(m, START) for m in DESK.pair(submission))
    assert len(packed(Record(submission, both))) - alone < 120
