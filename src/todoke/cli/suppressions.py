"""`todoke suppressions`: the addresses that the mail service does not send to, as its list was last read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from todoke.cli.open import opened
from todoke.cli.output import clean, print_json, print_line, style
from todoke.model.show import show_clock
from todoke.model.zone import Zone
from todoke.report.suppressions import suppression_lists
from todoke.services.table import LIFT


def list_suppressions(config: Path, *, as_json: bool) -> int:
    """Print every list; 1 when an address of the site itself is on one."""
    with opened(config) as (settings, store):
        lists = suppression_lists(store.suppressions(), settings, "en", lift=LIFT)
    for listed in lists:
        if as_json:
            for row in listed["suppressions"]:
                print_json({"service": listed["service"], "read_at": listed["read_at"], **row})
        else:
            _print_list(listed, settings.site.time_zone)
    if not lists and not as_json:
        print_line("No list has been read yet: todoke reconcile asks the mail service for it.")
    return 1 if any(row["own"] for listed in lists for row in listed["suppressions"]) else 0


def _print_list(listed: dict[str, Any], zone: Zone) -> None:
    rows = listed["suppressions"]
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
    if rows:
        print_line(f"To lift one: {listed['lift']}")
