"""[mail.smtp]: an SMTP server, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from todoke.model.loopback import is_loopback
from todoke.model.settings import NO_SECRET, Secret, ServiceSettings
from todoke.services.service import Choice
from todoke.toml.secrets import text_secret
from todoke.toml.table import Table

NAME = "smtp"
KEYS = ("host", "port", "security", "user", "ca_file", "timeout")
PASSWORD = "TODOKE_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
SECURITY = {"starttls": 587, "tls": 465, "none": 25}


class SmtpSettings(ServiceSettings, frozen=True, kw_only=True):
    """How to reach an SMTP server. `security` is starttls (587), tls (465, implicit) or none (loopback only)."""

    host: str = "localhost"
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: Secret = NO_SECRET
    ca_file: str = ""

    @property
    def slowest_seconds(self) -> float:
        """A session, and a transaction, twice the timeout each."""
        return 4 * self.timeout_seconds


def read_smtp(table: Table, environ: Mapping[str, str], choice: Choice) -> SmtpSettings:
    """Read [mail.smtp]; faults are noted in the table's findings."""
    security = table.text("security", "starttls", among=tuple(SECURITY))
    user = table.text("user")
    password = text_secret(environ, PASSWORD)
    host = table.text("host", "localhost")
    ca_file = table.text("ca_file")
    if ca_file and not Path(ca_file).is_file():
        table.error("ca_file", f"is {ca_file!r}, and there is no such file.")
    if choice.demands(NAME):
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
