"""Who is in: the sessions of the desk, listed and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import Deed
from todoke.model.address import same_mailbox
from todoke.model.admission import DeskSession
from todoke.model.errors import NotFound
from todoke.model.show import rfc3339
from todoke.walk.admit import Stay, goes_on
from todoke.walk.people import alias
from todoke.web.desk.room import Desk, go


async def show_sessions(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/sessions: 200, the sessions that go on: a person's own, and to an owner everybody's."""
    sessions = await _sessions(desk, stay)
    now = desk.app.clock()
    rows = [_session_row(s, stay, now) for s in sessions]
    return desk.render(request, "desk_sessions.html", stay, rows=rows)


async def end_session(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/sessions with `session`: 303, that session is over; 404 for what is none, or another's."""
    ended = (await desk.form(request, stay)).get("session", "")
    found = [s for s in await _sessions(desk, stay) if s.hash == ended]
    if not found:
        raise NotFound
    await desk.note(
        stay, Deed.ENDED_SESSION, detail=alias(desk.app.settings.secret, found[0].person)
    )
    await run_in_threadpool(desk.app.admission.end_session, ended)
    return go(request, "sessions")


async def _sessions(desk: Desk, stay: Stay) -> list[DeskSession]:
    now, idle = desk.app.clock(), desk.app.settings.desk.idle
    every = await run_in_threadpool(desk.app.admission.sessions, now)
    return [
        session
        for session in every
        if goes_on(session, now, idle)
        and (stay.person.is_owner or same_mailbox(session.person, stay.person.address))
    ]


def _session_row(session: DeskSession, stay: Stay, now: datetime) -> dict[str, Any]:
    return {
        "hash": session.hash,
        "person": str(session.person),
        "browser": session.browser,
        "began_at": rfc3339(session.began_at),
        "seen_at": rfc3339(min(session.seen_at, now)),
        "own": session.hash == stay.session.hash,
    }
