"""The mail that somebody at the desk sends to themselves, to see that mails arrive. No stranger's word is in it."""

from __future__ import annotations

from datetime import datetime

from todoke.mail.templates import Sentences, render
from todoke.mail.views import view_site
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.language import translator
from todoke.model.mail import Mail, identified
from todoke.model.settings import Settings


def compose_desk_test(
    settings: Settings, recipient: Address, *, language: str, now: datetime
) -> Mail:
    """The test mail. What is reported of it is kept under its token as of no submission's mail."""
    values = {
        "t": Sentences(translator("mail", language).gettext),
        "language": language,
        "site": view_site(settings.site),
    }
    words = render(None, "", "desk_test", values)
    token = ids.new_attempt_token()
    mail = Mail(
        message_id=f"<{token}@{settings.mail.sender.address.ascii_domain}>",
        token=token,
        sender=settings.mail.sender,
        recipient=recipient,
        reply_to=None,
        subject=words.subject,
        text=words.text,
        html=words.html,
        date=now,
        headers=(("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")),
    )
    return identified(mail)
