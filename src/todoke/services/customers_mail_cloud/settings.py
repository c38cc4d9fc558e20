"""[mail.customers_mail_cloud]: Customers Mail Cloud, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from todoke.model.delivery import Ceiling
from todoke.model.loopback import is_loopback
from todoke.model.settings import NO_SECRET, Lock, Networks, Room, Secret, ServiceSettings
from todoke.services.service import Choice
from todoke.toml.networks import read_networks
from todoke.toml.secrets import check_key, text_secret
from todoke.toml.table import Table
from todoke.toml.urls import read_url
from todoke.toml.zones import check_zone

NAME = "customers-mail-cloud"
KEYS = (
    "url",
    "api_user",
    "time_zone",
    "timeout",
    "server_composition",
    "records_url",
    "source_addresses",
    "webhook",
    "confirm_failures",
    "connections",
)
API_KEY = "TODOKE_CMC_API_KEY"
HOOK_SECRET = "TODOKE_CMC_HOOK_SECRET"  # noqa: S105 - the name of a variable
WEBHOOK_KEY = "TODOKE_CMC_WEBHOOK_KEY"
_HOOK_SECRET_CHARACTERS = 22
"""128 bits in base 64."""
_LIVE_VALUES = 2
"""Of a secret that is being replaced."""


class CustomersMailCloudSettings(ServiceSettings, frozen=True, kw_only=True):
    """How to reach Customers Mail Cloud, and how its webhook proves itself.

    `url` is the plan's host, such as https://sandbox.smtps.jp. `hook_secret` is the last part of the webhook's path;
    `webhook_key` the api_key set in its console, if any. `time_zone` is the one set there for event times.
    `server_composition` names the server group there, and `records_url` is where its records are asked for.
    Of both webhook secrets two values may be live (Secret.values). `source_addresses` are the only networks that may
    call the webhook; none: any. Without `webhook` no event comes in, and all that is known of a mail is that the
    service took it. `connections` is how many calls of the API user may run at once. With `confirm_failures` a failure
    that the webhook tells counts only once the service's records confirm it.
    """

    url: str = "https://sandbox.smtps.jp"
    api_user: str = ""
    api_key: Secret = NO_SECRET
    hook_secret: Secret = NO_SECRET
    webhook_key: Secret = NO_SECRET
    time_zone: str = "Asia/Tokyo"
    server_composition: str = "sandbox"
    records_url: str = "https://api.smtps.jp"
    source_addresses: Networks = ()
    webhook: bool = True
    confirm_failures: bool = False
    connections: int = 10

    @property
    def ceiling(self) -> Ceiling:
        """See ServiceSettings."""
        return Ceiling.DELIVERED if self.webhook else Ceiling.HANDED_OVER

    @property
    def confirms_failures(self) -> bool:
        """See ServiceSettings."""
        return self.confirm_failures

    @property
    def host(self) -> str:
        """See ServiceSettings."""
        return urlsplit(self.url).hostname or ""

    @property
    def room(self) -> Room:
        """See ServiceSettings. Of 20 MB after base64."""
        return Room(octets=19_000_000, files=10)

    @property
    def lock(self) -> Lock:
        """See ServiceSettings."""
        return Lock(self.hook_secret, self.source_addresses)


def read_customers_mail_cloud(
    table: Table, environ: Mapping[str, str], choice: Choice
) -> CustomersMailCloudSettings:
    """Read [mail.customers_mail_cloud]; faults are noted in the table's findings."""
    zone = table.text("time_zone", "Asia/Tokyo")
    if "time_zone" in table or choice.demands(NAME):
        check_zone(table, "time_zone", zone)
    url = read_url(table, "url", "https://sandbox.smtps.jp", secure=True)
    # A sandbox keeps its own records; its mails and its made-up key are nothing for the real service.
    records = url if is_loopback(urlsplit(url).hostname or "") else "https://api.smtps.jp"
    cloud = CustomersMailCloudSettings(
        url=url,
        api_user=table.text("api_user"),
        api_key=text_secret(environ, API_KEY),
        hook_secret=text_secret(environ, HOOK_SECRET),
        webhook_key=text_secret(environ, WEBHOOK_KEY),
        time_zone=zone,
        timeout_seconds=table.duration(
            "timeout", timedelta(seconds=30), least="1s", most="10m"
        ).total_seconds(),
        server_composition=table.text("server_composition", "sandbox"),
        records_url=read_url(table, "records_url", records, secure=True),
        source_addresses=read_networks(table, "source_addresses"),
        webhook=table.flag("webhook", default=True),
        confirm_failures=table.flag("confirm_failures"),
        connections=table.number("connections", 10, least=1, most=64),
    )
    if choice.demands(NAME):
        _check_customers_mail_cloud(table, cloud)
    if cloud.confirm_failures and choice.service != NAME:
        table.error(
            "confirm_failures",
            f"is true, and mail.service is {choice.service!r}, which has no records to confirm anything.",
        )
    return cloud


def _check_customers_mail_cloud(table: Table, cloud: CustomersMailCloudSettings) -> None:
    if not cloud.api_user:
        table.error(
            "api_user", "is missing.", "It is the name of an API user in the service's console."
        )
    if not cloud.api_key:
        table.error("", "has no API key.", "Set TODOKE_CMC_API_KEY in the environment.")
    check_key(table, API_KEY, cloud.api_key)
    if cloud.webhook:
        _check_webhook(table, cloud)
    elif cloud.confirm_failures:
        table.error("confirm_failures", "is true, and webhook is false: no failure is ever told.")
    else:
        table.warn(
            "webhook",
            "is false: returned mail will not be noticed.",
            "Pages can say no more than that mails were handed over.",
        )


def _check_webhook(table: Table, cloud: CustomersMailCloudSettings) -> None:
    if min(map(len, cloud.hook_secret.values), default=0) < _HOOK_SECRET_CHARACTERS:
        table.error(
            "",
            f"has no webhook secret of {_HOOK_SECRET_CHARACTERS} characters or more.",
            "Set TODOKE_CMC_HOOK_SECRET, for instance to the output of `openssl rand -hex 16`; the webhook's"
            " address is then site.door_url + /hooks/customers-mail-cloud/ + that secret.",
        )
    _check_values(table, HOOK_SECRET, cloud.hook_secret)
    _check_values(table, WEBHOOK_KEY, cloud.webhook_key)
    if cloud.webhook_key and not cloud.webhook_key.values:
        table.error(
            "", "has a comma and no value in TODOKE_CMC_WEBHOOK_KEY.", "Nothing could come in."
        )


def _check_values(table: Table, variable: str, secret: Secret) -> None:
    """Two at most: the old one, and the one that takes its place."""
    found = len(secret.values)
    if found > _LIVE_VALUES:
        hint = "Two parted by a comma are live: the old one and the one that takes its place."
        table.error("", f"has {found} values in {variable}.", hint)
