"""The walk without a webhook: mails go out through the sandbox, its calls are lost, and its records tell what became of
them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mail_cloud_sandbox.app import build
from support.store.desk import MANAGER, Desk
from support.variants import replace
from support.web.local_server import serving, wait_for
from support.web.stories import make_settings
from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent, Kind, Reason, Status, reading
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import MessageTimeline, Role
from todoke.model.settings import MailSettings, Secret
from todoke.ports.events import HookRequest
from todoke.ports.journal import Journaled
from todoke.ports.store import Store
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer
from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.testing import FakeClock
from todoke.walk.app import App
from todoke.walk.confirm import Confirmer
from todoke.walk.reconcile import reconcile
from todoke.walk.send.round import send_round
from todoke.walk.silence import silence, watch
from todoke.walk.track import track

NOON = datetime(2031, 5, 6, 3, 0, tzinfo=UTC)
PACE = 60.0
"""Seconds from one state of a mail to the next, in the sandbox."""


@dataclass
class Walk:
    """A site and the sandbox that it sends through, on one clock; `calls` are the webhook's, which nobody read."""

    app: App
    clock: FakeClock
    url: str
    calls: list[bytes]
    ids: dict[str, str] = field(default_factory=dict)

    def write(self, *locals_: str) -> None:
        """Let these write, and hand over what that causes."""
        desk = Desk(self.app.store, self.clock.now)
        for local in locals_:
            visitor = f"{local}@example.com"
            submission = desk.submission(visitor=visitor)
            submission = desk.add(
                submission, desk.message(submission, recipient=visitor)
            ).submission
            self.ids[local] = submission.id
            desk.numbers = iter(range(len(self.ids) * 100, 10**9))
        while send_round(self.app, 50).outcomes:
            pass

    def told(self, local: str) -> MessageTimeline:
        """What is known of the mail to this one."""
        timeline = self.app.store.timeline(self.ids[local])
        assert timeline
        return timeline.messages[0]

    def words(self) -> dict[str, str]:
        """What each mail reads."""
        expected = self.app.settings.mail.expect_events_within
        return {
            local: reading(
                told.standing, ceiling=told.ceiling, now=self.clock.now, expected=expected
            )
            for local in self.ids
            for told in [self.told(local)]
        }

    def alerts(self) -> list[tuple[str, str]]:
        """Of whose mail somebody was alerted, and of what."""
        return [
            (local, m.message.note)
            for local, id_ in self.ids.items()
            for m in self.app.store.timeline(id_).messages  # type: ignore[union-attr]
            if m.message.role is Role.ALERT
        ]


@contextlib.contextmanager
def walking(folder: Path, store: Store, *, webhook: bool) -> Iterator[Walk]:
    """Serve a sandbox, its webhook off, or with calls that are answered and lost; then everything happens at once."""
    calls: list[bytes] = []

    async def lose(request: Request) -> Response:
        calls.append(await request.body())
        return Response("ok")

    clock = FakeClock(NOON)
    dead_end = Starlette(routes=[Route("/", lose, methods=["POST"])])
    with contextlib.ExitStack() as stack:
        lost = stack.enter_context(serving(dead_end))
        sandbox = build(
            folder / "sandbox",
            webhook_url=lost if webhook else "",
            webhook_batch_seconds=0,
            pace_seconds=0 if webhook else PACE,
        )
        url = stack.enter_context(serving(sandbox))
        sandbox.state.service.clock = lambda: clock().timestamp()
        cloud = CustomersMailCloudSettings(
            url=url, records_url=url, api_user="api@example.org", api_key=Secret("secret")
        )
        settings = make_settings(
            site=Site(name="Example"),
            mail=MailSettings(
                service="customers-mail-cloud",
                sender=Mailbox(name="", address=Address("desk@example.org")),
                own=cloud,
            ),
            forms={"contact": Form(name="contact", managers=Managers(fixed=(MANAGER,)))},
        )
        source = CustomersMailCloudEvents(cloud)
        app = App(
            settings=settings,
            store=store,
            mailer=CustomersMailCloudMailer(settings),
            sources={source.name: source},
            records=CustomersMailCloudRecords(cloud),
            clock=clock,
        )
        stack.callback(app.mailer.close)
        assert app.records
        stack.callback(app.records.close)
        yield Walk(app, clock, url, calls)


EVERYBODY = ("aoi", "hardbounce", "mailboxfull", "deferred", "late-bounce", "suppressed", "timeout")


def test_the_records_tell_what_no_webhook_told(tmp_path: Path, store: Store) -> None:
    """Delivered, bounced, suppressed, deferred and then delivered, returned late, and the truth of a lost answer."""
    with walking(tmp_path, store, webhook=False) as walk:
        walk.write(*EVERYBODY, "silent")
        assert walk.words() == {**dict.fromkeys(walk.ids, "accepted"), "timeout": "unknown"}

        walk.clock.move(seconds=2.5 * PACE)
        found = reconcile(walk.app)
        now = {
            "aoi": "delivered",
            "hardbounce": "bounced",
            "mailboxfull": "bounced",
            "deferred": "deferred",
            "late-bounce": "delivered",
            "suppressed": "rejected",
            "timeout": "delivered",
            "silent": "accepted",
        }
        assert walk.words() == now
        alerted = [
            ("hardbounce", "bounced"),
            ("mailboxfull", "bounced"),
            ("suppressed", "rejected"),
        ]
        assert walk.alerts() == alerted
        assert (found.read, found.foreign) == (found.new, 0)

        again = reconcile(walk.app)
        assert (again.new, again.repeated, again.read) == (0, found.read, found.read)
        assert walk.words() == now

        walk.clock.move(seconds=20 * PACE)
        assert reconcile(walk.app).new == 2
        assert walk.words() == now | {"deferred": "delivered", "late-bounce": "bounced"}
        assert len(walk.alerts()) == len(alerted) + 1

        walk.clock.move(days=3)
        reconcile(walk.app)
        assert walk.words()["silent"] == "unknown"
        assert walk.told("silent").standing.status is Status.ACCEPTED


def test_mails_of_others_in_the_account_leave_no_trace(tmp_path: Path, store: Store) -> None:
    """What other senders of the account had delivered is counted, and nothing of it is kept."""
    with walking(tmp_path, store, webhook=False) as walk:
        walk.write("aoi")
        mail = {
            "api_user": "other@example.org",
            "api_key": "x",
            "to": [{"name": "", "address": "stranger@example.com"}],
            "from": {"name": "", "address": "other@example.org"},
            "subject": "Not of this site",
            "text": "Nor this",
        }
        for _ in range(60):
            urllib3.request("POST", f"{walk.url}/api/v2/emails/send.json", json=mail)
        walk.clock.move(seconds=3 * PACE)
        found = reconcile(walk.app)
        assert (found.new, found.foreign) == (2, 120)
        assert walk.words() == {"aoi": "delivered"}
        assert store.orphans(10) == []


@pytest.mark.parametrize("records_first", [True, False])
def test_webhook_and_records_are_one(tmp_path: Path, store: Store, *, records_first: bool) -> None:
    """Whichever comes first, what the other tells of the same mails is known, event for event."""
    with walking(tmp_path, store, webhook=True) as walk:
        walk.write(*EVERYBODY)
        source = walk.app.sources["customers-mail-cloud"]

        def events() -> list[DeliveryEvent]:
            calls = [HookRequest(headers={}, body=body) for body in list(walk.calls)]
            return [event for call in calls for event in source.read(call, NOON)]

        def heard() -> Counter[Journaled]:
            return Counter(track(walk.app, events()))

        expected = 2 + 3 + 3 + 3 + 3 + 3 + 2  # one for each state of each mail
        wait_for(lambda: len(events()) == expected)
        # A refusal and the bounce of the same second that says the same are one fact.
        facts = len({event.key for event in events()})
        if records_first:
            found = reconcile(walk.app)
            assert (found.new, found.read) == (facts, expected)
            assert heard() == {Journaled.REPEATED: expected}
        else:
            assert heard()[Journaled.NEW] == facts
            found = reconcile(walk.app)
            assert (found.new, found.repeated) == (0, expected)
        words = walk.words()
        assert words["timeout"] == words["deferred"] == "delivered"
        assert words["late-bounce"] == "bounced"


def test_failures_are_confirmed_by_the_records_and_forged_ones_are_not(
    tmp_path: Path, store: Store
) -> None:
    """A bounce that is on record counts; one that somebody with the secret invented changes nothing."""
    with walking(tmp_path, store, webhook=True) as walk:
        walk.write("aoi", "hardbounce")
        source = walk.app.sources["customers-mail-cloud"]

        def told() -> list[DeliveryEvent]:
            calls = [HookRequest(headers={}, body=body) for body in list(walk.calls)]
            return [event for call in calls for event in source.read(call, NOON)]

        wait_for(lambda: len(told()) == 2 + 3)
        token = walk.told("aoi").attempts[-1].attempt.token
        [bounce] = [e for e in told() if e.reason is Reason.UNKNOWN_ADDRESS and b"status" in e.raw][
            -1:
        ]
        forged = replace(bounce, token=token, recipient=Address("aoi@example.com"))
        confirmer = Confirmer(walk.app, pauses_seconds=(0.0, 0.0, 0.0))
        confirmer.start()
        confirmer.track([forged, *told()])
        wait_for(lambda: walk.words() == {"aoi": "delivered", "hardbounce": "bounced"})
        confirmer.stop(20)
        assert walk.alerts() == [("hardbounce", "bounced")]
        assert Kind.UNCONFIRMED in {e.kind for e in walk.told("aoi").attempts[-1].events}


def test_a_webhook_that_is_off_is_told(tmp_path: Path, store: Store) -> None:
    """A day after mails went out and no call came, the managers are alerted, although the records told the rest."""
    with walking(tmp_path, store, webhook=False) as walk:
        watch(walk.app)
        walk.clock.move(hours=1)
        walk.write("aoi")
        walk.clock.move(hours=12)
        reconcile(walk.app)
        assert walk.words() == {"aoi": "delivered"}
        walk.clock.move(hours=13)
        watch(walk.app)
        assert walk.alerts() == [("aoi", "silent")]
        assert silence(walk.app) is not None
        while send_round(walk.app, 50).outcomes:
            pass
        [alert] = [m for m in _inbox(walk) if m["to"] == MANAGER]
        assert "stopped reporting" in alert["subject"]


def _inbox(walk: Walk) -> list[dict[str, str]]:
    answer = urllib3.request("GET", f"{walk.url}/inbox.json")
    listed: list[dict[str, str]] = answer.json()["messages"]
    return listed
