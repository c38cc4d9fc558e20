"""[mail]: who mail comes from and what carries it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from todoke.model.address import NOBODY, Address
from todoke.model.loopback import is_loopback
from todoke.model.mail import Mailbox
from todoke.model.settings import (
    FUNCTION_SECONDS,
    NO_SERVICE,
    SPARE_SECONDS,
    MailSettings,
    ServiceSettings,
    named_table,
)
from todoke.services.service import Choice, Service
from todoke.services.table import SERVICES
from todoke.toml.table import Table

_MAILBOX = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<name>[^<>"]*?))\s*<(?P<address>[^<>]+)>\s*')
_NAME_AND_ADDRESS = re.compile(
    r'\s*"?(?P<name>[^<>"@]*[^<>"@\s])"?\s+(?P<address>[^<>"@\s]+@[^<>"@\s]+)\s*'
)
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
    choice = Choice(table.text("service", required=True, among=tuple(SERVICES)), serving)
    read = {
        service.name: _read_own(table, service, environ, choice) for service in SERVICES.values()
    }
    own = read.get(choice.service, NO_SERVICE)
    if named_table(environ) and choice.serving:
        _check_function_time(table, choice.service, own)
    # A sandbox or a relay in a test is on this machine, where any domain will do.
    sender = _read_sender(table, real=not is_loopback(own.host))
    return MailSettings(
        service=choice.service,
        own=own,
        sender=sender,
        reply_to=_one_address(table, "reply_to"),
        envelope_sender=_one_address(table, "envelope_sender"),
        concurrency=table.number("concurrency", 8, least=1, most=64),
        give_up_after=table.duration("give_up_after", timedelta(days=4), least="1m", most="2w"),
        expect_events_within=table.duration(
            "expect_events_within", timedelta(hours=24), least="1s", most="2w"
        ),
        lease=table.duration("lease", timedelta(minutes=5), least="10s", most="1h"),
        look_up_domains=table.flag("look_up_domains"),
    )


def _read_own(
    table: Table, service: Service[Any], environ: Mapping[str, str], choice: Choice
) -> ServiceSettings:
    """The settings of one service. Those that are not chosen are read for the faults in what the file states."""
    section = table.table(service.section, f"mail.{service.section}")
    if choice.demands(service.name):
        _check_installed(section, service)
    own: ServiceSettings = service.read(section, environ, choice)
    return own


def _check_function_time(table: Table, service: str, own: ServiceSettings) -> None:
    if not own.fits_function and service in SERVICES:
        section = table.table(SERVICES[service].section, f"mail.{SERVICES[service].section}")
        section.error(
            "timeout",
            f"lets one mail take {own.slowest_seconds:.0f} s, and with TODOKE_TABLE a function of AWS hands it over, "
            f"which ends after {FUNCTION_SECONDS:.0f} s.",
            f"Leave timeout out, or set it so that {SPARE_SECONDS:.0f} s are left.",
        )


def _check_installed(section: Table, service: Service[Any]) -> None:
    missing = [name for name in service.modules if find_spec(name) is None]
    if missing:
        section.error(
            "",
            f"needs {' and '.join(missing)}, which is not installed.",
            f"Install it with `pip install 'todoke[{service.extra}]'`.",
        )


def read_templates(table: Table, folder: Path) -> Path | None:
    """The folder of the site owner's mail templates, relative to the file's own."""
    name = table.text("templates")
    if not name:
        return None
    path = (folder / name).resolve()
    if not path.is_dir():
        what = "a file, and the folder that it is in is meant."
        none = "and there is no such folder beside the file."
        table.error("templates", f"is {name!r}, {what if path.is_file() else none}")
        return None
    return path


def _read_sender(table: Table, *, real: bool) -> Mailbox:
    text = table.text("from", required=True)
    match = _MAILBOX.fullmatch(text)
    name = (match["quoted"] or match["name"] or "").strip() if match else ""
    said = match["address"] if match else text
    bare = _NAME_AND_ADDRESS.fullmatch(said)
    hint = f'Write `from = "{bare["name"]} <{bare["address"]}>"`.' if bare else ""
    address = table.address(said, table.at("from"), hint) if text else NOBODY
    if address:
        _check_ascii(table, "from", address)
        _check_sender_domain(table, address.domain.casefold(), real=real)
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


def _one_address(table: Table, key: str) -> Address:
    text = table.text(key)
    address = table.address(text, table.at(key)) if text else NOBODY
    _check_ascii(table, key, address)
    return address


def _check_ascii(table: Table, key: str, address: Address) -> None:
    """What stands in all mails must be what all servers take; a visitor's or a manager's may be what theirs takes."""
    if address.needs_smtputf8:
        table.error(
            key,
            f"is {address}: only servers with SMTPUTF8 take mail that has it, so many recipients would get none.",
            "Write what stands before the @ in ASCII.",
        )
