"""Postmark, as the table has it."""

from __future__ import annotations

from todoke.model.settings import Settings
from todoke.ports.diagnosis import Consultation, ServiceDoctor
from todoke.ports.events import EventSource
from todoke.ports.mailer import Mailer
from todoke.ports.suppressions import SuppressionSource
from todoke.services.postmark.settings import (
    API_KEY,
    HOOK_SECRET,
    KEYS,
    NAME,
    WEBHOOK_KEY,
    PostmarkSettings,
    read_postmark,
)
from todoke.services.service import Service, ServiceSecret


def _open_mailer(settings: Settings) -> Mailer:
    from todoke.services.postmark.mailer import PostmarkMailer

    return PostmarkMailer(settings)


def _open_events(postmark: PostmarkSettings) -> EventSource | None:
    if not postmark.webhook:
        return None
    from todoke.services.postmark.events import PostmarkEvents

    return PostmarkEvents(postmark)


def _open_suppressions(postmark: PostmarkSettings) -> SuppressionSource:
    from todoke.services.postmark.suppressions import PostmarkSuppressions

    return PostmarkSuppressions(postmark)


def _open_doctor(consultation: Consultation) -> ServiceDoctor:
    from todoke.services.postmark.doctor import PostmarkDoctor

    return PostmarkDoctor(consultation)


# No records: its lists of bounces and deliveries have neither the webhook's times nor our metadata, so that what they
# hold could not be told from what the webhook told already.
POSTMARK: Service[PostmarkSettings] = Service(
    name=NAME,
    title="Postmark",
    section="postmark",
    keys=KEYS,
    read=read_postmark,
    open_mailer=_open_mailer,
    open_events=_open_events,
    open_doctor=_open_doctor,
    open_suppressions=_open_suppressions,
    secrets=(
        ServiceSecret(key="api_key", variable=API_KEY, is_needed=lambda _: True),
        ServiceSecret(
            key="hook_secret",
            variable=HOOK_SECRET,
            is_needed=lambda postmark: postmark.webhook,
            opens_hook=True,
            random_bytes=16,
        ),
        ServiceSecret(
            key="webhook_key",
            variable=WEBHOOK_KEY,
            is_needed=lambda postmark: postmark.webhook,
            opens_hook=True,
            random_bytes=16,
        ),
    ),
    tells_tokens=True,
    lifts=True,
    hook_steps=f"in Postmark's message stream, let a webhook (its password is in {WEBHOOK_KEY}) call",
)
