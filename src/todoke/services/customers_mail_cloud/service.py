"""Customers Mail Cloud, as the table has it."""

from __future__ import annotations

from todoke.model.language import N_
from todoke.model.settings import Settings
from todoke.ports.diagnosis import Consultation, ServiceDoctor
from todoke.ports.events import EventSource
from todoke.ports.mailer import Mailer
from todoke.ports.records import Records
from todoke.ports.suppressions import SuppressionSource
from todoke.services.customers_mail_cloud.settings import (
    API_KEY,
    HOOK_SECRET,
    KEYS,
    NAME,
    WEBHOOK_KEY,
    CustomersMailCloudSettings,
    read_customers_mail_cloud,
)
from todoke.services.service import Service, ServiceSecret


def _open_mailer(settings: Settings) -> Mailer:
    from todoke.services.customers_mail_cloud.mailer import CustomersMailCloudMailer

    return CustomersMailCloudMailer(settings)


def _open_events(cloud: CustomersMailCloudSettings) -> EventSource | None:
    if not cloud.webhook:
        return None
    from todoke.services.customers_mail_cloud.events import CustomersMailCloudEvents

    return CustomersMailCloudEvents(cloud)


def _open_records(cloud: CustomersMailCloudSettings) -> Records:
    from todoke.services.customers_mail_cloud.records import CustomersMailCloudRecords

    return CustomersMailCloudRecords(cloud)


def _open_suppressions(cloud: CustomersMailCloudSettings) -> SuppressionSource:
    from todoke.services.customers_mail_cloud.suppressions import CustomersMailCloudSuppressions

    return CustomersMailCloudSuppressions(cloud)


def _open_doctor(consultation: Consultation) -> ServiceDoctor:
    from todoke.services.customers_mail_cloud.doctor import CustomersMailCloudDoctor

    return CustomersMailCloudDoctor(consultation)


CUSTOMERS_MAIL_CLOUD: Service[CustomersMailCloudSettings] = Service(
    name=NAME,
    title="Customers Mail Cloud",
    section="customers_mail_cloud",
    keys=KEYS,
    read=read_customers_mail_cloud,
    open_mailer=_open_mailer,
    open_events=_open_events,
    open_records=_open_records,
    open_suppressions=_open_suppressions,
    open_doctor=_open_doctor,
    secrets=(
        ServiceSecret(key="api_key", variable=API_KEY, is_needed=lambda _: True),
        ServiceSecret(
            key="hook_secret",
            variable=HOOK_SECRET,
            is_needed=lambda cloud: cloud.webhook,
            opens_hook=True,
            random_bytes=16,
        ),
        ServiceSecret(
            key="webhook_key",
            variable=WEBHOOK_KEY,
            is_needed=lambda _: False,
            opens_hook=True,
        ),
    ),
    misplaced={("mail", "api_key"): API_KEY},
    tells_tokens=True,
    hook_steps="in the console of Customers Mail Cloud, let the webhook call",
    lift=N_(
        "Make sure first that the address works. With the Pro plan, lift it in the service's console (blocked "
        "addresses) or through its API; with the Standard plan, ask the service's support to."
    ),
)
