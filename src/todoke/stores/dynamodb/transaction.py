"""A Transaction on one submission in DynamoDB: what one conditional put will change, and what must be there before.

Pointers are put before the write that they point to, so a crash leaves a pointer to nothing, never work that cannot be
found. Whoever follows one looks whether it is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from todoke.model.care import NO_CARE, Care
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.message import Message
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.stores.dynamodb.codec import Record
from todoke.stores.rules.work import Work, new_work


class DynamoTransaction:
    """See Transaction and Cares; of one submission, or of none (None)."""

    def __init__(self, record: Record | None) -> None:
        self._record = record
        self.ordinal = record.ordinal if record else None
        self._care = record.care if record else NO_CARE
        works = record.works if record else ()
        self._works = {work.message.id: work for work in works}
        self.before = dict(self._works)
        self.journaled: list[tuple[str, DeliveryEvent]] = []
        self.orphans: list[DeliveryEvent] = []
        self.notices: dict[str, tuple[Notice, datetime]] = {}

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        had = self._record.care if self._record else NO_CARE
        return self._works != self.before or self._care != had

    @property
    def works(self) -> dict[str, Work]:
        """The works by message, as changed so far."""
        return self._works

    @property
    def record(self) -> Record:
        """The submission as changed."""
        assert self._record is not None  # noqa: S101 - nothing can be changed without one
        works = tuple(self._works.values())
        return msgspec.structs.replace(
            self._record, works=works, care=self._care, ordinal=self.ordinal
        )

    def message_of(self, token: str) -> str | None:
        """See Transaction."""
        for message_id, work in self._works.items():
            if any(a.attempt.token == token for a in work.timeline.attempts):
                return message_id
        return None

    def token_of(self, service: str, service_id: str) -> str | None:
        """See Transaction. Of several attempts, the newest."""
        stated = [
            (a.attempt.started_at, a.attempt.token)
            for work in self._works.values()
            for a in work.timeline.attempts
            for e in a.events
            if e.kind is Kind.ACCEPTED and (e.service, e.service_id) == (service, service_id)
        ]
        return max(stated)[1] if stated else None

    def work(self, message_id: str) -> Work | None:
        """See Transaction."""
        return self._works.get(message_id)

    def submission(self, submission_id: str) -> Submission:  # noqa: ARG002 - see Transaction
        """See Transaction."""
        return self.record.submission

    def keep(self, work: Work) -> None:
        """See Transaction."""
        self._works[work.message.id] = work

    def journal(self, message_id: str, token: str, event: DeliveryEvent) -> None:  # noqa: ARG002 - see Transaction
        """See Transaction. The event is in the work already."""
        self.journaled.append((token, event))

    def add(self, message: Message, due_at: datetime) -> None:
        """See Transaction."""
        self._works.setdefault(message.id, new_work(message, due_at))

    def tell(self, notice: Notice, due_at: datetime) -> None:
        """See Transaction."""
        self.notices[notice.id] = (notice, due_at)

    def care(self, submission_id: str) -> Care | None:  # noqa: ARG002 - see Cares
        """See Cares."""
        return self._care if self._record else None

    def keep_care(self, submission_id: str, care: Care) -> None:  # noqa: ARG002 - see Cares
        """See Cares."""
        self._care = care

    def works_of(self, submission_id: str) -> Sequence[Work]:  # noqa: ARG002 - see Cares
        """See Cares."""
        return tuple(self._works.values())

    def keep_orphan(self, event: DeliveryEvent) -> None:
        """See Transaction. They are kept by the caller, for they are about no submission."""
        self.orphans.append(event)

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:  # noqa: ARG002 - see Transaction
        """See Transaction. They are joined after the write: a report that comes meanwhile is not missed then."""
        return ()
