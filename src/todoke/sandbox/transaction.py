"""The record APIs of the Transaction API: deliveries/list and bounces/list, with their basic parameters.

Answers: 200 {"deliveries": [...]} or {"bounces": [...]}; 204 without a body when nothing is found; 400 and 401 as
in api.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from todoke.sandbox.api import check_credentials, errors_response
from todoke.sandbox.outcomes import BOUNCES, DELIVERIES
from todoke.sandbox.parameters import BAD_PARAMETER, Fault, Parameters, Refused, read_parameters
from todoke.sandbox.service import Service

ROWS, MOST_ROWS = 10, 100


async def list_deliveries(request: Request) -> Response:
    """POST /transaction/v2/deliveries/list.json; `date` is required."""
    return await _list(request, DELIVERIES, date_required=True)


async def list_bounces(request: Request) -> Response:
    """POST /transaction/v2/bounces/list.json."""
    return await _list(request, BOUNCES, date_required=False)


async def _list(request: Request, event_type: str, *, date_required: bool) -> Response:
    service: Service = request.app.state.service
    try:
        given = await read_parameters(request)
        check_credentials(service, given)
        wanted = _wanted(service, given, date_required=date_required)
        rows = min(_number(given, "r", ROWS), MOST_ROWS)
        page = _number(given, "p", 0)
    except Refused as error:
        return errors_response(error)
    items = service.spool.records(event_type, service.clock(), wanted, rows=rows, page=page)
    if not items:
        return Response(status_code=204)
    body = f'{{"{event_type}":[{",".join(items)}]}}'
    return Response(body, media_type="application/json")


def _wanted(service: Service, given: Parameters, *, date_required: bool) -> Mapping[str, str]:
    if given.text("server_composition") != service.behaviour.server_composition:
        raise _bad("server_composition", "There is no such server composition.")
    wanted = {name: given.text(name) for name in ("from", "to", "api_data", "status")}
    for name in ("start_date", "end_date"):
        if given.text(name):
            wanted[name] = _date(given, name)
    date = _date(given, "date") if given.text("date") or date_required else ""
    wanted["created"] = date + _time(given) if date else ""
    return wanted


def _date(given: Parameters, name: str) -> str:
    text = given.text(name)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise _bad(name, "A date like 2031-05-06 is expected.")
    return text


def _time(given: Parameters) -> str:
    """The part of a time that `hour` and `minute` name, as `created` writes it."""
    if not given.text("hour"):
        return ""
    hour = f" {_number(given, 'hour', 0):02}:"
    return hour + f"{_number(given, 'minute', 0):02}:" if given.text("minute") else hour


def _number(given: Parameters, name: str, default: int) -> int:
    text = given.text(name)
    if not text:
        return default
    if not re.fullmatch(r"\d{1,6}", text):
        raise _bad(name, "A number is expected.")
    return int(text)


def _bad(name: str, message: str) -> Refused:
    return Refused(Fault(BAD_PARAMETER, name, message))
