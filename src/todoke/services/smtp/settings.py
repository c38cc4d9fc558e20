"""[mail.smtp]: an SMTP server, and how it is read."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from todoke.model.address import NOBODY, Address
from todoke.model.delivery import Ceiling
from todoke.model.loopback import is_loopback, is_public
from todoke.model.return_path import DELIMITERS, LONGEST_NAME, ReturnPath
from todoke.model.settings import CONNECT_SECONDS, NO_SECRET, Secret, ServiceSettings, named_table
from todoke.services.service import Choice
from todoke.toml.secrets import text_secret
from todoke.toml.table import Table

NAME = "smtp"
KEYS = (
    "host",
    "port",
    "security",
    "user",
    "ca_file",
    "timeout",
    "ehlo_name",
    "returns_to",
    "returns_delimiter",
)
PASSWORD = "TODOKE_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
SECURITY = {"starttls": 587, "tls": 465, "none": 25}
_READING = {110: "POP3", 143: "IMAP", 993: "IMAP", 995: "POP3"}
_DOMAIN = re.compile(
    r"(?=.{1,255}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE,
)
_RETURNS_NAME = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,{LONGEST_NAME - 2}}}[A-Za-z0-9])?")
TIMEOUT = timedelta(minutes=5)
FUNCTION_TIMEOUT = timedelta(seconds=25)
"""Where a function of AWS hands over, which ends after FUNCTION_SECONDS."""


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """How long each step of a hand-over may take, in seconds: RFC 5321 4.5.3.2, where `timeout` is 5 minutes."""

    connect: float
    """To one address, encryption included where it comes first."""
    answer: float
    """For the greeting and the answer to a command (4.5.3.2.1 to 3: 5 minutes)."""
    data: float
    """For the answer to DATA (4.5.3.2.4: 2 minutes)."""
    block: float
    """For writing one block of the mail (4.5.3.2.5: 3 minutes)."""
    dot: float
    """For the answer to the dot that ends the mail (4.5.3.2.6: 10 minutes). Given up too early, mails come twice."""

    @property
    def session(self) -> float:
        """From the greeting to the login, in all."""
        return 2 * self.answer

    @property
    def envelope(self) -> float:
        """From MAIL to the answer to DATA, in all."""
        return 2 * self.answer

    @property
    def writing(self) -> float:
        """For writing the whole mail."""
        return 2 * self.block

    @property
    def slowest(self) -> float:
        """From connecting to the last answer."""
        return self.connect + self.session + self.envelope + self.writing + self.dot


def waits_of(timeout: float) -> Waits:
    """The waits where an answer is waited for `timeout` seconds."""
    return Waits(
        connect=min(CONNECT_SECONDS, timeout),
        answer=timeout,
        data=min(120.0, timeout),
        block=min(180.0, timeout),
        dot=2 * timeout,
    )


class SmtpSettings(ServiceSettings, frozen=True, kw_only=True):
    """How to reach an SMTP server. `security` is starttls (587), tls (465, implicit) or none (loopback only).

    `ehlo_name` is the name that we give ourselves, "" for one that is chosen. `returns_to` takes what comes back, at
    addresses in which `returns_delimiter` and a mark follow its local part; NOBODY where returned mail is not read.
    """

    host: str = "localhost"
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: Secret = NO_SECRET
    ca_file: str = ""
    ehlo_name: str = ""
    returns_to: Address = NOBODY
    returns_delimiter: str = "+"
    timeout_seconds: float = TIMEOUT.total_seconds()

    @property
    def ceiling(self) -> Ceiling:
        """That a mail did not come back is known where returned mail is read."""
        return Ceiling.NOT_RETURNED if self.returns_to else Ceiling.HANDED_OVER

    @property
    def return_path(self) -> ReturnPath | None:
        """See ServiceSettings."""
        if not self.returns_to:
            return None
        return ReturnPath(address=self.returns_to, delimiter=self.returns_delimiter)

    @property
    def waits(self) -> Waits:
        """How long each step may take."""
        return waits_of(self.timeout_seconds)

    @property
    def slowest_seconds(self) -> float:
        """A session, a transaction and the wait for its last answer."""
        return self.waits.slowest


def read_smtp(table: Table, environ: Mapping[str, str], choice: Choice) -> SmtpSettings:
    """Read [mail.smtp]; faults are noted in the table's findings."""
    security = table.text("security", "starttls", among=tuple(SECURITY))
    user = table.text("user")
    password = text_secret(environ, PASSWORD)
    host = table.text("host", "localhost")
    port = table.number("port", SECURITY[security], least=1, most=65535)
    ca_file = table.text("ca_file")
    if ca_file and not Path(ca_file).is_file():
        table.error("ca_file", f"is {ca_file!r}, and there is no such file.")
    if choice.demands(NAME):
        _check_login(table, user, has_password=bool(password))
        _check_security(table, security, host, has_login=bool(user))
        _check_host(table, host)
        _check_port(table, port, security, has_login=bool(user) and is_public(host))
    return SmtpSettings(
        host=host,
        port=port,
        security=security,
        user=user,
        password=password if user else NO_SECRET,
        ca_file=ca_file,
        ehlo_name=_read_ehlo_name(table),
        returns_to=_read_returns_to(table),
        returns_delimiter=table.text("returns_delimiter", "+", among=DELIMITERS) or "+",
        timeout_seconds=table.duration(
            "timeout",
            FUNCTION_TIMEOUT if named_table(environ) else TIMEOUT,
            least="1s",
            most="10m",
        ).total_seconds(),
    )


def _read_ehlo_name(table: Table) -> str:
    """A domain or an address literal (RFC 5321 4.1.1.1)."""
    name = table.text("ehlo_name")
    if not name or _DOMAIN.fullmatch(name) or _is_literal(name):
        return name
    hint = 'Write a host name ("forms.example.com") or an address in brackets ("[192.0.2.7]").'
    table.error("ehlo_name", f"is {name!r}, which is no name for EHLO.", hint)
    return ""


def _read_returns_to(table: Table) -> Address:
    """The address, with a local part that leaves room for a mark and means the same in any case."""
    text = table.text("returns_to")
    address = table.address(text, table.at("returns_to")) if text else NOBODY
    if not address or _RETURNS_NAME.fullmatch(address.local):
        return address
    said = f"is {address}, and a mark of the attempt follows what stands before the @."
    hint = f"Use {LONGEST_NAME} letters, digits, dots or hyphens there at most, such as returns@{address.domain}."
    table.error("returns_to", said, hint)
    return NOBODY


def _is_literal(name: str) -> bool:
    """Whether it is an IP address in brackets, the newer kind with its tag (RFC 5321 4.1.3)."""
    inside = name.removeprefix("[").removesuffix("]")
    if f"[{inside}]" != name:
        return False
    tagged = inside[:5].lower() == "ipv6:"
    try:
        return ipaddress.ip_address(inside[5:] if tagged else inside).version == (
            6 if tagged else 4
        )
    except ValueError:
        return False


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


def _check_host(table: Table, host: str) -> None:
    """Note what is an address of something else, or of a port too."""
    scheme, _, rest = host.rpartition("://")
    name, _, port = rest.partition("/")[0].partition(":")
    if scheme or (host.count(":") == 1 and port.isdecimal()) or "/" in host:
        number = f" and `port = {port}`" if port else ""
        hint = f'Write `host = "{name}"`{number}.'
        table.error("host", f"is {host!r}, and the name of the server alone is meant.", hint)
    elif "@" in host or not host.strip() or any(letter.isspace() for letter in host):
        hint = 'Write for instance `host = "mail.example.com"`.'
        table.error("host", f"is {host!r}, which is no server's name.", hint)


def _check_port(table: Table, port: int, security: str, *, has_login: bool) -> None:
    """Note a port whose servers speak otherwise (RFC 8314 3.3, RFC 6409 3.1), so that a session only times out."""
    if port in _READING:
        hint = f"Leave `port` out, for {SECURITY[security]}."
        table.warn("port", f"is {port}, at which mail is read ({_READING[port]}), not sent.", hint)
    elif port == SECURITY["tls"] and security != "tls":
        said = f'is 465, where servers speak TLS at once, and security is "{security}": neither side would begin.'
        table.warn("port", said, 'Write `security = "tls"`.')
    elif port in (SECURITY["starttls"], SECURITY["none"]) and security == "tls":
        said = f'is {port}, where servers begin in the clear, and security is "tls": neither side would understand.'
        table.warn("port", said, 'Write `security = "starttls"`, or `port = 465`.')
    elif port == SECURITY["none"] and has_login:
        said = "is 25, where servers talk to each other: few take a login there, and many networks block it."
        table.warn("port", said, "Write `port = 587`.")
