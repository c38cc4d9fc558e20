"""What leaves the desk as files: one submission as JSON, its files; or all that a filter finds, in several formats.

Only what the person may see. The trail has the format, how many, and which conditions were set; never a word of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.errors import NotFound
from todoke.model.language import N_
from todoke.model.message import MessageTimeline
from todoke.model.submission import files
from todoke.ports.archive import Query
from todoke.report import export as records
from todoke.report import sheet
from todoke.report.bundle import bundle
from todoke.report.status import read_status
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.web.desk.back import kept_filter
from todoke.web.desk.download import Download, TooManyOpen, TooMuch, send
from todoke.web.desk.filter import Filter, read_filter
from todoke.web.desk.room import Desk, home

_MOST_COUNTED = 100_000
_LIST = "list-"
"""With what the name of a part of the filter begins in the page's form."""
_BOM = "\ufeff".encode()
"""Without it Excel reads a CSV in the code page of its system."""


@dataclass(frozen=True, slots=True)
class Format:
    """A form that all of a filter may leave in: its ending, media type, words for people, and how it is written."""

    name: str
    media_type: str
    label: str
    text: str
    write: Callable[[App, Query], Iterator[bytes]]


async def export_one(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/json: 200, all that is known of a submission, with the raw evidence, as a download; 404."""
    timeline = await desk.timeline(request, stay)
    app, submission = desk.app, timeline.submission
    await desk.note(stay, Deed.EXPORTED, submission=submission.id, detail="json", format="json")
    line = records.json_line(records.full_record(timeline, app.settings, app.clock()))
    name = f"{submission.form}-{ids.number(submission.id)}.json"
    parts = iter([line.encode()])
    return await _sent(desk, request, stay, Download(name, "application/json", parts))


async def export_files(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/files: 200, all files of a submission in one ZIP, as a download; 404 where it has none.

    413 where an answer is bounded and they are more.
    """
    timeline = await desk.timeline(request, stay)
    app, submission = desk.app, timeline.submission
    if not any(files(submission.entries)):
        raise NotFound
    await desk.note(stay, Deed.FILE_TAKEN, submission=submission.id, detail="all", file="all")
    parts = bundle([timeline], app.archive, app.settings.site.time_zone, folders=False)
    name = f"{submission.form}-{ids.number(submission.id)}.zip"
    return await _sent(desk, request, stay, Download(name, "application/zip", parts))


async def ask(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/export with a list's filter: 200, how many submissions that are, and the forms they may leave in."""
    asked = read_filter(request.query_params)
    query = _query(desk, stay, asked)
    count = await run_in_threadpool(desk.app.archive.count, query, _MOST_COUNTED)
    return desk.render(
        request,
        "desk_export.html",
        stay,
        count=count.shown,
        is_filtered=bool(asked.asked()),
        asked={f"{_LIST}{name}": value for name, value in asked.asked().items()},
        formats=_formats(),
        most_rows=f"{sheet.MOST_ROWS:,}" if sheet.can_write() else "",
        is_bounded=bool(desk.most_bytes),
        back=home(request, **kept_filter(request)),
    )


async def export_all(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/export with `format` and the filter: 200, the file, as a stream; 404 for no format; 403.

    413 where an answer is bounded in size and time, and this is more.
    """
    fields = await desk.form(request, stay)
    chosen = next((f for f in _formats() if f.name == fields.get("format")), None)
    if chosen is None:
        raise NotFound
    asked = read_filter(
        {n.removeprefix(_LIST): v for n, v in fields.items() if n.startswith(_LIST)}
    )
    app, query = desk.app, _query(desk, stay, asked)
    count = await run_in_threadpool(app.archive.count, query, _MOST_COUNTED)
    named = "form=" + asked.form if asked.form in app.settings.forms else "form" * bool(asked.form)
    conditions = " ".join([named, *sorted(asked.without("form").asked())]).strip()
    detail = f"{chosen.name} {count.shown} {conditions}".strip()
    await desk.note(stay, Deed.EXPORTED, detail=detail, format=chosen.name, count=count.shown)
    name = f"{asked.form or 'todoke'}-{app.settings.site.time_zone.local(app.clock()):%Y-%m-%d}"
    parts = chosen.write(app, query)
    download = Download(f"{name}.{chosen.name}", chosen.media_type, parts)
    return await _sent(desk, request, stay, download)


def _query(desk: Desk, stay: Stay, asked: Filter) -> Query:
    now = desk.app.clock()
    query = asked.query(stay.person, desk.app.settings, now, limit=records.PAGE)
    return replace(query, brief=False)


async def _sent(desk: Desk, request: Request, stay: Stay, download: Download) -> Response:
    try:
        return await send(download, desk.turns, stay.person.address.key, desk.most_bytes)
    except TooMuch:
        return desk.fault(request, 413, *_TOO_MUCH)
    except TooManyOpen:
        return desk.fault(request, 429, *_TOO_MANY)


_TOO_MUCH = (
    N_("This is more than can be sent from here"),
    N_(
        "A function of AWS answers with 6 MB at most, within 30 seconds. Narrow it down, for example by dates, or let"
        " whoever runs the site use the command todoke export, which has no such bound."
    ),
)
_TOO_MANY = (
    N_("Please wait for the files you asked for"),
    N_("Some are still on their way to you. Once one is there, you can ask for the next."),
)


def _write_json(app: App, query: Query) -> Iterator[bytes]:
    now = app.clock()
    for timeline in records.all_pages(app.archive, query):
        yield records.json_line(records.record(timeline, app.settings, now)).encode()


def _write_csv(app: App, query: Query) -> Iterator[bytes]:
    yield _BOM
    for rows in _table(app, query):
        out = io.StringIO()
        records.write_rows([rows], out)
        yield out.getvalue().encode("utf-8", "replace")


def _write_sheet(app: App, query: Query) -> Iterator[bytes]:
    return sheet.workbook(_table(app, query))


def _write_files(app: App, query: Query) -> Iterator[bytes]:
    with_files = (
        t for t in records.all_pages(app.archive, query) if any(files(t.submission.entries))
    )
    return bundle(with_files, app.archive, app.settings.site.time_zone)


def _table(app: App, query: Query) -> Iterator[list[str]]:
    """Two passes: a row needs its heading, and the heading needs every field that was ever answered."""
    settings, now = app.settings, app.clock()

    def status_of(message: MessageTimeline) -> str:
        return read_status(message, settings, now)

    known = records.known_fields(settings, query.form)
    columns = records.field_columns(records.all_pages(app.archive, query), known)
    rows = records.all_pages(app.archive, query)
    yield from records.table(rows, columns, status_of, settings.site.time_zone)


_CSV = Format(
    "csv", "text/csv; charset=utf-8", "CSV", N_("A table for Excel and others."), _write_csv
)
_SHEET = Format(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "XLSX",
    N_("An Excel workbook."),
    _write_sheet,
)
_JSON = Format(
    "jsonl",
    "application/x-ndjson",
    "JSON",
    N_("For programs: one submission a line, with everything."),
    _write_json,
)
_FILES = Format("zip", "application/zip", "ZIP", N_("The files that visitors sent."), _write_files)


def _formats() -> list[Format]:
    return [_CSV, *([_SHEET] if sheet.can_write() else []), _JSON, _FILES]
