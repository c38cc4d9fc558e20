"""What the desk's people did, in DynamoDB: a part of the submission's item."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from todoke.model.care import Care
from todoke.model.errors import StoreUnavailable
from todoke.stores.dynamodb.cabinet import TRIES, Cabinet
from todoke.stores.dynamodb.client import Changed, rest


def take_care(cabinet: Cabinet, submission_id: str, change: Callable[[Care], Care]) -> Care | None:
    """See Carebook.take_care: over the version that was read, and again where somebody else was faster."""
    for attempt in range(TRIES):
        stored = cabinet.load(submission_id, consistent=True)
        if stored is None:
            return None
        care = change(stored.record.care)
        if care == stored.record.care:
            return care
        try:
            cabinet.save(stored, replace(stored.record, care=care))
        except Changed:
            rest(attempt)
        else:
            return care
    raise StoreUnavailable(f"Too many change {submission_id} at once.")
