"""The walk from an accepted submission through the sandbox and back: sender, mailer, webhook, hooks, alerts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from pathlib import Path

import urllib3
from starlette.applications import Starlette

from mail_cloud_sandbox.app import build
from support.mail.mails import stem
from support.web.local_server import serving, wait_for
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.delivery import Status, reading
from todoke.model.form import Form, Managers, Site
from todoke.model.mail import Mailbox
from todoke.model.message import Message, MessageTimeline, Role
from todoke.model.settings import MailSettings, Secret, Settings
from todoke.model.submission import Entry, Submission
from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents
from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer
from todoke.services.customers_mail_cloud.settings import CustomersMailCloudSettings
from todoke.testing import MemoryStore
from todoke.walk.app import App, utc_now
from todoke.walk.send.round import send_round
from todoke.web import hooks

SECRET = "a-secret-path"
MANAGER, OWNER = Address("manager@example.org"), Address("owner@example.com")


def settings(sandbox_url: str) -> Settings:
    """A site whose mail service is the sandbox."""
    return Settings(
        site=Site(name="Example", url="https://example.org", alert_to=(OWNER,)),
        mail=MailSettings(
            service="customers-mail-cloud",
            sender=Mailbox(name="Example", address=Address("desk@example.org")),
            own=CustomersMailCloudSettings(
                url=sandbox_url,
                api_user="api@example.org",
                api_key=Secret("secret"),
                hook_secret=Secret(SECRET),
                webhook_key=Secret("hook-key"),
                timeout_seconds=10,
            ),
        ),
        forms={"contact": Form(name="contact", managers=Managers(fixed=(MANAGER,)))},
        data=Path("data"),
        secret=b"x" * 32,
    )


class Walk:
    """A site, its sandbox, and what the store says of each message."""

    def __init__(self, app: App, sandbox_url: str) -> None:
        self.app = app
        self.sandbox_url = sandbox_url

    def submit(self, visitor: str, manager: str = MANAGER) -> str:
        """Store a submission with its two messages; its id."""
        now = utc_now()
        submission = Submission(
            id=ids.submission_id(now, ids.place(b"s" * 32)),
            form="contact",
            received_at=now,
            entries=(Entry("email", visitor),),
            language="en",
            visitor=Address(visitor),
            token_hash="",
        )
        messages = []
        roles = ((Role.CONFIRMATION, visitor), (Role.NOTIFICATION, manager))
        for number, (role, recipient) in enumerate(roles, start=1):
            message_id = ids.message_id(submission.id, number)
            messages.append(
                Message(
                    id=message_id,
                    submission_id=submission.id,
                    role=role,
                    recipient=Address(recipient),
                    language="en",
                    message_id=f"<{message_id}@example.org>",
                    created_at=now,
                )
            )
        self.app.store.add(submission, messages, None).result(5)
        return submission.id

    def messages(self, submission_id: str) -> tuple[MessageTimeline, ...]:
        """Its messages, alerts included."""
        timeline = self.app.store.timeline(submission_id)
        assert timeline is not None
        return timeline.messages

    def confirmation(self, submission_id: str) -> MessageTimeline:
        """Its message to the visitor."""
        return next(m for m in self.messages(submission_id) if m.message.role is Role.CONFIRMATION)

    def alerts(self, submission_id: str) -> list[tuple[str, str]]:
        """Who is alerted of what."""
        return [
            (m.message.recipient, m.message.note)
            for m in self.messages(submission_id)
            if m.message.role is Role.ALERT
        ]

    def inbox(self) -> list[dict[str, str]]:
        """What the sandbox's inbox lists."""
        answer = urllib3.request("GET", f"{self.sandbox_url}/inbox.json")
        listed: list[dict[str, str]] = json.loads(answer.data)["messages"]
        return listed


@contextlib.contextmanager
def walking(data: Path, **more: object) -> Iterator[Walk]:
    """Serve the hooks and a sandbox that tells them, without any pace."""
    app_of: list[App] = []
    late = Starlette()
    with contextlib.ExitStack() as stack:
        site_url = stack.enter_context(serving(late))
        fast = {"pace_seconds": 0.0, "webhook_batch_seconds": 0.0, "webhook_key": "hook-key"}
        hook = {"webhook_url": f"{site_url}/hooks/customers-mail-cloud/{SECRET}"}
        sandbox_url = stack.enter_context(serving(build(data, **{**fast, **hook, **more})))
        site = settings(sandbox_url)
        source = CustomersMailCloudEvents(site.mail.own_as(CustomersMailCloudSettings))
        app_of.append(
            App(
                settings=site,
                store=MemoryStore(),
                mailer=CustomersMailCloudMailer(site),
                sources={source.name: source},
            )
        )
        late.router.routes.extend(hooks.routes(app_of[0]))
        yield Walk(app_of[0], sandbox_url)
        app_of[0].mailer.close()


EXPECTED = {
    "aoi": (Status.DELIVERED, []),
    "hardbounce": (Status.BOUNCED, [(MANAGER, "bounced")]),
    "mailboxfull": (Status.BOUNCED, [(MANAGER, "bounced")]),
    "policy": (Status.BOUNCED, [(MANAGER, "bounced")]),
    "deferred": (Status.DELIVERED, []),
    "late-bounce": (Status.BOUNCED, [(MANAGER, "bounced")]),
    "suppressed": (Status.REJECTED, [(MANAGER, "rejected")]),
    "complaint": (Status.DELIVERED, [(MANAGER, "complained")]),
    "vacation": (Status.DELIVERED, []),
    "duplicate": (Status.DELIVERED, []),
    "refuse": (Status.REJECTED, [(MANAGER, "rejected")]),
    "timeout": (Status.DELIVERED, []),
}


def test_every_outcome_reaches_the_store_and_those_who_can_act(tmp_path):
    """Each outcome of the sandbox ends in its status on the production path, and alerts once whom it should."""
    with walking(tmp_path) as walk:
        found = {local: walk.submit(f"{local}@example.com") for local in EXPECTED}
        silent = walk.submit("silent@example.com")
        while send_round(walk.app, 50).outcomes:
            pass

        def settled() -> bool:
            send_round(walk.app, 50)
            return all(
                walk.confirmation(found[local]).standing.status is status
                and len(walk.alerts(found[local])) == len(alerts)
                for local, (status, alerts) in EXPECTED.items()
            )

        wait_for(settled)
        for local, (_, alerts) in EXPECTED.items():
            assert walk.alerts(found[local]) == alerts, local
        assert walk.confirmation(found["complaint"]).standing.complained
        quiet = walk.confirmation(silent)
        later = datetime.now(UTC) + timedelta(days=2)
        expected = walk.app.settings.mail.expect_events_within
        word = reading(quiet.standing, ceiling=quiet.ceiling, now=later, expected=expected)
        assert (quiet.standing.status, word) == (Status.ACCEPTED, "unknown")
        assert walk.app.store.orphans(10) == []
        seen = [m["to"] for m in walk.inbox() if m["to"] != MANAGER]
        assert len(seen) == len(set(seen)) == len(EXPECTED)  # refuse@ is not kept, silent@ is


def test_failed_notification_is_told_to_the_owner(tmp_path):
    """When the manager's own address fails, the site's owner is told, by a mail that arrives."""
    with walking(tmp_path) as walk:
        submission_id = walk.submit("aoi@example.com", "hardbounce@example.org")
        send_round(walk.app, 10)
        wait_for(lambda: len(walk.alerts(submission_id)) == 2)
        told = walk.alerts(submission_id)
        assert sorted(told) == [(MANAGER, "bounced"), (OWNER, "bounced")]
        send_round(walk.app, 10)
        wait_for(lambda: {OWNER, MANAGER} <= {m["to"] for m in walk.inbox()})


def test_mail_in_the_inbox_is_the_mail_that_was_composed(tmp_path):
    """The source has our Message-ID, one field of each name, and the attempt's token."""
    with walking(tmp_path) as walk:
        submission_id = walk.submit("aoi@example.com")
        send_round(walk.app, 10)
        (listed,) = [m for m in walk.inbox() if m["to"] == "aoi@example.com"]
        whole = json.loads(
            urllib3.request("GET", f"{walk.sandbox_url}/inbox/{listed['id']}.json").data
        )
        about = walk.confirmation(submission_id)
    mail = message_from_string(whole["source"], policy=policy.default)
    assert stem(mail["message-id"]) == about.message.message_id
    assert mail["x-api-data"] == about.attempts[0].attempt.token
    names = [name.lower() for name in mail.keys()]  # noqa: SIM118 - a message is no dict
    assert len(names) == len(set(names))


def test_without_a_webhook_nothing_is_claimed(tmp_path):
    """With the webhook off, a mistyped address reads as handed over, and as unknown in time; never as delivered."""
    with walking(tmp_path, webhook_url="") as walk:
        submission_id = walk.submit("hardbounce@example.com")
        send_round(walk.app, 10)
        found = walk.confirmation(submission_id)
        assert found.standing.status is Status.ACCEPTED
        assert walk.alerts(submission_id) == []
