"""A clock, a mailer, records and a suppression list that do as they are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from threading import RLock

from msgspec.structs import replace

from todoke.model.delivery import Ceiling, DeliveryEvent
from todoke.model.errors import LiftRefused, RecordsUnavailable
from todoke.model.mail import Mail
from todoke.ports.mailer import Accepted
from todoke.ports.suppressions import Suppression


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
    """A service's records: `events` are on record; `fault` is raised for as long as it is set.

    `asked` keeps the days that were asked for.
    """

    name: str = "fake"
    days: int = 40
    zone: tzinfo = UTC
    events: list[DeliveryEvent] = field(default_factory=list)
    fault: Exception | None = None
    asked: list[date] = field(default_factory=list)
    page_rows: int = 100

    def of_day(self, day: date, now: datetime) -> Iterator[Sequence[DeliveryEvent]]:
        """See Records."""
        self._answer()
        self.asked.append(day)
        events = self._of(day, now)
        for start in range(0, len(events), self.page_rows):
            yield events[start : start + self.page_rows]

    def of_attempt(
        self, token: str, days: Sequence[date], now: datetime
    ) -> Sequence[DeliveryEvent]:
        """See Records."""
        self._answer()
        return [e for day in dict.fromkeys(days) for e in self._of(day, now) if e.token == token]

    def close(self) -> None:
        """See Records."""
        self.fault = RecordsUnavailable("The records are closed.")

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _of(self, day: date, now: datetime) -> list[DeliveryEvent]:
        events = [e for e in self.events if e.at.astimezone(self.zone).date() == day]
        return [replace(e, received_at=now) for e in events]


@dataclass(slots=True)
class FakeSuppressions:
    """A service's list: `blocked` are on it, `kept` of them for good; `fault` is raised for as long as it is set.

    `lifted` keeps the addresses that were taken off.
    """

    name: str = "fake"
    lifts: bool = True
    blocked: list[Suppression] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    """The service's words by the address that it keeps."""
    fault: Exception | None = None
    lifted: list[str] = field(default_factory=list)

    def suppressions(self) -> Sequence[Suppression]:
        """See SuppressionSource."""
        self._answer()
        return list(self.blocked)

    def lift(self, address: str) -> None:
        """See SuppressionSource."""
        self._answer()
        if address in self.kept:
            raise LiftRefused(self.kept[address])
        self.blocked = [one for one in self.blocked if one.address != address]
        self.lifted.append(address)

    def close(self) -> None:
        """See SuppressionSource."""
        self.fault = RecordsUnavailable("The list is closed.")

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault
