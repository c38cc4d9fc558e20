"""The one table of the DynamoDB store: its keys, its indexes, and how it is made. docs/store-dynamodb.md draws it.

Attribute names are one letter, because each of an item's bytes is paid for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from todoke.model.errors import StoreUnavailable

TIME, WORK, FAULT = "by-time", "by-work", "by-fault"
"""Submissions (and orphans) by time; those with work that a stream alone would forget; those with a fault."""
SORT_KEYS = {TIME: "t", WORK: "w", FAULT: "p"}
EXPIRY = "e"
"""The attribute that DynamoDB's time to live looks at: seconds since 1970."""
SHARDS = "01234567"
"""Each index is spread over so many partitions, of which each takes 1,000 writes a second."""


def _index(name: str, projection: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": "s", "KeyType": "HASH"},
            {"AttributeName": SORT_KEYS[name], "KeyType": "RANGE"},
        ],
        "Projection": dict(projection),
    }


DEFINITION: Mapping[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "k", "KeyType": "HASH"},
        {"AttributeName": "r", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in "krstwp"],
    "GlobalSecondaryIndexes": [
        _index(TIME, {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["m"]}),
        _index(WORK, {"ProjectionType": "KEYS_ONLY"}),
        _index(FAULT, {"ProjectionType": "KEYS_ONLY"}),
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
"""What CreateTable and a CloudFormation template are given, but for the name."""


def create_table(client: Any, name: str, *, expires: bool = True) -> None:
    """Make the table and wait until it is there. Without `expires` nothing goes by time to live.

    Raises StoreUnavailable: if DynamoDB refuses it.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as in client.py

    try:
        client.create_table(TableName=name, **DEFINITION)
        client.get_waiter("table_exists").wait(
            TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        if expires:
            client.update_time_to_live(
                TableName=name,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY},
            )
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"The table {name} cannot be made: {error}") from error
