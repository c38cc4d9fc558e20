"""The block list as a page, with a button that releases an address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mail_cloud_sandbox.render import HEADERS, render, service_of


async def show_blocks(request: Request) -> Response:
    """GET /blocks: 200, the addresses that are blocked now, the oldest first."""
    service = service_of(request)
    return render(
        request,
        "blocks.html",
        blocks=service.blocks.listed(service.clock(), removed=False, rows=1000),
        block_after=service.behaviour.block_after,
    )


async def release_block(request: Request) -> Response:
    """POST /blocks/{id}/release: 303 to the list, without the address, if it was on it."""
    service_of(request).release(block_id=request.path_params["id"])
    return RedirectResponse("/blocks", 303, headers=HEADERS)
