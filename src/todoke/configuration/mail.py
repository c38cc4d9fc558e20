"""[mail]: who mail comes from and what carries it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from todoke.model.loopback import is_loopback
from todoke.model.mail import Mailbox
from todoke.model.settings import (
    NO_SECRET,
    CustomersMailCloudSettings,
    MailSettings,
    Secret,
    SmtpSettings,
)
from todoke.services.ses.settings import read_ses
from todoke.toml.networks import read_networks
from todoke.toml.secrets import text_secret
from todoke.toml.table import Table
from todoke.toml.urls import read_url

SERVICES = ("smtp", "customers-mail-cloud", "ses")
SECURITY = {"starttls": 587, "tls": 465, "none": 25}
_HOOK_SECRET_CHARACTERS = 22
"""128 bits in base 64."""
_LIVE_VALUES = 2
"""Of a secret that is being replaced."""

_MAILBOX = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<name>[^<>"]*?))\s*<(?P<address>[^<>]+)>\s*')
# fmt: off
_FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.jp", "outlook.com", "outlook.jp", "hotmail.com", "live.com",
    "icloud.com", "aol.com", "gmx.net", "gmx.de", "mail.ru", "proton.me", "protonmail.com", "docomo.ne.jp",
    "ezweb.ne.jp", "softbank.ne.jp",
})
# fmt: on
_NEVER_REAL = (
    "example.com",
    "example.org",
    "example.net",
    ".example",
    ".test",
    ".invalid",
    ".localhost",
)


def read_mail(table: Table, environ: Mapping[str, str], *, serving: bool = True) -> MailSettings:
    """Read [mail] with the secrets of the chosen service; faults are noted in the table's findings.

    Unless `serving`, nothing is handed over, so what only a hand-over needs may be missing.
    """
    service = table.text("service", required=True, among=SERVICES)
    smtp = _read_smtp(
        table.table("smtp", "mail.smtp"), environ, chosen=serving and service == "smtp"
    )
    cloud_table = table.table("customers_mail_cloud", "mail.customers_mail_cloud")
    chosen = serving and service == "customers-mail-cloud"
    cloud = _read_customers_mail_cloud(cloud_table, environ, chosen=chosen)
    if cloud.confirm_failures and service != "customers-mail-cloud":
        cloud_table.error(
            "confirm_failures",
            f"is true, and mail.service is {service!r}, which has no records to confirm anything.",
        )
    ses = read_ses(table.table("ses", "mail.ses"), environ, chosen=serving and service == "ses")
    hosts = {"smtp": smtp.host, "ses": _host_of(ses.endpoint)}
    host = hosts.get(service, _host_of(cloud.url))
    # A sandbox or a relay in a test is on this machine, where any domain will do.
    sender = _read_sender(table, real=not is_loopback(host))
    return MailSettings(
        service=service,
        sender=sender,
        reply_to=_one_address(table, "reply_to"),
        envelope_sender=_one_address(table, "envelope_sender"),
        concurrency=table.number("concurrency", 8, least=1, most=64),
        give_up_after=table.duration("give_up_after", timedelta(days=4), least="1m", most="2w"),
        expect_events_within=table.duration(
            "expect_events_within", timedelta(hours=24), least="1s", most="2w"
        ),
        lease=table.duration("lease", timedelta(minutes=5), least="10s", most="1h"),
        smtp=smtp,
        customers_mail_cloud=cloud,
        ses=ses,
    )


def read_templates(table: Table, folder: Path) -> Path | None:
    """The folder of the site owner's mail templates, relative to the file's own."""
    name = table.text("templates")
    if not name:
        return None
    path = (folder / name).resolve()
    if not path.is_dir():
        table.error("templates", f"is {name!r}, and there is no such folder beside the file.")
        return None
    return path


def _read_smtp(table: Table, environ: Mapping[str, str], *, chosen: bool) -> SmtpSettings:
    security = table.text("security", "starttls", among=tuple(SECURITY))
    user = table.text("user")
    password = text_secret(environ, "TODOKE_SMTP_PASSWORD")
    host = table.text("host", "localhost")
    ca_file = table.text("ca_file")
    if ca_file and not Path(ca_file).is_file():
        table.error("ca_file", f"is {ca_file!r}, and there is no such file.")
    if chosen:
        _check_login(table, user, has_password=bool(password))
        _check_security(table, security, host, has_login=bool(user))
    return SmtpSettings(
        host=host,
        port=table.number("port", SECURITY[security], least=1, most=65535),
        security=security,
        user=user,
        password=password if user else NO_SECRET,
        ca_file=ca_file,
        timeout_seconds=table.duration(
            "timeout", timedelta(seconds=30), least="1s", most="10m"
        ).total_seconds(),
    )


def _check_login(table: Table, user: str, *, has_password: bool) -> None:
    if user and not has_password:
        table.error(
            "user",
            f"is {user!r}, and its password is missing.",
            "Set TODOKE_SMTP_PASSWORD in the environment.",
        )
    if has_password and not user:
        table.warn("user", "is missing, so TODOKE_SMTP_PASSWORD is not used.")


def _check_security(table: Table, security: str, host: str, *, has_login: bool) -> None:
    if security != "none" or is_loopback(host):
        return
    if has_login:
        table.error(
            "security",
            f'is "none": the password would travel to {host} unencrypted.',
            'Use "starttls" or "tls".',
        )
    else:
        table.warn("security", f'is "none": every mail travels to {host} unencrypted.')


def _read_customers_mail_cloud(
    table: Table, environ: Mapping[str, str], *, chosen: bool
) -> CustomersMailCloudSettings:
    zone = table.text("time_zone", "Asia/Tokyo")
    if "time_zone" in table and not _is_time_zone(zone):
        table.error("time_zone", f"is {zone!r}, which is not a time zone.", 'One is "Asia/Tokyo".')
    url = read_url(table, "url", "https://sandbox.smtps.jp", secure=True)
    # A sandbox keeps its own records; its mails and its made-up key are nothing for the real service.
    records = url if is_loopback(urlsplit(url).hostname or "") else "https://api.smtps.jp"
    cloud = CustomersMailCloudSettings(
        url=url,
        api_user=table.text("api_user"),
        api_key=text_secret(environ, "TODOKE_CMC_API_KEY"),
        hook_secret=text_secret(environ, "TODOKE_CMC_HOOK_SECRET"),
        webhook_key=text_secret(environ, "TODOKE_CMC_WEBHOOK_KEY"),
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
    if chosen:
        _check_customers_mail_cloud(table, cloud)
    return cloud


def _is_time_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 most configurations name none

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _check_customers_mail_cloud(table: Table, cloud: CustomersMailCloudSettings) -> None:
    if not cloud.api_user:
        table.error(
            "api_user", "is missing.", "It is the name of an API user in the service's console."
        )
    if not cloud.api_key:
        table.error("", "has no API key.", "Set TODOKE_CMC_API_KEY in the environment.")
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
    _check_values(table, "TODOKE_CMC_HOOK_SECRET", cloud.hook_secret)
    _check_values(table, "TODOKE_CMC_WEBHOOK_KEY", cloud.webhook_key)
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


def _read_sender(table: Table, *, real: bool) -> Mailbox:
    text = table.text("from", required=True)
    match = _MAILBOX.fullmatch(text)
    name = (match["quoted"] or match["name"] or "").strip() if match else ""
    address = table.address(match["address"] if match else text, table.at("from")) if text else ""
    if address:
        _check_sender_domain(table, address.rpartition("@")[2].casefold(), real=real)
    return Mailbox(name=name, address=address)


def _check_sender_domain(table: Table, domain: str, *, real: bool) -> None:
    if domain in _FREE_MAIL:
        table.warn(
            "from",
            f"is at {domain}, which tells receivers to refuse its mail from other servers (DMARC).",
            "Use an address at the site's own domain.",
        )
    if real and domain.endswith(_NEVER_REAL):
        table.warn("from", f"is at {domain}, a domain that exists for examples only.")


def _one_address(table: Table, key: str) -> str:
    text = table.text(key)
    return table.address(text, table.at(key)) if text else ""


def _host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
