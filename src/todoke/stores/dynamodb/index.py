"""Walks along the indexes: each is spread over shards; in a shard each group (a form, kept equally long) is in order.

A walk asks for few entries of each group and shard and joins them, so it costs the same however much is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from todoke.stores.dynamodb.client import DynamoTable, Item, Key, key_of
from todoke.stores.dynamodb.table import SHARDS, SORT_KEYS, TIME, WORK

LOWEST = ""
HIGHEST = "~"
"""Before and after every id."""
_END = "\U0010ffff"
_MOST_IN_QUERY = 500
_MOST_PAGES = 16
"""Of 1 MB, some 10,000 submissions each: in a shard, which has the eighth part of all."""


def shard_of(submission_id: str) -> str:
    """The part of each index that a submission is in: by the last digit of its place, which is even."""
    return SHARDS[int(submission_id[-1], 32) % len(SHARDS)]


class IndexEntry(NamedTuple):
    """An entry of an index by time: the submission's id, and where its item is."""

    id: str
    key: Key


Bound = Callable[[str], str]
"""For a group, the id before which its entries are asked for."""


def before(id_: str) -> Bound:
    """The same bound for every group."""
    return lambda _: id_


def newest(
    table: DynamoTable, index: str, form: str, *, low: str = LOWEST, high: str = HIGHEST, limit: int
) -> list[IndexEntry]:
    """The newest entries with low <= id < high, newest first, of a form or of all ("")."""
    entries: list[IndexEntry] = []
    for shard in SHARDS:
        walk = _Walk(table, index, shard, form, low, before(high), limit, newest_first=True)
        entries += walk.entries()
    return sorted(entries, reverse=True)[:limit]


class Stretch(NamedTuple):
    """Neighbouring entries in order, and whether there are no further ones."""

    entries: list[IndexEntry]
    is_last: bool


def stretch(
    table: DynamoTable,
    index: str,
    forms: Sequence[str],
    *,
    low: str,
    high: str,
    limit: int,
    newest_first: bool,
) -> Stretch:
    """The next entries with low <= id < high of these forms ("" is all): at least one where there is any, and no more
    than `limit`. Shards are filled evenly, so of each no more is read than its part of them, with some to spare."""
    each = limit // len(SHARDS) * 2 + 10
    entries: list[IndexEntry] = []
    edges: list[str] = []
    for form in forms:
        for shard in SHARDS:
            walk = _Walk(
                table, index, shard, form, low, before(high), each, newest_first=newest_first
            )
            entries += walk.entries()
            edges += walk.edges()
    if edges and newest_first:
        entries = [entry for entry in entries if entry.id >= max(edges)]
    elif edges:
        entries = [entry for entry in entries if entry.id <= min(edges)]
    is_last = not edges and len(entries) <= limit
    return Stretch(sorted(entries, reverse=newest_first)[:limit], is_last)


def oldest(
    table: DynamoTable,
    index: str = TIME,
    form: str = "",
    *,
    low: str = LOWEST,
    high: Bound,
    limit: int,
) -> list[IndexEntry]:
    """The oldest entries with low <= id < high, oldest first, of a form or of all ("")."""
    entries: list[IndexEntry] = []
    for shard in SHARDS:
        walk = _Walk(table, index, shard, form, low, high, limit, newest_first=False)
        entries += walk.entries()
    return sorted(entries)[:limit]


def due(table: DynamoTable, *, low: str, until: str, limit: int) -> list[tuple[str, Key]]:
    """Entries of the index of work with low <= due < until (digits of time), the longest due first."""
    entries: list[tuple[str, Key]] = []
    values = {":low": low or "0", ":until": until}
    for shard in SHARDS:
        answer = table.query(
            "s = :s AND w BETWEEN :low AND :until", {":s": shard, **values}, index=WORK, limit=limit
        )
        entries += [(str(item["w"]), key_of(item)) for item in answer.items]
    return sorted(entries)[:limit]


def totals(table: DynamoTable) -> tuple[int, int]:
    """How many submissions and messages there are, by reading the whole index by time."""
    submissions = messages = 0
    for shard in SHARDS:
        for item in table.query_all("s = :s", {":s": shard}, index=TIME):
            submissions += 1
            messages += int(item["m"])
    return submissions, messages


def ending(table: DynamoTable, digits: str) -> list[str]:
    """The ids that end with these digits: their shard is read through, as far as some pages of it go."""
    found: list[str] = []
    start = None
    for _ in range(_MOST_PAGES):
        answer = table.query("s = :s", {":s": shard_of(digits)}, index=TIME, start=start)
        places = (_parts(str(item[SORT_KEYS[TIME]]))[1] for item in answer.items)
        found += [id_ for id_ in places if id_.endswith(digits)]
        start = answer.last
        if start is None:
            break
    return found


def every(table: DynamoTable) -> Iterator[IndexEntry]:
    """Every entry of the index by time, in no order."""
    for shard in SHARDS:
        for item in table.query_all("s = :s", {":s": shard}, index=TIME):
            yield IndexEntry(_parts(str(item[SORT_KEYS[TIME]]))[1], key_of(item))


class _Walk:
    """The first `limit` entries of each group in one shard."""

    def __init__(
        self,
        table: DynamoTable,
        index: str,
        shard: str,
        form: str,
        low: str,
        high: Bound,
        limit: int,
        *,
        newest_first: bool,
    ) -> None:
        self._table = table
        self._index = index
        self._shard = shard
        self._low = low
        self._high = high
        self._limit = limit
        self._newest_first = newest_first
        self._attribute = SORT_KEYS[index]
        self._from = f"{form}/" if form else " "
        self._to = self._from + _END if form else _END
        self._taken: Counter[str] = Counter()
        self._ends: dict[str, str] = {}

    def entries(self) -> Iterator[IndexEntry]:
        """What is found, group by group."""
        start = None
        while True:
            answer = self._table.query(
                f"s = :s AND {self._attribute} BETWEEN :from AND :to",
                {":s": self._shard, ":from": self._from, ":to": self._to},
                index=self._index,
                limit=min(self._limit, _MOST_IN_QUERY),
                newest_first=self._newest_first,
                start=start,
            )
            for item in answer.items:
                yield from self._take(item)
            if answer.last is None:
                return
            start = None if self._leap(str(answer.items[-1][self._attribute])) else answer.last

    def edges(self) -> list[str]:
        """Of each group that may go on, the id after which its entries were left out."""
        return [self._ends[group] for group, n in self._taken.items() if n >= self._limit]

    def _take(self, item: Item) -> Iterator[IndexEntry]:
        group, id_ = _parts(str(item[self._attribute]))
        if self._low <= id_ < self._high(group) and self._taken[group] < self._limit:
            self._taken[group] += 1
            self._ends[group] = id_
            yield IndexEntry(id_, key_of(item))

    def _leap(self, last: str) -> bool:
        """Move the bounds past what is of no interest behind the last entry; False if the next one may be."""
        group, id_ = _parts(last)
        is_full = self._taken[group] >= self._limit
        if self._newest_first:
            if id_ >= self._high(group) and not is_full:
                self._to = group + self._high(group)
                return self._to < last
            if id_ < self._low or is_full:
                self._to = group
                return True
            return False
        if id_ < self._low and not is_full:
            self._from = group + self._low
            return self._from > last
        if id_ >= self._high(group) or is_full:
            self._from = group + HIGHEST
            return True
        return False


def _parts(place: str) -> tuple[str, str]:
    return place[:-26], place[-26:]


def after(id_: str) -> str:
    """The least text that comes after an id."""
    return id_ + "0"
