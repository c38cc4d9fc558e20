"""The list of submissions at the desk, and what came since it was shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.message import Timeline
from todoke.model.person import Person, Rank
from todoke.model.settings import Settings
from todoke.model.show import rfc3339, show_briefly, show_zone
from todoke.ports.archive import Count, Page, Query
from todoke.report.excerpt import excerpt
from todoke.report.status import form_title
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.silence import silence
from todoke.web.desk.attention import heads, told_silence
from todoke.web.desk.back import DONE
from todoke.web.desk.done import told_of
from todoke.web.desk.filter import (
    ATTENTION,
    REVIEW,
    SPAM,
    UNREAD,
    YEARS,
    Filter,
    read_cursors,
    read_filter,
)
from todoke.web.desk.filter_words import TABS, chips, statuses, work_words
from todoke.web.desk.line import line
from todoke.web.desk.marks import MANY, marks
from todoke.web.desk.room import Desk, home
from todoke.web.http.errors import json_response

Row = dict[str, Any]
_ROWS = 50
_TITLE = 24
"""Letters of a form's title in a row."""
_MOST_COUNTED = 1_000
_MOST_ON_A_TAB = 99
_MOST_NEW = 20


async def show_list(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk with a filter and `before` or `after`: 200, the submissions that are theirs, newest first."""
    app, person, now = desk.app, stay.person, desk.app.clock()
    asked, cursors = read_filter(request.query_params), read_cursors(request.query_params)
    query = asked.query(person, app.settings, now, **cursors, limit=_ROWS)
    language = desk.language(request)
    read = await run_in_threadpool(_read, app, person, asked, query)
    silent = await run_in_threadpool(silence, app) if person.is_owner else None
    is_top = not cursors and not asked.asked()
    amiss = await run_in_threadpool(heads, app, person, language) if is_top else []
    page = read.page
    forms = _forms(app.settings, person)
    is_one_form = len(forms) < 2 or bool(asked.form)
    # Not on the loop: what strangers wrote may be long, and visitors' forms wait there.
    rows = await run_in_threadpool(
        lambda: [_row(desk, request, stay, timeline, is_one_form) for timeline in page.timelines]
    )
    return desk.render(
        request,
        "desk_list.html",
        stay,
        headers={"referrer-policy": "same-origin"},  # see back.kept_filter
        rows=rows,
        several_forms=len(forms) > 1,
        marks=marks(language, asked.view),
        top=home(request, **asked.asked()),
        may_work=person.rank is not Rank.READER,
        asked=asked,
        here=asked.asked() | cursors,
        chips=[
            (words, home(request, **rest.asked()))
            for words, rest in chips(asked, dict(forms), language)
        ],
        tabs=_tabs(request, asked, read.tabs, is_guarded=_is_guarded(app.settings, person)),
        total=read.total.shown,
        is_one=read.total == Count(1),
        forms=forms,
        works=work_words(language),
        statuses=statuses(language),
        colleagues=_colleagues(app, person),
        older=home(request, **asked.asked(), before=page.next) if page.next else "",
        newer=home(request, **asked.asked(), after=page.newer) if page.newer else "",
        looked_back_to=rfc3339(_to_the_minute(page.looked_back_to)),
        newest=(page.timelines[0].submission.received_at if page.timelines else now).isoformat(),
        export=home(request, "export", **asked.asked()),
        news=home(request, "news", **asked.asked()),
        is_first=not cursors,
        silence=told_silence(silent),
        heads=[{**head, "link": home(request, **head["asked"])} for head in amiss],
        done=told_of(request.query_params.get(DONE, "")),
        many=_number(request.query_params.get(MANY, "")),
        zone_shown=show_zone(now, app.settings.site.time_zone, language),
        resent=_number(request.query_params.get("resent", "")),
        outage=home(request, "outage", **asked.asked()) if asked.view == ATTENTION else "",
    )


async def show_news(turns: asyncio.Semaphore, desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/news with a filter and `from` (RFC 3339): 200, JSON {new, more}: how many came after that moment.

    A page asks by itself, so nobody is taken for being there because of it. One looks at a time, by `turns`: however
    many lists are open, visitors' forms find a thread that is free.
    """
    app = desk.app
    asked = read_filter(request.query_params)
    newest = _moment(request.query_params.get("from", ""))
    if newest is None:
        return json_response({"new": 0, "more": False})
    query = asked.query(stay.person, app.settings, app.clock(), limit=_MOST_NEW)
    begin = newest + timedelta(microseconds=1)
    query = replace(query, received_from=max(begin, query.received_from or begin))
    async with turns:
        found = await run_in_threadpool(app.archive.page, query)
    return json_response({"new": len(found.timelines), "more": bool(found.next)})


@dataclass(frozen=True, slots=True)
class _Read:
    """What the store told for one page: a page of it, how many the filter finds, and how many are on each tab."""

    page: Page
    total: Count
    tabs: dict[str, Count]


def _read(app: App, person: Person, asked: Filter, query: Query) -> _Read:
    archive, now = app.archive, app.clock()
    page = archive.page(query)
    # A table is paid for by what is read of it: what has to be looked for is counted no further than a tab's.
    most = _MOST_ON_A_TAB if app.settings.table else _MOST_COUNTED
    is_whole = not (page.next or page.newer or query.before or query.after)
    shown = len(page.timelines)
    if is_whole:
        total = Count(shown)
    elif page.looked_back_to and app.settings.table and not query.before and not query.after:
        # To count would be to look through the same once more, and to come no further.
        total = Count(shown, is_more=True)
    else:
        total = archive.count(query, most)
    if total.is_more and total.number < shown:
        total = Count(shown, is_more=True)
    tabs = {
        view: archive.count(
            Filter(view=view, form=asked.form).query(person, app.settings, now), _MOST_ON_A_TAB
        )
        for view in (ATTENTION, UNREAD, REVIEW)
    }
    return _Read(page, total, tabs)


def _row(desk: Desk, request: Request, stay: Stay, timeline: Timeline, is_one_form: bool) -> Row:
    settings, language = desk.app.settings, desk.language(request)
    now, shown = desk.app.clock(), line(desk.app, timeline, language)
    return {
        **shown,
        "when": show_briefly(shown["received_at"], now, settings.site.time_zone, language),
        "link": home(request, timeline.submission.id),
        "form": "" if is_one_form else excerpt(shown["title"], _TITLE),
        "may_change": stay.person.may_change(timeline),
    }


def _is_guarded(settings: Settings, person: Person) -> bool:
    """Whether any form that is this person's to see may keep something for review."""
    seen = settings.forms.keys() if person.forms is None else person.forms
    return any(form.review for name, form in settings.forms.items() if name in seen)


def _tabs(
    request: Request, asked: Filter, counts: dict[str, Count], *, is_guarded: bool
) -> list[dict[str, object]]:
    """The tabs. Those about spam are there where there may be any."""
    is_any = is_guarded or bool(counts[REVIEW].number) or asked.view in {REVIEW, SPAM}
    return [
        {
            "label": label,
            "link": home(request, **Filter(view=view, form=asked.form).asked()),
            "count": counts[view].shown if view in counts else "",
            "is_open": view == asked.view,
        }
        for view, label in TABS.items()
        if is_any or view not in {REVIEW, SPAM}
    ]


def _number(stated: str) -> str:
    return stated if stated.isascii() and stated.isdigit() and len(stated) < 4 else ""


def _forms(settings: Settings, person: Person) -> list[tuple[str, str]]:
    """The forms that a person may ask for, with their titles."""
    names = settings.forms.keys() if person.forms is None else person.forms
    return sorted(((name, form_title(name, settings)) for name in names), key=lambda form: form[1])


def _colleagues(app: App, person: Person) -> list[str]:
    """The addresses of those who may take on what this person sees."""
    return [
        str(other.address)
        for other in app.people.everyone
        if other.rank is not Rank.READER
        and (person.forms is None or other.forms is None or person.forms & other.forms)
    ]


def _to_the_minute(at: datetime | None) -> datetime | None:
    """The first full minute that is not before a moment: when exactly something came may be another's to know."""
    later = at and at + timedelta(minutes=1, microseconds=-1)
    return later and later.replace(second=0, microsecond=0)


def _moment(stated: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return at if at.tzinfo and at.year in YEARS else None
