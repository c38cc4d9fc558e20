"""Dead letters as a person sees them, and what replaying one sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from todoke.aws.functions.dead_letters import dead_letters, put_back, read_letter, replay
from todoke.aws.functions.hint import Hint, read_hint, write_hint

BATCH = json.dumps(
    {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {"shardId": "shardId-1", "batchSize": 3},
    }
)


def message(body: str, number: int = 1) -> dict[str, Any]:
    """A message as SQS gives it."""
    return {
        "MessageId": f"m{number}",
        "ReceiptHandle": f"h{number}",
        "Body": body,
        "Attributes": {"SentTimestamp": "1767225600000", "ApproximateReceiveCount": "6"},
    }


@pytest.mark.parametrize(
    ("body", "kind", "again", "fault"),
    [
        (write_hint(Hint(ids=("a", "b"))), "hint", Hint(ids=("a", "b")), "failed too often"),
        (write_hint(Hint(fault="unreadable", record="e1")), "hint", Hint(), "unreadable"),
        (BATCH, "batch", Hint(), "RetryAttemptsExhausted: 3 records of shardId-1"),
    ],
)
def test_each_kind_becomes_a_hint_again(body: str, kind: str, again: Hint, fault: str) -> None:
    """A hint is sent without why it died; a batch, whose records nobody has any more, as `whatever is due`."""
    letter = read_letter(message(body))
    assert (letter.kind, read_hint(letter.again)) == (kind, again)
    assert fault in letter.fault
    assert f"{letter.died_at:%Y-%m-%d}" == "2026-01-01"


def test_a_text_that_is_no_hint_goes_back_as_it_was() -> None:
    """Perhaps the code was wrong and is mended: it is given exactly what it could not read."""
    letter = read_letter(message("{not json"))
    assert (letter.kind, letter.again) == ("unreadable", "{not json")


class FakeSqs:
    """The part of an SQS client that is used here, over two lists."""

    def __init__(self, *bodies: str) -> None:
        self.dead = [message(body, number) for number, body in enumerate(bodies)]
        self.later: list[str] = []
        self.hidden: set[str] = set()

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:
        seen = [m for m in self.dead if m["ReceiptHandle"] not in self.hidden]
        self.hidden |= {m["ReceiptHandle"] for m in seen[:MaxNumberOfMessages]}
        return {"Messages": seen[:MaxNumberOfMessages]}

    def send_message(self, *, QueueUrl: str, MessageBody: str) -> None:
        assert QueueUrl == "later"
        self.later.append(MessageBody)

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        assert QueueUrl == "dead"
        self.dead = [m for m in self.dead if m["ReceiptHandle"] != ReceiptHandle]

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> None:
        assert (QueueUrl, VisibilityTimeout) == ("dead", 0)
        self.hidden.discard(ReceiptHandle)


def test_each_letter_is_replayed_once() -> None:
    """25 letters are shown, sent to the sender and taken out; a second replay finds none."""
    sqs = FakeSqs(*[write_hint(Hint(ids=(f"m{n}",))) for n in range(25)])
    for letter in dead_letters(sqs, "dead", 100):
        replay(sqs, letter, dead="dead", later="later")
    assert [read_hint(body).ids for body in sqs.later] == [(f"m{n}",) for n in range(25)]
    assert list(dead_letters(sqs, "dead", 100)) == []


def test_letters_that_are_put_back_are_there_again() -> None:
    """Whoever says no changes nothing."""
    sqs = FakeSqs("a", "b", "c")
    for letter in list(dead_letters(sqs, "dead", 2)):
        put_back(sqs, letter, dead="dead")
    assert len(list(dead_letters(sqs, "dead", 10))) == 3
    assert sqs.later == []
