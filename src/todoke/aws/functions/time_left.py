"""How long a function may still run, and what may be begun in that time."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

from todoke.aws.functions.handler import LambdaContext
from todoke.model.errors import ConfigError
from todoke.model.settings import FUNCTION_SECONDS, SPARE_SECONDS, MailSettings
from todoke.walk.app import App

AT_ONCE = 4
"""So many messages are claimed together: one submission's, as a rule."""
CONNECTIONS = "TODOKE_CONNECTIONS"


def app_with_lease(app: App, context: LambdaContext) -> App:
    """`app` with leases that outlast this invocation: what is killed at its timeout must not be another's before."""
    needed = timedelta(seconds=context.get_remaining_time_in_millis() / 1000 + SPARE_SECONDS)
    mail = app.settings.mail
    if mail.lease >= needed:
        return app
    settings = dataclasses.replace(app.settings, mail=dataclasses.replace(mail, lease=needed))
    return dataclasses.replace(app, settings=settings)


def has_time(app: App, context: LambdaContext) -> bool:
    """Whether one more mail can be handed over and its outcome stored, however slow the service is."""
    remaining = context.get_remaining_time_in_millis() / 1000
    return remaining > app.settings.mail.own.slowest_seconds + SPARE_SECONDS


def require_time(mail: MailSettings) -> None:
    """Raises ConfigError: if the service's time limit is so long that no mail could ever be begun here."""
    if not mail.own.fits_function:
        raise ConfigError(
            f"The timeout of {mail.service} in todoke.toml is too long: a mail may take"
            f" {mail.own.slowest_seconds:.0f} s with it, and a function ends after {FUNCTION_SECONDS:.0f} s."
            " Make it shorter (see docs/aws.md, limits)."
        )


def connections(environ: Mapping[str, str]) -> int:
    """How many mails one environment hands over at once; times the function's concurrency it is the service's limit."""
    text = environ.get(CONNECTIONS, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else 1
