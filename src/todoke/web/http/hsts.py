"""Strict-Transport-Security (RFC 6797): browsers that saw it ask this host over TLS alone, for so long."""

from __future__ import annotations

from datetime import timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Hsts:
    """An ASGI app whose every answer says it."""

    def __init__(self, app: ASGIApp, lasts: timedelta) -> None:
        self._app = app
        self._field = (b"strict-transport-security", b"max-age=%d" % int(lasts.total_seconds()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, and add the field."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), self._field]}
            await send(message)

        await self._app(scope, receive, told)
