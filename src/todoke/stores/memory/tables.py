"""What a store in memory keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from todoke.model import ids
from todoke.model.act import Act
from todoke.model.admission import DeskSession, Grant
from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.erased import Erased, ErasedBy, latest
from todoke.model.kept import Kept, Repeat, Restored
from todoke.model.lesson import Lesson
from todoke.model.message import Timeline
from todoke.model.notice import REMEMBERED, KeptNotice, Notice
from todoke.model.submission import RepeatKey, Submission
from todoke.ports.outbox import Duplicate
from todoke.ports.suppressions import SuppressionList
from todoke.stores.rules.erase import address_keys, recipients
from todoke.stores.rules.work import Work, is_same, work_of


@dataclass(slots=True)
class Tables:
    """All that a MemoryStore keeps."""

    submissions: dict[str, Submission] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    stated: dict[tuple[str, str], str] = field(default_factory=dict)
    orphans: dict[str, DeliveryEvent] = field(default_factory=dict)
    repeats: dict[str, tuple[Repeat, str]] = field(default_factory=dict)
    codes: dict[str, tuple[datetime, Grant]] = field(default_factory=dict)
    sessions: dict[str, DeskSession] = field(default_factory=dict)
    allowances: dict[str, int] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    marks: dict[str, datetime] = field(default_factory=dict)
    lists: dict[str, SuppressionList] = field(default_factory=dict)
    erased: dict[tuple[ErasedBy, str], Erased] = field(default_factory=dict)
    care: dict[str, Care] = field(default_factory=dict)
    ordinals: dict[str, int] = field(default_factory=dict)
    last_ordinals: dict[str, int] = field(default_factory=dict)
    """The highest of each form, whether it is still there or not."""
    notices: dict[str, KeptNotice] = field(default_factory=dict)
    lessons: dict[str, Lesson] = field(default_factory=dict)
    notice_tokens: dict[str, str] = field(default_factory=dict)
    """The live or lapsed claim of each that has one, by id."""

    def tell(self, notices: Sequence[Notice], due_at: datetime) -> None:
        """Keep notices that are not there, due then; what was kept for long enough goes."""
        for notice in notices:
            self.notices.setdefault(notice.id, KeptNotice(notice=notice, due_at=due_at))
        self.notices = {i: k for i, k in self.notices.items() if k.notice.at > due_at - REMEMBERED}

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

    def duplicate_of(self, submission: Submission, repeat: RepeatKey) -> Duplicate | None:
        """What was added before under the same key, or with one of the same uploads."""
        for key, upload in [(ids.place_of(submission.id), ""), *((u, u) for u in repeat.uploads)]:
            before = self.repeats.get(key)
            if before and before[0].expires_at > submission.received_at:
                is_same = before[0].fingerprint == Repeat.of(repeat).fingerprint
                return Duplicate(before[1], same_content=is_same, upload=upload)
        return None

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
            care=self.care_of(submission_id),
            ordinal=self.ordinals.get(submission_id),
        )

    def give_ordinal(self, submission: Submission, ordinal: int | None = None) -> None:
        """Give a submission the next number of its form, or the one that it had elsewhere."""
        last = self.last_ordinals.get(submission.form, 0)
        self.ordinals[submission.id] = ordinal or last + 1
        self.last_ordinals[submission.form] = max(last, self.ordinals[submission.id])

    def care_of(self, submission_id: str) -> Care:
        """What the desk's people did with a submission."""
        return self.care.get(submission_id, NO_CARE)

    def restore(self, kept: Kept) -> Restored:
        """Keep a submission of another store."""
        id_ = kept.submission.id
        if id_ in self.submissions:
            same = is_same(self.submission(id_), self.of(id_), self.care_of(id_), kept)
            return Restored.SAME if same else Restored.DIFFERENT
        self.submissions[id_] = kept.submission
        self.care[id_] = kept.care
        if kept.ordinal:
            self.give_ordinal(kept.submission, kept.ordinal)
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
        self.care.pop(submission_id, None)
        self.ordinals.pop(submission_id, None)
        self.works = {
            id_: w for id_, w in self.works.items() if w.message.submission_id != submission_id
        }
        self.tokens = {t: id_ for t, id_ in self.tokens.items() if id_ in self.works}
        self.stated = {s: t for s, t in self.stated.items() if t in self.tokens}
        self.repeats = {k: r for k, r in self.repeats.items() if r[1] != submission_id}
        self.notices = {
            i: k for i, k in self.notices.items() if k.notice.submission_id != submission_id
        }

    def remember_erased(self, several: Sequence[Erased]) -> None:
        """See Erasure.remember_erased."""
        for one in several:
            self.erased[one.by, one.key] = latest(self.erased.get((one.by, one.key)), one)

    def mailboxes(self) -> set[str]:
        """Everyone whom any submission concerns."""
        return {
            key
            for s in self.submissions.values()
            for key in address_keys(s.visitor, recipients(self.of(s.id)))
        }

    def copy(self) -> Tables:
        """The same tables, to write in; the values in them are frozen."""
        return Tables(
            submissions=dict(self.submissions),
            works=dict(self.works),
            tokens=dict(self.tokens),
            stated=dict(self.stated),
            orphans=dict(self.orphans),
            repeats=dict(self.repeats),
            codes=dict(self.codes),
            sessions=dict(self.sessions),
            allowances=dict(self.allowances),
            acts=self.acts,
            marks=dict(self.marks),
            lists=dict(self.lists),
            erased=dict(self.erased),
            care=dict(self.care),
            ordinals=dict(self.ordinals),
            last_ordinals=dict(self.last_ordinals),
            notices=dict(self.notices),
            lessons=dict(self.lessons),
            notice_tokens=dict(self.notice_tokens),
        )
