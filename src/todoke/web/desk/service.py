"""What the mail service said beside the mails: reports that belong to none, and addresses it does not send to."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.report.desk import event
from todoke.report.suppressions import suppression_lists
from todoke.services.table import LIFT
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.web.desk.room import Desk

MOST_SHOWN = 200
"""Addresses of one list; `todoke suppressions` prints all."""
_ORPHANS = 100


async def show_orphans(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/orphans: 200, the newest delivery events that belong to no attempt."""
    orphans = await run_in_threadpool(desk.app.journal.orphans, _ORPHANS)
    language = desk.language(request)
    return desk.render(
        request, "desk_orphans.html", stay, events=[event(e, language) for e in orphans]
    )


async def show_suppressions(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/suppressions: 200, the addresses that the mail service will not send to, and how to lift that."""
    lists = await run_in_threadpool(read_suppressions, desk.app, desk.language(request))
    return desk.render(request, "desk_suppressions.html", stay, lists=lists)


def read_suppressions(app: App, language: str) -> list[dict[str, Any]]:
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
