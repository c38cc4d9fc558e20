"""Every fault of a mail service, ordered at the sandbox, through the real mailer, store and hook: where each ends.

The table in docs/sandbox.md is the source of what is expected. Time is virtual: nothing here waits for a retry.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import urllib3
from starlette.applications import Starlette

from mail_cloud_sandbox.app import build
from mail_cloud_sandbox.faults import CALL_FAULTS, WEBHOOK_FAULTS
from support.places import ROOT
from support.web.local_server import serving, wait_for
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Kind, Status, reading
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mail, Mailbox
from todoke.model.message import Message, MessageTimeline, Role
from todoke.model.settings import MailSettings, Secret, Settings
from todoke.model.submission import Entry, Submission
from todoke.ports.mailer import Accepted, Mailer
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.stores.sqlite.store import SqliteStore
from todoke.walk.app import App
from todoke.walk.send.round import send_round
from todoke.walk.send.sender import Sender
from todoke.web import hooks

pytestmark = pytest.mark.acceptance

DOCS = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
SECRET = "a-secret-path"
VISITOR, MANAGER = Address("aoi@example.com"), Address("manager@example.org")
PATIENCE_SECONDS, IMPATIENCE_SECONDS = 30.0, 0.5
"""How long an answer is waited for, and how long where it is to come too late."""
GIVE_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True)
class Row:
    """A row of the table: a fault, and what a confirmation reads while it lasts and afterwards."""

    place: str
    fault: str
    at_first: str
    in_the_end: str
    mails: int


ROWS = [
    Row(place, fault, at_first, in_the_end, int(mails))
    for place, fault, at_first, in_the_end, mails in re.findall(
        r"(?m)^\| `(send|webhook)` \| `([a-z0-9-]+)` \| .+? \| (\w+) \| (\w+) \| (\d) \|$", DOCS
    )
]


def test_the_table_has_every_fault():
    """Each fault that can be ordered has a row, once."""
    expected = [("send", name) for name in CALL_FAULTS]
    expected += [("webhook", name) for name in WEBHOOK_FAULTS]
    assert [(row.place, row.fault) for row in ROWS] == expected


class Recording:
    """The real mailer, with a note of whom it was given a mail for."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self.name, self.ceiling, self.concurrency = mailer.name, mailer.ceiling, mailer.concurrency
        self.handed: list[str] = []
        self._lock = threading.Lock()

    def send(self, mail: Mail) -> Accepted:
        """Hand it over for real."""
        with self._lock:
            self.handed.append(mail.recipient)
        return self._mailer.send(mail)

    def close(self) -> None:
        """Let go of connections."""
        self._mailer.close()


class Story:
    """A site with its mail service, and one clock for both."""

    def __init__(self, app: App, mailer: Recording, sandbox: str, later: list[timedelta]) -> None:
        self.app = app
        self.mailer = mailer
        self.sandbox = sandbox
        self._later = later

    def let_pass(self, time: timedelta) -> None:
        """Let time pass, for the site and its mail service."""
        self._later[0] += time

    def order(self, place: str, fault: str, **more: object) -> None:
        """Order a fault; `""` switches off."""
        asked = {"place": place, "fault": fault, **more}
        answer = urllib3.request("POST", f"{self.sandbox}/faults.json", json=asked)
        assert answer.status == 200, answer.data

    def faults(self) -> dict[str, dict[str, int]]:
        """The faults in force."""
        found: dict[str, dict[str, int]] = urllib3.request(
            "GET", f"{self.sandbox}/faults.json"
        ).json()
        return found

    def submit(self, visitor: str = VISITOR, *, notify: bool = False) -> str:
        """Store a submission with its confirmation, and its notification if asked for; its id."""
        now = self.app.clock()
        submission_id = ids.submission_id(now, ids.place(self.app.settings.secret))
        token = ids.receipt_token(self.app.settings.secret, submission_id)
        submission = Submission(
            id=submission_id,
            form="contact",
            received_at=now,
            entries=(Entry("email", visitor),),
            language="en",
            visitor=Address(visitor),
            token_hash=ids.receipt_hash(token),
        )
        wanted = [(Role.CONFIRMATION, visitor)] + [(Role.NOTIFICATION, MANAGER)] * notify
        messages = [
            self._message(submission.id, number, role, to, now)
            for number, (role, to) in enumerate(wanted, start=1)
        ]
        self.app.store.add(submission, messages, None).result(5)
        return submission.id

    def _message(
        self, submission_id: str, number: int, role: Role, to: str, now: datetime
    ) -> Message:
        message_id = ids.message_id(submission_id, number)
        return Message(
            id=message_id,
            submission_id=submission_id,
            role=role,
            recipient=Address(to),
            language="en",
            message_id=f"<{message_id}@example.org>",
            created_at=now,
        )

    def send_all(self) -> None:
        """Let days pass, and hand over whatever falls due meanwhile, as the sender does."""
        for _ in range(30):
            while send_round(self.app, 20).outcomes:
                pass
            self.let_pass(timedelta(hours=2))

    def message(self, submission_id: str, role: Role = Role.CONFIRMATION) -> MessageTimeline:
        """Its message of this role."""
        timeline = self.app.store.timeline(submission_id)
        assert timeline is not None
        return next(m for m in timeline.messages if m.message.role is role)

    def reads(self, submission_id: str, role: Role = Role.CONFIRMATION) -> str:
        """The word that pages show for it now."""
        message = self.message(submission_id, role)
        expected = self.app.settings.mail.expect_events_within
        return reading(
            message.standing, ceiling=message.ceiling, now=self.app.clock(), expected=expected
        )

    def taken(self) -> Counter[str]:
        """How many mails to each address the service took."""
        listed = urllib3.request("GET", f"{self.sandbox}/inbox.json").json()["messages"]
        return Counter(mail["to"] for mail in listed)

    def owes_nothing(self) -> bool:
        """Whether the webhook has told all that it ever will."""
        listed = urllib3.request("GET", f"{self.sandbox}/inbox.json").json()["messages"]
        logs = [
            urllib3.request("GET", f"{self.sandbox}/inbox/{mail['id']}.json").json()["log"]
            for mail in listed
        ]
        return not any(step["webhook"]["waiting"] for log in logs for step in log)


def settings(sandbox: str, timeout_seconds: float) -> Settings:
    """A site whose mail service is the sandbox."""
    return Settings(
        site=Site(name="Example", url="https://example.org"),
        mail=MailSettings(
            service="customers-mail-cloud",
            sender=Mailbox(name="Example", address=Address("desk@example.org")),
            give_up_after=GIVE_UP_AFTER,
            own=CustomersMailCloudSettings(
                url=sandbox,
                api_user="api@example.org",
                api_key=Secret("secret"),
                hook_secret=Secret(SECRET),
                timeout_seconds=timeout_seconds,
            ),
        ),
        forms={"contact": Form(name="contact", managers=Managers(fixed=(MANAGER,)))},
        data=Path("data"),
        secret=b"x" * 32,
    )


@contextlib.contextmanager
def site_in(folder: Path, fault: str = "") -> Iterator[Story]:
    """A site and its mail service, telling each other everything at once."""
    later = [timedelta()]

    def clock() -> datetime:
        return datetime.now(UTC) + later[0]

    hook = Starlette()
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serving(hook))
        service = build(
            folder / "sandbox",
            clock=lambda: clock().timestamp(),
            webhook_url=f"{url}/hooks/customers-mail-cloud/{SECRET}",
            webhook_batch_seconds=0,
            pace_seconds=0,
        )
        sandbox = stack.enter_context(serving(service))
        wanted = settings(sandbox, IMPATIENCE_SECONDS if fault == "slow" else PATIENCE_SECONDS)
        source = CustomersMailCloudEvents(wanted.mail.own_as(CustomersMailCloudSettings))
        mailer = Recording(CustomersMailCloudMailer(wanted))
        stack.callback(mailer.close)
        store = SqliteStore(folder / "todoke.db")
        stack.callback(store.close)
        app = App(
            settings=wanted,
            store=store,
            mailer=mailer,
            sources={source.name: source},
            clock=clock,
        )
        hook.router.routes.extend(hooks.routes(app))
        yield Story(app, mailer, sandbox, later)


SECONDS = {"slow": 10 * IMPATIENCE_SECONDS, "drip": 0.3}
"""How long a fault lasts here, where that is not an hour of virtual time."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.place}-{row.fault}")
def test_fault_ends_as_the_table_says(tmp_path: Path, row: Row) -> None:
    """At first and in the end it reads as the table says, the service took it so often, and delivered has evidence."""
    with site_in(tmp_path, row.fault) as site:
        wait = {} if row.fault == "paused" else {"seconds": SECONDS.get(row.fault, 3600)}
        site.order(row.place, row.fault, **wait)
        if row.place == "send":
            site.order("webhook", "paused")  # so that nothing is told before it was looked at
        submission = site.submit()
        send_round(site.app, 10)
        if row.at_first == "delivered":
            wait_for(lambda: site.reads(submission) == "delivered")
        assert site.reads(submission) == row.at_first
        if row.place == "webhook" and row.fault != "paused":
            wait_for(lambda: site.faults()["webhook"]["met"])
        for place in ("send", "webhook"):
            site.order(place, "")
        site.send_all()
        site.order("webhook", "")  # wakes it after the time that has passed
        wait_for(site.owes_nothing)
        wait_for(lambda: site.reads(submission) == row.in_the_end)
        assert site.taken()[VISITOR] == row.mails
        message = site.message(submission)
        proofs = [e for a in message.attempts for e in a.events if e.kind is Kind.DELIVERED]
        assert (row.in_the_end == "delivered") == any(proof.raw for proof in proofs)
        was_deferred = row.at_first == "deferred"
        assert site.mailer.handed.count(VISITOR) == (2 if was_deferred else 1)
        assert len(message.attempts) == (2 if was_deferred else 1)
        assert site.app.store.orphans(10) == []


LOST = [row.fault for row in ROWS if row.place == "send" and row.at_first == "unknown"]


@pytest.mark.parametrize("fault", LOST)
def test_lost_answer_is_not_repeated_to_managers_either(tmp_path: Path, fault: str) -> None:
    """Where events will tell, a notification whose answer was lost waits for them: nobody gets a mail twice."""
    with site_in(tmp_path, fault) as site:
        site.order("send", fault, seconds=SECONDS.get(fault, 0), calls=2)
        submission = site.submit(notify=True)
        for _ in range(2):  # a gateway's answer to the one lets the other wait
            send_round(site.app, 10)
        site.send_all()
        wait_for(site.owes_nothing)
        assert max(Counter(site.mailer.handed).values()) == 1
        assert max(site.taken().values(), default=0) <= 1
        expected = "unknown" if fault in {"dropped-before", "bad-gateway"} else "delivered"
        for role in (Role.CONFIRMATION, Role.NOTIFICATION):
            wait_for(lambda role=role: site.reads(submission, role) == expected)


STOPPING = ["busy", "busy-retry-after", "unavailable", "unauthorized"]


def test_a_gateway_s_answer_stops_the_queue(tmp_path: Path) -> None:
    """The one mail that it was given may have been taken, and stays unknown; each of the others goes out once."""
    visitors = [f"v{n}@example.com" for n in range(8)]
    with site_in(tmp_path) as site:
        site.order("send", "bad-gateway", seconds=3600)
        submissions = [site.submit(visitor) for visitor in visitors]
        send_round(site.app, 20)
        assert len(site.mailer.handed) == 1
        assert Counter(map(site.reads, submissions)) == {"queued": 7, "unknown": 1}
        site.order("send", "")
        site.send_all()
        wait_for(lambda: Counter(map(site.reads, submissions)) == {"delivered": 7, "unknown": 1})
        assert sorted(site.taken().values()) == [1] * 7


@pytest.mark.parametrize("fault", STOPPING)
def test_fault_of_the_service_stops_the_queue(tmp_path: Path, fault: str) -> None:
    """After one such answer the others wait untried; when it is over, each goes out once and none has failed."""
    visitors = [f"v{n}@example.com" for n in range(8)]
    with site_in(tmp_path) as site:
        site.order("send", fault, seconds=3600)
        submissions = [site.submit(visitor) for visitor in visitors]
        send_round(site.app, 20)
        assert len(site.mailer.handed) == 1
        assert Counter(map(site.reads, submissions)) == {"queued": 7, "deferred": 1}
        site.order("send", "")
        site.send_all()
        wait_for(lambda: {site.reads(s) for s in submissions} == {"delivered"})
        assert site.taken() == dict.fromkeys(visitors, 1)
        assert len(site.mailer.handed) == 9


def test_wrong_key_stops_the_sender_and_its_next_start_sends_all(tmp_path: Path) -> None:
    """With 401 no more calls are made than there are workers; after the key was mended every mail goes out once."""
    visitors = [f"v{n}@example.com" for n in range(40)]
    with site_in(tmp_path) as site:
        site.order("send", "unauthorized")
        submissions = [site.submit(visitor) for visitor in visitors]
        sender = Sender(site.app)
        sender.start()
        wait_for(lambda: site.mailer.handed)
        wait_for(lambda: any(site.reads(s) == "deferred" for s in submissions))
        sender.stop(20)
        assert len(site.mailer.handed) <= site.mailer.concurrency
        assert {site.reads(s) for s in submissions} <= {"queued", "deferred"}
        site.order("send", "")
        site.let_pass(timedelta(hours=1))
        sender = Sender(site.app)
        sender.start()
        wait_for(lambda: {site.reads(s) for s in submissions} == {"delivered"}, seconds=60)
        sender.stop(20)
        assert site.taken() == dict.fromkeys(visitors, 1)


def test_wish_for_a_pause_is_kept(tmp_path: Path) -> None:
    """A Retry-After is waited for, however long: nothing is due before."""
    with site_in(tmp_path) as site:
        site.order("send", "busy-retry-after", seconds=3600)
        submission = site.submit()
        send_round(site.app, 10)
        due = site.app.store.next_due()
        assert due is not None
        assert due - site.app.clock() > timedelta(minutes=59)
        assert site.reads(submission) == "deferred"


def test_refusal_for_good_is_not_tried_again(tmp_path: Path) -> None:
    """A 400 with errors is the end of that mail: one call, its words kept, and the manager is told."""
    with site_in(tmp_path) as site:
        submission = site.submit("refuse@example.com")
        site.send_all()
        assert Counter(site.mailer.handed) == {"refuse@example.com": 1, MANAGER: 1}
        message = site.message(submission)
        assert message.standing.status is Status.REJECTED
        assert "11-006 to" in message.standing.diagnostic
        wait_for(lambda: site.reads(submission, Role.ALERT) == "delivered")


def test_fault_that_outlasts_the_time_for_retries_is_said(tmp_path: Path) -> None:
    """A service that is down for longer than we try ends as failed, and nothing more is handed over."""
    with site_in(tmp_path) as site:
        site.order("send", "unavailable")
        submission = site.submit()
        for _ in range(3):
            site.send_all()
        assert site.reads(submission) == "failed"
        tried = site.mailer.handed.count(VISITOR)
        site.order("send", "")
        site.send_all()
        assert site.mailer.handed.count(VISITOR) == tried
        assert site.taken()[VISITOR] == 0
