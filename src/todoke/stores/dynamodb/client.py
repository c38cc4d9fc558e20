"""Requests to DynamoDB: bounded retries, answers that were lost, and its errors as ours. Knows no submissions.

It loads botocore only when it is used: loading it is most of a function's cold start.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from todoke.model.errors import StoreUnavailable
from todoke.stores.dynamodb.wire import wire, wire_key

Value = str | int | bytes
Item = dict[str, Value]
"""An item's attributes by name, as Python has them."""
Key = tuple[str, str]
"""An item's primary key: its `k` and `r`."""

NOTHING = b""
"""`over` this, a put succeeds only where no item is."""
ATTEMPTS = 6
LONGEST_SECONDS = 3.0
"""Nothing is tried again after this."""
_FIRST_REST_SECONDS = 0.02
_LONGEST_REST_SECONDS = 0.5
_BATCH = 100  # BatchGetItem's own limit

_PASSING = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Errors after which the same request may succeed."""
_BUGS = frozenset({"ValidationException", "SerializationException"})
"""Errors that only a mistake of ours can cause."""


class Changed(Exception):
    """A condition did not hold: somebody else wrote the item. `item` is what is there, None where nothing is."""

    def __init__(self, item: Item | None) -> None:
        super().__init__()
        self.item = item


@dataclass(slots=True)
class QueryPage:
    """A page of a query: its items, and the key to go on from, None at the end."""

    items: list[Item]
    last: Any = None
    count: int = 0


@dataclass(slots=True)
class DynamoTable:
    """One table. Every method may raise StoreUnavailable: if DynamoDB does not do it within the attempts."""

    name: str
    client: Any
    is_closed: bool = False

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """The item under this key."""
        answer = self._call(self.client.get_item, Key=wire_key(key), ConsistentRead=consistent)
        return plain_item(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """Those of the items that are there."""
        if len(keys) == 1:
            item = self.get(keys[0], consistent=consistent)
            return {keys[0]: item} if item else {}
        items: dict[Key, Item] = {}
        for start in range(0, len(keys), _BATCH):
            for item in self._get_batch(keys[start : start + _BATCH], consistent=consistent):
                items[key_of(item)] = item
        return items

    def put(self, item: Item, *, over: bytes | None = None) -> None:
        """Write an item: over whatever is there (None), NOTHING, or the one whose nonce (`n`) this is.

        Each item written over a condition has a nonce of its own, so that a write whose answer was lost is recognised
        as ours. Raises Changed: if something else is there.
        """
        request = {"Item": wire(item), **_condition(over)}
        try:
            self._call(self.client.put_item, **request)
        except Changed as changed:
            there = changed.item or self.get(key_of(item))
            if there is None or there.get("n") != item["n"]:
                raise Changed(there) from None
        except StoreUnavailable:
            # A lost answer may have been a yes. If that cannot be learned either, it stays unknown.
            if over is None or not self._holds(item):
                raise

    def put_unless(self, item: Item, *, above: int) -> bool:
        """Write an item, unless the number (`x`) of what is there is above this; whether it was written.

        It has a nonce of its own, as for `put`.
        """
        try:
            self._call(
                self.client.put_item,
                Item=wire(item),
                ConditionExpression="attribute_not_exists(k) OR x <= :x",
                ExpressionAttributeValues={":x": {"N": str(above)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except Changed as changed:
            there = changed.item or self.get(key_of(item))
            return there is not None and there.get("n") == item["n"]
        return True

    def update(
        self, key: Key, change: str, values: Mapping[str, Value], *, condition: str = ""
    ) -> Item:
        """Change attributes of an item, which is made if it is not there; those that were changed.

        Where the answer is lost it may be done twice. Raises Changed: if the condition does not hold.
        """
        request: dict[str, Any] = {"ReturnValues": "UPDATED_NEW"}
        if condition:
            request["ConditionExpression"] = condition
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        answer = self._call(
            self.client.update_item,
            Key=wire_key(key),
            UpdateExpression=change,
            ExpressionAttributeValues=wire(values),
            **request,
        )
        return plain_item(answer.get("Attributes", {}))

    def swap(self, archived: Item, item: Item, *, over: bytes) -> None:
        """Put `archived` where nothing is and `item` over the one with this nonce: both or none.

        Raises Changed: if something else is at either place.
        """
        self.put_all([(item, over), (archived, NOTHING)])

    def put_all(self, puts: Sequence[tuple[Item, bytes | None]]) -> None:
        """Put each of up to 100 items over what it may stand over (see `put`): all or none.

        Whether a write whose answer was lost was made is told by the first, which has a nonce of its own. Raises
        Changed: if something else is at any of the places.
        """
        requests = [
            {"Put": {"TableName": self.name, "Item": wire(item), **_condition(over)}}
            for item, over in puts
        ]
        try:
            self._call(
                self.client.transact_write_items,
                TransactItems=requests,
                ClientRequestToken=os.urandom(16).hex(),  # one for all tries of this very write
                table=False,
            )
        except (Changed, StoreUnavailable):
            if not self._holds(puts[0][0]):
                raise

    def delete(self, key: Key, *, nonce: bytes | None = None) -> None:
        """Delete an item, if it is there. Raises Changed: if it is there with another nonce than this."""
        request: dict[str, Any] = {"Key": wire_key(key)}
        if nonce is not None:
            request |= {
                "ConditionExpression": "attribute_not_exists(k) OR n = :n",
                "ExpressionAttributeValues": {":n": {"B": nonce}},
            }
        self._call(self.client.delete_item, **request)

    def take(self, key: Key) -> Item | None:
        """Delete an item and return what it was, to one caller only; None to all others."""
        request: dict[str, Any] = {"ConditionExpression": "attribute_exists(k)"}
        request["ReturnValues"] = "ALL_OLD"
        try:
            answer = self._call(self.client.delete_item, Key=wire_key(key), **request)
        except Changed:
            return None
        return plain_item(answer["Attributes"])

    def query(
        self,
        condition: str,
        values: Mapping[str, Value],
        *,
        index: str = "",
        limit: int = 0,
        newest_first: bool = False,
        start: Any = None,
        count_only: bool = False,
    ) -> QueryPage:
        """One page of a query; consistent, unless it asks an index."""
        request: dict[str, Any] = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": wire(values),
            "ScanIndexForward": not newest_first,
        }
        request |= {"IndexName": index} if index else {"ConsistentRead": True}
        if limit:
            request["Limit"] = limit
        if start is not None:
            request["ExclusiveStartKey"] = start
        if count_only:
            request["Select"] = "COUNT"
        answer = self._call(self.client.query, **request)
        items = [plain_item(item) for item in answer.get("Items", ())]
        return QueryPage(items, answer.get("LastEvaluatedKey"), answer["Count"])

    def query_all(
        self, condition: str, values: Mapping[str, Value], *, index: str = ""
    ) -> Iterator[Item]:
        """All items of a query, page by page."""
        start = None
        while True:
            answer = self.query(condition, values, index=index, start=start)
            yield from answer.items
            start = answer.last
            if start is None:
                return

    def require_open(self) -> None:
        """Raise StoreUnavailable: if the store is closed."""
        if self.is_closed:
            raise StoreUnavailable("The store is closed.")

    def close(self) -> None:
        """Refuse all later requests."""
        self.is_closed = True

    def _get_batch(self, keys: Sequence[Key], *, consistent: bool) -> Iterator[Item]:
        wanted: Any = {"Keys": [wire_key(key) for key in keys], "ConsistentRead": consistent}
        for attempt in range(ATTEMPTS):
            answer = self._call(
                self.client.batch_get_item, RequestItems={self.name: wanted}, table=False
            )
            yield from map(plain_item, answer["Responses"].get(self.name, ()))
            wanted = answer.get("UnprocessedKeys", {}).get(self.name)
            if not wanted:
                return
            rest(attempt)
        raise StoreUnavailable(f"DynamoDB throttles the table {self.name}.")

    def _holds(self, item: Item) -> bool:
        """Whether this very write of the item is there."""
        try:
            there = self.get(key_of(item))
        except StoreUnavailable:
            return False
        return there is not None and there.get("n") == item["n"]

    def _call(self, operation: Callable[..., Any], *, table: bool = True, **request: Any) -> Any:
        """Ask, and ask again while that may help."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self.require_open()
        if table:
            request["TableName"] = self.name
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            try:
                return operation(**request)
            except ClientError as error:
                fault = self._read(error)
                if fault is not None:
                    raise fault from error
                last: Exception = error
            except BotoCoreError as error:
                last = error
            if attempt + 1 == ATTEMPTS or time.monotonic() - begun > LONGEST_SECONDS:
                break
            rest(attempt)
        raise StoreUnavailable(f"DynamoDB does not answer for {self.name}: {last}") from last

    def _read(self, error: Any) -> Exception | None:
        """What an error means; None if the request may be tried again."""
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            there = error.response.get("Item")
            return Changed(plain_item(there) if there else None)
        if code == "TransactionCanceledException":
            reasons = {r.get("Code") for r in error.response.get("CancellationReasons", ())}
            return Changed(None) if "ConditionalCheckFailed" in reasons else None
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _PASSING or status >= 500:
            return None
        if code in _BUGS:
            return error if isinstance(error, Exception) else None
        if code == "ResourceNotFoundException":
            return StoreUnavailable(f"There is no table {self.name} in DynamoDB here.")
        return StoreUnavailable(f"DynamoDB refuses: {error}")


def rest(attempt: int) -> None:
    """Wait before attempt `attempt` + 2: exponentially longer, with full jitter."""
    most = min(_FIRST_REST_SECONDS * 2**attempt, _LONGEST_REST_SECONDS)
    time.sleep(random.uniform(0, most))  # noqa: S311 - no secret


def key_of(item: Item) -> Key:
    """The primary key of an item."""
    return str(item["k"]), str(item["r"])


def _condition(over: bytes | None) -> dict[str, Any]:
    if over is None:
        return {}
    returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if over == NOTHING:
        return {"ConditionExpression": "attribute_not_exists(k)", **returned}
    values = {":n": {"B": over}}
    return {"ConditionExpression": "n = :n", "ExpressionAttributeValues": values, **returned}


def plain_item(item: Mapping[str, Any]) -> Item:
    """Attributes as DynamoDB writes them, as Python has them."""
    return {
        name: int(value["N"]) if "N" in value else value["S"] if "S" in value else value["B"]
        for name, value in item.items()
    }
