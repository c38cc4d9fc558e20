"""Fakes for the ports, for the tests of todoke and of what is built on it. They pass the same contract suite."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from threading import RLock
from urllib.parse import quote

from msgspec.structs import replace

from todoke import ids
from todoke.address import mailbox_key
from todoke.bucket import KEPT, Content, KeptObject, UploadLink, examine
from todoke.delivery import Ceiling, DeliveryEvent, Kind
from todoke.errors import Malformed, RecordsUnavailable, StoreUnavailable
from todoke.ids import new_attempt_token
from todoke.message import Claim, Message, Outcome, Timeline
from todoke.moving import Kept, Repeat, Restored
from todoke.ports import (
    Accepted,
    Added,
    Clock,
    Duplicate,
    FollowUp,
    Mail,
    Page,
    Query,
    Recorded,
    Suppression,
    SuppressionList,
)
from todoke.stores import ledger as rules
from todoke.stores.erasure import Condition, address_keys, person_keys, recipients
from todoke.stores.work import Work, begin, forget, is_same, kept_message, new_work, work_of
from todoke.submission import File, RepeatKey, Source, Submission


@dataclass(slots=True)
class FakeClock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def move(self, **units: float) -> datetime:
        """Move it on, `move(minutes=5)`, and tell the new time."""
        self.now += timedelta(**units)
        return self.now


@dataclass(slots=True)
class FakeMailer:
    """A mailer with a script: `answers` are what it gives for a recipient, in turn, an Accepted or an error to raise.

    The last answer of a list is given again and again; who is not in it is accepted. `sent` keeps what was taken,
    `asked` all that was tried.
    """

    name: str = "fake"
    ceiling: Ceiling = Ceiling.DELIVERED
    concurrency: int = 4
    answers: dict[str, list[Accepted | Exception]] = field(default_factory=dict)
    asked: list[Mail] = field(default_factory=list)
    sent: list[Mail] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock, repr=False)

    def send(self, mail: Mail) -> Accepted:
        """See Mailer."""
        with self._lock:
            self.asked.append(mail)
            script = self.answers.get(mail.recipient) or [Accepted(service_id=f"id-{mail.token}")]
            answer = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(answer, Exception):
                raise answer
            self.sent.append(mail)
            return answer

    def close(self) -> None:
        """See Mailer."""


@dataclass(slots=True)
class FakeRecords:
    """A service's records: `events` are on record, `blocked` on its list; `fault` is raised for as long as it is set.

    `asked` keeps the days that were asked for.
    """

    name: str = "fake"
    days: int = 40
    zone: tzinfo = UTC
    events: list[DeliveryEvent] = field(default_factory=list)
    blocked: list[Suppression] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[date] = field(default_factory=list)
    page_rows: int = 100

    def of_day(self, day: date, now: datetime) -> Iterator[Sequence[DeliveryEvent]]:
        """See Records."""
        self._answer()
        self.asked.append(day)
        found = self._of(day, now)
        for start in range(0, len(found), self.page_rows):
            yield found[start : start + self.page_rows]

    def of_attempt(
        self, token: str, days: Sequence[date], now: datetime
    ) -> Sequence[DeliveryEvent]:
        """See Records."""
        self._answer()
        return [e for day in dict.fromkeys(days) for e in self._of(day, now) if e.token == token]

    def suppressions(self) -> Sequence[Suppression]:
        """See Records."""
        self._answer()
        return list(self.blocked)

    def close(self) -> None:
        """See Records."""
        self.fault = RecordsUnavailable("The records are closed.")

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _of(self, day: date, now: datetime) -> list[DeliveryEvent]:
        found = [e for e in self.events if e.at.astimezone(self.zone).date() == day]
        return [replace(e, received_at=now) for e in found]


@dataclass(slots=True)
class MemoryBucket:
    """A bucket that forgets all when the process ends; `fault` is raised for as long as it is set.

    `objects` are the contents and when each was put; `post` is what a browser does with an upload link.
    """

    clock: Clock = field(default_factory=FakeClock)
    url: str = "https://bucket.example/"
    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    fault: Exception | None = None

    def upload_link(self, key: str, *, size: int, seconds: int) -> UploadLink:
        """See Bucket."""
        self._answer()
        until = self.clock() + timedelta(seconds=seconds)
        fields = {"key": key, "size": str(size), "until": until.isoformat()}
        return UploadLink(self.url, fields)

    def post(self, fields: Mapping[str, str], content: bytes) -> bool:
        """Put a content by the fields of a link; whether it was taken."""
        is_good = self.clock() < datetime.fromisoformat(fields["until"])
        is_good = is_good and len(content) == int(fields["size"])
        if is_good:
            self.put(fields["key"], content)
        return is_good

    def look(self, key: str, *, size: int) -> Content | None:
        """See Bucket."""
        content = self.read(key)
        if content is None or len(content) != size:
            return None
        return examine([content], version=hashlib.sha256(content).hexdigest())

    def put(self, key: str, content: bytes) -> None:
        """See Bucket."""
        self._answer()
        self.objects[key] = (content, self.clock())

    def copy(self, source: Source, key: str, digest: str) -> None:
        """See Bucket."""
        content = self.read(source.key)
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            raise StoreUnavailable("The file is gone, or another.")
        self.put(key, content)

    def read(self, key: str) -> bytes | None:
        """See Bucket."""
        self._answer()
        return self.objects[key][0] if key in self.objects else None

    def remove(self, keys: Sequence[str]) -> None:
        """See Bucket."""
        self._answer()
        for key in keys:
            self.objects.pop(key, None)

    def kept(self, *, after: str, before: str) -> Iterator[KeptObject]:
        """See Bucket."""
        self._answer()
        for key in sorted(k for k in self.objects if k.startswith(KEPT) and after < k < before):
            yield KeptObject(key, self.objects[key][1])

    def download_link(self, key: str, *, name: str, seconds: int) -> str:
        """See Bucket."""
        self._answer()
        return f"{self.url}{key}?name={quote(name, safe='')}&seconds={seconds}"

    def close(self) -> None:
        """See Bucket."""

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


@dataclass(slots=True)
class _Tables:
    """All that a MemoryStore keeps."""

    submissions: dict[str, Submission] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    stated: dict[tuple[str, str], str] = field(default_factory=dict)
    orphans: dict[str, DeliveryEvent] = field(default_factory=dict)
    repeats: dict[str, tuple[Repeat, str]] = field(default_factory=dict)
    codes: dict[str, datetime] = field(default_factory=dict)
    marks: dict[str, datetime] = field(default_factory=dict)
    lists: dict[str, SuppressionList] = field(default_factory=dict)

    def of(self, submission_id: str) -> list[Work]:
        """The works of one submission, in the order they were made."""
        return [w for w in self.works.values() if w.message.submission_id == submission_id]

    def due(self, now: datetime, ids: Sequence[str]) -> list[Work]:
        """The works that are due (of these messages, if any are named), the longest due first."""
        due = [
            (wakes_at, message_id, work)
            for message_id, work in self.works.items()
            if (wakes_at := work.wakes_at) is not None and wakes_at <= now
        ]
        return [w for _, id_, w in sorted(due, key=lambda d: d[:2]) if not ids or id_ in ids]

    def submission(self, submission_id: str) -> Submission:
        """One submission, its files without their content."""
        return self.submissions[submission_id].without_contents()

    def timeline(self, submission_id: str) -> Timeline | None:
        """One submission with all that became of it."""
        if submission_id not in self.submissions:
            return None
        return Timeline(
            submission=self.submission(submission_id),
            messages=tuple(w.timeline for w in self.of(submission_id)),
        )

    def restore(self, kept: Kept) -> Restored:
        """Keep a submission of another store."""
        id_ = kept.submission.id
        if id_ in self.submissions:
            same = is_same(self.submission(id_), self.of(id_), kept)
            return Restored.SAME if same else Restored.DIFFERENT
        self.submissions[id_] = kept.submission
        before = self.repeats.get(ids.place_of(id_))
        if kept.repeat and (before is None or before[0].expires_at < kept.repeat.expires_at):
            self.repeats[ids.place_of(id_)] = (kept.repeat, id_)
        for work in map(work_of, kept.messages):
            self.works[work.message.id] = work
            for tried in work.timeline.attempts:
                self.tokens[tried.attempt.token] = work.message.id
                for event in tried.events:
                    if event.kind is Kind.ACCEPTED and event.service_id:
                        self.stated[event.service, event.service_id] = tried.attempt.token
        return Restored.NEW

    def remove(self, submission_id: str) -> None:
        """Take out a submission with all that is about it."""
        del self.submissions[submission_id]
        self.works = {
            id_: w for id_, w in self.works.items() if w.message.submission_id != submission_id
        }
        self.tokens = {t: id_ for t, id_ in self.tokens.items() if id_ in self.works}
        self.stated = {s: t for s, t in self.stated.items() if t in self.tokens}
        self.repeats = {k: r for k, r in self.repeats.items() if r[1] != submission_id}

    def mailboxes(self) -> set[str]:
        """Everyone whom any submission concerns."""
        return {
            key
            for s in self.submissions.values()
            for key in address_keys(s.visitor, recipients(self.of(s.id)))
        }

    def copy(self) -> _Tables:
        """The same tables, to write in; the values in them are frozen."""
        return _Tables(
            submissions=dict(self.submissions),
            works=dict(self.works),
            tokens=dict(self.tokens),
            stated=dict(self.stated),
            orphans=dict(self.orphans),
            repeats=dict(self.repeats),
            codes=dict(self.codes),
            marks=dict(self.marks),
            lists=dict(self.lists),
        )


@dataclass(slots=True)
class _MemoryLedger:
    """See Ledger."""

    tables: _Tables

    def message_of(self, token: str) -> str | None:
        return self.tables.tokens.get(token)

    def token_of(self, service: str, service_id: str) -> str | None:
        return self.tables.stated.get((service, service_id))

    def work(self, message_id: str) -> Work | None:
        return self.tables.works.get(message_id)

    def submission(self, submission_id: str) -> Submission:
        return self.tables.submission(submission_id)

    def keep(self, work: Work) -> None:
        self.tables.works[work.message.id] = work

    def keep_event(self, message_id: str, token: str, event: DeliveryEvent) -> None:  # noqa: ARG002 - the port has it
        if event.kind is Kind.ACCEPTED and event.service_id:
            self.tables.stated[event.service, event.service_id] = token

    def keep_message(self, message: Message, due_at: datetime) -> None:
        self.tables.works.setdefault(message.id, new_work(message, due_at))

    def keep_orphan(self, event: DeliveryEvent) -> None:
        self.tables.orphans.setdefault(event.key, event)

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:
        orphans = self.tables.orphans
        named = [e for e in orphans.values() if (e.service, e.service_id) == (service, service_id)]
        for event in named:
            del orphans[event.key]
        return named


class MemoryStore:
    """See Store. It forgets everything when the process ends; otherwise it keeps each promise of the port."""

    def __init__(self) -> None:
        self._tables = _Tables()
        self._lock = RLock()
        self._closed = False

    def add(
        self, submission: Submission, messages: Sequence[Message], repeat: RepeatKey | None
    ) -> Future[Added | Duplicate]:
        """See Store."""
        future: Future[Added | Duplicate] = Future()
        with self._writing() as tables:
            named = Repeat.of(repeat) if repeat else None
            place = ids.place_of(submission.id)
            before = tables.repeats.get(place)
            if named and before and before[0].expires_at > submission.received_at:
                is_same = before[0].fingerprint == named.fingerprint
                future.set_result(Duplicate(before[1], same_content=is_same))
                return future
            if named:
                tables.repeats[place] = (named, submission.id)
            tables.submissions[submission.id] = submission
            for message in messages:
                tables.works[message.id] = new_work(message, message.created_at)
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
        claims = []
        with self._writing() as tables:
            for before in tables.due(now, ids)[:limit]:
                work, interruption = begin(
                    before,
                    token=new_attempt_token(),
                    now=now,
                    lease_until=lease_until,
                    service=service,
                    ceiling=ceiling,
                )
                attempt = work.timeline.attempts[-1].attempt
                tables.works[work.message.id] = work
                tables.tokens[attempt.token] = work.message.id
                claims.append(
                    Claim(
                        message=work.message,
                        attempt=attempt,
                        submission=tables.submission(work.message.submission_id),
                        lease_until=lease_until,
                        interrupted=interruption is not None,
                        resend_asked_at=work.timeline.resend_asked_at,
                    )
                )
        return claims

    def finish(self, outcomes: Sequence[Outcome], follow_up: FollowUp) -> None:
        """See Store."""
        with self._writing() as tables:
            rules.finish(_MemoryLedger(tables), outcomes, follow_up)

    def record(
        self, events: Sequence[DeliveryEvent], follow_up: FollowUp, *, orphans: bool = True
    ) -> Sequence[Recorded]:
        """See Store."""
        with self._writing() as tables:
            return rules.record(_MemoryLedger(tables), events, follow_up, orphans=orphans)

    def resend(
        self,
        message_id: str,
        *,
        now: datetime,
        recipient: str = "",
        max_corrections: int = 0,
        follow_up: FollowUp,
    ) -> bool:
        """See Store."""
        with self._writing() as tables:
            return rules.resend(
                _MemoryLedger(tables),
                message_id,
                now=now,
                recipient=recipient,
                max_corrections=max_corrections,
                follow_up=follow_up,
            )

    def next_due(self) -> datetime | None:
        """See Store."""
        with self._reading() as tables:
            times = (w.wakes_at for w in tables.works.values())
            return min((t for t in times if t is not None), default=None)

    def receipt(self, token_hash: str) -> Timeline | None:
        """See Store."""
        with self._reading() as tables:
            found = (s.id for s in tables.submissions.values() if s.token_hash == token_hash)
            return tables.timeline(next(found, ""))

    def timeline(self, submission_id: str) -> Timeline | None:
        """See Store."""
        with self._reading() as tables:
            return tables.timeline(submission_id)

    def page(self, query: Query) -> Page:
        """See Store."""
        with self._reading() as tables:
            all_of_them = sorted(
                tables.submissions.values(), key=lambda s: (s.received_at, s.id), reverse=True
            )
            places = {_cursor(s): place for place, s in enumerate(all_of_them)}
            if query.before and query.before not in places:
                raise Malformed("This is not a cursor of a page.")
            rest = all_of_them[places[query.before] + 1 :] if query.before else all_of_them
            timelines = (tables.timeline(s.id) for s in rest)
            found = [t for t in timelines if t is not None and _matches(query, t, tables)]
            shown = found[: query.limit]
            is_more = len(found) > query.limit
            return Page(tuple(shown), _cursor(shown[-1].submission) if is_more and shown else "")

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
        """See Movable."""
        with self._reading() as tables:
            known = list(tables.submissions.values())
        for submission in sorted(known, key=lambda s: (s.received_at, s.id)):
            repeat, of = tables.repeats.get(ids.place_of(submission.id), (None, ""))
            yield Kept(
                submission=submission,
                messages=tuple(map(kept_message, tables.of(submission.id))),
                repeat=repeat if of == submission.id else None,
            )

    def walk_orphans(self) -> Iterator[DeliveryEvent]:
        """See Movable."""
        with self._reading() as tables:
            yield from tuple(tables.orphans.values())

    def marks(self) -> Mapping[str, datetime]:
        """See Movable."""
        with self._reading() as tables:
            return dict(tables.marks)

    def restore(self, kept: Kept) -> Future[Restored]:
        """See Movable."""
        future: Future[Restored] = Future()
        with self._writing() as tables:
            future.set_result(tables.restore(kept))
        return future

    def join_orphans(self, follow_up: FollowUp) -> int:
        """See Store."""
        with self._writing() as tables:
            known = tuple(tables.orphans.values())
            words = rules.record(_MemoryLedger(tables), known, follow_up, orphans=False)
            joined = [e for e, w in zip(known, words, strict=True) if w is not Recorded.ORPHAN]
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
            meant = [s for s in tables.submissions.values() if condition.means(s, tables.of(s.id))]
            persons = {key for s in meant for key in person_keys(s, tables.of(s.id))}
            for submission in meant:
                tables.remove(submission.id)
            gone = persons - tables.mailboxes()
            if address:
                gone.add(mailbox_key(address))
            tables.works = {id_: forget(w, gone) for id_, w in tables.works.items()}
            tables.orphans = {
                key: e for key, e in tables.orphans.items() if not condition.means_orphan(e, gone)
            }
            tables.lists = {name: _without(listed, gone) for name, listed in tables.lists.items()}
            return len(meant)

    def counts(self) -> Mapping[str, int]:
        """See Store."""
        with self._reading() as tables:
            return {
                "submissions": len(tables.submissions),
                "messages": len(tables.works),
                "due": sum(w.wakes_at is not None for w in tables.works.values()),
                "orphans": len(tables.orphans),
            }

    def put_code(self, code_hash: str, expires_at: datetime) -> None:
        """See Store."""
        with self._writing() as tables:
            tables.codes[code_hash] = expires_at

    def take_code(self, code_hash: str, now: datetime) -> bool:
        """See Store."""
        with self._writing() as tables:
            expires_at = tables.codes.pop(code_hash, None)
            return expires_at is not None and expires_at > now

    def mark(self, name: str) -> datetime | None:
        """See Store."""
        with self._reading() as tables:
            return tables.marks.get(name)

    def put_mark(self, name: str, at: datetime) -> None:
        """See Store."""
        with self._writing() as tables:
            tables.marks[name] = at

    def put_suppressions(
        self, service: str, suppressions: Sequence[Suppression], at: datetime
    ) -> None:
        """See Store."""
        kept = tuple(sorted(set(suppressions), key=lambda s: (mailbox_key(s.address), repr(s))))
        with self._writing() as tables:
            tables.lists[service] = SuppressionList(service=service, read_at=at, suppressions=kept)

    def suppressions(self) -> Sequence[SuppressionList]:
        """See Store."""
        with self._reading() as tables:
            return [listed for _, listed in sorted(tables.lists.items())]

    def close(self) -> None:
        """See Store."""
        with self._lock:
            self._closed = True

    @contextmanager
    def _reading(self) -> Iterator[_Tables]:
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            yield self._tables

    @contextmanager
    def _writing(self) -> Iterator[_Tables]:
        """Tables to write in; they take the place of the old ones unless something is raised."""
        with self._reading() as tables:
            written = tables.copy()
            yield written
            self._tables = written


def _without(listed: SuppressionList, gone: set[str]) -> SuppressionList:
    """A list without these mailboxes."""
    kept = tuple(s for s in listed.suppressions if mailbox_key(s.address) not in gone)
    return replace(listed, suppressions=kept)


def _cursor(submission: Submission) -> str:
    return submission.id


def _matches(query: Query, timeline: Timeline, tables: _Tables) -> bool:
    """Whether a submission meets all conditions of a query."""
    submission = timeline.submission
    statuses = {m.standing.status.value for m in timeline.messages}
    concerned = address_keys(submission.visitor, recipients(tables.of(submission.id)))
    conditions = (
        not query.form or submission.form == query.form,
        not query.status or query.status in statuses,
        not query.address or mailbox_key(query.address) in concerned,
        query.received_from is None or submission.received_at >= query.received_from,
        query.received_to is None or submission.received_at < query.received_to,
    )
    return all(conditions)
