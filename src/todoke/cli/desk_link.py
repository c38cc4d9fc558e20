"""`todoke desk`: a link with a one-time code that opens the desk, as whoever runs the server or as somebody else."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from todoke.cli.open import opened
from todoke.cli.output import print_line
from todoke.model.address import NOBODY, Address, AddressError, parse_address
from todoke.model.errors import ConfigError
from todoke.model.loopback import is_loopback
from todoke.model.own_url import base_of, own_url
from todoke.model.settings import Settings
from todoke.walk.app import utc_now
from todoke.walk.invite import entry_url, invite
from todoke.walk.people import People
from todoke.walk.security import log, name_of, who
from todoke.wiring import served_at


def print_desk_link(config: Path, *, person: str = "") -> None:
    """Print the link. Raises ConfigError: if nothing says where the desk is, or `person` may not enter it."""
    with opened(config) as (settings, store):
        door = _door(config, settings)
        address = _named(config, settings, person) if person else NOBODY
        code = invite(store, utc_now(), person=address)
        log.info("desk_code_made", code=name_of(code), by=who())
    print_line(entry_url(door, code))


def _door(config: Path, settings: Settings) -> str:
    """Where the desk is in a browser: at the stated address, or, where nobody is there on this machine, as with a demo
    at another port than its file says, at the one that the server has."""
    stated, served = settings.site.door_url, served_at(settings)
    if served and (not stated or _is_left(stated)):
        return own_url(served, base_of(stated))
    if not stated:
        raise ConfigError(
            f"There is no {config} here, and nothing serves the data in {settings.data}, so nobody knows where the "
            "desk is. Name the configuration with --config, or start todoke."
        )
    return stated


def _is_left(door: str) -> bool:
    """Whether an address of this machine has nobody that listens."""
    parts = urlsplit(door)
    if not is_loopback(parts.hostname or ""):
        return False
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=1).close()
    except OSError:
        return True
    return False


def _named(config: Path, settings: Settings, typed: str) -> Address:
    if not settings.forms:
        raise ConfigError(
            f"There is no {config} here, which says who may enter. Name it with --config."
        )
    try:
        person = People(settings).of(parse_address(typed))
    except AddressError as error:
        raise ConfigError(f"--for {typed!r} is no mail address.") from error
    if person is None:
        raise ConfigError(
            f"{typed} may not enter the desk: name it as a form's manager, or in [desk], of todoke.toml."
        )
    return person.address
