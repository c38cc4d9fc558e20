"""What the table's stream tells: which messages an item that was written has due. The sender's hint, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from todoke.stores.dynamodb_client import plain_item
from todoke.stores.dynamodb_items import stored_of


def due_messages(image: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that have work, of a NewImage as the stream has it; none for what is no submission.

    A record too long for one item names none: the sweep finds its work. Raises StoreCorrupt: if it cannot be read.
    """
    if "h" not in image or "b" not in image:
        return []
    item = plain_item(image)
    stored = stored_of(item, bytes(item["b"]))  # type: ignore[arg-type]
    return [w.message.id for w in stored.record.works if w.wakes_at is not None]
