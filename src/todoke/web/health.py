"""GET /healthz: whether todoke is alive. GET /readyz: whether it can keep anything. Both answer anybody.

healthz  200 the store answers; 503 it does not, or not in time. That all mail rests, or is refused to
         some, is a further line and changes no status, for a restart would mend nothing
readyz   200 a small write was kept just now; 503 with words when it was not. However many ask, one write in a while

Why is for the log alone: strangers may ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoke.model.errors import StoreError
from todoke.model.log import get_logger
from todoke.walk.app import App
from todoke.walk.ready import Readiness
from todoke.walk.send.circuit import MailRest
from todoke.web.http.errors import BARE_HEADERS, RETRY_AFTER_SECONDS
from todoke.web.http.lately import Lately

TRY_EVERY_SECONDS = 3.0
"""One small write in so long costs nothing, and a balancer that asks every five seconds gets a fresh answer."""
PATIENCE_SECONDS = 5.0
"""A disk that does not answer for longer keeps no visitor's form either."""

_UNAVAILABLE = {**BARE_HEADERS, "retry-after": str(RETRY_AFTER_SECONDS)}
_log = get_logger(__name__)


def routes(
    app: App, mail_rest: Callable[[], MailRest | None], readiness: Lately[str]
) -> list[Route]:
    """The two routes. `mail_rest` tells whether all mail rests, `readiness` why it is not ready, or ""."""
    return [
        Route("/healthz", _alive(app, mail_rest), methods=["GET"]),
        Route("/readyz", _ready(readiness), methods=["GET"]),
    ]


def tried_lately(app: App) -> Lately[str]:
    """Why it is not ready, or "": tried once in a while for all who ask."""
    return Lately(Readiness(app).why_not, TRY_EVERY_SECONDS)


async def words_of(readiness: Lately[str]) -> str:
    """Why it is not ready, or ""."""
    try:
        return await readiness.get(PATIENCE_SECONDS)
    except TimeoutError:
        return "the store does not answer in time"


def _alive(app: App, mail_rest: Callable[[], MailRest | None]):  # type: ignore[no-untyped-def]
    async def alive(_: Request) -> Response:
        """GET /healthz."""
        try:
            await asyncio.to_thread(app.outbox.next_due)
        except StoreError as error:
            _log.warning("store_does_not_answer", error=type(error).__name__)
            return PlainTextResponse("The store does not answer.\n", 503, _UNAVAILABLE)
        rest = mail_rest()
        words = f"Mail rests for {rest.seconds:.0f} s: {rest.reason}.\n" if rest else ""
        for part in app.doubt.parts():
            seconds = (app.clock() - part.since).total_seconds()
            words += f"Mail to {part.group} is refused for {seconds:.0f} s.\n"
        return PlainTextResponse(f"ok\n{words}", headers=BARE_HEADERS)

    return alive


def _ready(readiness: Lately[str]):  # type: ignore[no-untyped-def]
    async def ready(_: Request) -> Response:
        """GET /readyz."""
        why_not = await words_of(readiness)
        if why_not:
            return PlainTextResponse(f"Not ready: {why_not}.\n", 503, _UNAVAILABLE)
        return PlainTextResponse("ready\n", headers=BARE_HEADERS)

    return ready
