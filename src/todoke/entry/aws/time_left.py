"""How long a function may still run, and what may be begun in that time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

from todoke.app import App
from todoke.entry.aws.function import Context
from todoke.settings import MailSettings

AT_ONCE = 4
"""So many messages are claimed together: one submission's, as a rule."""
SPARE_SECONDS = 10.0
CONNECTIONS = "TODOKE_CONNECTIONS"


def app_with_lease(app: App, context: Context) -> App:
    """`app` with leases that outlast this invocation: what is killed at its timeout must not be another's before."""
    needed = timedelta(seconds=context.get_remaining_time_in_millis() / 1000 + SPARE_SECONDS)
    mail = app.settings.mail
    if mail.lease >= needed:
        return app
    settings = dataclasses.replace(app.settings, mail=dataclasses.replace(mail, lease=needed))
    return dataclasses.replace(app, settings=settings)


def has_time(app: App, context: Context) -> bool:
    """Whether as many messages as are claimed together can still be handed over, however slow the service is."""
    remaining = context.get_remaining_time_in_millis() / 1000
    return remaining > AT_ONCE * _slowest_seconds(app.settings.mail) + SPARE_SECONDS


def _slowest_seconds(mail: MailSettings) -> float:
    """How long one hand-over may take."""
    if mail.service == "smtp":
        return mail.smtp.timeout_seconds
    if mail.service == "ses":
        return mail.ses.timeout_seconds
    return mail.customers_mail_cloud.timeout_seconds


def connections(environ: Mapping[str, str]) -> int:
    """How many mails one environment hands over at once; times the function's concurrency it is the service's limit."""
    text = environ.get(CONNECTIONS, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else 1
