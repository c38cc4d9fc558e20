"""Settings, claims and mails for the tests of what leaves by mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.variants import replace
from todoke.model.address import Address
from todoke.model.delivery import Ceiling
from todoke.model.form import Confirmation, Field, Form, Site
from todoke.model.mail import Mail, Mailbox
from todoke.model.message import Attempt, Claim, Message, Role
from todoke.model.settings import MailSettings, Settings
from todoke.model.submission import Entry, EntryList, Submission
from todoke.ports.mailer import Accepted
from todoke.services.smtp.settings import SmtpSettings

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ACCEPTED = Accepted(service_id="id-1")
VISITOR = Address("aoi@example.net")
MANAGER = Address("manager@example.org")

CONTACT = Form(
    name="contact",
    title="Contact",
    fields=(
        Field(name="name", label="Your name"),
        Field(name="email", kind="email", label="Mail address"),
        Field(name="topic", kind="select", label="Topic", options=(("s", "Sales"), ("h", "Help"))),
        Field(name="secret", kind="password", label="Password"),
        Field(name="message", kind="textarea", label="Message"),
    ),
)


GREETING = (Entry("name", "Aoi"), Entry("message", "Good morning"))


def settings(**changes: Any) -> Settings:
    """The settings of a small site; `changes` are Settings' own fields."""
    usual = Settings(
        site=Site(
            name="Example Site", url="https://example.org", door_url="https://door.example.org"
        ),
        mail=MailSettings(
            service="smtp",
            own=SmtpSettings(timeout_seconds=25.0),
            sender=Mailbox(name="Example Site", address=Address("desk@example.org")),
        ),
        forms={"contact": CONTACT},
        data=Path("unused"),
        secret=b"s" * 32,
    )
    return replace(usual, **changes)


def smtp_settings(port: int, **changes: Any) -> Settings:
    """The same, sending to an SMTP server on loopback; `changes` are SmtpSettings' own fields."""
    smtp = replace(
        SmtpSettings(host="127.0.0.1", port=port, security="none", timeout_seconds=2.0), **changes
    )
    usual = settings()
    return replace(usual, mail=replace(usual.mail, own=smtp))


def repeating(form: Form = CONTACT) -> dict[str, Form]:
    """The form, with confirmations that repeat the answers."""
    return {form.name: replace(form, confirmation=Confirmation(include_answers=True))}


def claim(
    role: Role = Role.NOTIFICATION,
    entries: EntryList = GREETING,
    *,
    language: str = "en",
    visitor: str = VISITOR,
    form: str = "contact",
    number: int = 1,
    ceiling: Ceiling = Ceiling.HANDED_OVER,
    **changes: Any,
) -> Claim:
    """A claim on a message of `role`; `changes` are Message's own fields."""
    recipient = Address(visitor) if role is Role.CONFIRMATION else MANAGER
    message = Message(
        id="m1",
        submission_id="06s4k0b2c3d4e5f6g7h8i9jabc",
        role=role,
        recipient=recipient,
        language=language,
        message_id="<m1@example.org>",
        created_at=NOW,
    )
    message = replace(message, **changes)
    return Claim(
        message=message,
        attempt=Attempt(
            token="t" * 26,
            message_id=message.id,
            number=number,
            recipient=message.recipient,
            service="smtp",
            ceiling=ceiling,
            started_at=NOW,
        ),
        submission=Submission(
            id=message.submission_id,
            form=form,
            received_at=NOW,
            entries=entries,
            language=language,
            visitor=Address(visitor),
            token_hash="",
        ),
        lease_until=NOW + timedelta(minutes=5),
    )


def mail(recipient: str = VISITOR, **changes: Any) -> Mail:
    """A composed mail."""
    usual = Mail(
        message_id="<m1@example.org>",
        token="t" * 26,
        sender=Mailbox(name="Example Site", address=Address("desk@example.org")),
        recipient=Address(recipient),
        reply_to=None,
        subject="A subject",
        text="A text.\n",
        html="<p>A text.</p>\n",
        date=NOW,
        headers=(("Auto-Submitted", "auto-replied"),),
    )
    return replace(usual, **changes)


def stem(message_id: str) -> str:
    """A mail's Message-ID without the digest of its content: its message's own."""
    bare, digests = re.subn(r"\.[0-9a-f]{12}@", "@", message_id)
    assert digests == 1, message_id
    return bare
