"""Erasing at the desk: one submission, or everything of its person. What goes is shown first.

Nothing stays but a hash for some weeks, so that no backup brings it back.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model import ids
from todoke.model.act import Deed
from todoke.model.erased import REMEMBERED
from todoke.model.errors import NotFound
from todoke.model.message import Timeline
from todoke.model.submission import File
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.erase import erase, meant
from todoke.web.desk.back import kept_filter
from todoke.web.desk.line import line
from todoke.web.desk.room import Desk, home

ONE, PERSON = "one", "person"
_LOOKED_AT = 1_000
"""So many submissions that an address concerns are looked at for what would go."""


async def ask(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/{id}/erase: 200, what would go, for this submission, and to an owner for its person; 404."""
    timeline = await desk.timeline(request, stay, to_change=True)
    submission, kept = timeline.submission, kept_filter(request)
    of_person = None
    if stay.person.is_owner and submission.visitor:
        of_person = await run_in_threadpool(_of_person, desk.app, timeline)
    return desk.render(
        request,
        "desk_erase.html",
        stay,
        shown=await run_in_threadpool(line, desk.app, timeline, desk.language(request)),
        number=ids.number(submission.id),
        one=tally([timeline]),
        everything=of_person,
        looked_at=f"{_LOOKED_AT:,}",
        visitor=str(submission.visitor),
        days=REMEMBERED.days,
        action=home(request, submission.id, "erase", **kept),
        back=home(request, submission.id, **kept),
    )


async def erase_it(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/{id}/erase with `what`, `one` or (an owner) `person`: 200, how many are gone; 403, 404."""
    what = (await desk.form(request, stay)).get("what", "")
    timeline = await desk.timeline(request, stay, to_change=True)
    app, submission = desk.app, timeline.submission
    address = str(submission.visitor) if what == PERSON else ""
    if what != ONE and not (address and stay.person.is_owner):
        raise NotFound
    await desk.note(stay, Deed.ERASED, submission=submission.id, detail=what, what=what)
    secret, now = app.settings.secret, app.clock()
    count = await run_in_threadpool(
        lambda: erase(
            app.erasure,
            secret,
            now,
            submission_id="" if address else submission.id,
            address=address,
        )
    )
    kept = kept_filter(request)
    return desk.render(
        request,
        "desk_erased.html",
        stay,
        count=count,
        back=home(request, **kept),
        days=REMEMBERED.days,
    )


def tally(timelines: list[Timeline]) -> dict[str, int]:
    """How much goes with these."""
    entries = [entry for t in timelines for entry in t.submission.entries]
    files = sum(isinstance(entry.value, File) for entry in entries)
    return {
        "submissions": len(timelines),
        "answers": len(entries) - files,
        "files": files,
        "mails": sum(len(t.messages) for t in timelines),
        "notes": sum(len(t.care.remarks) for t in timelines),
    }


def _of_person(app: App, timeline: Timeline) -> dict[str, int]:
    address = str(timeline.submission.visitor)
    return tally(meant(app.archive, address=address, look_at=_LOOKED_AT))
