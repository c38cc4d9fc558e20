"""Pages of submissions from DynamoDB: by the index that fits best, each page a bounded number of reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from todoke.model import ids
from todoke.model.address import mailbox_key
from todoke.model.errors import Malformed
from todoke.ports.archive import Page, Query
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.claim import DynamoOutbox
from todoke.stores.dynamodb.index import HIGHEST, LOWEST, IndexEntry, newest
from todoke.stores.dynamodb.items import FAULTS, ID, StoredItem
from todoke.stores.dynamodb.table import FAULT, TIME
from todoke.stores.rules.erase import address_keys, recipients

_LOOKED_AT = 1_000
"""So many submissions one page looks at, at most; then it ends early, with the cursor to go on from."""
_MOST_FRESH = 1_000
_ROUND = 100


@dataclass(slots=True)
class Lists:
    """Lists what is kept."""

    cabinet: Cabinet
    outbox: DynamoOutbox

    def page(self, query: Query) -> Page:
        """See Archive.page."""
        low = ids.time_digits(query.received_from) if query.received_from else LOWEST
        high = ids.time_digits(query.received_to) if query.received_to else HIGHEST
        high = min(high, _cursor(query.before))
        return self._page(query, low, high, self._named(query))

    def concerns_any(self, mailbox: str) -> bool:
        """Whether any submission concerns this mailbox key."""
        query = Query(address=mailbox, limit=1)
        while True:
            page = self.page(query)
            if page.timelines or not page.next:
                return bool(page.timelines)
            query = Query(address=mailbox, limit=1, before=page.next)

    def _page(self, query: Query, low: str, high: str, named: Sequence[str] | None) -> Page:
        shown: list[StoredItem] = []
        looked_at = 0
        size = min(max(query.limit + 1, 10), _ROUND)
        while True:
            round_ = self._round(query, low, high, named, size)
            for _, stored in round_:
                if stored is None or not _meets(query, stored):
                    continue
                if len(shown) == query.limit:
                    return Page(tuple(s.timeline for s in shown), shown[-1].id)
                shown.append(stored)
            if len(round_) < size:
                return Page(tuple(s.timeline for s in shown))
            high = round_[-1][0]
            looked_at += len(round_)
            if looked_at >= _LOOKED_AT:
                return Page(tuple(s.timeline for s in shown), high)
            size = _ROUND

    def _round(
        self, query: Query, low: str, high: str, named: Sequence[str] | None, size: int
    ) -> list[tuple[str, StoredItem | None]]:
        """The next candidates, newest first, with what is there of them."""
        if named is not None:
            chosen = [id_ for id_ in named if low <= id_ < high][:size]
            there = self.cabinet.load_all(chosen)
            return [(id_, there.get(id_)) for id_ in chosen]
        index = FAULT if _is_fault(query) else TIME
        entries: list[IndexEntry] = newest(
            self.cabinet.table, index, query.form, low=low, high=high, limit=size
        )
        there = self.cabinet.load_keys([entry.key for entry in entries])
        return [(entry.id, there.get(entry.id)) for entry in entries]

    def _named(self, query: Query) -> Sequence[str] | None:
        """The ids that an address leads to, newest first; None where time must lead."""
        if not query.address:
            return None
        leads = self.cabinet.pointers.look(mailbox_key(query.address))
        fresh = [] if leads.is_of_many else self.outbox.fresh_ids(_MOST_FRESH)
        if leads.is_of_many or len(fresh) >= _MOST_FRESH:
            return None
        return sorted(leads.ids | set(fresh), reverse=True)


def _is_fault(query: Query) -> bool:
    return bool(query.status) and not query.address and query.status in FAULTS


def _cursor(before: str) -> str:
    if before and not ID.fullmatch(before):
        raise Malformed("This is not a cursor of a page.")
    return before or HIGHEST


def _meets(query: Query, stored: StoredItem) -> bool:
    submission, works = stored.record.submission, stored.record.works
    conditions = (
        not query.form or submission.form == query.form,
        not query.status or query.status in {w.timeline.standing.status.value for w in works},
        not query.address
        or mailbox_key(query.address) in address_keys(submission.visitor, recipients(works)),
        query.received_from is None or submission.received_at >= query.received_from,
        query.received_to is None or submission.received_at < query.received_to,
    )
    return all(conditions)
