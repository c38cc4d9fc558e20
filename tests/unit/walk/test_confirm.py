"""Failures that a webhook tells: held back, asked for in the service's records, and counted only when these say so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from support.variants import replace
from support.web.stories import (
    NOW,
    fill,
    make_app,
    make_message,
    make_settings,
    make_timeline,
    post,
)
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Reason, Status, standing
from todoke.model.errors import ConfigError, RecordsUnavailable
from todoke.model.message import MessageTimeline, Role
from todoke.model.settings import Secret, ServiceSettings, Settings
from todoke.ports.journal import Journaled
from todoke.report.receipt import receipt
from todoke.report.way import ways
from todoke.server.asgi import application
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.services.ses.settings import SesSettings
from todoke.services.smtp.settings import SmtpSettings
from todoke.testing import FakeMailer, MemoryStore
from todoke.walk.app import App
from todoke.walk.confirm import FAILURES, MOST_LOOKUPS, Confirmer, held_back
from todoke.web import hooks

SERVICE = "customers-mail-cloud"
SECRET = "0123456789abcdef0123456789abcdef"
PATH = f"/hooks/{SERVICE}/{SECRET}"
TOKYO = timezone(timedelta(hours=9))
SOON = (0.0, 0.0, 0.0)
HOUR = (0.0, 3600.0, 3600.0)


@dataclass
class FakeRecords:
    """Records that hold `events`.

    While `gate` is shut they do not answer; first they raise the `faults`, then they hold only what is in `lagging`.
    """

    events: list[DeliveryEvent] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    asked: list[tuple[str, tuple[date, ...]]] = field(default_factory=list)
    lagging: list[list[DeliveryEvent]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    name: str = SERVICE
    days: int = 40
    zone: tzinfo = TOKYO

    def __post_init__(self) -> None:
        self.gate.set()

    def of_day(self, day: date, now: datetime) -> Iterator[Sequence[DeliveryEvent]]:
        """See Records."""
        yield [e for e in self.events if e.at.date() == day <= now.date()]

    def of_attempt(
        self, token: str, days: Sequence[date], now: datetime
    ) -> Sequence[DeliveryEvent]:
        """See Records. Like a search by a part, it may give others' events too."""
        self.asked.append((token, tuple(days)))
        assert self.gate.wait(20)
        if self.faults:
            raise self.faults.pop(0)
        known = self.lagging.pop(0) if self.lagging else self.events
        return [replace(e, received_at=now) for e in known]

    def close(self) -> None:
        """See Records."""


def cloud_settings(**changes: Any) -> Settings:
    """The settings of a site that has failures confirmed."""
    usual = make_settings()
    cloud = CustomersMailCloudSettings(
        hook_secret=Secret(SECRET), confirm_failures=True, time_zone="Asia/Tokyo"
    )
    mail = replace(usual.mail, own=replace(cloud, **changes))
    return replace(
        usual, mail=mail, site=replace(usual.site, alert_to=(Address("office@example.com"),))
    )


@dataclass
class Site:
    """An app with one confirmation that a service took, and what its records hold."""

    app: App
    records: FakeRecords

    @property
    def told(self) -> MessageTimeline:
        """What is known of the confirmation."""
        timeline = self.app.store.timeline("s1")
        assert timeline
        return next(m for m in timeline.messages if m.message.role is Role.CONFIRMATION)

    @property
    def alerts(self) -> int:
        """How many alerts were written."""
        timeline = self.app.store.timeline("s1")
        assert timeline
        return sum(m.message.role is Role.ALERT for m in timeline.messages)

    def event(self, kind: Kind = Kind.BOUNCED, **changes: Any) -> DeliveryEvent:
        """An event about it."""
        usual = DeliveryEvent(
            kind=kind,
            at=NOW,
            received_at=NOW,
            service=SERVICE,
            token=self.told.attempts[-1].attempt.token,
            recipient=Address("hana@example.com"),
            reason=Reason.UNKNOWN_ADDRESS if kind in FAILURES else None,
            raw=b"{}",
        )
        return replace(usual, **changes)


@pytest.fixture
def site() -> Site:
    """A site with a message that was accepted."""
    store = MemoryStore()
    fill(store, make_timeline(make_message("accepted")))
    records = FakeRecords()
    app = replace(
        make_app(store),
        settings=cloud_settings(),
        mailer=FakeMailer(name=SERVICE),
        records=records,
    )
    return Site(app, records)


@contextmanager
def confirming(site: Site, pauses: Sequence[float] = SOON, **more: Any) -> Iterator[Confirmer]:
    """A confirmer at work, stopped in the end."""
    confirmer = Confirmer(site.app, pauses_seconds=pauses, **more)
    confirmer.start()
    yield confirmer
    site.records.gate.set()
    confirmer.stop(20)


def eventually(found: Callable[[], object]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + 20
    while not found():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.005)


KINDS = st.sampled_from(list(Kind))


@given(kinds=st.lists(KINDS, max_size=6))
def test_what_is_held_back_bears_no_failure_and_keeps_its_evidence(kinds: list[Kind]) -> None:
    """Failures become unconfirmed and nothing else changes: no set of them can make a status a failure."""
    events = [
        DeliveryEvent(
            kind=kind, at=NOW, received_at=NOW, service=SERVICE, raw=f"{n}".encode(), diagnostic="x"
        )
        for n, kind in enumerate(kinds)
    ]
    journaled = held_back(events)
    for before, after in zip(events, journaled, strict=True):
        wanted = Kind.UNCONFIRMED if before.kind in FAILURES else before.kind
        assert after == replace(before, kind=wanted)
    told = standing(journaled, recipient=Address("a@example.com"), started_at=NOW)
    assert told.status not in {Status.BOUNCED, Status.REJECTED}


def test_a_failure_counts_once_the_records_confirm_it(site: Site) -> None:
    """Until then nothing changes and nobody is alarmed; then it is the records' own event that counts."""
    bounce = site.event(diagnostic="550 5.1.1 unknown user")
    site.records.events = [site.event(Kind.ACCEPTED), replace(bounce, raw=b"record")]
    site.records.gate.clear()
    with confirming(site) as confirmer:
        assert confirmer.track([bounce]) == [Journaled.NEW]
        eventually(lambda: site.records.asked)
        assert (site.told.standing.status, site.alerts) == (Status.ACCEPTED, 0)
        site.records.gate.set()
        eventually(lambda: site.told.standing.status is Status.BOUNCED)
    assert site.told.standing.reason is Reason.UNKNOWN_ADDRESS
    assert site.alerts == 1
    kinds = [(e.kind, e.raw) for e in site.told.attempts[-1].events]
    assert (Kind.UNCONFIRMED, b"{}") in kinds
    assert (Kind.BOUNCED, b"record") in kinds
    assert len(site.records.asked) == 1


@pytest.mark.parametrize("kind", [Kind.BOUNCED, Kind.REJECTED])
def test_a_forged_failure_of_a_delivered_mail_alarms_nobody(site: Site, kind: Kind) -> None:
    """With the right secret, yet against the records: it stays delivered, and the lie stays in the journal."""
    delivered = site.event(Kind.DELIVERED)
    site.records.events = [delivered]
    with confirming(site) as confirmer:
        confirmer.track([delivered])
        confirmer.track([site.event(kind)])
        eventually(lambda: len(site.records.asked) == len(SOON))
    assert (site.told.standing.status, site.alerts) == (Status.DELIVERED, 0)
    assert Kind.UNCONFIRMED in {e.kind for e in site.told.attempts[-1].events}
    assert len(site.records.asked) == len(SOON)


def test_records_that_lag_or_fail_are_asked_again_and_then_left(site: Site) -> None:
    """A few times, then the daily reconciliation has the last word; what it brings counts as before."""
    site.records.faults = [RecordsUnavailable("down"), RuntimeError("a bug")]
    bounce = site.event()
    with confirming(site) as confirmer:
        confirmer.track([bounce])
        eventually(lambda: len(site.records.asked) == len(SOON))
    assert site.told.standing.status is Status.ACCEPTED
    site.records.events = [bounce]
    for page in site.records.of_day(NOW.date(), NOW):
        site.app.store.journal(page, lambda *_: ())
    assert site.told.standing.status is Status.BOUNCED


def test_lookups_of_one_attempt_are_joined(site: Site) -> None:
    """A failure and its bounce within a moment cause one lookup, which must confirm both."""
    failed = site.event(diagnostic="550 no")
    bounce = site.event(diagnostic="550 5.1.1 unknown user")
    site.records.events = [failed, bounce]
    confirmer = Confirmer(site.app, pauses_seconds=HOUR)
    confirmer.track([failed])
    confirmer.track([bounce])
    confirmer.start()
    eventually(lambda: site.told.standing.status is Status.BOUNCED)
    confirmer.stop(20)
    assert len(site.records.asked) == 1


def test_a_part_that_is_confirmed_counts_and_the_rest_is_asked_for_again(site: Site) -> None:
    """The records may have the delivery's failure before they have the bounce with its reason."""
    failed = site.event(diagnostic="550 no", reason=None)
    bounce = site.event(diagnostic="550 5.1.1 unknown user")
    site.records.lagging = [[failed], [failed]]
    site.records.events = [failed, bounce]
    with confirming(site) as confirmer:
        confirmer.track([failed, bounce])
        eventually(lambda: site.told.standing.reason is Reason.UNKNOWN_ADDRESS)
    assert (site.told.standing.status, len(site.records.asked)) == (Status.BOUNCED, 3)


def test_what_is_no_attempt_of_ours_and_what_was_heard_before_is_not_asked_for(site: Site) -> None:
    """Invented tokens, repetitions, good news and events without a token cost no lookup."""
    bounce = site.event()
    with confirming(site, HOUR) as confirmer:
        assert confirmer.track([replace(bounce, token="x" * 26)]) == [Journaled.ORPHAN]
        confirmer.track([site.event(Kind.DEFERRED), replace(bounce, token="", service_id="<1@x>")])
        confirmer.track([bounce])
        eventually(lambda: site.records.asked)
        assert confirmer.track([bounce]) == [Journaled.REPEATED]
    assert [token for token, _ in site.records.asked] == [bounce.token]


def test_forging_without_end_causes_a_bounded_number_of_lookups(site: Site) -> None:
    """However many different failures are invented for one attempt."""
    with confirming(site) as confirmer:
        numbers = count()

        def forge() -> bool:
            confirmer.track([site.event(diagnostic=f"550 {next(numbers)}")])
            return len(site.records.asked) >= MOST_LOOKUPS

        eventually(forge)
        confirmer.track([site.event(diagnostic="550 more")])
    assert len(site.records.asked) == MOST_LOOKUPS


def test_only_so_many_attempts_wait_to_be_asked_for() -> None:
    """The rest is journaled all the same, and left to the reconciliation."""
    store = MemoryStore()
    for n in range(5):
        message = make_message("accepted", submission_id=f"s{n}")
        fill(store, make_timeline(message, id_=f"s{n}"))
    app = replace(
        make_app(store), settings=cloud_settings(), mailer=FakeMailer(), records=FakeRecords()
    )
    confirmer = Confirmer(app, pauses_seconds=HOUR, most_waiting=2)
    tokens = []
    for n in range(5):
        timeline = store.timeline(f"s{n}")
        assert timeline
        tokens.append(timeline.messages[0].attempts[-1].attempt.token)
    one = DeliveryEvent(kind=Kind.BOUNCED, at=NOW, received_at=NOW, service=SERVICE)
    assert set(confirmer.track([replace(one, token=t) for t in tokens])) == {Journaled.NEW}
    confirmer.start()
    eventually(lambda: isinstance(app.records, FakeRecords) and len(app.records.asked) == 2)
    confirmer.stop(20)
    assert isinstance(app.records, FakeRecords)
    assert [token for token, _ in app.records.asked] == tokens[:2]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (NOW, date(2026, 11, 23)),
        (datetime(2026, 11, 22, 15, 30, tzinfo=UTC), date(2026, 11, 23)),  # 00:30 in Tokyo
        (datetime(2026, 11, 22, 14, 30, tzinfo=UTC), date(2026, 11, 22)),
        (NOW + timedelta(days=9), date(2026, 11, 23)),
        (NOW - timedelta(days=400), date(2026, 11, 23)),
    ],
)
def test_the_day_asked_for_is_the_event_s_by_the_service_s_calendar(
    site: Site, at: datetime, day: date
) -> None:
    """Today where it names one that the records cannot have: in the future, or too long ago."""
    with confirming(site, HOUR) as confirmer:
        confirmer.track([site.event(at=at)])
        eventually(lambda: site.records.asked)
    assert site.records.asked[0][1] == (day,)


BODY = (
    "event_type=bounces&event=%7B%22bounces%22%3A%5B%7B%22status%22%3A%222%22%2C"
    "%22to%22%3A%22hana%40example.com%22%2C%22apiData%22%3A%22TOKEN%22%7D%5D%7D"
)


def test_the_webhook_is_answered_before_the_records_are(site: Site) -> None:
    """The failure is journaled and 200 said while the records are still silent."""
    source = CustomersMailCloudEvents(site.app.settings.mail.own_as(CustomersMailCloudSettings))
    app = replace(site.app, sources={source.name: source})
    site.records.gate.clear()
    with confirming(site) as confirmer:
        asgi = Starlette(routes=list(hooks.routes(app, confirmer.track)))
        body = BODY.replace("TOKEN", site.told.attempts[-1].attempt.token)
        assert post(asgi, PATH, body).status == 200
        assert Kind.UNCONFIRMED in {e.kind for e in site.told.attempts[-1].events}
        eventually(lambda: site.records.asked)


def test_the_application_confirms_where_it_is_told_to(site: Site) -> None:
    """Through the whole: with the setting a failure waits for the records; without it, it counts at once."""
    for confirms, kind in ((True, Kind.UNCONFIRMED), (False, Kind.BOUNCED)):
        settings = cloud_settings(confirm_failures=confirms)
        source = CustomersMailCloudEvents(settings.mail.own_as(CustomersMailCloudSettings))
        app = replace(site.app, settings=settings, sources={source.name: source})
        body = BODY.replace("TOKEN", site.told.attempts[-1].attempt.token)
        assert post(application(app), PATH, body).status == 200
        assert site.told.attempts[-1].events[-1].kind is kind


def test_a_service_without_records_cannot_confirm(site: Site) -> None:
    """It is said at the start, and not found out by a failure that is held back for ever."""
    with pytest.raises(ConfigError, match="has no records"):
        application(replace(site.app, records=None))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_unconfirmed_failure_is_shown_for_what_it_is(site: Site, language: str) -> None:
    """The receipt says that a report is checked and not that none came; the desk shows the report itself."""
    site.app.store.journal(held_back([site.event()]), lambda *_: ())
    timeline = site.app.store.timeline("s1")
    assert timeline
    timeline = replace(timeline, submission=replace(timeline.submission, language=language))
    (shown,) = receipt(timeline, site.app.settings, NOW)["messages"]
    assert (shown["status"], shown["can_correct"]) == ("accepted", False)
    checked = {"en": "A report about it came and is being checked.", "ja": "確認しています"}
    assert checked[language] in shown["text"]
    (message,) = ways(timeline, site.app.settings, NOW, language, {})
    assert checked[language] in message["text"]
    events = message["attempts"][0]["steps"]
    words = {"en": "records have yet to confirm it", "ja": "記録による確認を待っています"}
    assert words[language] in events[-1]["words"]


def test_only_this_service_confirms() -> None:
    """The setting is Customers Mail Cloud's own."""
    assert CustomersMailCloudSettings(confirm_failures=True).confirms_failures
    assert not CustomersMailCloudSettings().confirms_failures
    for kind in (ServiceSettings, SmtpSettings, SesSettings):
        assert not kind().confirms_failures
