"""`todoke list` and `todoke show`: submissions for a person or a program."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from todoke.cli.open import opened
from todoke.cli.output import clean, clean_line, is_fancy, print_json, print_line, style
from todoke.forms.secret import secret_names
from todoke.model import ids
from todoke.model.delivery import Reading
from todoke.model.errors import ConfigError
from todoke.model.message import Timeline
from todoke.model.search import asked_for
from todoke.model.show import rfc3339, show_clock
from todoke.model.zone import Zone
from todoke.ports.archive import Archive, Query
from todoke.report import export
from todoke.walk.app import utc_now

_REFERENCE = re.compile(r"[0-9a-v]{3,6}")
_MOST_LOOKED_AT = 1_000
_COLOURS = {
    **dict.fromkeys(("bounced", "rejected", "failed"), "red"),
    **dict.fromkeys(("withheld", "deferred", "undetermined", "unknown"), "yellow"),
    "delivered": "green",
}


def list_submissions(
    config: Path,
    *,
    form: str,
    statuses: Iterable[str],
    address: str,
    words: str,
    limit: int,
    as_json: bool,
) -> None:
    """Print submissions, newest first. Raises ConfigError: if one of `statuses` is none, or `words` has no word."""
    for status in statuses:
        if status not in set(Reading):
            raise ConfigError(f"--status may be {', '.join(Reading)}; it is {status!r}.")
    if words and not asked_for(words):
        raise ConfigError(f"--words has neither a letter nor a digit to look for: {words!r}.")
    with opened(config) as (settings, store):
        query = Query(
            form=form,
            statuses=frozenset(statuses),
            silent_since=utc_now() - settings.mail.expect_events_within,
            address=address,
            words=words,
        )
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
    """Print all that is known of one submission, by its id, its reference or the beginning of that.

    1 when there is none of it, or several, which are listed.
    """
    with opened(config) as (settings, store):
        found = named(store, submission_id)
        if len(found) != 1:
            sys.stderr.write(f"todoke: {not_one(submission_id, found, settings.site.time_zone)}")
            return 1
        timeline = found[0]
        record = export.full_record(timeline, settings, utc_now())
    if as_json:
        print_json(record)
    else:
        form = settings.forms.get(timeline.submission.form)
        secret = secret_names(form, timeline.submission.entries)
        _print_submission(record, secret, settings.site.time_zone)
    return 0


def named(archive: Archive, asked: str) -> list[Timeline]:
    """The submission of this id, or those whose reference begins so."""
    timeline = archive.timeline(asked)
    if timeline is not None:
        return [timeline]
    begin = asked.lower()
    if not _REFERENCE.fullmatch(begin):
        return []
    timelines = export.all_pages(archive, Query(words=begin), _MOST_LOOKED_AT)
    return [t for t in timelines if ids.number(t.submission.id).startswith(begin)]


def not_one(asked: str, found: list[Timeline], zone: Zone) -> str:
    """What is said where a name is no submission's, or that of several, which are listed."""
    if not found:
        return f"There is no submission {clean_line(asked)}.\n"
    lines = "".join(
        f"  {t.submission.id}  {show_clock(rfc3339(t.submission.received_at), zone)}"
        f"  {clean_line(t.submission.form)}  {clean_line(t.submission.visitor)}\n"
        for t in found
    )
    return f"{len(found)} submissions have a reference that begins with {asked}:\n{lines}"


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
    _print_care(record["care"], zone)
    for message in record["messages"]:
        _print_message(message, zone)


def _print_care(care: dict[str, Any], zone: Zone) -> None:
    """What the desk's people did."""
    done = [
        f"{word} {show_clock(care[f'{word}_at'], zone)}"
        for word in ("read", "done")
        if care[f"{word}_at"]
    ]
    done += ["starred"] if care["starred"] else []
    done += [f"taken on by {clean_line(care['assignee'])}"] if care["assignee"] else []
    if done:
        print_line(f"\n{style('desk', 'cyan')}: {', '.join(done)}")
    for remark in care["remarks"]:
        lines = clean(remark["text"]).split("\n")
        print_line(
            f"  {show_clock(remark['at'], zone)}  {clean_line(remark['by'])}: "
            + "\n    ".join(lines)
        )


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
