"""The mail with a link into the desk, to somebody who asked for one. Nothing that a stranger wrote is in it."""

from __future__ import annotations

from datetime import datetime

from todoke.mail.templates import Sentences, render
from todoke.mail.views import view_site
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.language import translator
from todoke.model.mail import Mail, identified
from todoke.model.settings import Settings


def compose_desk_link(
    settings: Settings,
    recipient: Address,
    *,
    code: str,
    url: str,
    minutes: int,
    language: str,
    now: datetime,
) -> Mail:
    """The mail with `code` and the `url` that takes it, both good for `minutes`."""
    values = {
        "t": Sentences(translator("mail", language).gettext),
        "language": language,
        "site": view_site(settings.site),
        "code": code,
        "url": url,
        "minutes": minutes,
    }
    words = render(None, "", "desk_link", values)
    token = ids.desk_token(settings.secret)
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
