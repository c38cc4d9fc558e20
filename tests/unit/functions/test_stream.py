"""Records of the table's stream, as the store's own items make them."""

from __future__ import annotations

import base64
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.aws.lambda_events import stream_record
from todoke.aws.functions.hint import hints_in
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Ceiling
from todoke.model.errors import Malformed
from todoke.model.message import Message, Role
from todoke.model.submission import Entry, Submission
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.items import StoredItem, current_key, item_of, new_nonce, packed
from todoke.stores.dynamodb.stream import read_change
from todoke.stores.rules.work import begin, new_work

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record_of(*, leased: bool = False, due_in: timedelta = timedelta()) -> Record:
    """A submission with two messages, the first of them perhaps in somebody's hands."""
    id_ = ids.submission_id(NOW, ids.place(b"s" * 32, visitor=Address("aoi@example.net")))
    submission = Submission(
        id=id_,
        form="contact",
        received_at=NOW,
        entries=(Entry("message", "hello"),),
        language="en",
        visitor=Address("aoi@example.net"),
        token_hash=ids.receipt_hash(ids.receipt_token(b"s" * 32, id_)),
    )
    works = [
        new_work(
            Message(
                id=ids.message_id(id_, number),
                submission_id=id_,
                role=role,
                recipient=Address("aoi@example.net"),
                language="en",
                message_id=f"<{number}@example.org>",
                created_at=NOW,
            ),
            NOW + due_in,
        )
        for number, role in enumerate((Role.CONFIRMATION, Role.NOTIFICATION), start=1)
    ]
    if leased:
        works[0], _ = begin(
            works[0],
            token=id_ + ids.new_attempt_token(),
            now=NOW,
            lease_until=NOW + timedelta(minutes=6),
            service="smtp",
            ceiling=Ceiling.HANDED_OVER,
        )
    return Record(submission, tuple(works))


def image_of(record: Record) -> dict[str, Any]:
    """The new image, as Lambda hands it on."""
    stored = StoredItem(current_key(record.submission.id), new_nonce(), record)
    item = {**item_of(stored), "b": packed(record)}
    return {
        name: {"S": value}
        if isinstance(value, str)
        else {"N": str(value)}
        if isinstance(value, int)
        else {"B": base64.b64encode(value).decode()}
        for name, value in item.items()
    }


def due(image: dict[str, Any]) -> Any:
    """What a record with this image leaves due."""
    return read_change(stream_record(1, {}, image=image))


def test_a_new_submission_s_messages_are_due() -> None:
    """Both, at the time they were made."""
    record = record_of()
    assert due(image_of(record)) == {work.message.id: NOW for work in record.works}


def test_what_somebody_works_on_is_not_due() -> None:
    """A claim is a change as well; it hints at nothing of its own."""
    record = record_of(leased=True)
    assert list(due(image_of(record))) == [record.works[1].message.id]


def test_what_was_put_off_is_due_then() -> None:
    """The hint goes to the queue with the time that the record states."""
    record = record_of(due_in=timedelta(minutes=9))
    [hint] = hints_in(stream_record(1, {}, image=image_of(record)), read_change)
    assert hint.due_at == NOW + timedelta(minutes=9)
    assert len(hint.ids) == 2


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"k": {"S": "mark"}, "r": {"S": " fresh"}, "x": {"S": "0"}},
        {"k": {"S": "a"}, "m": {"N": "0"}, "b": {"B": "AQ=="}, "t": {"S": "x"}},
    ],
)
def test_other_items_and_ends_leave_nothing_due(image: dict[str, Any]) -> None:
    """Marks, orphans, files, and submissions that were erased."""
    assert due(image) == {}


@pytest.mark.parametrize("attribute", ["b", "n", "t", "k"])
@pytest.mark.parametrize("value", [{"B": "/w=="}, {"S": "?"}, {"N": "7"}, {"B": "not base 64"}, {}])
def test_a_damaged_submission_is_malformed_or_harmless(attribute: str, value: Any) -> None:
    """Whatever one attribute holds: hints, or Malformed and nothing else."""
    image = {**image_of(record_of()), attribute: value}
    with contextlib.suppress(Malformed):
        hints_in(stream_record(1, {}, image=image), read_change)
