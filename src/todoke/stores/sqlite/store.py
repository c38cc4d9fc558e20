"""The store on one machine: one SQLite file in WAL mode, one writer thread, any number of readers.

docs/store.md says what is guaranteed and what lies on the disk. Reads see what is committed; writes are grouped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from todoke.model.address import NOBODY, Address
from todoke.model.care import Care
from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.erased import Erased
from todoke.model.errors import StoreCorrupt, StoreUnavailable
from todoke.model.kept import Kept, Repeat, Restored
from todoke.model.message import Claim, Message, MessageTimeline, Outcome, Timeline
from todoke.model.notice import Notice
from todoke.model.submission import File, RepeatKey, Submission
from todoke.ports.archive import Count, Page, Query
from todoke.ports.journal import FollowUp, Journaled
from todoke.ports.outbox import Added, Backlog, Duplicate
from todoke.ports.suppressions import Suppression, SuppressionList
from todoke.stores.rules.claim import ClaimRequest
from todoke.stores.rules.erase import Condition
from todoke.stores.rules.query import Secrets, secrets_by_name
from todoke.stores.rules.values import micros, plain, read_event, time_or_none
from todoke.stores.sqlite import claim, erase, erased, journal, move, page, shelf
from todoke.stores.sqlite.add import Adder, prepare
from todoke.stores.sqlite.admission import SqliteAdmission
from todoke.stores.sqlite.index import Indexer
from todoke.stores.sqlite.lessons import SqliteLessons
from todoke.stores.sqlite.notices import SqliteNotices
from todoke.stores.sqlite.read import backlog, counts, load, read_file
from todoke.stores.sqlite.readers import Readers
from todoke.stores.sqlite.rescue import Loss
from todoke.stores.sqlite.rows import SQL
from todoke.stores.sqlite.writer import Writer
from todoke.walk.commits import Commits

T = TypeVar("T")


@dataclass(slots=True)
class SqliteStore(SqliteAdmission, SqliteNotices, SqliteLessons):
    """See Store. `path` is the database file; it is made, with its folder, if there is none. `on_rescue` is called when
    its files are gone and what they held was saved beside `path`. `secrets` tells which answers nobody can look for.

    Raises when made: StoreCorrupt, if the file is damaged, not ours or of a newer todoke; StoreUnavailable, if it
    cannot be opened; ConfigError, if the SQLite in use is not safe.
    """

    path: Path
    _writer: Writer
    _adder: Adder
    _readers: Readers
    _secrets: Secrets
    _indexer: Indexer

    def __init__(
        self,
        path: Path,
        on_rescue: Callable[[], None] = lambda: None,
        secrets: Secrets = secrets_by_name,
    ) -> None:
        self.path = path
        self._secrets = secrets
        self._adder = Adder()
        self._writer = Writer(path, on_rescue)
        self._writer.start()
        self._readers = Readers(self._writer)
        with self._readers.reading() as connection:
            is_to_scrub = erase.has_traces(connection)
        if is_to_scrub:
            self._writer.submit(erase.scrub, None, alone=True)
        self._indexer = Indexer(self._writer, secrets)
        self._indexer.start()

    def add(
        self,
        submission: Submission,
        messages: Sequence[Message],
        repeat: RepeatKey | None,
        notices: Sequence[Notice] = (),
    ) -> Future[Added | Duplicate]:
        """See Store."""
        uploads = repeat.uploads if repeat else ()
        known = Repeat.of(repeat) if repeat else None
        addition = prepare(submission, messages, known, self._secrets, uploads, notices)
        self._indexer.wake()
        return self._writer.submit(self._adder, addition, weight=addition.weight)

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
        claims: Sequence[Claim] = self._write(claim.claim, request)
        return claims

    def renew(self, claims: Sequence[Claim], lease_until: datetime) -> None:
        """See Store."""
        self._write(claim.renew, (tuple(claims), lease_until))

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Store."""
        self._write(journal.finish, (tuple(outcomes), follow_up))

    def journal(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Journaled]:
        """See Store."""
        request = (tuple(events), follow_up, orphans)
        words: Sequence[Journaled] = self._write(journal.journal, request)
        return words

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
        request = journal.ResendRequest(
            message_id, now, recipient, max_corrections, seen, follow_up
        )
        return bool(self._write(journal.resend, request))

    def next_due(self) -> datetime | None:
        """See Store."""
        with self._readers.reading() as connection:
            return time_or_none(connection.execute(SQL["next_due"]).get)

    def due(self, now: datetime, limit: int) -> Sequence[str]:
        """See Store."""
        with self._readers.reading() as connection:
            rows = connection.execute(SQL["due_messages"], {"now": micros(now), "limit": limit})
            return [str(id_) for id_, _ in rows]

    def backlog(self) -> Backlog:
        """See Store."""
        return self._read(backlog)

    def receipt(self, token_hash: str) -> Timeline | None:
        """See Store."""
        return self._timeline("seq_of_token", {"hash": plain(token_hash)})

    def timeline(self, submission_id: str) -> Timeline | None:
        """See Store."""
        return self._timeline("seq_of_submission", {"id": plain(submission_id)})

    def page(self, query: Query) -> Page:
        """See Store."""
        return self._read(page.page, query, self._secrets)

    def cursor(self, submission_id: str) -> str:
        """See Store."""
        with self._readers.reading() as connection:
            seq = connection.execute(SQL["seq_of_submission"], {"id": plain(submission_id)}).get
        return "" if seq is None else str(seq)

    def count(self, query: Query, most: int = 1000) -> Count:
        """See Store."""
        return self._read(page.count, query, most, self._secrets)

    def take_care(
        self,
        submission_id: str,
        change: Callable[[Care], Care],
        notices: Sequence[Notice] = (),
    ) -> Care | None:
        """See Store."""
        taken: Care | None = self._write(journal.take_care, (submission_id, change, tuple(notices)))
        return taken

    def file(self, submission_id: str, position: int) -> File | None:
        """See Store."""
        return self._read(read_file, submission_id, position)

    def file_link(self, submission_id: str, position: int) -> str | None:  # noqa: ARG002 - see Store
        """See Store. It gives its files out itself."""
        return None

    def orphans(self, limit: int) -> Sequence[DeliveryEvent]:
        """See Store."""
        with self._readers.reading() as connection:
            rows = connection.execute(SQL["newest_orphans"], {"limit": limit})
            return [read_event(text) for (text,) in rows]

    def walk(self) -> Iterator[Kept]:
        """See Store. Each round of submissions is of one moment."""
        seq = -1
        while True:
            with self._readers.reading() as connection:
                some = move.round_after(connection, seq)
            if not some:
                return
            for seq, kept in some:
                with self._readers.reading() as connection:
                    whole = move.with_contents(connection, seq, kept)
                if whole is not None:
                    yield whole

    def walk_orphans(self) -> Iterator[DeliveryEvent]:
        """See Store."""
        last = 0
        while True:
            with self._readers.reading() as connection:
                values = {"after": last, "limit": journal.ORPHANS_AT_ONCE}
                rows = list(connection.execute(SQL["orphans_after"], values))
            if not rows:
                return
            last = rows[-1][0]
            yield from (read_event(text) for _, text in rows)

    def restore(self, kept: Kept) -> Future[Restored]:
        """See Store."""
        wanted = move.restored_rows(kept, self._secrets)
        self._indexer.wake()
        return self._writer.submit(move.restore, wanted, weight=wanted.weight)

    def join_orphans(self, follow_up: FollowUp) -> int:
        """See Store."""
        total, last = 0, 0
        while True:
            joined, seen = self._write(journal.join_orphans, (last, follow_up))
            if seen == last:
                return total
            total, last = total + joined, seen

    def erase(
        self,
        *,
        submission_id: str = "",
        address: str = "",
        received_before: datetime | None = None,
        retained_before: datetime | None = None,
    ) -> int:
        """See Store. The file is written anew afterwards, so it takes as long as that takes; adds wait meanwhile."""
        condition = Condition(submission_id, address, received_before, retained_before)
        count, has_traces = self._write(erase.erase, condition)
        if has_traces:
            self._scrub()
        return int(count)

    def remember_erased(self, several: Sequence[Erased]) -> None:
        """See Store."""
        self._write(erased.remember, tuple(several))

    def erased(self, now: datetime) -> Sequence[Erased]:
        """See Store."""
        return self._read(erased.remembered, now)

    def counts(self) -> Mapping[str, int]:
        """See Store."""
        return self._read(counts)

    def mark(self, name: str) -> datetime | None:
        """See Store."""
        return self._read(shelf.mark, name)

    def marks(self) -> Mapping[str, datetime]:
        """See Store."""
        return self._read(shelf.marks)

    def put_mark(self, name: str, at: datetime, *, unless_after: datetime | None = None) -> bool:
        """See Store."""
        bound = None if unless_after is None else micros(unless_after)
        return bool(self._write(shelf.put_mark, (plain(name), micros(at), bound)))

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """See Store."""
        self._write(shelf.put_suppressions, shelf.list_rows(service, suppressions, at))

    def change_suppressions(
        self, service: str, address: str, change: Callable[[Suppression], Suppression | None]
    ) -> None:
        """See Store."""
        self._write(shelf.change_suppressions, (service, address, change))

    def suppressions(self) -> Sequence[SuppressionList]:
        """See Store."""
        return self._read(shelf.suppressions)

    def verify(self, *, quick: bool = False) -> None:
        """Read the whole file; `quick` leaves out comparing indexes with rows, which takes most of the time.

        Raises StoreCorrupt: if anything in it contradicts the rest.
        """
        check = "quick_check" if quick else "integrity_check"
        with self._readers.reading() as connection:
            faults = [row[0] for row in connection.execute(f"PRAGMA {check}(10)")]
            if faults != ["ok"]:
                raise StoreCorrupt(f"{self.path} is damaged: {'; '.join(map(str, faults))}")

    def end_leases(self) -> None:
        """Let every lease lapse now: the process that held them is gone."""
        self._write(claim.end_leases, None)

    @property
    def commits(self) -> Commits:
        """How the writes went since it was opened."""
        return self._writer.commits

    @property
    def loss(self) -> Loss | None:
        """What happened to the files, if they are no longer those that were opened; also after `close`."""
        return self._writer.loss

    def close(self) -> None:
        """See Store."""
        self._indexer.stop()
        self._readers.close()
        self._writer.close()

    def _scrub(self) -> None:
        try:
            self._writer.submit(erase.scrub, None, alone=True).result()
        except StoreUnavailable as error:
            raise StoreUnavailable(
                f"It is erased, but traces of it remain in the files: {str(error).rstrip('.')}. "
                "Erase again to remove them."
            ) from error

    def _write(self, apply: Any, request: Any) -> Any:
        return self._writer.submit(apply, request).result()

    def _read(self, look: Callable[..., T], *values: Any) -> T:
        with self._readers.reading() as connection:
            return look(connection, *values)

    def _timeline(self, statement: str, values: Mapping[str, str]) -> Timeline | None:
        with self._readers.reading() as connection:
            seq = connection.execute(SQL[statement], dict(values)).get
            return None if seq is None else load(connection, [seq])[seq].timeline
