"""The outbox in DynamoDB: what is due, and who takes it.

Most work is done seconds after the door wrote it, by what reads the table's stream. To index it would cost two writes
for each submission. So the door indexes nothing, and two things together find all work: the index of work has what was
put off, asked for again or caused later; and the index by time, read from the `mark` on, has the rest. The mark moves
on over what is done, or is in the index of work, and never nearer to the present than GRACE.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from todoke.model import ids
from todoke.model.errors import StoreUnavailable
from todoke.model.message import Claim
from todoke.ports.outbox import Backlog
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.index import HIGHEST, IndexEntry, after, before, due, oldest
from todoke.stores.dynamodb.items import StoredItem, is_in_first_pass
from todoke.stores.dynamodb.ordinals import Ordinals
from todoke.stores.dynamodb.transaction import DynamoTransaction
from todoke.stores.rules.claim import ClaimRequest, begin_claim, renew
from todoke.stores.rules.work import Work

LATE = timedelta(seconds=60)
"""A submission that is older than this when it is added goes into the index of work at once."""
GRACE = timedelta(seconds=180)
"""How far the mark stays behind: longer than LATE, the slowest put and a skew of clocks take together."""
_STEP = timedelta(seconds=30)
"""The mark is not written for less."""
_MARK = ("mark", " fresh")
_ROUND = 100
_MOST_ROUNDS = 100
"""So many rounds one claim looks at beyond what its mark may move over, at most: 10,000 submissions."""


class Due(msgspec.Struct, frozen=True, order=True):
    """A message that is due; in the order of claims."""

    wakes_at: datetime
    message_id: str
    submission_id: str


@dataclass(slots=True)
class DynamoOutbox:
    """Finds and claims work."""

    cabinet: Cabinet
    ordinals: Ordinals

    def claim(self, request: ClaimRequest) -> Sequence[Claim]:
        """See Outbox.claim."""
        if request.ids:
            names = set(request.ids)
            there = self._known(id_[:26] for id_ in request.ids)
            if not _due(
                there.values(), request.now
            ):  # known from before the write that made us look
                there = self.cabinet.load_all((id_[:26] for id_ in request.ids), consistent=True)
            return self._take(
                request,
                there,
                [d for d in _due(there.values(), request.now) if d.message_id in names],
            )
        there = self._fresh(request) | self._put_off(request.now, request.limit)
        return self._take(request, there, _due(there.values(), request.now))

    def renew(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """See Outbox.renew."""
        by_submission: defaultdict[str, list[Claim]] = defaultdict(list)
        for claim in claims:
            by_submission[claim.message.submission_id].append(claim)
        for id_, some in by_submission.items():
            self.cabinet.change(
                id_,
                lambda transaction, some=some: renew(transaction, some, lease_until),  # type: ignore[misc]
            )

    def due(self, now: datetime, limit: int) -> list[str]:
        """See Outbox.due. Round by round, so however many there are, few submissions are held."""
        all_due: set[Due] = set()
        end = ids.time_digits(now) + HIGHEST
        for rounds in (self._put_off_rounds(), self._fresh_rounds()):
            named: set[Due] = set()
            for floor, there in rounds:
                if floor > end or len(named) >= limit:
                    break
                named.update(_due(there, now))
            all_due |= named
        return [due_.message_id for due_ in sorted(all_due)[:limit]]

    def next_due(self) -> datetime | None:
        """See Outbox.next_due."""
        best: datetime | None = None
        for rounds in (self._put_off_rounds(), self._fresh_rounds()):
            for floor, there in rounds:
                if best is not None and ids.time_of(floor) >= best:
                    break
                times = [w.wakes_at for s in there for w in s.record.works if w.wakes_at]
                best = min([*times, best] if best else times, default=None)
        return best

    def backlog(self) -> Backlog:
        """See Outbox.backlog."""
        there: dict[str, StoredItem] = {}
        for rounds in (self._put_off_rounds(), self._fresh_rounds()):
            there |= {stored.id: stored for _, round_ in rounds for stored in round_}
        works = (w for s in there.values() for w in s.record.works)
        made = [w.message.created_at for w in works if w.wakes_at is not None]
        return Backlog(len(made), min(made, default=None))

    def fresh_ids(self, limit: int) -> list[str]:
        """The ids from the mark on, oldest first: what the door wrote and nothing has looked at since."""
        entries = oldest(self.cabinet.table, low=self._mark(), high=before(HIGHEST), limit=limit)
        return [entry.id for entry in entries]

    def _known(self, submission_ids: Iterable[str]) -> dict[str, StoredItem]:
        """Submissions as this process knows them, or as they are read."""
        wanted = dict.fromkeys(submission_ids)
        known = {id_: stored for id_ in wanted if (stored := self.cabinet.written(id_))}
        return known | self.cabinet.load_all(id_ for id_ in wanted if id_ not in known)

    def _put_off_rounds(self) -> Iterator[tuple[str, Collection[StoredItem]]]:
        """What the index of work has, the longest due first, each round after a time in digits."""
        low, size = "", _ROUND
        while True:
            entries = due(self.cabinet.table, low=low, until=HIGHEST, limit=size)
            if entries:
                yield entries[0][0], self.cabinet.load_keys([key for _, key in entries]).values()
            if len(entries) < size:
                return
            size = size * 2 if entries[-1][0] == low else _ROUND
            low = entries[-1][0]

    def _fresh_rounds(self) -> Iterator[tuple[str, Collection[StoredItem]]]:
        """What the index by time has from the mark on, likewise."""
        low = self._mark()
        while True:
            fresh = oldest(self.cabinet.table, low=low, high=before(HIGHEST), limit=_ROUND)
            if fresh:
                yield fresh[0].id, self.cabinet.load_keys([e.key for e in fresh]).values()
            if len(fresh) < _ROUND:
                return
            low = after(fresh[-1].id)

    def _put_off(self, now: datetime, limit: int) -> dict[str, StoredItem]:
        """What the index of work has, until enough of it is due."""
        there: dict[str, StoredItem] = {}
        low, size = "", max(_ROUND, limit)
        for _ in range(_MOST_ROUNDS):
            until = ids.time_digits(now)
            entries = due(self.cabinet.table, low=low, until=until, limit=size)
            there |= self.cabinet.load_keys([key for _, key in entries])
            if len(entries) < size or len(_due(there.values(), now)) >= limit:
                break
            size = size * 2 if entries[-1][0] == low else size
            low = entries[-1][0]
        return there

    def _fresh(self, request: ClaimRequest) -> dict[str, StoredItem]:
        """What is due in the index by time from the mark on, until it is enough; what is done is passed on the way.

        However much has come since, no more than a round of it is held.
        """
        mark = _Mark(self.cabinet, self._mark(), ids.time_digits(request.now - GRACE))
        there: dict[str, StoredItem] = {}
        due_: list[Due] = []
        low, high = mark.at, before(ids.time_digits(request.now) + HIGHEST)
        size, beyond = max(_ROUND, request.limit), 0
        while beyond < _MOST_ROUNDS:
            entries = oldest(self.cabinet.table, low=low, high=high, limit=size)
            found = self.cabinet.load_keys([entry.key for entry in entries])
            mark.move_over(entries, found)
            due_ += _due(found.values(), request.now)
            there |= {
                d.submission_id: found[d.submission_id] for d in due_ if d.submission_id in found
            }
            if len(entries) < size or len(due_) >= request.limit:
                break
            low = after(entries[-1].id)
            beyond += mark.is_held
        return there

    def _take(
        self, request: ClaimRequest, there: dict[str, StoredItem], due_here: Sequence[Due]
    ) -> Sequence[Claim]:
        chosen = sorted(due_here)[: request.limit]
        by_submission: defaultdict[str, list[str]] = defaultdict(list)
        for due_ in chosen:
            by_submission[due_.submission_id].append(due_.message_id)
        numbers = self.ordinals.take(there[id_] for id_ in by_submission)
        claims: dict[str, Claim] = {}
        for id_, message_ids in by_submission.items():
            begin = _Begin(request, message_ids, numbers[id_].ordinal if id_ in numbers else None)
            try:
                taken, transaction = self.cabinet.change(id_, begin, there[id_])
            except StoreUnavailable:
                if not claims:
                    raise
                numbers.pop(id_, None)  # perhaps it was written
                break  # what is claimed is to be sent: it would wait for its lease to lapse
            claims |= {claim.message.id: claim for claim in taken}
            if id_ in numbers and taken and transaction.ordinal == numbers[id_].ordinal:
                del numbers[id_]
        self.ordinals.give_back(numbers)
        return [claims[d.message_id] for d in chosen if d.message_id in claims]

    def _mark(self) -> str:
        there = self.cabinet.table.get(_MARK, consistent=False)
        return str(there["x"]) if there else ""


@dataclass(slots=True)
class _Mark:
    """From where on the index by time has to be looked at: it moves over what is done, and never beyond `bound`.

    Nor beyond what was seen, so a clock that runs ahead does not hide what others add. `is_held` once something is met
    that only a look finds. What cannot be written now moves the next time.
    """

    cabinet: Cabinet
    at: str
    bound: str
    is_held: bool = False
    written: str = field(init=False)

    def __post_init__(self) -> None:
        self.written = self.at

    def move_over(self, entries: Sequence[IndexEntry], there: Mapping[str, StoredItem]) -> None:
        """Move over the next entries, and write where it is when that is worth it."""
        try:
            for entry in entries:
                if not self.is_held:
                    self._pass(entry, there.get(entry.id))
            if ids.time_of(self.at or "0") - ids.time_of(self.written or "0") >= _STEP:
                self.cabinet.table.put({"k": _MARK[0], "r": _MARK[1], "x": self.at})
                self.written = self.at
        except StoreUnavailable:
            self.is_held = True

    def _pass(self, entry: IndexEntry, stored: StoredItem | None) -> None:
        self.is_held = entry.id >= self.bound or bool(stored and _needs_look(stored))
        self.at = max(self.at, min(self.bound, entry.id[: ids.TIME_DIGITS]))
        if stored and not self.is_held:
            self.cabinet.pointers.index(stored)


class _Begin:
    """Begin attempts of these messages, as far as they are still due."""

    def __init__(
        self, request: ClaimRequest, message_ids: Sequence[str], ordinal: int | None
    ) -> None:
        self._request = request
        self._message_ids = message_ids
        self._ordinal = ordinal

    def __call__(self, transaction: DynamoTransaction) -> list[Claim]:
        """The claims."""
        works = [transaction.work(id_) for id_ in self._message_ids]
        transaction.ordinal = transaction.ordinal or self._ordinal
        return [self._begin(transaction, work) for work in works if work and self._is_due(work)]

    def _is_due(self, work: Work) -> bool:
        return work.wakes_at is not None and work.wakes_at <= self._request.now

    def _begin(self, transaction: DynamoTransaction, before: Work) -> Claim:
        token = before.message.submission_id + ids.new_attempt_token()
        record = transaction.record
        begun = begin_claim(before, self._request, record.submission, record.ordinal, token)
        transaction.keep(begun.work)
        return begun.claim


def _due(there: Collection[StoredItem], now: datetime) -> list[Due]:
    return [
        Due(work.wakes_at, work.message.id, stored.id)
        for stored in there
        for work in stored.record.works
        if work.wakes_at is not None and work.wakes_at <= now
    ]


def _needs_look(stored: StoredItem) -> bool:
    """Whether it has work that only the fresh part of the index by time finds."""
    due_ = [w for w in stored.record.works if w.timeline.due_at is not None]
    received_at = stored.record.submission.received_at
    return bool(due_) and all(is_in_first_pass(w, received_at) for w in due_)
