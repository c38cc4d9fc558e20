"""An app over fakes, with submissions whose mails are to be sent."""

from __future__ import annotations

from typing import Any

from support.mail.mails import MANAGER, VISITOR, settings
from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Kind
from todoke.model.message import Message, MessageTimeline, Role
from todoke.model.submission import Entry, EntryList, Submission
from todoke.testing import FakeClock, FakeMailer, MemoryStore
from todoke.walk.app import App, utc_now

HELLO = (Entry("message", "hello"),)


class Story:
    """An app over fakes, and short ways to ask it."""

    def __init__(
        self,
        *,
        real_time: bool = False,
        entries: EntryList = HELLO,
        **mailer: Any,
    ) -> None:
        self.clock = FakeClock()
        self.mailer = FakeMailer(**mailer)
        self.store = MemoryStore()
        clock = utc_now if real_time else self.clock
        site = replace(settings().site, alert_to=(MANAGER,))
        self.app = App(
            settings=settings(site=site), store=self.store, mailer=self.mailer, clock=clock
        )
        self.count = 0
        self.entries = entries

    def add(self, *roles: Role, visitor: str = VISITOR) -> str:
        """Store a submission with one message of each role; its id."""
        self.count += 1
        now = self.app.clock()
        submission = Submission(
            id=f"s{self.count:05}",
            form="contact",
            received_at=now,
            entries=self.entries,
            language="en",
            visitor=Address(visitor),
            token_hash=f"h{self.count}",
        )
        messages = [
            Message(
                id=f"{submission.id}-{role.value}",
                submission_id=submission.id,
                role=role,
                recipient=Address(visitor) if role is Role.CONFIRMATION else MANAGER,
                language="en",
                message_id=f"<{submission.id}-{role.value}@example.org>",
                created_at=now,
            )
            for role in roles or (Role.CONFIRMATION, Role.NOTIFICATION)
        ]
        self.store.add(submission, messages, None).result()
        return submission.id

    def told(self, submission_id: str, role: Role = Role.CONFIRMATION) -> MessageTimeline:
        """What became of a message."""
        timeline = self.store.timeline(submission_id)
        assert timeline is not None
        return next(m for m in timeline.messages if m.message.role is role)

    def kinds(self, submission_id: str, role: Role = Role.CONFIRMATION) -> list[list[Kind]]:
        """The kinds of events of each attempt."""
        return [[e.kind for e in a.events] for a in self.told(submission_id, role).attempts]
