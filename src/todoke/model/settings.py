"""What todoke.toml and the environment say, read once at the start. Values; `configuration.py` reads the file."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from todoke.model.form import Form, Site
from todoke.model.mail import Mailbox


class Secret:
    """A text that never shows itself: not in repr, str, logs or tracebacks. `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; call it only where it leaves the process for its purpose."""
        return self._text

    @property
    def values(self) -> tuple[str, ...]:
        """What counts as this secret, parted by a comma: two while one takes the place of the other."""
        return tuple(part for part in map(str.strip, self._text.split(",")) if part)

    def matches(self, stated: str) -> bool:
        """Whether `stated` is one of the values. Each is compared in constant time, and all of them always."""
        given = stated.encode("utf-8", "surrogatepass")
        values = self.values or ("",)
        same = [hmac.compare_digest(given, v.encode("utf-8", "surrogatepass")) for v in values]
        return any(same) and bool(given)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """How to reach an SMTP server. `security` is starttls (587), tls (465, implicit) or none (loopback only)."""

    host: str = "localhost"
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: Secret = NO_SECRET
    ca_file: str = ""
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersMailCloudSettings:
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
    timeout_seconds: float = 30.0
    server_composition: str = "sandbox"
    records_url: str = "https://api.smtps.jp"
    source_addresses: tuple[IPv4Network | IPv6Network, ...] = ()
    webhook: bool = True
    confirm_failures: bool = False
    connections: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SesSettings:
    """How to reach Amazon SES, and whom its events may come from. Credentials are found by botocore's own rules.

    `region` "" is botocore's choice; `endpoint` "" that of the region. `topics` are the ARNs of the SNS topics whose
    messages are believed; with a `configuration_set` they tell what becomes of a mail. `hook_secret` is the last part
    of the webhook's path. With `raw_delivery`, bare messages of SNS, which have no signature, are believed as well.
    """

    region: str = ""
    configuration_set: str = ""
    topics: tuple[str, ...] = ()
    hook_secret: Secret = NO_SECRET
    raw_delivery: bool = False
    endpoint: str = ""
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How mail leaves. `service` is smtp, customers-mail-cloud or ses.

    A message that stays deferred is given up after `give_up_after`; a service with delivery events that says nothing
    for `expect_events_within` makes it read `unknown`. `lease` is how long one hand-over may take before another
    may begin; `concurrency` how many run at once.
    """

    service: str
    sender: Mailbox
    reply_to: str = ""
    envelope_sender: str = ""
    concurrency: int = 8
    give_up_after: timedelta = timedelta(days=4)
    expect_events_within: timedelta = timedelta(hours=24)
    lease: timedelta = timedelta(minutes=5)
    smtp: SmtpSettings = SmtpSettings()
    customers_mail_cloud: CustomersMailCloudSettings = CustomersMailCloudSettings()
    ses: SesSettings = SesSettings()

    @property
    def confirms_failures(self) -> bool:
        """Whether a failure that a webhook tells counts only once the service's records confirm it."""
        return self.service == "customers-mail-cloud" and self.customers_mail_cloud.confirm_failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it. `data` is the folder of the store, or `table` the DynamoDB table that is it ("" for none).

    `uploads` is the bucket beside the table that keeps the contents of files ("" for none).

    `secret` (32 bytes or more) derives receipt links and sessions, and places in the store; `templates` is the site
    owner's folder of mail templates, None for ours.
    """

    site: Site
    mail: MailSettings
    forms: Mapping[str, Form]
    data: Path
    secret: bytes
    templates: Path | None = None
    table: str = ""
    uploads: str = ""
    max_corrections: int = 3
    repeat_window: timedelta = timedelta(minutes=10)
    trusted_proxies: int = 0
