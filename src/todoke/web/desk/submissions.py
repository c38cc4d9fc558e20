"""The list of submissions at the desk."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.delivery import Reading, Status
from todoke.model.show import rfc3339
from todoke.ports.archive import Query, Scope
from todoke.report.desk import desk_row
from todoke.report.words import DESK_LABELS
from todoke.walk.admit import Stay
from todoke.walk.silence import Silence, silence
from todoke.web.desk.room import Desk, home

_ROWS = 50


async def show_list(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk?form=&status=&address=&before=: 200, submissions newest first, those that fail standing out."""
    app, person = desk.app, stay.person
    asked = {n: request.query_params.get(n, "").strip() for n in ("form", "status", "address")}
    if asked["status"] not in set(Status):
        asked["status"] = ""
    scope = None if person.forms is None else Scope(forms=person.forms, mailbox=person.address)
    query = Query(
        scope=scope,
        form=asked["form"],
        statuses=frozenset({asked["status"]} - {""}),
        address=asked["address"],
        before=request.query_params.get("before", ""),
        limit=_ROWS,
    )
    page = await run_in_threadpool(app.archive.page, query)
    silent = await run_in_threadpool(silence, app) if person.is_owner else None
    now, language = app.clock(), desk.language(request)
    rows = [desk_row(t, app.settings, now, language) for t in page.timelines]
    return desk.render(
        request,
        "desk_list.html",
        stay,
        rows=rows,
        older=home(request, **asked, before=page.next) if page.next else "",
        asked=asked,
        forms=[(name, form.shown) for name, form in sorted(app.settings.forms.items())],
        statuses=[(s.value, DESK_LABELS[Reading(s.value)]) for s in Status],
        first=not query.before,
        silence=_banner(silent),
    )


def _banner(silent: Silence | None) -> dict[str, str] | None:
    """What the list says of a mail service that reports nothing."""
    if silent is None:
        return None
    count = f"{silent.unknown:,}{'+' if silent.more else ''}" if silent.unknown else ""
    return {"since": rfc3339(silent.since), "unknown": count}
