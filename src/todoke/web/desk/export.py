"""What leaves the desk as files: one submission as JSON, its files; or all that a filter finds, in several formats.

Only what the person may see. The trail has the format, how many, and which conditions were set; never a word of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.errors import NotFound
from todoke.model.language import N_, translator
from todoke.model.submission import files
from todoke.ports.archive import Query
from todoke.report import export as records
from todoke.report.bundle import bundle
from todoke.report.formats import FORMATS, Selection
from todoke.walk.admit import Stay, is_ended
from todoke.walk.app import App
from todoke.web.desk.back import kept_filter
from todoke.web.desk.download import Download, DownloadProgress, TooManyOpen, TooMuch, send
from todoke.web.desk.filter import Filter, read_filter
from todoke.web.desk.room import Desk, home
from todoke.web.pages import pages

_MOST_COUNTED = 100_000
_LIST = "list-"
"""With what the name of a part of the filter begins in the page's form."""
_ASKED_EVERY_SECONDS = 1.0
"""So often it is asked whether the session of whoever reads a file goes on."""
_WRITTEN = N_("%(n)s of %(of)s submissions")
_TOO_MUCH = (
    N_("This is more than can be sent from here"),
    N_(
        "A function of AWS answers with 6 MB at most, within 30 seconds. Narrow it down, for example by dates, or let"
        " whoever runs the site use the command todoke export, which has no such bound."
    ),
)
_TOO_MANY_FILES = (
    N_("These files are more than can be sent together from here"),
    N_(
        "A function of AWS answers with 6 MB at most. Take the files one by one, on the page of the submission, or let"
        " whoever runs the site use the command todoke export --format zip, which has no such bound."
    ),
)
_TOO_MANY = (
    N_("Please wait for the files you asked for"),
    N_("Some are still on their way to you. Once one is there, you can ask for the next."),
)


async def export_one(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/json: 200, all that is known of a submission, with the raw evidence, as a download; 404."""
    timeline = await desk.timeline(request, stay)
    app, submission = desk.app, timeline.submission
    line = records.json_line(records.full_record(timeline, app.settings, app.clock()))
    name = f"{submission.form}-{ids.number(submission.id)}.json"
    download = Download(name, "application/json", iter([line.encode()]))
    noted = _Noted(Deed.EXPORTED, submission.id, "json", {"format": "json"})
    return await _sent(desk, request, stay, download, noted)


async def export_files(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/files: 200, all files of a submission in one ZIP, as a download; 404 where it has none.

    413 where an answer is bounded and they are more.
    """
    timeline = await desk.timeline(request, stay)
    app, submission = desk.app, timeline.submission
    if not any(files(submission.entries)):
        raise NotFound
    parts = bundle([timeline], app.archive, app.settings.site.time_zone, folders=False)
    name = f"{submission.form}-{ids.number(submission.id)}.zip"
    noted = _Noted(Deed.FILE_TAKEN, submission.id, "all", {"file": "all"})
    download = Download(name, "application/zip", parts)
    return await _sent(desk, request, stay, download, noted, _TOO_MANY_FILES)


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
        formats=FORMATS,
        is_bounded=bool(desk.most_bytes),
        back=home(request, **kept_filter(request)),
    )


async def export_all(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/export with `format` and the filter: 200, the file, as a stream; 404 for no format; 403.

    413 where an answer is bounded in size and time, and this is more.
    """
    fields = await desk.form(request, stay)
    chosen = next((f for f in FORMATS if f.name == fields.get("format")), None)
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
    noted = _Noted(Deed.EXPORTED, "", detail, {"format": chosen.name, "count": count.shown})
    name = f"{asked.form or 'todoke'}-{app.settings.site.time_zone.local(app.clock()):%Y-%m-%d}"
    progress = DownloadProgress(of=count)
    selection = Selection(app.archive, app.settings, query, app.clock(), progress.watch)
    parts = chosen.write(selection)
    download = Download(f"{name}.{chosen.name}", chosen.media_type, parts, progress)
    return await _sent(desk, request, stay, download, noted)


async def show_progress(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/export/progress: 200, JSON, how far each file is that this person has open."""
    say = translator("pages", desk.language(request)).gettext(_WRITTEN)
    found = []
    for download in desk.turns.open.get(stay.person.address.key, ()):
        of, written = download.progress.of, download.progress.written
        if of is None:
            continue
        text = say.replace("%(n)s", f"{written:,}").replace("%(of)s", of.shown)
        # What came after they were counted is written, too.
        most = 0 if of.is_more or written > of.number else of.number
        found.append({"name": download.name, "written": written, "of": most, "text": text})
    return JSONResponse({"files": found}, headers=pages.security_headers())


def _query(desk: Desk, stay: Stay, asked: Filter) -> Query:
    now = desk.app.clock()
    query = asked.query(stay.person, desk.app.settings, now, limit=records.PAGE)
    return replace(query, brief=False)


class SessionEnded(Exception):
    """Whoever asked for a file has no session any more."""


def while_in(
    app: App, stay: Stay, parts: Iterator[bytes], *, every: float = _ASKED_EVERY_SECONDS
) -> Iterator[bytes]:
    """The parts of a file, as long as its reader's session goes on: who ends a stolen one ends what it reads, too.

    Raises SessionEnded. Then the file is cut off, so that nobody takes it for whole.
    """
    asked_at = time.monotonic()
    for part in parts:
        if time.monotonic() - asked_at >= every:
            asked_at = time.monotonic()
            if is_ended(app, stay):
                raise SessionEnded
        yield part


class _Noted(NamedTuple):
    """What the trail has of a file that leaves; `facts` are for the security log."""

    deed: Deed
    submission: str
    detail: str
    facts: Mapping[str, object]


async def _sent(
    desk: Desk,
    request: Request,
    stay: Stay,
    download: Download,
    noted: _Noted,
    too_much: tuple[str, str] = _TOO_MUCH,
) -> Response:
    """The file, once it is noted; of one that is refused nothing is."""
    whose = stay.person.address.key
    download = replace(download, parts=while_in(desk.app, stay, download.parts))
    try:
        answer = await send(download, desk.turns, whose, desk.most_bytes)
    except TooMuch:
        return desk.fault(request, 413, *too_much)
    except TooManyOpen:
        return desk.fault(request, 429, *_TOO_MANY)
    deed, submission, detail, facts = noted
    try:
        await desk.note(stay, deed, submission=submission, detail=detail, **facts)
    except BaseException:
        desk.turns.close(download, whose)
        raise
    return answer
