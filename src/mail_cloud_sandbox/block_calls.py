"""blocks/list and blocks/cancel: the block list. The cancel action exists; its parameters and answer are a guess."""

from __future__ import annotations

import json
from datetime import datetime

from starlette.responses import JSONResponse, Response

from mail_cloud_sandbox.block_list import Blocked
from mail_cloud_sandbox.parameters import NOT_FOUND, ErrorEntry, Parameters, Refused
from mail_cloud_sandbox.service import Service
from mail_cloud_sandbox.transaction import bad, days, flag, listing, page_of


def list_blocks(service: Service, given: Parameters) -> Response:
    """POST /transaction/v2/blocks/list.json; `removed` lists the released ones."""
    rows, page = page_of(given)
    start, end = days(given)
    entries = service.blocks.listed(
        service.clock(),
        removed=flag(given, "removed"),
        email=given.text("email"),
        since=_time(service, start, "00:00:00"),
        until=_time(service, end, "23:59:59"),
        rows=rows,
        page=page,
    )
    return listing(
        "blocks", [json.dumps(service.block_item(e), ensure_ascii=False) for e in entries]
    )


def cancel_blocks(service: Service, given: Parameters) -> Response:
    """POST /transaction/v2/blocks/cancel.json: release what `email` (text or an array) or `id` names."""
    emails, block_id = given.texts("email"), given.text("id")
    if not emails and not block_id:
        raise bad("email", "email or id is required.")
    released: list[Blocked] = [*service.release(block_id=block_id)] if block_id else []
    for email in emails:
        released += service.release(email=email)
    if not released:
        raise Refused(ErrorEntry(NOT_FOUND, "", "The data is not found."))
    return JSONResponse({"message": "success"})


def _time(service: Service, day: str, clock: str) -> float | None:
    if not day:
        return None
    moment = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=service.behaviour.zone)
    return moment.timestamp()
