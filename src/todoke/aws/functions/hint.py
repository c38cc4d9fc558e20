"""A hint: that messages are, or will be, due. It may be lost, doubled, early or late; the store is the truth.

One hint is more than that: an errand, which the function `web` may not do itself (model/errand.py). If it is lost,
whoever asked for it asks again.

Read from a record of the table's stream or from a message of the queue, and written into one. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from todoke.model.errand import Errand
from todoke.model.errors import Malformed
from todoke.model.json_text import reader, to_json
from todoke.ports.outbox import ReadChange

LONGEST_DELAY_SECONDS = 900
"""SQS delays no longer; the sweep finds what is due later."""
MOST_IDS = 500


class Hint(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Messages by their ids, due at `due_at` (None: now). Without ids: whatever is due.

    With an `errand` that is carried out, and nothing else. `fault` is, in a dead letter, why it became one, and
    `record` the event it came from.
    """

    ids: tuple[str, ...] = ()
    due_at: datetime | None = None
    errand: Errand | None = None
    fault: str = ""
    record: str = ""

    def seconds_until_due(self, now: datetime) -> float:
        """How long to wait from now; 0 when it is due."""
        return max(0.0, (self.due_at - now).total_seconds()) if self.due_at else 0.0


def identifier(record: Mapping[str, Any]) -> str:
    """What a batch item failure names: the queue message's id, or the stream record's sequence number."""
    if is_from_queue(record):
        return str(record["messageId"])
    return str(record["dynamodb"]["SequenceNumber"])


def tries(record: Mapping[str, Any]) -> int:
    """How often a message of the queue was brought already, this time included; 1 where that is not said."""
    told = record.get("attributes", {}).get("ApproximateReceiveCount", "")
    return max(1, int(told)) if str(told).isdecimal() else 1


def is_from_queue(record: Mapping[str, Any]) -> bool:
    """True for a message of the queue, False for a record of the stream."""
    return record.get("eventSource") == "aws:sqs"


def hints_in(record: Mapping[str, Any], read_change: ReadChange) -> tuple[Hint, ...]:
    """The hints in one record, one for each time at which something is due. Raises Malformed: if it cannot be read."""
    if is_from_queue(record):
        return (read_hint(record.get("body")),)
    try:
        due = read_change(record)
    except Malformed:
        raise
    except Exception as error:  # a shape that nobody foresaw must not stop the shard
        raise Malformed(f"the record cannot be read ({type(error).__name__})") from error
    return grouped(due.items())


def grouped(due: Iterable[tuple[str, datetime]]) -> tuple[Hint, ...]:
    """One hint for each time, the earliest first."""
    by_time: dict[datetime, list[str]] = {}
    for message_id, at in due:
        by_time.setdefault(at, []).append(message_id)
    return tuple(Hint(ids=tuple(ids), due_at=at) for at, ids in sorted(by_time.items()))


def read_hint(body: object) -> Hint:
    """The hint that a message of the queue holds. Raises Malformed: if it holds none."""
    try:
        hint = _read_hint(body if isinstance(body, str) else "")
    except ValueError as error:
        raise Malformed("the message is no hint") from error
    if len(hint.ids) > MOST_IDS:
        raise Malformed("the hint names too many messages")
    if hint.due_at is not None and hint.due_at.tzinfo is None:
        raise Malformed("the hint's time has no zone")
    return hint


def write_hint(hint: Hint) -> str:
    """The hint as a message of the queue."""
    return to_json(hint)


_read_hint: Callable[[str], Hint] = reader(Hint)
