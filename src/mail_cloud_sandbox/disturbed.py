"""An endpoint with the faults that are ordered for it: each call meets the one in force, or none.

What a call is answered beyond its own doing is decided here; the endpoint itself knows of no faults.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mail_cloud_sandbox.api import hang_up
from mail_cloud_sandbox.credentials import wrong_credentials
from mail_cloud_sandbox.faults import Order
from mail_cloud_sandbox.parameters import (
    BAD_PARAMETER,
    ErrorEntry,
    Refused,
    errors_response,
    too_large,
)
from mail_cloud_sandbox.service import Service

_MOST_DRAINED = 64 * 1024 * 1024


class Disturbed:
    """`endpoint`, whose calls meet the faults ordered for `place`."""

    def __init__(self, place: str, endpoint: ASGIApp) -> None:
        self._place = place
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, with the fault that it meets."""
        service: Service = scope["app"].state.service
        order = service.faults.take(self._place)
        if order is None:
            await self._endpoint(scope, receive, send)
        elif order.name in _REFUSALS:
            await _drain(Request(scope, receive))
            await _REFUSALS[order.name](order)(scope, receive, send)
        elif order.name == "dropped-before":
            await hang_up(receive, send)
        else:
            answer = Answer()
            await self._endpoint(scope, receive, answer.take)
            if answer.start:
                await _give(answer, order, receive, send)


async def _drain(request: Request) -> None:
    """Read the body, which is not looked at."""
    read = 0
    with suppress(ClientDisconnect):
        async for chunk in request.stream():
            read += len(chunk)
            if read > _MOST_DRAINED:
                return


@dataclass(slots=True)
class Answer:
    """An endpoint's answer, held back."""

    start: Message = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        """Keep a part of it."""
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


async def _give(answer: Answer, order: Order, receive: Receive, send: Send) -> None:
    """Give the answer in the way that the fault has it."""
    if order.name == "dropped-after":
        await hang_up(receive, send)
    elif order.name == "truncated":
        half = bytes(answer.body[: len(answer.body) // 2])
        await send({**answer.start, "headers": _with_length(answer.start, len(half))})
        await send({"type": "http.response.body", "body": half})
    elif order.name == "slow":
        if not await _has_left(receive, order.seconds):
            await send(answer.start)
            await send({"type": "http.response.body", "body": bytes(answer.body)})
    else:
        await _drip(answer, order.seconds, receive, send)


async def _drip(answer: Answer, seconds: float, receive: Receive, send: Send) -> None:
    await send(answer.start)
    for byte in answer.body:
        if await _has_left(receive, seconds / len(answer.body)):
            return
        await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _with_length(start: Message, length: int) -> list[tuple[bytes, bytes]]:
    others = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    return [*others, (b"content-length", str(length).encode())]


async def _has_left(receive: Receive, seconds: float) -> bool:
    """Wait so long, or until the client is gone; whether it is. Its body was read before."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


def _busy(order: Order) -> Response:
    wish = {"Retry-After": f"{order.seconds:.0f}"} if order.name == "busy-retry-after" else {}
    fault = ErrorEntry(BAD_PARAMETER, "", "Too many requests.")
    response = errors_response(Refused(fault, status=429))
    response.headers.update(wish)
    return response


def _html(status: int, words: str) -> Response:
    page = f"<html>\r\n<head><title>{status} {words}</title></head>\r\n<body>\r\n"
    page += f"<center><h1>{status} {words}</h1></center>\r\n</body>\r\n</html>\r\n"
    return HTMLResponse(page, status)


def _error_in_200(_order: Order) -> Response:
    fault = {"code": BAD_PARAMETER, "field": "to", "message": "The address is not accepted."}
    return Response(json.dumps({"errors": [fault]}), media_type=JSONResponse.media_type)


_REFUSALS: Mapping[str, Callable[[Order], Response]] = {
    "busy": _busy,
    "busy-retry-after": _busy,
    "system-error": lambda _: errors_response(too_large()),
    "bad-gateway": lambda _: _html(502, "Bad Gateway"),
    "unavailable": lambda _: _html(503, "Service Temporarily Unavailable"),
    "error-in-200": _error_in_200,
    "unauthorized": lambda _: errors_response(wrong_credentials()),
}
"""The faults that are an answer of their own; the endpoint is not asked."""
