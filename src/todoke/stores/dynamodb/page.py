"""Pages of submissions from DynamoDB: by the index that fits best, each page a bounded number of reads.

There is no index of words: a page looks through the newest thousand, then says how far it came. What has a key is found
at once, however old: an address, a whole id. A reference is the end of an id, which the index by time holds, so that is
read through without the submissions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.model.errors import Malformed
from todoke.ports.archive import Count, Page, Query
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.claim import DynamoOutbox
from todoke.stores.dynamodb.client import Key
from todoke.stores.dynamodb.index import (
    HIGHEST,
    LOWEST,
    IndexEntry,
    Stretch,
    after,
    ending,
    newest,
    stretch,
)
from todoke.stores.dynamodb.items import FAULTS, ID, StoredItem
from todoke.stores.dynamodb.table import FAULT, TIME
from todoke.stores.rules.query import Secrets, counts_whole, meets, secrets_by_name

_LOOKED_AT = 1_000
"""So many submissions one page looks at, at most; then it ends early, with the cursor to go on from."""
_MOST_FRESH = 1_000
_ROUND = 100
NOWHERE: Key = ("", "")
"""The place of what is known by its id alone."""
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_REFERENCE = re.compile(r"[0-9a-v]{6}")


@dataclass(slots=True)
class Lists:
    """Lists what is kept."""

    cabinet: Cabinet
    outbox: DynamoOutbox
    secrets: Secrets = secrets_by_name

    def page(self, query: Query) -> Page:
        """See Archive.page."""
        named = self._named(query)
        page = self._page(query, named)
        if named and not page.timelines and not query.address:  # a word that only looks like one
            page = self._page(query, None)
        if page.timelines or not page.next or query.before or query.after:
            return page
        meant = self._of_reference(query)
        return self._page(query, meant) if meant else page

    def count(self, query: Query, most: int) -> Count:
        """See Archive.count."""
        query = replace(query, before="", after="", limit=most)
        if counts_whole(query):
            number = self._entries(query, most + 1)
            return Count(min(number, most), number > most)
        look = self._look(query, self._named(query))
        return Count(len(look.found), look.is_more)

    def concerns_any(self, mailbox: str) -> bool:
        """Whether any submission concerns this mailbox key."""
        query = Query(address=mailbox, limit=1)
        while True:
            page = self.page(query)
            if page.timelines or not page.next:
                return bool(page.timelines)
            query = Query(address=mailbox, limit=1, before=page.next)

    def _page(self, query: Query, named: Sequence[str] | None) -> Page:
        look = self._look(query, named)
        shown = look.found[::-1] if query.after else look.found
        further = look.stopped_at
        if look.is_more and not further:
            further = look.found[-1].id
        newer, next_ = (further, "") if query.after else ("", further)
        if query.after and shown:
            next_ = shown[-1].id
        elif query.before and shown:
            newer = shown[0].id
        return Page(
            timelines=tuple(stored.timeline for stored in shown),
            next=self.cursor(next_),
            newer=self.cursor(newer),
            looked_back_to=(
                ids.time_of(look.stopped_at) if look.stopped_at and not query.after else None
            ),
        )

    def _look(self, query: Query, named: Sequence[str] | None) -> _Look:
        """The first `limit` submissions that meet a query."""
        low, high = self._span(query)
        look = _Look()
        looked_at = 0
        size = min(max(query.limit + 1, 10), _LOOKED_AT)
        while True:
            entries, is_last = self._candidates(query, low, high, named, size)
            for start in range(0, len(entries), _ROUND):
                some = entries[start : start + _ROUND]
                if self._take(look, query, some):
                    return look
                last = some[-1].id
                looked_at += len(some)
                if looked_at >= _LOOKED_AT:
                    look.is_more, look.stopped_at = True, last
                    return look
            if is_last:
                return look
            low, high = (after(last), high) if query.after else (low, last)
            size = _LOOKED_AT - looked_at

    def _take(self, look: _Look, query: Query, entries: Sequence[IndexEntry]) -> bool:
        """Add to what was found what of these entries meets the query; whether there is more than was asked for."""
        keys = [entry.key for entry in entries]
        there = self.cabinet.load_keys([key for key in keys if key != NOWHERE])
        there |= self.cabinet.load_all([e.id for e in entries if e.key == NOWHERE])
        for entry in entries:
            stored = there.get(entry.id)
            if stored is None or not self._meets(query, stored):
                continue
            if len(look.found) == query.limit:
                look.is_more = True
                return True
            look.found.append(stored)
        return False

    def _candidates(
        self, query: Query, low: str, high: str, named: Sequence[str] | None, size: int
    ) -> Stretch:
        """The next of those that may meet a query, newest first (or oldest, towards newer ones)."""
        if named is not None:
            fitting = sorted((i for i in named if low <= i < high), reverse=not query.after)
            entries = [IndexEntry(id_, NOWHERE) for id_ in fitting[:size]]
            return Stretch(entries, len(fitting) <= size)
        return stretch(
            self.cabinet.table,
            FAULT if _is_fault(query) else TIME,
            _forms(query),
            low=low,
            high=high,
            limit=size,
            newest_first=not query.after,
        )

    def _named(self, query: Query) -> Sequence[str] | None:
        """The ids that an address or a word leads to; None where time must lead."""
        if query.address:
            return self._of_mailbox(query.address)
        if not query.words:
            return None
        from todoke.model.search import asked_for  # noqa: PLC0415 - 5 ms of a cold start

        asked = asked_for(query.words)
        whole = [word for word in asked.words if ID.fullmatch(word)]
        if whole or not asked:
            return whole
        typed = _ADDRESS.search(query.words)
        return (self._of_mailbox(typed[0]) or None) if typed else None

    def _of_mailbox(self, address: str) -> Sequence[str] | None:
        leads = self.cabinet.pointers.look(mailbox_key(address))
        fresh = [] if leads.is_of_many else self.outbox.fresh_ids(_MOST_FRESH)
        if leads.is_of_many or len(fresh) >= _MOST_FRESH:
            return None
        return list(leads.ids | set(fresh))

    def _of_reference(self, query: Query) -> Sequence[str]:
        """The ids that end with what may be a reference, where that alone is looked for."""
        from todoke.model.search import asked_for  # noqa: PLC0415 - as above

        asked = asked_for(query.words)
        [word, *others] = [*asked.words, *asked.runs] or [""]
        if others or not _REFERENCE.fullmatch(word):
            return ()
        return ending(self.cabinet.table, word)

    def _entries(self, query: Query, most: int) -> int:
        found = 0
        for form in _forms(query):
            found += len(newest(self.cabinet.table, TIME, form, limit=most))
        return found

    def _span(self, query: Query) -> tuple[str, str]:
        """The ids that may be shown: from the first on, before the second."""
        low = ids.time_digits(query.received_from) if query.received_from else LOWEST
        high = ids.time_digits(query.received_to) if query.received_to else HIGHEST
        if query.before:
            high = min(high, self._read_cursor(query.before))
        if query.after:
            low = max(low, after(self._read_cursor(query.after)))
        return low, high

    def cursor(self, id_: str) -> str:
        """The cursor that stands for an id. It is sealed: a page may end at what is not its reader's to know."""
        return ids.cursor(self.cabinet.pointers.secret, id_) if id_ else ""

    def _read_cursor(self, text: str) -> str:
        id_ = ids.cursor_of(self.cabinet.pointers.secret, text)
        if not id_:
            raise Malformed("This is not a cursor of a page.")
        return id_

    def _meets(self, query: Query, stored: StoredItem) -> bool:
        record = stored.record
        return meets(query, record.submission, record.works, record.care, self.secrets)


@dataclass(slots=True)
class _Look:
    """What a look came to: `stopped_at` is the id where it had looked at too many, else ""."""

    found: list[StoredItem] = field(default_factory=list)
    is_more: bool = False
    stopped_at: str = ""


def _forms(query: Query) -> Sequence[str]:
    """The forms whose parts of an index hold all that is meant; "" is all of it."""
    scope = query.scope
    if scope is None or scope.mailbox:
        return [query.form]
    if query.form:
        return [query.form] if query.form in scope.forms else []
    return sorted(scope.forms)


def _is_fault(query: Query) -> bool:
    """Whether the index of faults holds all that is meant."""
    if query.address:
        return False
    return (
        query.review
        or query.attention
        or (bool(query.statuses) and query.silent_since is None and query.statuses <= FAULTS)
    )
