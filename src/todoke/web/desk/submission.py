"""One submission at the desk: what was written, by whom, and the way of each mail; and its files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from todoke.forms.secret import secret_names
from todoke.forms.visitor import read_said
from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.address import Address
from todoke.model.care import LONGEST_REMARK
from todoke.model.errors import NotFound
from todoke.model.message import Claim, Role, Timeline
from todoke.model.person import Person, who_may_take
from todoke.model.show import rfc3339
from todoke.model.signal import BY_NAME, LEARNED
from todoke.ports.archive import Query
from todoke.report.answers import shown_answers
from todoke.report.reply import reply_link, reply_subject
from todoke.report.status import form_title
from todoke.report.way import ways
from todoke.report.words import say
from todoke.services.table import TITLES
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.attend import is_theirs, mark
from todoke.web.desk.back import DONE, kept_filter
from todoke.web.desk.done import told_of
from todoke.web.desk.download import download_headers
from todoke.web.desk.filter import read_filter
from todoke.web.desk.room import Desk, home
from todoke.web.pages import pages


@dataclass(frozen=True, slots=True)
class Written:
    """A note that could not be added: what was typed, and what is wrong with it."""

    text: str = ""
    wrong: str = ""


async def show(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}: 200, the submission's answers and all that became of its messages; 404 if there is none.

    Whoever works on it has read it then.
    """
    timeline = await desk.timeline(request, stay)
    await desk.note(stay, Deed.SAW, submission=timeline.submission.id)
    if stay.person.may_change(timeline) and timeline.care.read_at is None:
        await run_in_threadpool(mark, desk.app, timeline.submission.id, "read")
    return await submission_page(desk, request, stay, timeline)


async def submission_page(
    desk: Desk, request: Request, stay: Stay, timeline: Timeline, written: Written | None = None
) -> Response:
    """The page of a submission: 200, or 422 with the note that was `written` and is wrong."""
    app, person, kept = desk.app, stay.person, kept_filter(request)
    query = read_filter(kept).query(person, app.settings, app.clock(), limit=1)
    newer, older = await run_in_threadpool(_neighbours, app, timeline, query)
    may_change = person.may_change(timeline)
    language = desk.language(request)
    shown = await run_in_threadpool(shown_submission, app, timeline, language)
    return desk.render(
        request,
        "desk_timeline.html",
        stay,
        status=422 if written else 200,
        shown=shown,
        care=_shown_care(app, timeline, person) if may_change else _read_care(timeline, person),
        may_change=may_change,
        done=told_of(request.query_params.get(DONE, "")),
        written=written or Written(),
        longest=LONGEST_REMARK,
        itself=home(request, timeline.submission.id, **kept),
        back=home(request, fragment=f"r{timeline.submission.id}", **kept),
        newer=home(request, newer, **kept) if newer else "",
        older=home(request, older, **kept) if older else "",
        kept=f"?{urlencode(kept)}" if kept else "",
    )


def _neighbours(app: App, timeline: Timeline, query: Query) -> tuple[str, str]:
    """The ids of the next newer and the next older one in a listing; "" where there is none."""
    cursor = app.archive.cursor(timeline.submission.id)
    if not cursor:
        return "", ""
    newer = app.archive.page(replace(query, after=cursor)).timelines
    older = app.archive.page(replace(query, before=cursor)).timelines
    return newer[0].submission.id if newer else "", older[0].submission.id if older else ""


def _read_care(timeline: Timeline, person: Person) -> dict[str, Any]:
    """What people did with it, as anybody who may see it reads it."""
    care = timeline.care
    return {
        "done": care.done_at is not None,
        "done_at": rfc3339(care.done_at),
        "starred": care.starred,
        "assignee": care.assignee,
        "redirected": care.redirected,
        "remarks": [
            {
                "id": one.id,
                "by": one.by,
                "at": rfc3339(one.at),
                "text": one.text,
                "own": is_theirs(one, person),
            }
            for one in care.remarks
        ],
    }


def _shown_care(app: App, timeline: Timeline, person: Person) -> dict[str, Any]:
    """The same with whom it can be assigned to, oneself first."""
    others = [str(p.address) for p in who_may_take(app.people.everyone, timeline)]
    own = str(person.address)
    people = sorted(others, key=lambda address: (address != own, address))
    return {**_read_care(timeline, person), "people": people, "own": own}


def shown_submission(app: App, timeline: Timeline, language: str) -> dict[str, Any]:
    """All that is known of it, as its page shows it."""
    settings, submission, now = app.settings, timeline.submission, app.clock()
    form = settings.forms.get(submission.form)
    secret = secret_names(form, submission.entries)
    said = read_said(settings.form(submission.form), submission.entries)
    told = shown_answers(submission, form, secret, name=said.name, telephone=said.telephone)
    title = form_title(submission.form, settings)
    to = _reached_at(timeline)
    is_as_typed = to.key == submission.visitor.key
    return {
        **told,
        "corrected_to": "" if is_as_typed else str(to),
        "id": submission.id,
        "number": ids.number(submission.id),
        "ordinal": timeline.ordinal,
        "received_at": rfc3339(submission.received_at),
        "title": title,
        "language": submission.language,
        "retain_until": rfc3339(submission.retain_until),
        "review": _shown_review(app, timeline, language),
        "reply": reply_link(
            to,
            subject=reply_subject(title, submission.id),
            # Nobody has proved whose a corrected address is: what was written is not quoted to it unasked.
            text=told["message"]["value"] if told["message"] and is_as_typed else "",
            received_at=submission.received_at,
            zone=settings.site.time_zone,
            language=submission.language,
            in_reply_to=_confirmation_id(app, timeline, to),
        ),
        "messages": ways(timeline, settings, now, language, TITLES),
    }


def _shown_review(app: App, timeline: Timeline, language: str) -> dict[str, Any] | None:
    """Why it was kept, and what was said of it; None of what nobody suspected and nobody judged."""
    submission, care = timeline.submission, timeline.care
    if not submission.signals and care.verdict is None:
        return None
    form = app.settings.form(submission.form)
    return {
        "awaits": timeline.awaits_verdict,
        "verdict": care.verdict.value if care.verdict else "",
        "judged_at": rfc3339(care.judged_at),
        "holds": any(message.is_in_review for message in timeline.messages),
        # One that another version of todoke knows has a name, at least.
        "reasons": [
            say(BY_NAME[name].why, language) if name in BY_NAME else name
            for name in submission.signals
        ],
        "words": app.guard.teacher.spoke(form, submission)
        if LEARNED.name in submission.signals
        else (),
    }


def _reached_at(timeline: Timeline) -> Address:
    """Where an answer goes: to the address that the confirmation was last given, else to the one that was typed."""
    to = (m.message.recipient for m in timeline.messages if m.message.role is Role.CONFIRMATION)
    return next(to, timeline.submission.visitor)


def _confirmation_id(app: App, timeline: Timeline, to: Address) -> str:
    """The Message-ID of the confirmation that `to` has, "" where they have none.

    It is that of the mail as it would be composed now: another one after a change of templates, and then an answer
    stands by itself.
    """
    from todoke.mail.compose import compose  # noqa: PLC0415 - Jinja2 takes 50 ms

    submission = timeline.submission
    for told in timeline.messages:
        last = told.headline
        if told.message.role is not Role.CONFIRMATION or last is None:
            continue
        is_there = last.standing.is_taken and not last.standing.status.is_failure
        if is_there and last.attempt.recipient.key == to.key:
            claim = Claim(
                message=told.message,
                attempt=last.attempt,
                submission=submission,
                lease_until=last.attempt.started_at,
                ordinal=timeline.ordinal,
            )
            return compose(claim, app.settings).message_id
    return ""


async def download(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/files/{position}: 200, the file as a download that no browser opens in place; or 404.

    303 where the file lies in a bucket: to an address there that gives it, as such a download, for five minutes.
    """
    timeline = await desk.timeline(request, stay)
    archive = desk.app.archive
    id_, position = timeline.submission.id, request.path_params["position"]
    link = await run_in_threadpool(archive.file_link, id_, position)
    file = None if link else await run_in_threadpool(archive.file, id_, position)
    if link is None and file is None:
        raise NotFound
    await desk.note(stay, Deed.FILE_TAKEN, submission=id_, detail=str(position), file=position)
    if file is None:
        return RedirectResponse(str(link), 303, headers=pages.security_headers())
    name = pages.strip_controls(file.name).replace("/", "_").replace("\\", "_") or "file"
    headers = download_headers(name)
    return Response(file.content, headers=headers, media_type="application/octet-stream")
