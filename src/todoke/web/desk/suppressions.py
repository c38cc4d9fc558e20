"""The addresses that the mail service does not send to: its list, read now, and an entry lifted.

What is asked of the service is an errand: it is done here, or by another process, and the page shows what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from todoke.model.act import Deed
from todoke.model.errand import GOOD_FOR, ListReading
from todoke.model.errors import NotFound
from todoke.model.show import rfc3339
from todoke.ports.suppressions import ListedFor, Suppression, SuppressionList
from todoke.report.suppressions import own_addresses, suppression_lists, suppression_row
from todoke.services.table import LIFT, TITLES
from todoke.walk.admit import Stay
from todoke.walk.app import App
from todoke.walk.errand import was_entrusted
from todoke.walk.lift import ask_to_lift, entries_named, entry_name, lifting_source
from todoke.walk.suppress import is_read_daily, may_ask, reading_of
from todoke.web.desk.back import DONE
from todoke.web.desk.done import told_of
from todoke.web.desk.room import Desk, go, home

MOST_SHOWN = 200
"""Addresses of one list; `todoke suppressions` prints all."""
_LONGEST_PART = 254
_PART = "part"


async def show_suppressions(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/suppressions?part=: 200, the addresses that the mail service will not send to, and what can be done."""
    part = request.query_params.get(_PART, "").strip()[:_LONGEST_PART]
    found = await run_in_threadpool(_found, desk.app, part, desk.language(request))
    done = told_of(request.query_params.get(DONE, ""))
    return desk.render(request, "desk_suppressions.html", stay, part=part, done=done, **found)


async def read_now(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/suppressions/read: 303 to the list, which was read or asked for now, or with why it was not.

    Not more than once a minute: services ask for that. 404 where there is nothing to ask.
    """
    await desk.form(request, stay)
    if desk.app.suppressions is None:
        raise NotFound
    done = await run_in_threadpool(_read, desk.app, desk.app.suppressions.name)
    return go(request, "suppressions", fragment=DONE, done=done)


async def ask(desk: Desk, request: Request, stay: Stay) -> Response:
    """GET /desk/suppressions/{entry}/lift: 200, what lifting it does, and a button; 303 to the list where it is not
    on it (any more); 404 where no entry can be lifted by a call."""
    service, entries = await _entries(desk, request)
    if not entries:
        return go(request, "suppressions", fragment=DONE, done="lift-gone")
    language = desk.language(request)
    return desk.render(
        request,
        "desk_lift.html",
        stay,
        service=TITLES.get(service, service),
        row=suppression_row(entries[0], own_addresses(desk.app.settings), language),
        complained=entries[0].listed_for is ListedFor.COMPLAINT,
        action=home(request, "suppressions", request.path_params["entry"], "lift"),
        back=home(request, "suppressions"),
    )


async def lift_it(desk: Desk, request: Request, stay: Stay) -> Response:
    """POST /desk/suppressions/{entry}/lift: 303 to the list, the service was asked to send to the address again.

    The list says what came of it. What is not on the kept list is asked of nobody.
    """
    await desk.form(request, stay)
    service, entries = await _entries(desk, request)
    if not entries:
        return go(request, "suppressions", fragment=DONE, done="lift-gone")
    if not await desk.lifts.take(stay.person.address.key or stay.name):
        return go(request, "suppressions", fragment=DONE, done="lift-later")
    await desk.note(stay, Deed.LIFTED, detail=TITLES.get(service, service), service=service)
    done = await run_in_threadpool(_lift, desk.app, service, request.path_params["entry"])
    return go(request, "suppressions", fragment=DONE, done=done)


async def _entries(desk: Desk, request: Request) -> tuple[str, list[Suppression]]:
    """The service in use, and the entries of its list that a path names. Raises NotFound: if none can be lifted."""
    source = lifting_source(desk.app)
    if source is None:
        raise NotFound
    name = request.path_params["entry"]
    return source.name, list(await run_in_threadpool(entries_named, desk.app, source.name, name))


def _found(app: App, part: str, language: str) -> dict[str, Any]:
    """What the page shows. Raises StoreError."""
    kept = app.shelf.suppressions()
    lists = suppression_lists(kept, app.settings, language, lift=LIFT, part=part, most=MOST_SHOWN)
    source = lifting_source(app)
    for listed in lists:
        listed["title"] = TITLES.get(listed["service"], listed["service"])
        listed["lifts"] = source is not None and source.name == listed["service"]
        for row in listed["suppressions"]:
            name = entry_name(app.settings.secret, listed["service"], row["listed"])
            row["name"] = name if listed["lifts"] else ""
    return {
        "lists": lists,
        "may_read": app.suppressions is not None,
        "reading": _reading(app, kept),
        "is_read_daily": is_read_daily(app),
    }


def _reading(app: App, kept: Sequence[SuppressionList]) -> dict[str, str]:
    """How it stands with what was asked for last: `asked`, `lost` or `failed`, and when; {} once it was read."""
    if app.suppressions is None:
        return {}
    name = app.suppressions.name
    last = reading_of(app.shelf, name)
    read_at = next((one.read_at for one in kept if one.service == name), None)
    if last.asked_at is None or (read_at and read_at >= last.asked_at):
        return {}
    if last.failed_at and last.failed_at >= last.asked_at:
        return {"is": "failed", "at": rfc3339(last.failed_at)}
    is_late = app.clock() >= last.asked_at + GOOD_FOR
    return {"is": "lost" if is_late else "asked", "at": rfc3339(last.asked_at)}


def _read(app: App, service: str) -> str:
    """Have the list read; the word for what came of it. Raises StoreError."""
    if not may_ask(app, service):
        return "read-lately"
    if not was_entrusted(app, ListReading()):
        return "not-carried"
    if app.carry is not None:
        return "read-asked"
    return "read-not" if _reading(app, app.shelf.suppressions()) else "read-now"


def _lift(app: App, service: str, name: str) -> str:
    """Have an entry lifted; the word for what came of it. Raises StoreError."""
    asked = ask_to_lift(app, service, name)
    if not was_entrusted(app, asked):
        return "not-carried"
    if app.carry is not None:
        return "lift-asked"
    return "lift-not" if entries_named(app, service, asked.entry) else "lifted"
