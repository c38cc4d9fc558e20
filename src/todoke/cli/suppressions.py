"""`todoke suppressions`: the addresses that the mail service does not send to, as its list was last read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from todoke.cli.open import opened
from todoke.cli.output import clean, clean_line, print_json, print_line, style
from todoke.model.settings import Settings
from todoke.model.show import show_clock
from todoke.report.suppressions import suppression_lists
from todoke.services.table import LIFT, LIFTED_BY_CALL


def list_suppressions(config: Path, *, read: bool, as_json: bool) -> int:
    """Print every list, read now or as it was; 1 when an address of the site itself is on one.

    Raises RecordsUnavailable, ConfigError: if it is to be read and cannot be. StoreError.
    """
    if read:
        from todoke.cli.lift import read_list

        read_list(config)
    with opened(config) as (settings, store):
        lists = suppression_lists(store.suppressions(), settings, "en", lift=LIFT)
    for listed in lists:
        if as_json:
            for row in listed["suppressions"]:
                told = {name: value for name, value in row.items() if name != "listed"}
                print_json({"service": listed["service"], "read_at": listed["read_at"], **told})
        else:
            _print_list(listed, settings)
    if not lists and not as_json:
        print_line("No list has been read yet: --read asks the mail service for it.")
    return 1 if any(row["own"] for listed in lists for row in listed["suppressions"]) else 0


def _print_list(listed: dict[str, Any], settings: Settings) -> None:
    rows, zone = listed["suppressions"], settings.site.time_zone
    counted = f"{len(rows):,} address{'' if len(rows) == 1 else 'es'}"
    print_line(
        f"{clean(listed['service'])}, as of {show_clock(listed['read_at'], zone)}: {counted}"
    )
    for row in rows:
        since = f"  since {show_clock(row['since'], zone)}" if row["since"] else ""
        code = f" (the service says: {clean(row['code'])})" if row["code"] else ""
        print_line(f"  {clean(row['address'])}{since}  {row['reason']}{code}")
        if row["warning"]:
            print_line(f"    {style('WARNING: ' + row['warning'], 'red')}")
        if row["refusal"]:
            print_line(f"    kept by the service, which says: {clean_line(row['refusal'])}")
    if rows:
        print_line(f"To lift one: {_how(listed, settings)}")


def _how(listed: dict[str, Any], settings: Settings) -> str:
    """The command, where the service in use has a call for it; else how it is done by hand."""
    if listed["service"] == settings.mail.service and listed["service"] in LIFTED_BY_CALL:
        return "make sure first that the address works, then todoke suppressions --lift ADDRESS"
    return str(listed["lift"])
