"""What the use cases run on: settings, and the ports that these chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from todoke.forms.pattern.pattern import Patience
from todoke.model.errand import Errand
from todoke.model.settings import Settings
from todoke.ports.admission import Admission
from todoke.ports.allowance import Allowances
from todoke.ports.archive import Archive
from todoke.ports.bucket import Bucket
from todoke.ports.captcha import CaptchaVerifier
from todoke.ports.care import Carebook
from todoke.ports.clock import Clock
from todoke.ports.courier import Courier
from todoke.ports.erasure import Erasure
from todoke.ports.events import EventSource
from todoke.ports.identity import Identity
from todoke.ports.journal import Journal
from todoke.ports.lessons import Lessons
from todoke.ports.mailer import Mailer
from todoke.ports.notices import Notices
from todoke.ports.outbox import Outbox
from todoke.ports.records import Records
from todoke.ports.shelf import Shelf
from todoke.ports.store import Store
from todoke.ports.suppressions import SuppressionSource
from todoke.ports.trail import Trail
from todoke.walk.allowance import Allowance
from todoke.walk.guard import Guard
from todoke.walk.learn import Teacher
from todoke.walk.people import People
from todoke.walk.refusal import Refusals
from todoke.walk.send.courtesy import Courtesy
from todoke.walk.send.doubt import Doubt
from todoke.walk.send.rates import Rates
from todoke.walk.tally import Tally


def utc_now() -> datetime:
    """The present time, aware."""
    return datetime.now(UTC)


def _nobody_listens() -> None:
    """Stand in for a hint that nobody takes: the sweep finds the work all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the use cases run on. `hint` wakes the sender; it may be lost, doubled, early or late.

    `courier` posts notices, None where there are no webhooks; `captcha` verifies tokens, None where none are asked for.
    `carry` brings an errand to the process that may speak to the mail service, and raises Error if it cannot; None
    where this one may.
    `identity` is the OpenID provider by which people may enter the desk, None where there is none. `records` is None
    where the mail service keeps none that can be asked, `suppressions` where no list of its can; `bucket` where files
    are kept with all else. A use case takes the store by the port that it needs: `outbox`, `journal`, `archive`,
    `carebook`, `erasure`, `shelf`, `admission`, `allowances`, `notices`, `trail`.
    """

    settings: Settings
    store: Store
    mailer: Mailer
    sources: Mapping[str, EventSource] = field(default_factory=dict)
    records: Records | None = None
    suppressions: SuppressionSource | None = None
    bucket: Bucket | None = None
    courier: Courier | None = None
    captcha: CaptchaVerifier | None = None
    clock: Clock = utc_now
    hint: Callable[[], None] = _nobody_listens
    carry: Callable[[Errand], None] | None = None
    identity: Identity | None = None
    courtesy: Courtesy = field(default_factory=Courtesy)
    tally: Tally = field(default_factory=Tally)
    doubt: Doubt = field(default_factory=Doubt)
    patience: Patience = field(default_factory=Patience)
    refusals: Refusals = field(init=False)
    rates: Rates = field(default_factory=Rates)
    allowance: Allowance = field(init=False)
    networks: Allowance = field(init=False)
    guard: Guard = field(init=False)
    people: People = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", Refusals(self.tally, self.clock))
        object.__setattr__(self, "allowance", Allowance(self.settings.most_from_one_address))
        an_hour = Allowance(self.settings.max_confirmations_of_network, within_seconds=3_600.0)
        object.__setattr__(self, "networks", an_hour)
        known = Teacher(self.settings.secret)
        guard = Guard(self.settings.site, self.settings.guard.threshold, known, self.store)
        object.__setattr__(self, "guard", guard)
        object.__setattr__(self, "people", People(self.settings))

    @property
    def outbox(self) -> Outbox:
        """What is due, and who hands it over."""
        return self.store

    @property
    def journal(self) -> Journal:
        """The delivery events."""
        return self.store

    @property
    def archive(self) -> Archive:
        """What became of submissions."""
        return self.store

    @property
    def erasure(self) -> Erasure:
        """The end of submissions."""
        return self.store

    @property
    def carebook(self) -> Carebook:
        """What the desk's people did with submissions."""
        return self.store

    @property
    def shelf(self) -> Shelf:
        """Marks and suppression lists."""
        return self.store

    @property
    def admission(self) -> Admission:
        """Codes and sessions of the desk."""
        return self.store

    @property
    def allowances(self) -> Allowances:
        """How much of what is bounded was asked for."""
        return self.store

    @property
    def notices(self) -> Notices:
        """What webhooks are to be told."""
        return self.store

    @property
    def lessons(self) -> Lessons:
        """What people said is spam and what is none."""
        return self.store

    @property
    def trail(self) -> Trail:
        """Who did what at the desk."""
        return self.store
