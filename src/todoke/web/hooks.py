"""POST /hooks/{service}/{secret}: where a mail service tells what became of a message.

Answers, all but the first in the one JSON shape of errors:
200 every event in the call is journaled (new, repeated or belonging to no attempt)
400 the call cannot be read               401 the secret path is right, the service's own key is not
404 there is no such service, the secret is wrong, or the call comes from elsewhere: the same bytes for all
405 not a POST                            408 the body took too long
413 over 4 MB, or too many events             415 the body is compressed
503 the store cannot journal it now, or what proves its sender cannot be fetched: the service tries again
Never 403 or 406: some services take these for "do not try again".
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoke.model.delivery import DeliveryEvent
from todoke.model.errors import Forged, NotFound, RequestError, StoreError
from todoke.model.log import get_logger
from todoke.model.settings import Lock, Networks
from todoke.ports.events import EventSource, HookRequest
from todoke.ports.journal import Journaled
from todoke.walk.app import App
from todoke.walk.confirm import track_held_back
from todoke.walk.security import Attempts
from todoke.walk.silence import Heard
from todoke.walk.tally import Counted
from todoke.walk.track import track
from todoke.web.http.asked import client_address
from todoke.web.http.body import read_body
from todoke.web.http.errors import RETRY_AFTER_SECONDS, describe, json_error

BODY_BYTES = 4 * 1024 * 1024
"""A hundred events of 40 KB, or a bounce with the mail. Reading takes some ten times as much memory."""
BODY_SECONDS = 30.0

log = get_logger(__name__)

Track = Callable[[Sequence[DeliveryEvent]], Sequence[Journaled]]


def routes(app: App, track_events: Track | None = None) -> list[Route]:
    """The routes of the hooks. `track_events` journals the events of a call.

    By default `track` does, or, where failures need the records' word and nobody asks for it here, `track_held_back`.
    """
    journal = track_events or partial(
        track_held_back if app.settings.mail.own.confirms_failures else track, app
    )

    heard = Heard(app)
    attempts = Attempts(log)  # whoever read the address in a proxy's log must not fill ours

    async def answer_call(request: Request) -> Response:
        try:
            source = _source(app, request, attempts)
            answer = await _answer(app, journal, heard, source, request)
        except (RequestError, StoreError) as error:
            answer = _refusal(request, error, attempts)
        service = request.path_params["service"]
        known = service if service in app.sources else ""
        app.tally.count(Counted.HOOK_CALLS, known, str(answer.status_code))
        return answer

    return [Route("/hooks/{service}/{secret}", answer_call, methods=["POST"], name="hook")]


async def _answer(
    app: App, journal: Track, heard: Heard, source: EventSource, request: Request
) -> Response:
    body = await read_body(request.scope, request.receive, limit=BODY_BYTES, seconds=BODY_SECONDS)
    call = HookRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        remote=client_address(request.scope, app.settings.trusted_proxies),
    )
    journaled = await to_thread.run_sync(_journal, app, journal, heard, source, call)
    counts = {word.value: n for word, n in sorted(journaled.items())}
    log.info("hook", service=source.name, **counts)
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


def _journal(
    app: App, journal: Track, heard: Heard, source: EventSource, call: HookRequest
) -> Counter[Journaled]:
    events = source.read(call, app.clock())
    words = journal(events)
    for event, word in zip(events, words, strict=True):
        app.tally.count(Counted.EVENTS, event.kind.value, word.value)
    heard.note(source.name)
    return Counter(words)


def _source(app: App, request: Request, attempts: Attempts) -> EventSource:
    """The event source that the path opens; the secret is compared whatever the path says.

    Raises NotFound: if there is no such service, the secret is not its own, or it may not be called from there.
    """
    service, stated = request.path_params["service"], request.path_params["secret"]
    remote = client_address(request.scope, app.settings.trusted_proxies)
    source, mail = app.sources.get(service), app.settings.mail
    lock = mail.own.lock if service == mail.service else Lock()
    if not lock.secret.matches(stated) or source is None:
        raise NotFound
    if lock.networks and not _is_within(remote, lock.networks):
        attempts.note("hook_called_from_elsewhere", service=service, remote=remote)
        raise NotFound
    return source


def _is_within(remote: str, networks: Networks) -> bool:
    """Whether an address is in one of the networks. IPv4 counts as such when it comes as IPv6 (::ffff:192.0.2.7)."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def _refusal(request: Request, error: RequestError | StoreError, attempts: Attempts) -> Response:
    status, code, text = describe(error)
    headers = {}
    if isinstance(error, Forged):
        headers["WWW-Authenticate"] = 'Basic realm="hooks"'  # RFC 9110 15.5.2
    if isinstance(error, StoreError):
        text = "The events could not be stored; please send them again."
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status != NotFound.status:
        service = request.path_params["service"]
        attempts.note("hook refused", service=service, status=status, code=code)
    return json_error(status, code, text, headers=headers)
