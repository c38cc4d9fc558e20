"""A site whose mail service reports deliveries and keeps records, both in the test's hands, on one clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from support.store.desk import START, Desk
from support.web.stories import make_settings
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind
from todoke.model.errors import Malformed
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import Message, MessageTimeline, Role
from todoke.model.settings import MailSettings
from todoke.ports.archive import Query
from todoke.ports.events import HookRequest
from todoke.ports.store import Store
from todoke.testing import FakeClock, FakeMailer, FakeRecords, FakeSuppressions, MemoryStore
from todoke.walk.app import App

MANAGER, OWNER = Address("manager@site.example"), Address("owner@site.example")


class NoCalls:
    """An event source that is never called: it says that the service has a webhook."""

    name = "post"

    def read(self, request: HookRequest, now: object) -> list[DeliveryEvent]:
        """See EventSource."""
        raise Malformed


@dataclass
class PostOffice:
    """The site. `hand_over` has a mail taken by the service, `tell` puts an event on the service's records."""

    store: Store = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    records: FakeRecords = field(default_factory=lambda: FakeRecords(name="post"))
    listed: FakeSuppressions = field(default_factory=lambda: FakeSuppressions(name="post"))
    alert_to: tuple[str, ...] = (OWNER,)
    hints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(self.store)

    @property
    def app(self) -> App:
        """What the use cases run on."""
        settings = make_settings(
            site=Site(name="Example", alert_to=self.alert_to),
            mail=MailSettings(
                service="post", sender=Mailbox(name="", address=Address("desk@site.example"))
            ),
            forms={"contact": Form(name="contact", managers=Managers(fixed=(MANAGER,)))},
        )
        return App(
            settings=settings,
            store=self.store,
            mailer=FakeMailer(name="post"),
            sources={"post": NoCalls()},
            records=self.records,
            suppressions=self.listed,
            clock=self.clock,
            hint=lambda: self.hints.append("hint"),
        )

    def move(self, **units: float) -> None:
        """Let time pass."""
        self.desk.now = self.clock.move(**units)

    def hand_over(self, *kinds: Kind) -> Message:
        """A confirmation that is handed over now; what came of that (accepted, unless told otherwise)."""
        self.desk.now = self.clock.now
        message = self.desk.add_one()
        [claim] = self.desk.claim(message.id)
        self.desk.finish(claim, *(kinds or (Kind.ACCEPTED,)))
        return message

    def told(self, message: Message) -> MessageTimeline:
        """What became of it."""
        return self.desk.told(message)

    def event(self, message: Message, kind: Kind, **ago: float) -> DeliveryEvent:
        """An event of the message's latest attempt, as the service states it."""
        at = self.clock.now - timedelta(**ago)
        return DeliveryEvent(
            kind=kind,
            at=at,
            received_at=self.clock.now,
            service="post",
            token=self.told(message).attempts[-1].attempt.token,
            raw=b"{}",
        )

    def tell(self, message: Message, kind: Kind, **ago: float) -> DeliveryEvent:
        """Put such an event on record."""
        event = self.event(message, kind, **ago)
        self.records.events.append(event)
        return event

    def alerts(self) -> list[tuple[str, str, str]]:
        """Who is alerted of what about which message."""
        return [
            (m.message.recipient, m.message.note, m.message.about)
            for timeline in self.store.page(Query(limit=1000)).timelines
            for m in timeline.messages
            if m.message.role is Role.ALERT
        ]
