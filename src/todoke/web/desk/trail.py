"""The trail, for owners: who did what at the desk and by commands; all of it, or of one person, or of one kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import BY_TIME, Act, Deed
from todoke.model.show import rfc3339
from todoke.ports.trail import ActPage, Trail
from todoke.report.deeds import deed_words, detail_words
from todoke.walk.admit import Stay
from todoke.walk.people import alias
from todoke.web.desk.room import Desk, home

_ACTS = 100
_MOST_READ = 2_000
"""So many are looked at for one page of those that were asked for; the link to the older ones goes on from there."""
_BY_COMMAND = "commands"


async def show_trail(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/trail?before=&by=&deed=: 200, who did what, newest first; of a person (an alias), of a kind."""
    settings, language = desk.app.settings, desk.language(request)
    names = {alias(settings.secret, p.address): str(p.address) for p in desk.app.people.everyone}
    asked = {name: request.query_params.get(name, "") for name in ("by", "deed")}
    before = request.query_params.get("before", "")
    page = await run_in_threadpool(
        read_some, desk.app.trail, before, lambda act: _is_meant(act, **asked)
    )
    return desk.render(
        request,
        "desk_trail.html",
        stay,
        rows=[_row(act, names, language) for act in page.acts],
        older=home(request, "trail", before=page.next, **asked) if page.next else "",
        first=not before,
        asked=asked,
        people=sorted(names.items(), key=lambda item: item[1]),
        deeds=[(deed.value, deed_words(deed, language)) for deed in Deed],
        by_command=_BY_COMMAND,
        by_time=BY_TIME,
    )


def read_some(trail: Trail, before: str, is_meant: Callable[[Act], bool]) -> ActPage:
    """A page of the acts that are meant, before a cursor. It may be short, or empty, and have a next one all the same.

    Raises Malformed, StoreError.
    """
    found: list[Act] = []
    for _ in range(_MOST_READ // _ACTS):
        page = trail.acts(before=before, limit=_ACTS)
        found += filter(is_meant, page.acts)
        before = page.next
        if not before or len(found) >= _ACTS:
            break
    return ActPage(tuple(found), before)


def _is_meant(act: Act, *, by: str, deed: str) -> bool:
    who = act.by or _BY_COMMAND
    return by in {"", who} and deed in {"", act.deed}


def _row(act: Act, names: dict[str, str], language: str) -> dict[str, Any]:
    return {
        "at": rfc3339(act.at),
        "by": names.get(act.by, act.by),
        "known": act.by in names,
        "words": deed_words(act.deed, language),
        "submission": act.submission,
        "detail": detail_words(act, language),
    }
