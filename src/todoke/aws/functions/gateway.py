"""The function `web`: API Gateway's HTTP API (payload 2.0) in, todoke's ASGI application, and back.

An answer leaves whole, so a receipt is polled here, not streamed. What is due is handed over by the function `sender`,
which also does what the desk asks of the mail service: whoever takes forms has no key of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

from mangum import Mangum
from mangum.handlers import HTTPGateway

from todoke.aws.functions.handler import Handler, LambdaContext
from todoke.aws.functions.hint import Hint
from todoke.aws.functions.origin import is_from_origin, seen_through
from todoke.aws.functions.queues import Queues, SqsQueues
from todoke.aws.functions.secrets import origin_secrets
from todoke.model.errand import Errand
from todoke.model.log import get_logger
from todoke.server.asgi import without_sender
from todoke.walk.app import App
from todoke.web.http.errors import RETRY_AFTER_SECONDS
from todoke.web.receipt import Pace

MOST_ANSWER_BYTES = 6_000_000
"""Lambda gives back 6 MB at most (base64 counted), and API Gateway would answer 500 to more."""

_HEADERS = 10_000
"""Room for what stands beside a body in an answer."""

log = get_logger(__name__)


def make_web(app: App, environ: Mapping[str, str], *, queues: Queues | None = None) -> Handler:
    """The handler of the HTTP API's events. Raises ConfigError: see origin_secrets."""
    secrets = origin_secrets(environ)
    carried = queues or SqsQueues(environ)

    def carry(errand: Errand) -> None:
        carried.later(Hint(errand=errand), app.clock())

    logging.getLogger("mangum").setLevel("ERROR")  # at INFO it writes paths, and these hold tokens
    asyncio.set_event_loop(_loop())
    application = without_sender(
        replace(app, carry=carry),
        pace=Pace(streams=0),
        most_bytes=MOST_ANSWER_BYTES * 3 // 4 - _HEADERS,
    )
    adapter = Mangum(
        cast(
            Any, application
        ),  # Mangum's type asks for a coroutine, Starlette's gives any awaitable
        lifespan="off",
        custom_handlers=[HttpApi],
    )

    def handle(event: Mapping[str, Any], context: LambdaContext) -> Any:
        if secrets:
            if not is_from_origin(event, secrets):
                return _plain(403, "Please use the address that the form or the mail gave you.\n")
            event = seen_through(event)
        return within_limit(adapter(dict(event), context))  # type: ignore[arg-type]

    return handle


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The one loop of this environment; it goes on from one event to the next."""
    return asyncio.new_event_loop()


class HttpApi(HTTPGateway):
    """What the event itself says of the connection; no header of the caller has a part in it.

    Behind a CloudFront that proved itself the event says what that saw (see origin.py).
    """

    @property
    def scope(self) -> Any:
        scope = super().scope
        http = self.event["requestContext"]["http"]
        scope["client"] = (http["sourceIp"], 0)
        scope["scheme"] = "https"  # an HTTP API has no other
        return scope


def within_limit(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or one that says that it is larger than Lambda can give back."""
    size = len(answer.get("body", ""))
    if size <= MOST_ANSWER_BYTES:
        return answer
    log.error("answer_too_large", size=size)
    words = "This is larger than can be shown here (6 MB). Use `todoke export`.\n"
    return _plain(503, words, **{"retry-after": str(RETRY_AFTER_SECONDS)})


def _plain(status: int, words: str, **headers: str) -> dict[str, Any]:
    """An answer in words that the application has no part in."""
    usual = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
    return {
        "statusCode": status,
        "headers": usual | headers,
        "body": words,
        "isBase64Encoded": False,
    }
