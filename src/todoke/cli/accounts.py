"""`todoke report`: the accounts of some days, for people, for programs, or as a page to pass on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from todoke.cli.open import opened
from todoke.cli.output import clean_line, print_json, print_line, style
from todoke.cli.progress import counting
from todoke.model.delivery import PARTY_OF, Reason
from todoke.model.message import Role, Timeline
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_clock
from todoke.model.zone import Zone
from todoke.ports.archive import Query
from todoke.ports.store import Store
from todoke.report.accounts import (
    HANDED_OVER,
    NOT_HANDED_OVER,
    STAGES,
    Accounts,
    OpenItem,
    Stage,
    accounts,
    busiest,
    urgent,
)
from todoke.report.excerpt import columns
from todoke.report.export import all_pages
from todoke.report.figures import Sums, show_seconds, show_share
from todoke.report.words import reason_words
from todoke.walk.app import utc_now

SHOWN = 20
"""So many open items, reasons and domains are shown to a person; JSON has all."""
_COLOURS = {
    Stage.DELIVERED: "green",
    Stage.REFUSED: "red",
    Stage.RETURNED: "red",
    Stage.UNCERTAIN: "yellow",
    Stage.SILENT: "yellow",
    None: "red",
}
_WIDTH = 44


def report(config: Path, *, days: int, form: str, as_json: bool, html: Path | None) -> int:
    """Print the accounts, or write them to `html`; 1 where a mail was never planned. Raises StoreError, ConfigError."""
    now = utc_now()
    with opened(config) as (settings, store):
        found = accounts(_of_days(store, settings, now, days, form), settings, now, days=days)
        orphans = store.counts()["orphans"]
    if as_json:
        print_json(as_record(found, now, days=days, orphans=orphans))
    elif html:
        from todoke.web.desk.accounts_page import accounts_page

        html.write_text(accounts_page(found, settings, now), "utf-8")
        print_line(f"The report of {_days(days)} is in {html}")
    else:
        for line in lines_of(found, settings.site.time_zone, days=days, orphans=orphans):
            print_line(line)
    return int(any(item.stage is None for item in found.open_items))


def _of_days(
    store: Store, settings: Settings, now: datetime, days: int, form: str
) -> Iterator[Timeline]:
    begin = settings.site.time_zone.begin_of_day(now, days_before=days - 1)
    query = Query(form=form, received_from=begin, brief=True)
    with counting(lambda count: f"{count:,} submissions read") as tell:

        def watch(passed_on: int) -> bool:
            tell(passed_on)
            return True

        yield from all_pages(store, query, watch=watch)


def as_record(found: Accounts, now: datetime, *, days: int, orphans: int) -> dict[str, Any]:
    """It as one JSON object: times in RFC 3339 or in seconds. Pure."""
    return {
        "at": rfc3339(now),
        "days": days,
        "stored": found.stored,
        "planned": found.planned,
        "handed_over": found.at(*HANDED_OVER),
        "stages": {stage.value: found.at(stage) for stage in Stage},
        "roles": {
            role.value: {stage.value: counted[stage] for stage in Stage}
            for role, counted in found.mails.items()
        },
        "is_closed": found.is_closed,
        "open": [_open_record(item) for item in found.open_items],
        "orphan_events": orphans,
        "reasons": [
            {"reason": reason.value, "party": PARTY_OF[reason].value, "mails": count}
            for reason, count in found.reasons.most_common()
        ],
        "whole": _sums_record(found.figures.whole),
        "by_form": {name: _sums_record(sums) for name, sums in found.figures.forms.items()},
        "by_day": {day.isoformat(): _sums_record(sums) for day, sums in found.figures.days.items()},
        "by_domain": {name: _sums_record(sums) for name, sums in busiest(found)},
    }


def _open_record(item: OpenItem) -> dict[str, str]:
    return {
        "submission": item.submission_id,
        "message": item.message_id,
        "role": item.role.value,
        "stage": item.stage.value if item.stage else "never_planned",
        "since": rfc3339(item.since),
    }


def _sums_record(sums: Sums) -> dict[str, Any]:
    return {
        "submissions": sums.submissions,
        "mails": sums.mails,
        "delivered": sums.delivered,
        "failed": sums.failed,
        "unknown": sums.unknown,
        "delivery_rate": sums.share(),
        "p50_seconds": sums.time(0.5),
        "p95_seconds": sums.time(0.95),
    }


def lines_of(found: Accounts, zone: Zone, *, days: int, orphans: int) -> Iterator[str]:
    """It for a person. Pure."""
    yield style(f"The accounts of {_days(days)}, up to now", "bold")
    yield ""
    yield _sum_line("submissions stored", found.stored)
    yield _sum_line("mails planned", found.planned) + _by_role(found)
    yield from _stage_lines(found, NOT_HANDED_OVER)
    yield _sum_line("= mails handed over", found.at(*HANDED_OVER))
    yield from _stage_lines(found, HANDED_OVER)
    yield ""
    yield from _whole_lines(found.figures.whole)
    yield from _reason_lines(found.reasons.most_common(SHOWN))
    forms = sorted(found.figures.forms.items(), key=lambda row: (-row[1].mails, row[0]))
    yield from _table("form", forms)
    yield from _table("to", busiest(found)[:SHOWN])
    yield from _open_lines(found, zone)
    if orphans:
        yield f"{orphans:,} reports are of no mail that is known here: see the desk, Settings."


def _by_role(found: Accounts) -> str:
    counts = {role: found.mails[role].total() for role in Role}
    parts = [
        f"{count:,} {role.value}{'' if count == 1 else 's'}"
        for role, count in counts.items()
        if count
    ]
    return f"  ({', '.join(parts)})" if parts else ""


def _sum_line(name: str, count: int) -> str:
    return style(f"{name.ljust(_WIDTH)}{count:>9,}", "bold")


def _stage_lines(found: Accounts, stages: Iterable[Stage]) -> Iterator[str]:
    for stage in stages:
        if count := found.at(stage):
            line = f"  {STAGES[stage].ljust(_WIDTH - 2)}{count:>9,}"
            yield style(line, _COLOURS[stage]) if stage in _COLOURS else line


def _whole_lines(sums: Sums) -> Iterator[str]:
    share = sums.share()
    if share is None:
        yield "No mail's end is proven, one way or the other."
        return
    half, most = show_seconds(sums.time(0.5), "en"), show_seconds(sums.time(0.95), "en")
    within = f" Half within {half}, 95 % within {most}." if sums.seconds else ""
    yield f"{show_share(share)} % of the mails whose end is known were delivered.{within}"


def _reason_lines(reasons: Sequence[tuple[Reason, int]]) -> Iterator[str]:
    if reasons:
        yield ""
        yield style("Why mails went wrong, or were withheld", "bold")
    for reason, count in reasons:
        yield f"{count:>9,}  {reason_words(reason, 'en')}"


def _table(name: str, rows: Sequence[tuple[str, Sums]]) -> Iterator[str]:
    if not rows:
        return
    names = [clean_line(label)[:_WIDTH] for label, _ in rows]
    width = max(map(columns, (name, *names)))
    heads = ("mails", "delivered", "failed", "not known", "half in", "95 % in")
    yield ""
    yield style(name.ljust(width) + "".join(head.rjust(11) for head in heads), "bold")
    for label, (_, sums) in zip(names, rows, strict=True):
        counts = (sums.mails, sums.delivered, sums.failed, sums.unknown)
        times = (show_seconds(sums.time(0.5), "en"), show_seconds(sums.time(0.95), "en"))
        cells = (*(f"{count:,}" for count in counts), *times)
        gap = " " * (width - columns(label))
        yield label + gap + "".join(cell.rjust(11) for cell in cells)


def _open_lines(found: Accounts, zone: Zone) -> Iterator[str]:
    yield ""
    if found.is_closed:
        yield style("Nothing is open: each mail has come to an end that is known.", "green")
        return
    count = len(found.open_items)
    yield style(f"Open: {count:,} mail{'' if count == 1 else 's'}", "bold")
    for item in urgent(found)[:SHOWN]:
        since = show_clock(rfc3339(item.since), zone)
        words = style(STAGES[item.stage], _COLOURS.get(item.stage, "dim"))
        yield f"  {item.submission_id}  {item.role.value.ljust(12)}  since {since}  {words}"
    if count > SHOWN:
        yield f"  and {count - SHOWN:,} more: todoke report --json has all of them."


def _days(days: int) -> str:
    return "today" if days == 1 else f"the last {days} days"
