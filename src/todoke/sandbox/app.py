"""A local Customers Mail Cloud with an inbox to look into: an ASGI application of its own, with its own storage.

todoke reaches it over HTTP alone, as it would the real service; docs/sandbox.md tells what it does and where it
is a guess. `build` is called by the demo, by the tests and by whoever develops against the service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from todoke.sandbox import pages, transaction
from todoke.sandbox.api import SendMail
from todoke.sandbox.service import Behaviour, Service
from todoke.sandbox.spool import Spool
from todoke.sandbox.webhook import tell_events


def build(  # noqa: PLR0913 - each is a setting of its own
    data: Path,
    *,
    webhook_url: str = "",
    webhook_key: str = "",
    webhook_json: bool = False,
    webhook_enabled: Callable[[], bool] = lambda: True,
    webhook_batch_seconds: float = 1.0,
    retry_seconds: Sequence[float] = (1.0, 5.0, 30.0, 120.0, 600.0),
    api_users: Mapping[str, str] | None = None,
    from_domains: Collection[str] | None = None,
    server_composition: str = "sandbox",
    time_zone: str = "Asia/Tokyo",
    pace_seconds: float = 1.5,
) -> Starlette:
    """The sandbox with its storage in the folder `data`; it works once the lifespan has begun.

    No `webhook_url`: nothing is told; what happens while `webhook_enabled()` is False is never told. `api_users`
    (user to key) None: any pair is taken. `from_domains` None: any sender is taken. `pace_seconds` sets how far
    apart the states of a mail come; 0 is at once.
    """
    behaviour = Behaviour(
        webhook_url=webhook_url,
        webhook_key=webhook_key,
        webhook_json=webhook_json,
        webhook_enabled=webhook_enabled,
        webhook_batch_seconds=webhook_batch_seconds,
        retry_seconds=tuple(retry_seconds),
        api_users=api_users,
        from_domains=from_domains,
        server_composition=server_composition,
        time_zone=ZoneInfo(time_zone),
        pace_seconds=pace_seconds,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        spool = Spool(data)
        app.state.service = Service(behaviour=behaviour, spool=spool)
        telling = asyncio.create_task(tell_events(app.state.service))
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
            spool.close()

    return Starlette(routes=_routes(), lifespan=lifespan)


def _routes() -> list[Route | Mount]:
    return [
        Route("/api/v2/emails/send.json", SendMail(), methods=["POST"]),
        Route(
            "/transaction/v2/deliveries/list.json", transaction.list_deliveries, methods=["POST"]
        ),
        Route("/transaction/v2/bounces/list.json", transaction.list_bounces, methods=["POST"]),
        Route("/", pages.home),
        Route("/inbox", pages.show_inbox),
        Route("/inbox.json", pages.list_inbox),
        Route("/inbox.json", pages.delete_inbox, methods=["DELETE"]),
        Route("/inbox/delete", pages.delete_inbox, methods=["POST"]),
        Route("/inbox/{id}.json", pages.read_mail),
        Route("/inbox/{id}", pages.show_mail),
        Route("/inbox/{id}/html", pages.show_html),
        Route("/inbox/{id}/source.eml", pages.download_source),
        Mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static"),
    ]
