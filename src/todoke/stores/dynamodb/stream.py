"""A record of the table's stream: which messages a change left due and unclaimed. Pure.

A submission that is too long for one item is not read here; the sweep finds its work.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from todoke.model.errors import Malformed, StoreCorrupt
from todoke.stores.dynamodb.client import Item
from todoke.stores.dynamodb.items import StoredItem, stored_of


def read_change(record: Mapping[str, Any]) -> Mapping[str, datetime]:
    """See ports.ReadChange. A record of anything but a submission, or of its end, leaves nothing due."""
    stored = submission_in(record)
    return due_in(stored) if stored else {}


def submission_in(record: Mapping[str, Any]) -> StoredItem | None:
    """The submission as a change left it; None for anything else. Raises Malformed: if it cannot be read."""
    image = record["dynamodb"].get("NewImage")
    if not image or "h" not in image or "b" not in image:
        return None
    item = _plain(image)
    try:
        return stored_of(item, bytes(item["b"]))  # type: ignore[arg-type]
    except StoreCorrupt as error:
        raise Malformed("the record's submission cannot be read") from error


def readable(record: Mapping[str, Any]) -> StoredItem | None:
    """The submission of a record of the stream, None also of one that cannot be read or is of something else."""
    if "dynamodb" not in record:
        return None
    try:
        return submission_in(record)
    except Malformed:
        return None


def due_in(stored: StoredItem) -> Mapping[str, datetime]:
    """When its messages are due that nobody is at work on."""
    return {
        work.message.id: work.timeline.due_at
        for work in stored.record.works
        if work.timeline.due_at is not None and work.lease_until is None
    }


def _plain(image: Mapping[str, Any]) -> Item:
    """An image of the stream as Python has it: Lambda hands bytes on in base 64."""
    return {name: _value(typed) for name, typed in image.items()}


def _value(typed: Mapping[str, Any]) -> str | int | bytes:
    if "N" in typed:
        return int(typed["N"])
    return str(typed["S"]) if "S" in typed else base64.b64decode(typed["B"], validate=True)
