"""Answers in the content coding that the browser takes, but where the size would tell a stranger what is in them.

Who makes a browser ask for a page of somebody else, with words of his own in the address, and sees how long the
compressed answer is, can guess what else is in that page word by word (BREACH, breachattack.com). Such a request comes
from another site, and browsers say so (Fetch Metadata): its answer leaves as it is. For browsers too old to say so the
secret of the desk's pages looks different each time (desk/session.py). Files of ours that anybody may read are
compressed where they are kept (pages/assets.py).
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from todoke.web.http.asked import header
from todoke.web.pages.codings import LEAST_BYTES, Coder, chosen, coded, coder

_TEXTS = frozenset(
    {
        "application/json",
        "application/x-ndjson",
        "image/svg+xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)
"""What is worth it. Never text/event-stream: its reader waits for each line."""
_STRANGERS = frozenset({"cross-site", "same-site"})
_IN_A_THREAD_BYTES = 131_072  # more than that keeps other visitors waiting for milliseconds


class Compress:
    """An ASGI app before another, whose answers in text it compresses: gzip, or brotli where that is installed.

    A stream is compressed part by part, so that its reader has each when it was written. `Vary` says of each answer
    that might be compressed that it depends on Accept-Encoding (RFC 9110 12.5.5).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and see to the answer."""
        if scope["type"] == "http":
            send = _Compressed(send, _coding(scope)).send
        await self._app(scope, receive, send)


def _coding(scope: Scope) -> str:
    if header(scope, b"sec-fetch-site") in _STRANGERS:
        return ""
    return chosen(header(scope, b"accept-encoding"))


class _Compressed:
    """One answer on its way out. Its head waits for the first part of the body, which tells how long it is."""

    def __init__(self, send: Send, coding: str) -> None:
        self._send = send
        self._coding = coding
        self._head: Message | None = None
        self._coder: Coder | None = None

    async def send(self, message: Message) -> None:
        """Take one message of the answer."""
        if message["type"] == "http.response.start" and _is_text(message):
            message = {
                **message,
                "headers": list(message["headers"]),
            }  # an answer may be given again
            MutableHeaders(raw=message["headers"]).add_vary_header("accept-encoding")
            if self._coding:
                self._head = message
                return
        elif message["type"] == "http.response.body" and (self._head or self._coder):
            message = await self._body(message)
        await self._leave(message)

    async def _leave(self, message: Message) -> None:
        head, self._head = self._head, None
        if head:
            await self._send(head)
        await self._send(message)

    async def _body(self, message: Message) -> Message:
        part, more = message.get("body", b""), message.get("more_body", False)
        if self._head:
            if not more and len(part) < LEAST_BYTES:
                return message
            headers = MutableHeaders(raw=self._head["headers"])
            headers["content-encoding"] = self._coding
            del headers["content-length"]
            if not more:
                part = await self._whole(part)
                headers["content-length"] = str(len(part))
                return {**message, "body": part}
            self._coder = coder(self._coding)
        assert self._coder is not None  # noqa: S101 - one of the two is there
        written = self._coder.add(part) if part else b""
        return {**message, "body": written if more else written + self._coder.end()}

    async def _whole(self, body: bytes) -> bytes:
        if len(body) < _IN_A_THREAD_BYTES:
            return coded(body, self._coding)
        return await run_in_threadpool(coded, body, self._coding)


def _is_text(head: Message) -> bool:
    """Whether an answer is one to compress, and is so for the first time."""
    headers = MutableHeaders(raw=head["headers"])
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _TEXTS and "content-encoding" not in headers and head["status"] != 206
