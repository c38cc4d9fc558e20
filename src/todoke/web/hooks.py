"""POST /hooks/{service}/{secret}: where a mail service tells what became of a message.

Answers, all but the first in the one JSON shape of errors:
200 every event in the call is journaled (new, repeated or belonging to no attempt)
400 the call cannot be read               401 the secret path is right, the service's own key is not
404 there is no such service, or the secret is wrong: the same bytes for both
405 not a POST                            408 the body took too long
413 the body is over 16 MB                415 the body is compressed
503 the store cannot journal it now: nothing was kept, the service tries again
Never 403 or 406: some services take these for "do not try again".
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from todoke.app import App
from todoke.errors import Forged, NotFound, RequestError, StoreError
from todoke.log import get_logger
from todoke.ports import EventSource, HookRequest, Recorded
from todoke.settings import Secret, Settings
from todoke.track import track
from todoke.web.http import RETRY_AFTER_SECONDS, client_address, describe, json_error, read_body

BODY_BYTES = 16 * 1024 * 1024
BODY_SECONDS = 30.0

HOOK_SECRETS: Mapping[str, Callable[[Settings], Secret]] = {
    "customers-mail-cloud": lambda settings: settings.mail.customers_mail_cloud.hook_secret,
}
"""Where each service's secret is; a service whose secret is empty has no hook."""

log = get_logger(__name__)


def routes(app: App) -> list[Route]:
    """The routes of the hooks."""

    async def answer_call(request: Request) -> Response:
        try:
            return await _journal(app, request)
        except (RequestError, StoreError) as error:
            return _refusal(request, error)

    return [Route("/hooks/{service}/{secret}", answer_call, methods=["POST"], name="hook")]


async def _journal(app: App, request: Request) -> Response:
    source = _source(app, request.path_params["service"], request.path_params["secret"])
    body = await read_body(request.scope, request.receive, limit=BODY_BYTES, seconds=BODY_SECONDS)
    call = HookRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        remote=client_address(request.scope, app.settings.trusted_proxies),
    )
    recorded = await to_thread.run_sync(_read_and_track, app, source, call)
    counts = {word.value: n for word, n in sorted(recorded.items())}
    log.info("hook", service=source.name, **counts)
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


def _read_and_track(app: App, source: EventSource, call: HookRequest) -> Counter[Recorded]:
    return Counter(track(app, source.read(call, app.clock())))


def _source(app: App, service: str, stated: str) -> EventSource:
    """The event source that the path opens; one comparison is made whatever the path says.

    Raises NotFound: if there is no such service, or the secret is not its own.
    """
    source = app.sources.get(service)
    secret_of = HOOK_SECRETS.get(service)
    secret = secret_of(app.settings).reveal() if secret_of else ""
    same = hmac.compare_digest(
        stated.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass")
    )
    if source is None or not secret or not same:
        raise NotFound
    return source


def _refusal(request: Request, error: RequestError | StoreError) -> Response:
    status, code, text = describe(error)
    headers = {}
    if isinstance(error, Forged):
        headers["WWW-Authenticate"] = 'Basic realm="hooks"'  # RFC 9110 15.5.2
    if isinstance(error, StoreError):
        text = "The events could not be stored; please send them again."
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status != NotFound.status:
        log.warning(
            "hook refused", service=request.path_params["service"], status=status, code=code
        )
    return json_error(status, code, text, headers=headers)
