"""What AWS gives a function, for tests: contexts, records, queues in memory, and how Lambda brings records again."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from todoke.aws.functions.hint import LONGEST_DELAY_SECONDS, Hint, write_hint
from todoke.aws.functions.queues import QueueUnavailable

Handler = Callable[[Mapping[str, Any], Any], Any]


@dataclass
class Invocation:
    """Lambda's context object."""

    aws_request_id: str = "7a1f0c5e-0000-4000-8000-000000000001"
    seconds: float = 300.0

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's."""
        return int(self.seconds * 1000)


def stream_record(number: int, due: Mapping[str, datetime], *, image: Any = None) -> dict[str, Any]:
    """A record of a table's stream whose new image says, plainly, what is due; or with another image."""
    plain = {message_id: at.isoformat() for message_id, at in due.items()}
    return {
        "eventID": f"event-{number}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "SequenceNumber": f"{number:021}",
            "NewImage": {"due": plain} if image is None else image,
        },
    }


def read_plain(record: Mapping[str, Any]) -> Mapping[str, datetime]:
    """Reads those records."""
    due = record["dynamodb"]["NewImage"]["due"]
    return {message_id: datetime.fromisoformat(at) for message_id, at in due.items()}


def queue_record(body: str, message_id: str = "m1", *, tries: int = 1) -> dict[str, Any]:
    """A message of SQS."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle-{message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(tries)},
        "eventSource": "aws:sqs",
    }


@dataclass
class MemoryQueues:
    """See Queues. `broken` makes it take nothing."""

    delayed: list[Hint] = field(default_factory=list)
    buried: list[Hint] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    broken: bool = False

    def later(self, hint: Hint, now: datetime) -> bool:
        """See Queues."""
        self._check()
        if hint.seconds_until_due(now) > LONGEST_DELAY_SECONDS:
            return False
        self.delayed.append(hint)
        return True

    def bury(self, hint: Hint) -> None:
        """See Queues."""
        self._check()
        self.buried.append(hint)

    def bring_again(self, handle: str, seconds: int) -> None:
        """See Queues."""
        self._check()
        self.hidden[handle] = seconds

    def take_due(self, now: datetime) -> list[dict[str, Any]]:
        """The hints whose delay is over, as records; they are gone from here."""
        due = [hint for hint in self.delayed if hint.seconds_until_due(now) == 0]
        self.delayed = [hint for hint in self.delayed if hint not in due]
        return [queue_record(write_hint(hint), f"m{n}") for n, hint in enumerate(due)]

    def _check(self) -> None:
        if self.broken:
            raise QueueUnavailable


@dataclass
class StreamMapping:
    """How Lambda reads a shard with ReportBatchItemFailures and BisectBatchOnFunctionError.

    After a partial failure it begins again at the lowest failed record; after a failure of the whole batch, with each
    half. A record that failed `attempts` times goes to the on-failure destination, and the shard goes on.
    """

    handler: Handler
    attempts: int = 3
    discarded: list[Mapping[str, Any]] = field(default_factory=list)
    invocations: int = 0

    def deliver(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Bring these records until each is handled or discarded."""
        left = list(records)
        tried = 0
        while left:
            failed = self._first_failed(left)
            if failed is None:
                return
            tried = tried + 1 if failed == 0 else 1
            left = left[failed:]
            if tried < self.attempts:
                continue
            if len(left) > 1 and self._first_failed(left[: len(left) // 2]) is None:
                left = left[len(left) // 2 :]
            else:
                self.discarded.append(left.pop(0))
            tried = 0

    def _first_failed(self, records: Sequence[Mapping[str, Any]]) -> int | None:
        """The place of the lowest record that failed; 0 when the function itself did."""
        self.invocations += 1
        try:
            answer = self.handler({"Records": records}, Invocation())
        except Exception:
            return 0
        names = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        places = [n for n, r in enumerate(records) if r["dynamodb"]["SequenceNumber"] in names]
        return min(places, default=None)


def http_event(
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    source: str = "203.0.113.9",
    query: str = "",
) -> dict[str, Any]:
    """An event of an HTTP API, payload 2.0, as API Gateway makes it: a body that is not plain text is in base 64."""
    sent = {"host": "door.example.org", "x-forwarded-proto": "https", **(headers or {})}
    if body:
        sent["content-length"] = str(len(body))
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": sent,
        "requestContext": {
            "accountId": "123456789012",
            "domainName": "door.example.org",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": "test",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def records_of(streams: Any, arn: str) -> list[dict[str, Any]]:
    """Every record of a table's stream so far, as Lambda hands it to a function."""
    found = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = streams.get_records(ShardIterator=iterator)
            found += answer["Records"]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return [{**as_lambda(record), "eventSource": "aws:dynamodb"} for record in found]


def as_lambda(value: Any) -> Any:
    """A record of GetRecords as JSON has it: bytes in base 64, times as numbers."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: as_lambda(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_lambda(inner) for inner in value]
    return value.timestamp() if hasattr(value, "timestamp") else value


FILTERS = (
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"m":{"N":[{"anything-but":["0"]}]}}}}',
    '{"dynamodb":{"NewImage":{"m":{"N":[{"anything-but":["0"]}]},"w":{"S":[{"exists":true}]}}}}',
)
"""The patterns of the stream's mapping; a test holds the template to them."""


def passes_filter(record: Mapping[str, Any]) -> bool:
    """Whether Lambda calls the function for a record: FILTERS, in Python."""
    image = record["dynamodb"].get("NewImage", {})
    has_messages = image.get("m", {}).get("N", "0") != "0"
    return has_messages and (record["eventName"] == "INSERT" or "S" in image.get("w", {}))
