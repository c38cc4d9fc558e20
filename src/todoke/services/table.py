"""The mail services, one row each. Whatever depends on which one a site uses asks here; no adapter is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from todoke.model.errors import ConfigError
from todoke.model.settings import TABLE, ServiceSettings
from todoke.services.customers_mail_cloud.service import CUSTOMERS_MAIL_CLOUD
from todoke.services.postmark.service import POSTMARK
from todoke.services.service import Choice, Service
from todoke.services.ses.service import SES
from todoke.services.smtp.service import SMTP
from todoke.toml.findings import Findings
from todoke.toml.schema import Schema
from todoke.toml.table import Table

_ROWS: tuple[Service[Any], ...] = (
    SMTP,
    CUSTOMERS_MAIL_CLOUD,
    SES,
    POSTMARK,
)
SERVICES: Mapping[str, Service[Any]] = {service.name: service for service in _ROWS}
TOKENED = frozenset(service.name for service in _ROWS if service.tells_tokens)
"""The services whose events bring the attempt's token and recipient back."""
TITLES: Mapping[str, str] = {service.name: service.title for service in _ROWS}
"""The services as people call them, by the names that attempts and events have."""
LIFT: Mapping[str, str] = {service.name: service.lift for service in _ROWS if service.lift}
"""How an address leaves a service's suppression list by hand, in words."""
LIFTED_BY_CALL = frozenset(service.name for service in _ROWS if service.lifts)
"""The services that take an address off their list by a call."""


def service_named(name: str) -> Service[Any]:
    """The service of this name. Raises ConfigError: if there is none; it names those there are."""
    if name not in SERVICES:
        raise ConfigError(f"mail.service is {name!r}; it may be {', '.join(SERVICES)}.")
    return SERVICES[name]


def chosen_in(
    document: Mapping[str, Any], *, on_aws: bool = False
) -> tuple[Service[Any], ServiceSettings] | None:
    """The service that a todoke.toml chooses and its settings, whatever else is wrong with the file; None for none.

    The environment is not read, so no secret is in them; `on_aws`, defaults are those where functions hand over.
    """
    mail = document.get("mail")
    name = mail.get("service") if isinstance(mail, dict) else None
    service = SERVICES.get(name) if isinstance(name, str) else None
    if service is None or not isinstance(mail, dict):
        return None
    section = f"mail.{service.section}"
    values = mail.get(service.section, {})
    table = Table(Findings("", {}), Schema({section: service.keys}), section, (), values)
    return service, service.read(
        table, {TABLE: "-"} if on_aws else {}, Choice(service.name, serving=False)
    )
