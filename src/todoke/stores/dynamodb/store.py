"""The store on AWS: one DynamoDB table, every write one conditional put. docs/store-dynamodb.md says what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from todoke.model.address import NOBODY, Address
from todoke.model.care import Care
from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.erased import Erased
from todoke.model.errors import StoreUnavailable
from todoke.model.kept import Kept, Repeat, Restored
from todoke.model.message import Claim, Message, MessageTimeline, Outcome, Timeline
from todoke.model.notice import Notice
from todoke.model.submission import File, RepeatKey, Submission
from todoke.ports.archive import Count, Page, Query
from todoke.ports.bucket import Bucket
from todoke.ports.clock import Clock
from todoke.ports.journal import FollowUp, Journaled
from todoke.ports.outbox import Added, Backlog, Duplicate
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.stores.dynamodb import add, erased, move, orphans, shelf
from todoke.stores.dynamodb.admission import DynamoAdmission
from todoke.stores.dynamodb.cabinet import Cabinet
from todoke.stores.dynamodb.care import take_care
from todoke.stores.dynamodb.claim import DynamoOutbox
from todoke.stores.dynamodb.client import DynamoTable
from todoke.stores.dynamodb.codec import Record
from todoke.stores.dynamodb.connect import make_client
from todoke.stores.dynamodb.erase import Eraser
from todoke.stores.dynamodb.files import KeptFiles, required
from todoke.stores.dynamodb.index import totals
from todoke.stores.dynamodb.items import StoredItem
from todoke.stores.dynamodb.journal import DynamoJournal
from todoke.stores.dynamodb.lessons import DynamoLessons
from todoke.stores.dynamodb.notices import DynamoNotices
from todoke.stores.dynamodb.ordinals import Ordinals
from todoke.stores.dynamodb.page import Lists
from todoke.stores.dynamodb.pointers import Pointers
from todoke.stores.dynamodb.stream import due_in, readable, submission_in
from todoke.stores.rules.claim import ClaimRequest
from todoke.stores.rules.erase import Condition
from todoke.stores.rules.query import Secrets, secrets_by_name
from todoke.stores.rules.work import first_works

_ADDING_AT_ONCE = 32

P = ParamSpec("P")
T = TypeVar("T")


class DynamoStore(DynamoAdmission, DynamoNotices, DynamoLessons):
    """See Store. `name` is the table's; `secret` is the one that ids are made with (ids.place).

    `tokened` are services that bring the attempt's token and recipient back in every event (see Pointers).
    `secrets` tells which answers nobody can look for. `numbered` are the forms whose submissions are numbered, None for
    every form.
    `bucket` keeps the contents of files; without one they are items of the table, 16 MB of a submission at most.
    `client` is botocore's, by default one for the region and endpoint in the environment. Raises when made:
    StoreUnavailable, if there is no region.
    """

    def __init__(
        self,
        name: str,
        *,
        secret: bytes,
        clock: Clock,
        tokened: frozenset[str] = frozenset(),
        bucket: Bucket | None = None,
        client: Any = None,
        secrets: Secrets = secrets_by_name,
        numbered: frozenset[str] | None = None,
    ) -> None:
        self._own_client = None if client else make_client()
        self._table = DynamoTable(name, client or self._own_client)
        self._secret = secret
        self._clock = clock
        self._bucket = bucket
        kept = KeptFiles(bucket) if bucket else None
        self._cabinet = Cabinet(self._table, Pointers(self._table, secret, tokened), kept)
        self._ordinals = Ordinals(self._table, numbered)
        self._outbox = DynamoOutbox(self._cabinet, self._ordinals)
        self._lists = Lists(self._cabinet, self._outbox, secrets)
        self._journal = DynamoJournal(self._cabinet, self._lists, clock, clock())
        self._eraser = Eraser(self._cabinet, self._lists)
        self._adding = ThreadPoolExecutor(_ADDING_AT_ONCE, "store-add")

    def add(
        self,
        submission: Submission,
        messages: Sequence[Message],
        repeat: RepeatKey | None,
        notices: Sequence[Notice] = (),
    ) -> Future[Added | Duplicate]:
        """See Store. Raises ValueError: if the ids are not made of the moment and the repeat key."""
        add.require_place(self._secret, submission, messages, repeat)
        works = tuple(first_works(submission, messages))
        record = Record(submission, works, Repeat.of(repeat) if repeat else None)
        return self._in_pool(add.add, self._cabinet, record, repeat, self._clock, notices)

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
        return self._outbox.claim(
            ClaimRequest(now, lease_until, limit, service, ceiling, tuple(ids))
        )

    def renew(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """See Store. Atomic for each submission."""
        self._outbox.renew(claims, lease_until)

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Store. Atomic for each submission; to repeat a call that failed is safe."""
        self._journal.finish(outcomes, follow_up)

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Journaled]:
        """See Store. Atomic for each submission; to repeat a call that failed is safe."""
        self._table.require_open()
        return self._journal.journal(events, follow_up, keep_orphans=orphans)

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
        return self._journal.resend(
            message_id,
            now=now,
            recipient=recipient,
            max_corrections=max_corrections,
            seen=seen,
            follow_up=follow_up,
        )

    def next_due(self) -> datetime | None:
        """See Store."""
        return self._outbox.next_due()

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """See Store."""
        return self._outbox.due(now, limit)

    def backlog(self) -> Backlog:
        """See Store."""
        return self._outbox.backlog()

    def read_change(self, record: Mapping[str, Any]) -> Mapping[str, datetime]:
        """See ReadChange. What the record brings is noted, so that the claim after it needs no read."""
        stored = submission_in(record)
        if stored is None:
            return {}
        self._cabinet.note(stored)
        return due_in(stored)

    def numbered_ahead(self, records: Iterable[Mapping[str, Any]]) -> AbstractContextManager[None]:
        """While it lasts, what these records of the stream brought is claimed with numbers that are taken now, in one
        write for each form. Records that cannot be read have none."""
        return self._ordinals.ahead(stored for r in records if (stored := readable(r)) is not None)

    def receipt(self, token_hash: str) -> Timeline | None:
        """See Store. The hash begins with the submission's id."""
        timeline = self.timeline(token_hash[:-64])
        return timeline if timeline and timeline.submission.token_hash == token_hash else None

    def timeline(self, submission_id: str) -> Timeline | None:
        """See Store."""
        self._table.require_open()
        stored = self._cabinet.load(submission_id)
        return stored.timeline if stored else None

    def page(self, query: Query) -> Page:
        """See Store."""
        return self._lists.page(query)

    def cursor(self, submission_id: str) -> str:
        """See Store."""
        return self._lists.cursor(submission_id) if self._cabinet.load(submission_id) else ""

    def count(self, query: Query, most: int = 1000) -> Count:
        """See Store. No more are looked at than for a page."""
        return self._lists.count(query, most)

    def take_care(
        self,
        submission_id: str,
        change: Callable[[Care], Care],
        notices: Sequence[Notice] = (),
    ) -> Care | None:
        """See Store."""
        self._table.require_open()
        return take_care(self._cabinet, submission_id, change, notices)

    def file(self, submission_id: str, position: int) -> File | None:
        """See Store."""
        stored = self._cabinet.load(submission_id)
        file = _file_at(stored, position)
        if stored is None or file is None:
            return None
        content = self._cabinet.file(stored, position) if file.size else b""
        return File(name=file.name, media_type=file.media_type, content=content)

    def file_link(self, submission_id: str, position: int) -> str | None:
        """See Store. For the files in the bucket, signed; nothing is asked of it."""
        stored = self._cabinet.load(submission_id)
        file = _file_at(stored, position)
        if stored is None or file is None or not stored.objects or not file.size:
            return None
        submission = stored.record.submission
        return required(self._cabinet.kept).link(submission, stored.objects, position, file.name)

    def orphans(self, limit: int) -> Sequence[DeliveryEvent]:
        """See Store."""
        return orphans.newest(self._table, limit)

    def walk(self) -> Iterator[Kept]:
        """See Store. It reads the whole table: for people who ask, not for a page."""
        self._table.require_open()
        return move.walk(self._cabinet)

    def walk_orphans(self) -> Iterator[DeliveryEvent]:
        """See Store."""
        self._table.require_open()
        return (event for _, event in orphans.every(self._table))

    def marks(self) -> Mapping[str, datetime]:
        """See Store."""
        return shelf.marks(self._table)

    def restore(self, kept: Kept) -> Future[Restored]:
        """See Store."""
        return self._in_pool(move.restore, self._cabinet, kept)

    def join_orphans(self, follow_up: FollowUp) -> int:
        """See Store."""
        return self._journal.join_all(follow_up)

    def erase(
        self,
        *,
        submission_id: str = "",
        address: str = "",
        received_before: datetime | None = None,
        retained_before: datetime | None = None,
    ) -> int:
        """See Store."""
        self._table.require_open()
        return self._eraser.erase(
            Condition(submission_id, address, received_before, retained_before)
        )

    def remember_erased(self, several: Sequence[Erased]) -> None:
        """See Store."""
        erased.remember(self._table, several)

    def erased(self, now: datetime) -> Sequence[Erased]:
        """See Store."""
        return erased.remembered(self._table, now)

    def counts(self) -> Mapping[str, int]:
        """See Store. It reads the whole index by time: for people who ask, not for a page."""
        submissions, messages = totals(self._table)
        return {
            "submissions": submissions,
            "messages": messages,
            "due": self._outbox.backlog().messages,
            "orphans": orphans.count(self._table),
        }

    def mark(self, name: str) -> datetime | None:
        """See Store."""
        return shelf.mark(self._table, name)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        """See Store."""
        return shelf.put_mark(self._table, name, at, unless_after)

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """See Store."""
        shelf.put_suppressions(self._table, service, suppressions, at)

    def change_suppressions(
        self, service: str, address: str, change: Callable[[Suppression], Suppression | None]
    ) -> None:
        """See Store."""
        shelf.change_suppressions(self._table, service, address, change)

    def suppressions(self) -> Sequence[SuppressionList]:
        """See Store."""
        return shelf.suppressions(self._table)

    def close(self) -> None:
        """See Store."""
        self._adding.shutdown()
        self._table.close()
        if self._own_client is not None:
            self._own_client.close()
        if self._bucket is not None:
            self._bucket.close()

    def _in_pool(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> Future[T]:
        try:
            return self._adding.submit(call, *args, **options)
        except RuntimeError as error:  # the pool is shut down
            raise StoreUnavailable("The store is closed.") from error


def _file_at(stored: StoredItem | None, position: int) -> File | None:
    entries = stored.record.submission.entries if stored else ()
    value = entries[position].value if 0 <= position < len(entries) else None
    return value if isinstance(value, File) else None
