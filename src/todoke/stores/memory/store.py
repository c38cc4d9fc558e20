"""A store in memory: the model that every store is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from todoke.model import ids
from todoke.model.address import NOBODY, Address, mailbox_key
from todoke.model.care import Care
from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.erased import Erased
from todoke.model.errors import StoreUnavailable
from todoke.model.ids import new_attempt_token
from todoke.model.kept import Kept, Repeat, Restored
from todoke.model.message import Claim, Message, MessageTimeline, Outcome, Timeline
from todoke.model.notice import Notice
from todoke.model.submission import File, RepeatKey, Submission
from todoke.ports.archive import Count, Page, Query
from todoke.ports.journal import FollowUp, Journaled
from todoke.ports.outbox import Added, Backlog, Duplicate
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.stores.memory.admission import MemoryAdmission
from todoke.stores.memory.erase import erase
from todoke.stores.memory.lessons import MemoryLessons
from todoke.stores.memory.notices import MemoryNotices
from todoke.stores.memory.page import count, cursor, page
from todoke.stores.memory.tables import Tables
from todoke.stores.memory.transaction import MemoryTransaction
from todoke.stores.rules import journal as rules
from todoke.stores.rules.claim import ClaimRequest, begin_claim, renew
from todoke.stores.rules.erase import Condition
from todoke.stores.rules.query import Secrets, secrets_by_name
from todoke.stores.rules.values import changed_suppressions
from todoke.stores.rules.work import Work, first_works, kept_message


class MemoryStore(MemoryAdmission, MemoryNotices, MemoryLessons):
    """See Store. It forgets everything when the process ends; otherwise it keeps each promise of the port."""

    def __init__(self, secrets: Secrets = secrets_by_name) -> None:
        self._secrets = secrets
        self._tables = Tables()
        self._lock = RLock()
        self._closed = False

    def add(
        self,
        submission: Submission,
        messages: Sequence[Message],
        repeat: RepeatKey | None,
        notices: Sequence[Notice] = (),
    ) -> Future[Added | Duplicate]:
        """See Store."""
        future: Future[Added | Duplicate] = Future()
        with self._writing() as tables:
            if repeat:
                duplicate = tables.duplicate_of(submission, repeat)
                if duplicate:
                    future.set_result(duplicate)
                    return future
                for key in (ids.place_of(submission.id), *repeat.uploads):
                    tables.repeats[key] = (Repeat.of(repeat), submission.id)
            tables.submissions[submission.id] = submission
            tables.give_ordinal(submission)
            for work in first_works(submission, messages):
                tables.works[work.message.id] = work
            tables.tell(notices, submission.received_at)
        future.set_result(Added(submission.id))
        return future

    def claim(
        self,
        *,
        now: datetime,
        lease_until: datetime,
        limit: int,
        service: str,
        ceiling: Ceiling,
        ids: Sequence[str] = (),
    ) -> Sequence[Claim]:
        """See Store."""
        request = ClaimRequest(now, lease_until, limit, service, ceiling, tuple(ids))
        with self._writing() as tables:
            return [_claim(tables, work, request) for work in tables.due(now, ids)[:limit]]

    def renew(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """See Store."""
        with self._writing() as tables:
            renew(MemoryTransaction(tables), claims, lease_until)

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Store."""
        with self._writing() as tables:
            rules.finish(MemoryTransaction(tables), outcomes, follow_up)

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Journaled]:
        """See Store."""
        with self._writing() as tables:
            return rules.journal(MemoryTransaction(tables), events, follow_up, orphans=orphans)

    def resend(
        self,
        message_id: str,
        *,
        now: datetime,
        recipient: Address = NOBODY,
        max_corrections: int = 0,
        seen: MessageTimeline | None = None,
        follow_up: FollowUp,
    ) -> bool:
        """See Store."""
        with self._writing() as tables:
            return rules.resend(
                MemoryTransaction(tables),
                message_id,
                now=now,
                recipient=recipient,
                max_corrections=max_corrections,
                seen=seen,
                follow_up=follow_up,
            )

    def next_due(self) -> datetime | None:
        """See Store."""
        with self._reading() as tables:
            times = (w.wakes_at for w in tables.works.values())
            return min((t for t in times if t is not None), default=None)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """See Store."""
        with self._reading() as tables:
            return [work.message.id for work in tables.due(now, ())[:limit]]

    def backlog(self) -> Backlog:
        """See Store."""
        with self._reading() as tables:
            made = [w.message.created_at for w in tables.works.values() if w.wakes_at is not None]
        return Backlog(len(made), min(made, default=None))

    def receipt(self, token_hash: str) -> Timeline | None:
        """See Store."""
        with self._reading() as tables:
            ids = (s.id for s in tables.submissions.values() if s.token_hash == token_hash)
            return tables.timeline(next(ids, ""))

    def timeline(self, submission_id: str) -> Timeline | None:
        """See Store."""
        with self._reading() as tables:
            return tables.timeline(submission_id)

    def page(self, query: Query) -> Page:
        """See Store."""
        with self._reading() as tables:
            return page(tables, query, self._secrets)

    def cursor(self, submission_id: str) -> str:
        """See Store."""
        with self._reading() as tables:
            found = tables.submissions.get(submission_id)
        return cursor(found) if found else ""

    def count(self, query: Query, most: int = 1000) -> Count:
        """See Store."""
        with self._reading() as tables:
            return count(tables, query, most, self._secrets)

    def take_care(
        self,
        submission_id: str,
        change: Callable[[Care], Care],
        notices: Sequence[Notice] = (),
    ) -> Care | None:
        """See Store."""
        with self._writing() as tables:
            return rules.take_care(MemoryTransaction(tables), submission_id, change, notices)

    def file(self, submission_id: str, position: int) -> File | None:
        """See Store."""
        with self._reading() as tables:
            submission = tables.submissions.get(submission_id)
            if submission is None or not 0 <= position < len(submission.entries):
                return None
            value = submission.entries[position].value
            return value if isinstance(value, File) else None

    def file_link(self, submission_id: str, position: int) -> str | None:  # noqa: ARG002 - see Store
        """See Store. It gives its files out itself."""
        return None

    def orphans(self, limit: int) -> Sequence[DeliveryEvent]:
        """See Store."""
        with self._reading() as tables:
            return list(reversed(tables.orphans.values()))[:limit]

    def walk(self) -> Iterator[Kept]:
        """See Store."""
        with self._reading() as tables:
            known = list(tables.submissions.values())
        for submission in sorted(known, key=lambda s: (s.received_at, s.id)):
            repeat, of = tables.repeats.get(ids.place_of(submission.id), (None, ""))
            yield Kept(
                submission=submission,
                messages=tuple(map(kept_message, tables.of(submission.id))),
                repeat=repeat if of == submission.id else None,
                care=self._tables.care_of(submission.id),
                ordinal=self._tables.ordinals.get(submission.id),
            )

    def walk_orphans(self) -> Iterator[DeliveryEvent]:
        """See Store."""
        with self._reading() as tables:
            yield from tuple(tables.orphans.values())

    def marks(self) -> Mapping[str, datetime]:
        """See Store."""
        with self._reading() as tables:
            return dict(tables.marks)

    def restore(self, kept: Kept) -> Future[Restored]:
        """See Store."""
        future: Future[Restored] = Future()
        with self._writing() as tables:
            future.set_result(tables.restore(kept))
        return future

    def join_orphans(self, follow_up: FollowUp) -> int:
        """See Store."""
        with self._writing() as tables:
            known = tuple(tables.orphans.values())
            words = rules.journal(MemoryTransaction(tables), known, follow_up, orphans=False)
            joined = [e for e, w in zip(known, words, strict=True) if w is not Journaled.ORPHAN]
            for event in joined:
                tables.orphans.pop(event.key, None)
            return len(joined)

    def erase(
        self,
        *,
        submission_id: str = "",
        address: str = "",
        received_before: datetime | None = None,
        retained_before: datetime | None = None,
    ) -> int:
        """See Store."""
        condition = Condition(submission_id, address, received_before, retained_before)
        with self._writing() as tables:
            return erase(tables, condition)

    def remember_erased(self, several: Sequence[Erased]) -> None:
        """See Store."""
        with self._writing() as tables:
            tables.remember_erased(several)

    def erased(self, now: datetime) -> Sequence[Erased]:
        """See Store."""
        with self._reading() as tables:
            live = [one for one in tables.erased.values() if one.forgotten_at > now]
        return sorted(live, key=lambda one: (one.at, one.by, one.key))

    def counts(self) -> Mapping[str, int]:
        """See Store."""
        with self._reading() as tables:
            return {
                "submissions": len(tables.submissions),
                "messages": len(tables.works),
                "due": sum(w.wakes_at is not None for w in tables.works.values()),
                "orphans": len(tables.orphans),
            }

    def mark(self, name: str) -> datetime | None:
        """See Store."""
        with self._reading() as tables:
            return tables.marks.get(name)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        """See Store."""
        with self._writing() as tables:
            if unless_after is not None and tables.marks.get(name, unless_after) > unless_after:
                return False
            tables.marks[name] = at
            return True

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """See Store."""
        with self._writing() as tables:
            tables.lists[service] = _sorted_list(service, suppressions, at)

    def change_suppressions(
        self, service: str, address: str, change: Callable[[Suppression], Suppression | None]
    ) -> None:
        """See Store."""
        with self._writing() as tables:
            if listed := tables.lists.get(service):
                changed = changed_suppressions(listed.suppressions, address, change)
                tables.lists[service] = _sorted_list(service, changed, listed.read_at)

    def suppressions(self) -> Sequence[SuppressionList]:
        """See Store."""
        with self._reading() as tables:
            return [listed for _, listed in sorted(tables.lists.items())]

    def close(self) -> None:
        """See Store."""
        with self._lock:
            self._closed = True

    @contextmanager
    def _reading(self) -> Iterator[Tables]:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            yield self._tables

    @contextmanager
    def _writing(self) -> Iterator[Tables]:
        """Tables to write in; they take the place of the old ones unless something is raised."""
        with self._reading() as tables:
            written = tables.copy()
            yield written
            self._tables = written


def _claim(tables: Tables, work: Work, request: ClaimRequest) -> Claim:
    submission = tables.submission(work.message.submission_id)
    ordinal = tables.ordinals.get(submission.id)
    begun = begin_claim(work, request, submission, ordinal, new_attempt_token())
    tables.works[work.message.id] = begun.work
    tables.tokens[begun.claim.attempt.token] = work.message.id
    return begun.claim


def _sorted_list(
    service: str, suppressions: Sequence[Suppression], at: datetime
) -> SuppressionList:
    kept = sorted(set(suppressions), key=lambda s: (mailbox_key(s.address), repr(s)))
    return SuppressionList(service=service, read_at=at, suppressions=tuple(kept))
