"""A local Customers Mail Cloud with an inbox to look into: an ASGI application of its own, with its own storage.

It is reached over HTTP alone, as the real service is; README.md tells what it does and where it is a guess. It is for
one machine: whoever reaches it may read every mail.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from mail_cloud_sandbox import block_pages, fault_pages, mail_pages, pages
from mail_cloud_sandbox.api import SendMail
from mail_cloud_sandbox.behaviour import Behaviour
from mail_cloud_sandbox.block_calls import cancel_blocks, list_blocks
from mail_cloud_sandbox.disturbed import Disturbed
from mail_cloud_sandbox.faults import RECORDS, SEND
from mail_cloud_sandbox.guard import Guard
from mail_cloud_sandbox.record_calls import list_bounces, list_deliveries, list_statistics
from mail_cloud_sandbox.render import HERE, missing
from mail_cloud_sandbox.service import service_on
from mail_cloud_sandbox.transaction import call
from mail_cloud_sandbox.webhook import tell_events


def build(
    data: Path,
    *,
    clock: Callable[[], float] = time.time,
    hosts: Collection[str] = (),
    is_shared: bool = False,
    **settings: Any,
) -> Starlette:
    """The sandbox with its storage in the folder `data`; it works once the lifespan has begun.

    `clock` tells the seconds since 1970; that it has jumped is noticed at the next call. `hosts` and `is_shared` are
    those of guard.Guard, `settings` those of behaviour.Behaviour. Raises ValueError: if they are none, or do not go
    together. TypeError: if one has an unknown name.
    """
    behaviour = Behaviour(**settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.service, database = service_on(data, behaviour, clock)
        telling = asyncio.create_task(tell_events(app.state.service))
        try:
            yield
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
            database.close()

    guard = Middleware(Guard, hosts=hosts, is_shared=is_shared)
    app = Starlette(
        routes=[*_interface(), *_pages()],
        middleware=[guard],
        exception_handlers={404: _no_page},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = (
        False  # an address is one address, and no answer repeats a request's host
    )
    return app


async def _no_page(request: Request, _error: Exception) -> Response:
    """404: a page that leads back."""
    return missing(request, "page")


def _interface() -> list[Route]:
    records = {
        "deliveries/list": call(list_deliveries),
        "bounces/list": call(list_bounces),
        "blocks/list": call(list_blocks),
        "blocks/cancel": call(cancel_blocks),
        "statistics/list": call(list_statistics, composition_required=False),
    }
    return [
        _call("/api/v2/emails/send.json", SEND, SendMail()),
        *(_call(f"/transaction/v2/{name}.json", RECORDS, app) for name, app in records.items()),
    ]


def _call(path: str, place: str, endpoint: ASGIApp) -> Route:
    return Route(path, Disturbed(place, endpoint), methods=["POST"])


def _pages() -> list[Route | Mount]:
    return [
        Route("/", pages.home),
        Route("/inbox", pages.show_inbox),
        Route("/inbox.json", pages.list_inbox),
        Route("/inbox.json", pages.delete_inbox, methods=["DELETE"]),
        Route("/inbox/delete", pages.ask_delete),
        Route("/inbox/delete", pages.delete_found, methods=["POST"]),
        Route("/inbox/read", pages.read_found, methods=["POST"]),
        Route("/inbox/{id}.json", mail_pages.read_mail),
        Route("/inbox/{id}.json", mail_pages.delete_mail, methods=["DELETE"]),
        Route("/inbox/{id}", mail_pages.show_mail),
        Route("/inbox/{id}/html", mail_pages.show_html),
        Route("/inbox/{id}/source.eml", mail_pages.download_source),
        Route("/inbox/{id}/files/{number:int}", mail_pages.download_file),
        Route("/inbox/{id}/checks.json", mail_pages.read_checks),
        Route("/inbox/{id}/links", mail_pages.ask_links, methods=["POST"]),
        Route("/inbox/{id}/read", mail_pages.mark_mail, methods=["POST"]),
        Route("/inbox/{id}/unread", mail_pages.mark_mail, methods=["POST"]),
        Route("/inbox/{id}/delete", mail_pages.delete_mail, methods=["POST"]),
        Route("/faults", fault_pages.show_faults),
        Route("/faults", fault_pages.order_on_page, methods=["POST"]),
        Route("/faults/end", fault_pages.end_on_page, methods=["POST"]),
        Route("/faults.json", fault_pages.list_orders),
        Route("/faults.json", fault_pages.put_order, methods=["POST"]),
        Route("/faults.json", fault_pages.end_orders, methods=["DELETE"]),
        Route("/blocks", block_pages.show_blocks),
        Route("/blocks/{id}/release", block_pages.release_block, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ]
