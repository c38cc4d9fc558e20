"""Many items into a table at once: what a store puts, one by one, is noted here and written by 25 a request."""

from __future__ import annotations

from itertools import count
from typing import Any

_AT_ONCE = 25  # BatchWriteItem's own limit
_MOST_TRIES = 20


class Noted:
    """A client of an empty table, for a store that only puts: nothing is there, and whatever is put is noted."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Note an item; of what may be put only where nothing is, the place must be free."""
        item = request["Item"]
        key = item["k"]["S"], item["r"]["S"]
        assert key not in self.items or "ConditionExpression" not in request
        self.items[key] = item
        return {}

    def get_item(self, **_: Any) -> dict[str, Any]:
        """Nothing."""
        return {}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        """Nothing."""
        return {"Responses": {}, "UnprocessedKeys": {}}

    def pour(self, client: Any, table: str) -> None:
        """Write all that was noted into a table."""
        items = list(self.items.values())
        for start in range(0, len(items), _AT_ONCE):
            puts = [{"PutRequest": {"Item": item}} for item in items[start : start + _AT_ONCE]]
            asked = {table: puts}
            for tries in count():
                assert tries < _MOST_TRIES, "the table takes no more"
                asked = client.batch_write_item(RequestItems=asked).get("UnprocessedItems")
                if not asked:
                    break
