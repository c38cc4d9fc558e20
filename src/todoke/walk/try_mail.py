"""Somebody at the desk sends themselves a mail, and sees what becomes of it.

It is no submission's: nothing is kept of it but what the service reports.
"""

from __future__ import annotations

import msgspec

from todoke.model.address import Address
from todoke.model.delivery import DeliveryEvent
from todoke.model.errors import SendError
from todoke.walk.app import App

_LOOKED_AT = 200
"""So many of the newest reports that belong to no mail."""


class TriedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A test mail: the token it is known by, whether the service took it, and the service's words."""

    token: str
    is_taken: bool
    answer: str = ""


def try_mail(app: App, to: Address, language: str) -> TriedMail:
    """Hand a test mail to the mail service, once."""
    from todoke.mail.desk_mail import compose_desk_test  # noqa: PLC0415 - Jinja2 takes 50 ms

    mail = compose_desk_test(app.settings, to, language=language, now=app.clock())
    try:
        taken = app.mailer.send(mail)
    except SendError as error:
        return TriedMail(token=mail.token, is_taken=False, answer=str(error))
    return TriedMail(token=mail.token, is_taken=True, answer=taken.diagnostic)


def reported(app: App, token: str) -> list[DeliveryEvent]:
    """What the service reported of a test mail so far, the newest first. Raises StoreError."""
    return [event for event in app.journal.orphans(_LOOKED_AT) if event.token == token]
