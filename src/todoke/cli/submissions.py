"""`todoke list` and `todoke show`: submissions for a person or a program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from todoke.cli.open import opened
from todoke.cli.output import clean, clean_line, is_fancy, print_json, print_line, style
from todoke.forms.secret import secret_names
from todoke.model.delivery import Status
from todoke.model.errors import ConfigError
from todoke.model.show import show_clock
from todoke.model.zone import Zone
from todoke.ports.archive import Query
from todoke.report import export
from todoke.walk.app import utc_now

_COLOURS = {
    **dict.fromkeys(("bounced", "rejected", "failed"), "red"),
    **dict.fromkeys(("deferred", "undetermined", "unknown"), "yellow"),
    "delivered": "green",
}


def list_submissions(
    config: Path, *, form: str, status: str, address: str, limit: int, as_json: bool
) -> None:
    """Print submissions, newest first. Raises ConfigError: if `status` is no status."""
    if status and status not in {word.value for word in Status}:
        raise ConfigError(
            f"--status may be {', '.join(word.value for word in Status)}; it is {status!r}."
        )
    query = Query(form=form, statuses=frozenset({status} - {""}), address=address)
    with opened(config) as (settings, store):
        timelines = export.all_pages(store, query, limit)
        rows = (export.summary(timeline, settings, utc_now()) for timeline in timelines)
        if as_json:
            for row in rows:
                print_json(row)
        elif is_fancy(sys.stdout):
            _print_table(list(rows), settings.site.time_zone)
        else:
            for row in rows:
                received = show_clock(row["received_at"], settings.site.time_zone)
                print_line("\t".join([row["id"], received, *map(clean_line, _cells(row))]))


def show_submission(config: Path, submission_id: str, *, as_json: bool) -> int:
    """Print all that is known of one submission; 1 when there is none of this id."""
    with opened(config) as (settings, store):
        timeline = store.timeline(submission_id)
        if timeline is None:
            sys.stderr.write(f"todoke: There is no submission {clean_line(submission_id)}.\n")
            return 1
        record = export.full_record(timeline, settings, utc_now())
    if as_json:
        print_json(record)
    else:
        form = settings.forms.get(timeline.submission.form)
        secret = secret_names(form, timeline.submission.entries)
        _print_submission(record, secret, settings.site.time_zone)
    return 0


def _cells(row: dict[str, Any]) -> list[str]:
    states = ", ".join(f"{m['role']} {m['status']}" for m in row["messages"])
    return [row["form"], row["visitor"], states]


def _print_table(rows: list[dict[str, Any]], zone: Zone) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "received", "form", "visitor", "messages", box=box.SIMPLE_HEAD)
    for row in rows:
        states = Text()
        for message in row["messages"]:
            states.append(f"{message['role']} ")
            states.append(f"{message['status']}\n", _COLOURS.get(message["status"], ""))
        states.rstrip()
        received = show_clock(row["received_at"], zone)
        table.add_row(
            row["id"],
            received,
            Text(clean_line(row["form"])),
            Text(clean_line(row["visitor"])),
            states,
        )
    Console().print(table if rows else "There are no submissions.")


def _print_submission(record: dict[str, Any], secret: frozenset[str], zone: Zone) -> None:
    received = show_clock(record["received_at"], zone)
    print_line(f"{style(record['id'], 'bold')}  {received}  form {clean(record['form'])}")
    if record["retain_until"]:
        print_line(f"kept until {show_clock(record['retain_until'], zone)}")
    print_line()
    for entry in record["entries"]:
        value = (
            entry["value"] if "value" in entry else f"[file] {clean_line(entry['file']['name'])}"
        )
        value = "[secret: --json shows it]" if entry["name"] in secret else value
        lines = clean(value).split("\n")
        print_line(f"{style(entry['name'], 'cyan')}: " + "\n    ".join(lines))
    for message in record["messages"]:
        _print_message(message, zone)


def _print_message(message: dict[str, Any], zone: Zone) -> None:
    since = show_clock(message["since"], zone)
    status = style(message["status"], _COLOURS.get(message["status"], "bold"))
    print_line(f"\n{message['role']} to {clean_line(message['to'])}: {status} since {since}")
    if message["due_at"]:
        print_line(f"  next try {show_clock(message['due_at'], zone)}")
    for attempt in message["attempts"]:
        print_line(
            f"  attempt {attempt['number']} through {attempt['service']}"
            f" at {show_clock(attempt['started_at'], zone)}"
        )
        for event in attempt["events"]:
            told = " ".join(
                filter(None, (event["reason"], event["status_code"], event["diagnostic"]))
            )
            at = show_clock(event["at"], zone)
            print_line(f"    {at}  {event['kind']}  {style(told, 'dim')}".rstrip())
