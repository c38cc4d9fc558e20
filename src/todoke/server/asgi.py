"""todoke as one ASGI application: the door, the receipt, the hooks and the desk, with the sender beside them or not."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from todoke.model.errors import NotFound, StoreError
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.commits import Commits
from todoke.walk.confirm import Confirmer
from todoke.walk.notices.rest import LOOKED_AFTER_SECONDS, tell_of_rest
from todoke.walk.notices.teller import Teller
from todoke.walk.send.circuit import MailRest
from todoke.walk.send.sender import Sender
from todoke.walk.sweep import sweep
from todoke.web import disown, health, hooks, owner, receipt
from todoke.web.dialects.table import ROOMS
from todoke.web.door import door, script, uploads
from todoke.web.door.elsewhere import Elsewhere
from todoke.web.door.first import DoorFirst
from todoke.web.http.asked import language_of
from todoke.web.http.compress import Compress
from todoke.web.http.errors import error_response
from todoke.web.http.front import Front
from todoke.web.http.hsts import Hsts
from todoke.web.http.late import LateRoutes
from todoke.web.owner import Live
from todoke.web.pages import assets
from todoke.web.receipt import Pace
from todoke.wiring import commits_of

Lifespan = Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]

SWEEP_EVERY_SECONDS = 300.0
SENDER_STOPS_WITHIN_SECONDS = 20.0
CONFIRMER_STOPS_WITHIN_SECONDS = 2.0  # what it has not asked by then, the reconciliation will
TELLER_STOPS_WITHIN_SECONDS = 3.0  # what is on its way then is told again, under its own id

_log = get_logger(__name__)


def application(app: App, *, extra_routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The whole of `app` over HTTP. Its lifespan starts and stops the sender and the sweep, and closes the store.

    `extra_routes` come last, so that they cannot hide ours.
    """
    import todoke.web.desk.desk  # noqa: F401, PLC0415 - a server starts seldom: nobody shall wait for it later

    sender = Sender(app)
    teller = Teller(app, app.courier) if app.courier else None
    app = dataclasses.replace(app, hint=partial(_wake, sender, teller) if teller else sender.wake)
    confirmer = Confirmer(app) if app.settings.mail.own.confirms_failures else None

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sender.start()
        for helper in (confirmer, teller):
            if helper:
                helper.start()
        tasks = [asyncio.create_task(_sweep_for_ever(app))]
        if teller:
            tasks.append(asyncio.create_task(_watch_rest_for_ever(app, sender.rest)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            app.refusals.sum_up(early=True)
            if confirmer:
                await asyncio.to_thread(confirmer.stop, CONFIRMER_STOPS_WITHIN_SECONDS)
            if teller:
                await asyncio.to_thread(teller.stop, TELLER_STOPS_WITHIN_SECONDS)
            await asyncio.to_thread(_close, app, sender)

    track_events = confirmer.track if confirmer else None
    return without_sender(
        app,
        extra_routes=extra_routes,
        lifespan=lifespan,
        track_events=track_events,
        mail_rest=sender.rest,
        tells_owner=True,
        commits=commits_of(app.store),
    )


def without_sender(  # noqa: PLR0913 - what a server has, and a function has not
    app: App,
    *,
    extra_routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan | None = None,
    pace: Pace | None = None,
    track_events: hooks.Track | None = None,
    mail_rest: Callable[[], MailRest | None] = lambda: None,
    tells_owner: bool = False,
    commits: Commits | None = None,
    most_bytes: int = 0,
) -> ASGIApp:
    """The whole of `app` over HTTP and nothing beside it: what is due is handed over elsewhere.

    An answer may have no more than `most_bytes`, where it leaves whole; 0 is no bound.

    `track_events` journals the events of a webhook's call; see hooks.routes. `mail_rest` tells whether all mail rests.
    With `tells_owner` figures can be read (web/owner.py), those of the store's `commits` among them.
    """
    readiness = health.tried_lately(app)
    own_routes = [
        *receipt.routes(app, pace=pace),
        *disown.routes(app),
        *hooks.routes(app, track_events),
        LateRoutes("/desk", lambda: _desk_routes(app, mail_rest, most_bytes)),
        *uploads.routes(app),
        *script.routes(),
        *assets.routes(app.settings.site),
        *health.routes(app, mail_rest, readiness),
        *(
            owner.routes(app, Live(app.clock(), readiness, mail_rest, commits))
            if tells_owner
            else ()
        ),
    ]
    rest = Starlette(
        routes=[*own_routes, *extra_routes],
        exception_handlers={404: _not_found(app)},
        lifespan=lifespan,
    )
    rest.router.redirect_slashes = False  # it would lead to the host that the request names
    rooms = {route.path.split("/")[1] for route in own_routes} | {door.PATH.strip("/")}
    guarded = door.guarded(app)
    beyond = Elsewhere(app, guarded, Compress(rest), rooms)
    front = Front(DoorFirst(guarded, beyond), app.settings.site.door_url, rooms | ROOMS)
    return Hsts(front, app.settings.site.hsts) if app.settings.site.hsts else front


def _desk_routes(
    app: App, mail_rest: Callable[[], MailRest | None], most_bytes: int
) -> Sequence[BaseRoute]:
    from todoke.web.desk import desk  # noqa: PLC0415 - see LateRoutes

    return desk.routes(app, mail_rest=mail_rest, most_bytes=most_bytes)


def _wake(sender: Sender, teller: Teller) -> None:
    sender.wake()
    teller.wake()


async def _watch_rest_for_ever(app: App, mail_rest: Callable[[], MailRest | None]) -> None:
    """Look every few seconds whether all mail rests; nothing is asked of the store while it does not and did not."""
    was_resting = True  # before a restart, perhaps
    while True:
        rest = mail_rest()
        if rest is not None or was_resting:
            try:
                await asyncio.to_thread(tell_of_rest, app, rest)
                was_resting = rest is not None
            except StoreError as error:
                _log.warning("rest_not_told", error=type(error).__name__)
        await asyncio.sleep(LOOKED_AFTER_SECONDS)


async def _sweep_for_ever(app: App) -> None:
    """Sweep now and then; a store that cannot do it now is asked again the next time."""
    while True:
        try:
            app.refusals.sum_up()
            await asyncio.to_thread(sweep, app)
        except StoreError as error:
            _log.warning("sweep_put_off", error=type(error).__name__)
        await asyncio.sleep(SWEEP_EVERY_SECONDS)


def _close(app: App, sender: Sender) -> None:
    """Let the hand-overs under way finish, then let go of connections and files."""
    sender.stop(SENDER_STOPS_WITHIN_SECONDS)
    app.mailer.close()
    for peer in (app.records, app.suppressions, app.identity):
        if peer is not None:
            peer.close()
    app.store.close()


def _not_found(app: App):  # type: ignore[no-untyped-def]
    async def not_found(request: Request, _: Exception) -> Response:
        """404 for an address that is nothing's: a page like the others, or JSON."""
        site = app.settings.site
        language = language_of(request.scope, site.language)
        nothing = NotFound("Please check the address.")
        return error_response(request, nothing, language=language, site=site)

    return not_found
