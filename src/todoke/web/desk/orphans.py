"""What the mail service reported that belongs to no mail."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.report.way import evidence
from todoke.services.table import TITLES
from todoke.walk.admit import Stay
from todoke.web.desk.room import Desk

_ORPHANS = 100


async def show_orphans(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/orphans: 200, the newest delivery events that belong to no attempt."""
    orphans = await run_in_threadpool(desk.app.journal.orphans, _ORPHANS)
    language = desk.language(request)
    return desk.render(
        request, "desk_orphans.html", stay, events=[evidence(e, language, TITLES) for e in orphans]
    )
