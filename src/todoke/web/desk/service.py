"""What the mail service said beside the mails: reports that belong to none, and addresses it does not send to."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.errors import NotFound
from todoke.report.suppressions import suppression_lists
from todoke.report.way import evidence
from todoke.services.table import LIFT, TITLES
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.suppress import may_ask, read_suppressions
from todoke.web.desk.back import DONE
from todoke.web.desk.done import told_of
from todoke.web.desk.room import Desk, go

MOST_SHOWN = 200
"""Addresses of one list; `todoke suppressions` prints all."""
_ORPHANS = 100


async def show_orphans(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/orphans: 200, the newest delivery events that belong to no attempt."""
    orphans = await run_in_threadpool(desk.app.journal.orphans, _ORPHANS)
    language = desk.language(request)
    return desk.render(
        request, "desk_orphans.html", stay, events=[evidence(e, language, TITLES) for e in orphans]
    )


async def show_suppressions(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/suppressions: 200, the addresses that the mail service will not send to, and how to lift that."""
    app = desk.app
    lists = await run_in_threadpool(shown_suppressions, app, desk.language(request))
    return desk.render(
        request,
        "desk_suppressions.html",
        stay,
        lists=lists,
        may_read=app.suppressions is not None and app.carry is None,
        done=told_of(request.query_params.get(DONE, "")),
    )


async def read_now(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/suppressions/read: 303 to the list, as the mail service has it now, or with why it was not read.

    Not more than once a minute: services ask for that. 404 where there is nothing to ask, or not by this process.
    """
    await desk.form(request, stay)
    app, source = desk.app, desk.app.suppressions
    if source is None or app.carry is not None:
        raise NotFound
    if not await run_in_threadpool(may_ask, app, source.name):
        done = "read-lately"
    else:
        count = await run_in_threadpool(read_suppressions, app)
        done = "read-now" if count is not None else "read-not"
    return go(request, "suppressions", fragment=DONE, done=done)


def shown_suppressions(app: App, language: str) -> list[dict[str, Any]]:
    """The lists as the page shows them, the site's own addresses first: `more` is how many there are beyond.

    Raises StoreError.
    """
    lists = suppression_lists(app.shelf.suppressions(), app.settings, language, lift=LIFT)
    return [
        {
            **listed,
            "suppressions": listed["suppressions"][:MOST_SHOWN],
            "more": max(0, len(listed["suppressions"]) - MOST_SHOWN),
        }
        for listed in lists
    ]
