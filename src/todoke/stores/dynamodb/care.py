"""What the desk's people did, in DynamoDB: a part of the submission's item."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from todoke.model.care import Care
from todoke.model.notice import Notice
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.transaction import DynamoTransaction
from todoke.stores.rules import journal as rules


def take_care(
    cabinet: Cabinet,
    submission_id: str,
    change: Callable[[Care], Care],
    notices: Sequence[Notice],
) -> Care | None:
    """See Carebook.take_care: over the version that was read, and again where somebody else was faster."""

    def decide(transaction: DynamoTransaction) -> Care | None:
        return rules.take_care(transaction, submission_id, change, notices)

    taken, _ = cabinet.change(submission_id, decide)
    return taken
