"""What Postmark tells of the server that a token is of. Each question alone may fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from todoke.services.postmark.client import (
    ANSWER_BYTES,
    error_of,
    headers_of,
    open_pool,
    read_object,
)
from todoke.services.postmark.settings import PostmarkSettings

MOST_ADDRESSES = 20
"""So many of the site's own addresses are looked for on the suppression list."""


class ServerAnswer(msgspec.Struct, frozen=True):
    """The answer to one question, or in words why there is none; `status` is that of HTTP, 0 for none."""

    said: Mapping[str, Any] = {}
    error: str = ""
    status: int = 0


class PostmarkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of the server, its webhooks, and the stream's suppression list.

    `suppressed` are those of the site's own addresses that are on it.
    """

    server: ServerAnswer
    webhooks: ServerAnswer = ServerAnswer(error="not asked")
    suppressions: ServerAnswer = ServerAnswer(error="not asked")
    suppressed: Sequence[str] = ()


def ask_postmark(
    postmark: PostmarkSettings, *, own: Sequence[str], seconds: float
) -> PostmarkFacts:
    """Ask all of it; `own` are the site's own addresses. Raises ConfigError: if the token would travel unencrypted."""
    call = _Calls(postmark, seconds)
    try:
        server = call.get("/server")
        if server.error:
            return PostmarkFacts(server=server)
        stream = postmark.message_stream
        dump = f"/message-streams/{stream}/suppressions/dump"
        listed = [(a, call.get(dump, EmailAddress=a)) for a in own[:MOST_ADDRESSES]]
        return PostmarkFacts(
            server=server,
            webhooks=call.get("/webhooks", MessageStream=stream),
            suppressions=next((a for _, a in listed if a.error), ServerAnswer()),
            suppressed=[address for address, answer in listed if answer.said.get("Suppressions")],
        )
    finally:
        call.close()


class _Calls:
    """Calls of one server, one after the other."""

    def __init__(self, postmark: PostmarkSettings, seconds: float) -> None:
        self._postmark = postmark
        self._url = postmark.url.rstrip("/")
        self._headers = headers_of(postmark)
        self._pool: urllib3.PoolManager = open_pool(postmark, connections=1, seconds=seconds)

    def get(self, path: str, **query: str) -> ServerAnswer:
        """What the API answers to a GET."""
        url = f"{self._url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            answer = self._pool.request(
                "GET", url, headers=self._headers, redirect=False, preload_content=False
            )
            data = answer.read(ANSWER_BYTES)
            answer.release_conn()
        except HTTPError as error:
            return ServerAnswer(error=type(error).__name__)
        said = read_object(data)
        if answer.status == 200 and said is not None:
            return ServerAnswer(said, status=200)
        code, words = error_of(said, self._postmark)
        shown = f"HTTP {answer.status}" if code is None else f"{code} {words}"
        return ServerAnswer(error=shown, status=answer.status)

    def close(self) -> None:
        """Let go of the connection."""
        self._pool.clear()
