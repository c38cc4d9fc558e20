"""GET /metrics and GET /status: what the owner may know and strangers need not. Documented in docs/operating.md.

200  figures for Prometheus; or, as JSON, what only the process that serves knows, for `todoke status`
401  whoever asks is neither on this machine nor has the token

Neither holds an answer or an address. Where a proxy on this machine may look like a neighbour, the token alone opens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoke import __version__
from todoke.model.errors import StoreError
from todoke.model.ids import signature
from todoke.model.log import get_logger
from todoke.model.loopback import is_loopback
from todoke.model.settings import Secret, Settings
from todoke.report.exposition import MEDIA_TYPE, exposition
from todoke.walk.app import App
from todoke.walk.commits import Commits
from todoke.walk.refusal import Refusal
from todoke.walk.send.circuit import MailRest
from todoke.walk.send.rest_log import without_addresses
from todoke.walk.survey import Survey, survey
from todoke.walk.tally import Counted
from todoke.web.health import PATIENCE_SECONDS, words_of
from todoke.web.http.errors import BARE_HEADERS, json_response
from todoke.web.http.lately import Lately
from todoke.web.http.local import is_local
from todoke.web.metrics import Observed, families

LOOK_EVERY_SECONDS = 3.0
"""However many ask, the store is looked at once in so long: it counts all that waits."""
SHOWN = 5
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """What only the process that serves knows. `commits` is None where the store counts none."""

    started_at: datetime
    readiness: Lately[str]
    mail_rest: Callable[[], MailRest | None]
    commits: Commits | None


def owner_key(secret: bytes) -> Secret:
    """What opens both to whoever holds the site's secret: the commands that run beside the server."""
    return Secret(signature(secret, b"todoke status", "") if secret else "")


def routes(app: App, live: Live) -> list[Route]:
    """The two routes."""
    look = Lately(lambda: _look(app), LOOK_EVERY_SECONDS)

    async def metrics(request: Request) -> Response:
        """GET /metrics, in Prometheus's text format."""
        if not may_see(request, app.settings):
            return _shut()
        try:
            found = await look.get(PATIENCE_SECONDS)
        except TimeoutError:
            found = None
        seen = Observed(
            now=app.clock(),
            started_at=live.started_at,
            forms=tuple(app.settings.forms),
            tally=app.tally,
            rest=live.mail_rest(),
            survey=found,
            commits=live.commits,
        )
        return Response(
            exposition(families(seen)),
            headers={**BARE_HEADERS, "content-type": MEDIA_TYPE},
        )

    async def status(request: Request) -> Response:
        """GET /status, in JSON."""
        if not may_see(request, app.settings):
            return _shut()
        return json_response(_status(app, live, await words_of(live.readiness)))

    return [
        Route("/metrics", metrics, methods=["GET"]),
        Route("/status", status, methods=["GET"]),
    ]


def may_see(request: Request, settings: Settings) -> bool:
    """Whether a request is the owner's: by a token, or, if none is stated, by where it comes from."""
    scheme, _, stated = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        keys = (settings.metrics_token, owner_key(settings.secret))
        return any(key.matches(stated.strip()) for key in keys)
    return not scheme and _tells_neighbours(settings) and is_local(request.scope)


def _tells_neighbours(settings: Settings) -> bool:
    """Whether a request without a proxy's field is surely a neighbour's.

    So it is where there is no proxy, or one that is known to say whom it speaks for.
    """
    host = urlsplit(settings.site.door_url).hostname or ""
    return settings.trusted_proxies > 0 or is_loopback(host)


def _shut() -> Response:
    text = (
        "This is for the owner: ask from this machine, or with the token (TODOKE_METRICS_TOKEN). "
        "docs/operating.md tells when this machine is enough.\n"
    )
    headers = {**BARE_HEADERS, "www-authenticate": 'Bearer realm="todoke"'}
    return PlainTextResponse(text, 401, headers)


def _look(app: App) -> Survey | None:
    try:
        return survey(app.settings, app.store)
    except StoreError as error:
        log.warning("store_does_not_answer", error=type(error).__name__)
        return None


def _status(app: App, live: Live, why_not: str) -> dict[str, object]:
    rest = live.mail_rest()
    refused = sorted(app.tally.counts(Counted.REFUSED).items(), key=lambda row: -row[1])
    return {
        "version": __version__,
        "started_at": live.started_at.isoformat(),
        "ready": not why_not,
        "why_not": why_not,
        "mail_rests": rest and {**rest._asdict(), "reason": rest.reason.value},
        "mail_refused": [
            {
                "to": part.group.value,
                "since": part.since.isoformat(),
                "words": without_addresses(part.words),
            }
            for part in app.doubt.parts()
        ],
        "accepted": sum(app.tally.counts(Counted.ACCEPTED).values()),
        "refused": [
            {"form": form, "status": int(status), "code": code, "times": times}
            for (form, status, code), times in refused
        ],
        "latest_refused": [_told(at, refusal) for at, refusal in app.refusals.latest[:SHOWN]],
        "connections_ended": {
            why: times for (why,), times in app.tally.counts(Counted.CONNECTIONS_ENDED).items()
        },
    }


def _told(at: datetime, refusal: Refusal) -> dict[str, object]:
    return {
        "at": at.isoformat(),
        "form": refusal.form,
        "status": refusal.status,
        "code": refusal.code,
        "fields": dict(refusal.faults),
        "origin": refusal.origin,
    }
