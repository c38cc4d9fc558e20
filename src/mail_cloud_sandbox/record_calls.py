"""deliveries/list, bounces/list and statistics/list: what the service has on record of the mails it took."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from mail_cloud_sandbox.behaviour import DELIVERY_EVENTS
from mail_cloud_sandbox.outcomes import BOUNCES, DELIVERIES
from mail_cloud_sandbox.parameters import Parameters, parsed
from mail_cloud_sandbox.service import Service
from mail_cloud_sandbox.transaction import bad, day, days, flag, listing, number, page_of

_COUNTED = ("queued", "succeeded", "failed", "blocked")


def list_deliveries(service: Service, given: Parameters) -> Response:
    """POST /transaction/v2/deliveries/list.json; `date` is required."""
    status = given.text("status")
    if not given.text("date"):
        raise bad("date", "date is required.")
    if status and status not in DELIVERY_EVENTS:
        raise bad("status", f"One of {', '.join(DELIVERY_EVENTS)} is expected.")
    return _list(service, given, DELIVERIES, {"status": status})


def list_bounces(service: Service, given: Parameters) -> Response:
    """POST /transaction/v2/bounces/list.json; `status` is an error status code."""
    status = given.text("status")
    if status:
        status = str(number(given, "status", 0))
    start, end = days(given)
    bounds = {"start_date": start, "end_date": end}
    return _list(
        service, given, BOUNCES, {"status": status, **{k: v for k, v in bounds.items() if v}}
    )


def list_statistics(service: Service, given: Parameters) -> Response:
    """POST /transaction/v2/statistics/list.json: counts for each day of a month, or their `total`."""
    year, month = number(given, "year", 0, most=9999), number(given, "month", 0, most=12)
    for name, value in (("year", year), ("month", month)):
        if not value:
            raise bad(name, f"{name} is required.")
    of_days = service.records.statistics(f"{year:04}-{month:02}", service.clock())
    rows = [_statistic(counts["date"], counts) for counts in of_days]
    if rows and flag(given, "total"):
        total = {name: sum(counts[name] for counts in of_days) for name in _COUNTED}
        rows = [_statistic("total", total)]
    return listing("statistics", [json.dumps(row) for row in rows])


def _statistic(date: str, counts: Mapping[str, int]) -> dict[str, int | str]:
    stated = {name: counts[name] for name in _COUNTED}
    return {"date": date, **stated, "valid": stated["queued"] - stated["blocked"]}


def _list(
    service: Service, given: Parameters, event_type: str, wanted: Mapping[str, str]
) -> Response:
    rows, page = page_of(given)
    asked = {name: given.text(name) for name in ("from", "to", "api_data")}
    created = _created(service, given)
    items = service.records.items(
        event_type,
        service.clock(),
        {**wanted, **asked, "created": created},
        whole=_whole(given),
        rows=rows,
        page=page,
    )
    return listing(event_type, items)


def _created(service: Service, given: Parameters) -> str:
    """The beginning of the time that `date`, `hour` and `minute` name, as `created` writes it; none of it to come."""
    asked = day(given, "date")
    for finer, coarser in (("hour", "date"), ("minute", "hour")):
        if given.text(finer) and not given.text(coarser):
            raise bad(finer, f"{finer} needs {coarser}.")
    if given.text("hour"):
        asked += f" {number(given, 'hour', 0, most=23):02}:"
    if given.text("minute"):
        asked += f"{number(given, 'minute', 0, most=59):02}:"
    now = service.stated_time(service.clock())
    if asked > now[: len(asked)]:
        raise bad("date", "The time is in the future.")
    return asked


def _whole(given: Parameters) -> frozenset[str]:
    """The parameters that `search_option` wants to match wholly: {"to": "full"}, as JSON or as text holding JSON."""
    text = given.text("search_option")
    try:
        options = parsed(text) if text else {}
    except (ValueError, RecursionError):
        options = None
    names = {"from", "to", "api_data"}
    if not isinstance(options, dict) or not set(options) <= names:
        raise bad("search_option", "An object such as {'to': 'full'} is expected.")
    if not set(map(str, options.values())) <= {"full", "partial"}:
        raise bad("search_option", "full or partial is expected.")
    return frozenset(name for name, option in options.items() if option == "full")
