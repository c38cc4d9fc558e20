"""`todoke suppressions --read` and `--lift`: ask the mail service for its list, or to send to an address again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from todoke.cli.output import clean, clean_line, print_json, print_line
from todoke.configuration import read
from todoke.model.act import Deed
from todoke.model.address import mailbox_key
from todoke.model.errors import ConfigError, LiftRefused
from todoke.model.log import log_to_stderr
from todoke.ports.suppressions import Lifting, ListedFor, Suppression, SuppressionSource
from todoke.services.table import LIFT
from todoke.walk.app import App
from todoke.walk.lift import entries_of, keep_outcome, lift_one
from todoke.walk.note import note_command
from todoke.walk.suppress import keep_suppressions
from todoke.wiring import build

_DOES = """\
Mail to it is tried again, of whoever sends through this account. If it fails once more, the address comes back onto the
list, and that harms your standing with the mail service and with those who receive your mail.
"""
_COMPLAINED = "Whoever reads its mail called one unwanted: the mail service may refuse it.\n"


def read_list(config: Path) -> None:
    """Read the list now, and keep it. Raises ConfigError: if it has none. RecordsUnavailable, StoreError."""
    with _opened(config) as (app, source):
        keep_suppressions(app, source)


def lift_address(config: Path, typed: str, *, yes: bool, as_json: bool) -> int:
    """Lift what is listed of an address; 1 when it is on no list, the service keeps it, or the person said no.

    Raises ConfigError: if the service lifts none by a call. RecordsUnavailable, StoreError.
    """
    with _opened(config) as (app, source):
        if not source.lifts:
            how = LIFT.get(source.name, "Lift it in its console.")
            raise ConfigError(f"{source.name} lifts no address by a call. {how}")
        listed = _listed(app, source, typed)
        if listed and not yes and not _agreed(listed):
            return 1
        if listed:
            note_command(app.trail, Deed.LIFTED, detail=source.name, service=source.name)
        kept = [words for one in listed if (words := _refused(app, source, one.address))]
    refusal, service = "; ".join(kept), clean(source.name)
    if as_json:
        is_lifted = bool(listed) and not refusal
        print_json({"service": source.name, "lifted": is_lifted, "refusal": refusal})
    elif not listed:
        print_line(f"{clean_line(typed)} is not on the list of {service}.")
    elif refusal:
        print_line(f"{service} keeps it, and says: {clean_line(refusal)}")
    else:
        print_line(f"{service} sends to {_names(listed)} again.")
    return 1 if refusal or not listed else 0


def _listed(app: App, source: SuppressionSource, typed: str) -> Sequence[Suppression]:
    """What the list has of a mailbox; it is read now if the kept copy has nothing.

    What is on no list is not asked for: a service may answer that it is lifted, whatever it is.
    """
    key = mailbox_key(typed)
    is_meant = lambda address: mailbox_key(address) == key  # noqa: E731
    listed = entries_of(app, source.name, is_meant)
    if not listed:
        keep_suppressions(app, source)
        listed = entries_of(app, source.name, is_meant)
    return listed


def _refused(app: App, source: SuppressionSource, address: str) -> str:
    """Lift one address, and keep what came of it; the service's words if it keeps the address."""
    now, refusal = app.clock(), ""
    try:
        lift_one(source, address)
    except LiftRefused as error:
        refusal = str(error)
    kept = Lifting(asked_at=now, ended_at=now, refusal=refusal) if refusal else None
    keep_outcome(app.shelf, source.name, address, kept)
    return refusal


def _agreed(listed: Sequence[Suppression]) -> bool:
    sys.stderr.write(_DOES)
    if any(entry.listed_for is ListedFor.COMPLAINT for entry in listed):
        sys.stderr.write(_COMPLAINED)
    if not sys.stdin.isatty():
        raise ConfigError("Nobody is there to ask: add --yes to lift it.")
    sys.stderr.write(f"Have mail sent to {_names(listed)} again? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _names(listed: Sequence[Suppression]) -> str:
    return clean_line(", ".join(entry.address for entry in listed))


@contextmanager
def _opened(config: Path) -> Iterator[tuple[App, SuppressionSource]]:
    """What the settings wire, and their service's list. Raises ConfigError: if it has none, or there is no data yet."""
    settings = read(config, os.environ)
    if settings.table:  # there is no folder to keep the security log in
        log_to_stderr(os.environ.get("TODOKE_LOG", "WARNING"))
    elif not (settings.data / "todoke.db").exists():
        raise ConfigError(f"There is no data in {settings.data} yet.")
    app = build(settings)
    try:
        if app.suppressions is None:
            service = settings.mail.service
            raise ConfigError(f"mail.service is {service}, which has no list that can be read.")
        yield app, app.suppressions
    finally:
        for peer in (app.records, app.suppressions, app.mailer, app.store):
            if peer is not None:
                peer.close()
