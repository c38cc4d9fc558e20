"""Dead letters: what could not be handled, read from their queue, and how each is handed to the same code again.

Three kinds lie there. A hint that failed too often, or that the sender buried itself. A batch of the stream that Lambda
gave up (its records are not in it, only where they were). And a text that is no hint. None holds what a visitor wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec

from todoke.aws.functions.hint import Hint, read_hint, write_hint
from todoke.model.errors import Malformed

SECONDS_IN_HAND = 300
"""How long what is shown stays hidden from others: a person decides meanwhile."""


class LetterKind(StrEnum):
    """What became a dead letter: a hint, a batch of the stream, or a text that is neither."""

    HINT = "hint"
    BATCH = "batch"
    UNREADABLE = "unreadable"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. `again` is the message that hands it to the same code."""

    id: str
    handle: str
    died_at: datetime
    tries: int
    kind: LetterKind
    messages: tuple[str, ...]
    fault: str
    again: str


def read_letter(message: Mapping[str, Any]) -> DeadLetter:
    """A message of SQS as a dead letter. Pure."""
    body = str(message["Body"])
    kind, hint, fault = _read(body)
    sent = int(message.get("Attributes", {}).get("SentTimestamp", "0"))
    return DeadLetter(
        id=str(message["MessageId"]),
        handle=str(message["ReceiptHandle"]),
        died_at=datetime.fromtimestamp(sent / 1000, UTC),
        tries=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "0")),
        kind=kind,
        messages=hint.ids if hint else (),
        fault=fault,
        again=write_hint(Hint(ids=hint.ids)) if hint else body,
    )


def _read(body: str) -> tuple[LetterKind, Hint | None, str]:
    batch = _lost_batch(body)
    if batch is not None:
        return LetterKind.BATCH, Hint(), batch
    try:
        hint = read_hint(body)
    except Malformed as error:
        return LetterKind.UNREADABLE, None, str(error)
    return LetterKind.HINT, hint, hint.fault or "it failed too often"


def _lost_batch(body: str) -> str | None:
    """What Lambda says of a batch of the stream that it gave up; None for anything else."""
    try:
        told = json.loads(body)
        info = told["DDBStreamBatchInfo"]
        condition = told["requestContext"]["condition"]
        return f"{condition}: {info['batchSize']} records of {info['shardId']}"
    except (ValueError, KeyError, TypeError):
        return None


def dead_letters(sqs: Any, queue: str, limit: int) -> Iterator[DeadLetter]:
    """Those in the queue, up to `limit`; each is hidden from others for SECONDS_IN_HAND.

    Raises ClientError, BotoCoreError: as the client does.
    """
    received = 0
    seen: set[str] = set()
    while received < limit:
        answer = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=min(10, limit - received),
            VisibilityTimeout=SECONDS_IN_HAND,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
        )
        letters = [read_letter(message) for message in answer.get("Messages", ())]
        fresh = [letter for letter in letters if letter.id not in seen]
        if not fresh:
            return
        seen |= {letter.id for letter in fresh}
        received += len(fresh)
        yield from fresh


def replay(sqs: Any, letter: DeadLetter, *, dead: str, later: str) -> None:
    """Hand a letter to the sender again, then take it out: if that fails it comes twice, which does nothing twice."""
    sqs.send_message(QueueUrl=later, MessageBody=letter.again)
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter.handle)


def put_back(sqs: Any, letter: DeadLetter, *, dead: str) -> None:
    """Leave a letter where it is, visible at once."""
    sqs.change_message_visibility(QueueUrl=dead, ReceiptHandle=letter.handle, VisibilityTimeout=0)
