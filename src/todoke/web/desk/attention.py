"""What needs somebody: mails that failed, by cause; mail that waits; a webhook that is silent; what is erased soon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.delivery import Status
from todoke.model.message import Timeline
from todoke.model.person import Person, Rank
from todoke.model.show import rfc3339
from todoke.ports.archive import Query
from todoke.report.attention import failures, unreceived
from todoke.report.status import form_title
from todoke.report.words import reason_words
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.send.breaker import PAUSED, TRYING, State, state_of
from todoke.walk.send.circuit import MailRest
from todoke.walk.silence import Silence, silence
from todoke.web.desk.filter import ATTENTION, Filter, scope_of
from todoke.web.desk.line import line
from todoke.web.desk.room import Desk, home

LOOKED_AT = 200
"""So many submissions that need attention are looked at, however many there are."""
_HEADS, _HEADS_OF = 3, 50
"""So many causes stand over the list, of so many submissions."""
_NAMED = 10
_WAITS = timedelta(minutes=15)
_SOON = timedelta(days=7)
_MOST = 999

Rest = Callable[[], MailRest | None]


async def show_attention(mail_rest: Rest, desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/attention: 200, all that needs somebody, of what is this person's to see, each with what to do."""
    app, person, language = desk.app, stay.person, desk.language(request)
    page = await run_in_threadpool(app.archive.page, _attention(app, person, LOOKED_AT))
    silent = await run_in_threadpool(silence, app) if person.is_owner else None
    waiting = (
        await run_in_threadpool(_waiting, app, mail_rest(), language) if person.is_owner else None
    )
    ending = await run_in_threadpool(_ending, app, person)
    lost = unreceived(page.timelines)
    return desk.render(
        request,
        "desk_attention.html",
        stay,
        failures=_with_links(request, failures(page.timelines, language)),
        is_more=bool(page.next),
        looked_at=LOOKED_AT,
        lost=[_named(desk, request, timeline) for timeline in lost[:_NAMED]],
        lost_more=max(0, len(lost) - _NAMED),
        silence=told_silence(silent),
        paused=await run_in_threadpool(_paused, app, person),
        waiting=waiting,
        ending=[{**one, "link": home(request, **one["asked"])} for one in ending],
        may_work=person.rank is not Rank.READER,
        resend=home(request, "outage", view=ATTENTION),
        all_link=home(request, view=ATTENTION),
    )


def heads(app: App, person: Person, language: str) -> list[dict[str, Any]]:
    """The few causes that stand over the list. Raises StoreError."""
    page = app.archive.page(_attention(app, person, _HEADS_OF))
    return failures(page.timelines, language)[:_HEADS]


def told_silence(silent: Silence | None) -> dict[str, str] | None:
    """What is said of a mail service that reports nothing."""
    if silent is None:
        return None
    count = f"{silent.unknown:,}{'+' if silent.more else ''}" if silent.unknown else ""
    return {"since": rfc3339(silent.since), "unknown": count}


def _attention(app: App, person: Person, limit: int) -> Query:
    return Filter(view=ATTENTION).query(person, app.settings, app.clock(), limit=limit)


def _with_links(request: Request, groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**group, "link": home(request, **group["asked"])} for group in groups]


def _named(desk: Desk, request: Request, timeline: Timeline) -> dict[str, str]:
    """A submission by who sent it, and where it is shown."""
    shown = line(desk.app, timeline, desk.language(request))
    return {
        "who": shown["who"],
        "title": shown["title"],
        "received_at": shown["received_at"],
        "link": home(request, timeline.submission.id),
    }


def _waiting(app: App, rest: MailRest | None, language: str) -> dict[str, Any] | None:
    """Mail that should have left long ago: how much, and why, where this process hands it over. Raises StoreError."""
    now = app.clock()
    query = Query(
        statuses=frozenset({Status.QUEUED, Status.DEFERRED}),
        received_from=now - app.settings.mail.give_up_after - timedelta(days=1),
        received_to=now - _WAITS,
    )
    found = app.archive.count(query, _MOST)
    if not found.number and rest is None:
        return None
    return {
        "number": found.shown,
        "cause": reason_words(rest.reason, language) if rest else "",
        "words": rest.words if rest else "",
        "since": rfc3339(now - timedelta(seconds=rest.seconds)) if rest else "",
        "status": Status.QUEUED.value,
    }


def _paused(app: App, person: Person) -> list[str]:
    """The titles of the forms whose confirmations pause. Raises StoreError."""
    marks, now = app.shelf.marks(), app.clock()
    return [
        form_title(name, app.settings)
        for name in sorted(app.settings.forms)
        if person.forms is None or name in person.forms
        if state_of(marks.get(PAUSED + name), marks.get(TRYING + name), now) is not State.GOING
    ]


def _ending(app: App, person: Person) -> list[dict[str, Any]]:
    """What is erased within days though nobody said that it is done, of each form that keeps things for a time."""
    now, zone = app.clock(), app.settings.site.time_zone
    found = []
    for name, form in sorted(app.settings.forms.items()):
        if form.retention is None or not (person.forms is None or name in person.forms):
            continue
        before = now + _SOON - form.retention
        query = Query(scope=scope_of(person), form=name, received_to=before, done=False)
        count = app.archive.count(query, _MOST)
        if count.number:
            until = zone.local(before).date() - timedelta(days=1)
            found.append(
                {
                    "title": form_title(name, app.settings),
                    "number": count.shown,
                    "asked": Filter(form=name, work="open", until=until.isoformat()).asked(),
                }
            )
    return found
