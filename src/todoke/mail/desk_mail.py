"""Mails of the desk to its own people: a link into it, a test, a digest. Nothing that a stranger wrote is in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from todoke.mail.templates import Sentences, render
from todoke.mail.views import view_site
from todoke.model import ids
from todoke.model.address import Address
from todoke.model.language import translator
from todoke.model.mail import Mail, identified
from todoke.model.own_url import own_url
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
    token = ids.desk_token(settings.secret)
    said: dict[str, object] = {"code": code, "url": url, "minutes": minutes}
    return _compose("desk_link", settings, recipient, token, language, now, said)


def compose_desk_test(
    settings: Settings, recipient: Address, *, token: str, language: str, now: datetime
) -> Mail:
    """The test mail. What is reported of it is kept under its token as of no submission's mail."""
    return _compose("desk_test", settings, recipient, token, language, now, {})


def compose_digest(
    settings: Settings,
    recipient: Address,
    *,
    counts: Mapping[str, int],
    language: str,
    now: datetime,
) -> Mail:
    """How many submissions of each form wait for a verdict: `counts` by the form's name."""
    token = ids.desk_token(settings.secret)
    titles = [(settings.form(name).shown, count) for name, count in counts.items()]
    said: dict[str, object] = {
        "number": sum(counts.values()),
        "forms": sorted(titles),
        "url": own_url(settings.site.door_url, "/desk?view=review"),
    }
    return _compose("desk_digest", settings, recipient, token, language, now, said)


def _compose(
    text: str,
    settings: Settings,
    recipient: Address,
    token: str,
    language: str,
    now: datetime,
    said: dict[str, object],
) -> Mail:
    values = {
        "t": Sentences(translator("mail", language).gettext),
        "language": language,
        "site": view_site(settings.site),
        **said,
    }
    words = render(None, "", text, values)
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
