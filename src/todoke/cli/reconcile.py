"""`todoke reconcile`: ask the mail service's records now."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

from msgspec.structs import asdict

from todoke.cli.output import print_json, print_line
from todoke.configuration import read
from todoke.model.errors import ConfigError
from todoke.walk.app import App
from todoke.walk.reconcile import Reconciled
from todoke.walk.reconcile import reconcile as ask_records
from todoke.wiring import build


def reconcile(config: Path, *, since: date | None, as_json: bool) -> int:
    """Print what was found; 1 when the list of suppressed addresses could not be read.

    Raises ConfigError: if there is nothing to ask, or `since` is yet to come. RecordsUnavailable, StoreError.
    """
    settings = read(config, os.environ)
    if not (settings.data / "todoke.db").exists():
        raise ConfigError(f"There is no data in {settings.data} yet.")
    app = build(settings)
    try:
        _require_past(app, since)
        reconciled = ask_records(app, since=since, progress=_tell_progress)
    finally:
        _close(app)
    if as_json:
        print_json(asdict(reconciled))
    else:
        print_line(_in_words(reconciled))
    if reconciled.suppressed is None:
        sys.stderr.write("todoke: The list of suppressed addresses could not be read.\n")
    return 1 if reconciled.suppressed is None else 0


def _require_past(app: App, since: date | None) -> None:
    if since and app.records and since > app.clock().astimezone(app.records.zone).date():
        raise ConfigError(f"--since is {since}: that day is yet to come.")


def _close(app: App) -> None:
    for peer in (app.records, app.suppressions):
        if peer is not None:
            peer.close()
    app.mailer.close()
    app.store.close()


def _tell_progress(number: int, days: int, day: date) -> None:
    """One line that is written over, for a person who waits."""
    if sys.stderr.isatty():
        end = "\n" if number == days else ""
        sys.stderr.write(f"\r{day}, day {number} of {days} {end}")
        sys.stderr.flush()


def _in_words(reconciled: Reconciled) -> str:
    words = (
        f"{_counted(reconciled.days, 'day')} asked for, {_counted(reconciled.read, 'event')} read: "
        f"{reconciled.new:,} new, {reconciled.repeated:,} known, {reconciled.foreign:,} of other senders."
    )
    if reconciled.suppressed:
        words += f" Suppressed addresses: {reconciled.suppressed:,} (todoke suppressions)."
    return words


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
