"""Order faults: a page without scripts, and the same as JSON for tests in any language."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mail_cloud_sandbox.faults import FAULTS, PLACES, Order, order
from mail_cloud_sandbox.render import HEADERS, fields_of, render, service_of
from mail_cloud_sandbox.service import Service
from mail_cloud_sandbox.words import Words

MOST_BODY = 10_000


async def show_faults(request: Request) -> Response:
    """GET /faults[?changed=]: 200, what can be ordered, and what is in force; `changed` is the place to speak of."""
    return _page(request, changed=request.query_params.get("changed", ""))


async def order_on_page(request: Request) -> Response:
    """POST /faults: 303 to the page; 400 with the page as it was filled in if the order is none. `fault` "" ends it."""
    service, form = service_of(request), await fields_of(request)
    try:
        _apply(service, {name: _typed(form, name) for name in form})
    except ValueError as error:
        return _page(request, status=400, fault=error.args[0], asked=form)
    return RedirectResponse(f"/faults?changed={form['place']}", 303, headers=HEADERS)


async def end_on_page(request: Request) -> Response:
    """POST /faults/end: every fault is switched off; 303 to the page."""
    service = service_of(request)
    service.faults.end()
    service.woken.set()
    return RedirectResponse("/faults?changed=all", 303, headers=HEADERS)


async def list_orders(request: Request) -> Response:
    """GET /faults.json: 200, the order in force at each place, null for none."""
    return _state(service_of(request))


async def put_order(request: Request) -> Response:
    """POST /faults.json {"place", "fault", "calls"?, "seconds"?}: 200, what is in force; 400 {"error"} if wrong."""
    service = service_of(request)
    try:
        _apply(service, json.loads(await _body(request)))
    except (ValueError, RecursionError) as error:
        return JSONResponse({"error": str(error)}, 400, headers=HEADERS)
    return _state(service)


async def end_orders(request: Request) -> Response:
    """DELETE /faults.json[?place=]: 200, the faults of the place, or of all, are switched off."""
    service = service_of(request)
    service.faults.end(request.query_params.get("place", ""))
    service.woken.set()
    return _state(service)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            raise ValueError(Words("The order is too long."))
    return bytes(body)


def _apply(service: Service, asked: Any) -> None:
    """Put the order that is asked for into force.

    Raises ValueError: if it is none, in words for whoever asked.
    """
    if not isinstance(asked, dict):
        raise ValueError(Words("A JSON object is expected."))  # noqa: TRY004 - one kind of fault
    place, name = asked.get("place"), asked.get("fault")
    if not isinstance(place, str) or not isinstance(name, str):
        raise ValueError(Words("place and fault are expected, both text."))  # noqa: TRY004 - one kind of fault
    if not name and place in FAULTS:
        service.faults.end(place)
    else:
        seconds, calls = _number(asked, "seconds"), _number(asked, "calls")
        if calls is not None and calls != int(calls):
            raise ValueError(Words("calls is a whole number."))
        new = order(place, name, seconds=seconds, calls=None if calls is None else int(calls))
        service.faults.put(new)
    service.woken.set()


def _number(asked: dict[str, Any], name: str) -> float | None:
    value = asked.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(Words("{name} is a number.", name=name))
    return float(value)


def _typed(form: Mapping[str, str], name: str) -> Any:
    """A field of the page's form as JSON would have it: numbers as numbers, an empty one as absent."""
    value = form[name]
    if name not in {"seconds", "calls"}:
        return value
    try:
        return float(value) if value.strip() else None
    except ValueError:
        raise ValueError(Words("{name} is a number.", name=name)) from None


def _state(service: Service) -> Response:
    orders = {place: service.faults.at(place) for place in PLACES}
    return JSONResponse(
        {place: _stated(last) if last else None for place, last in orders.items()},
        headers=HEADERS,
    )


def _stated(ordered: Order) -> dict[str, Any]:
    return {
        "fault": ordered.name,
        "seconds": ordered.seconds,
        "calls": ordered.calls_left,
        "met": ordered.calls_met,
    }


def _page(
    request: Request,
    *,
    status: int = 200,
    fault: str = "",
    changed: str = "",
    asked: Mapping[str, str] | None = None,
) -> Response:
    service = service_of(request)
    orders = {place: service.faults.last_at(place) for place in PLACES}
    return render(
        request,
        "faults.html",
        status,
        places=PLACES,
        faults=FAULTS,
        orders=orders,
        in_force=sum(last is not None and last.calls_left != 0 for last in orders.values()),
        fault=fault,
        changed=changed if changed in {*PLACES, "all"} else "",
        asked=asked or {},
        webhook_url=service.behaviour.webhook_url,
    )
