"""What one write of a store sees and changes, as the rules use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from todoke.model.care import Care
from todoke.model.delivery import DeliveryEvent
from todoke.model.message import Message
from todoke.model.notice import Notice
from todoke.model.submission import Submission
from todoke.stores.rules.work import Work


class Works(Protocol):
    """The work on messages, as one write sees and changes it."""

    def work(self, message_id: str) -> Work | None:
        """A message's work, as this write has changed it so far."""
        ...

    def submission(self, submission_id: str) -> Submission:
        """The submission of a message that is there."""
        ...

    def keep(self, work: Work) -> None:
        """Keep the work of a message that is there."""
        ...

    def add(self, message: Message, due_at: datetime) -> None:
        """Keep a message due at `due_at`, unless one with its id is there."""
        ...

    def tell(self, notice: Notice, due_at: datetime) -> None:
        """Keep a notice due at `due_at`; one with its id that is there is told again, or stays as it is."""
        ...


class Cares(Works, Protocol):
    """The care of submissions too."""

    def care(self, submission_id: str) -> Care | None:
        """A submission's care; None where there is no such submission."""
        ...

    def keep_care(self, submission_id: str, care: Care) -> None:
        """Keep the care of a submission that is there."""
        ...

    def works_of(self, submission_id: str) -> Sequence[Work]:
        """The work on all messages of a submission that is there."""
        ...


class Transaction(Works, Protocol):
    """All that one write sees and changes. It becomes durable together, or none of it."""

    def message_of(self, token: str) -> str | None:
        """The id of the message whose attempt has this token."""
        ...

    def token_of(self, service: str, service_id: str) -> str | None:
        """The token of the attempt of which an accepted event stated this id."""
        ...

    def journal(self, message_id: str, token: str, event: DeliveryEvent) -> None:
        """Journal an event that is new to the attempt with this token."""
        ...

    def keep_orphan(self, event: DeliveryEvent) -> None:
        """Keep an event that belongs to no attempt, once."""
        ...

    def take_orphans(self, service: str, service_id: str) -> Sequence[DeliveryEvent]:
        """Take out the orphans that name this id, oldest first."""
        ...
