"""What the calls of the Transaction API have in common: who asks, of which servers, dates, numbers, pages, answers.

Answers: 200 {name: [...]}; 204 without a body when nothing is found; 400 and 401 as in api.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mail_cloud_sandbox.credentials import check_credentials
from mail_cloud_sandbox.parameters import (
    BAD_PARAMETER,
    ErrorEntry,
    Parameters,
    Refused,
    errors_response,
    read_parameters,
)
from mail_cloud_sandbox.service import Service

ROWS, MOST_ROWS = 10, 100

Reader = Callable[[Service, Parameters], Response]


def call(answer: Reader, *, composition_required: bool = True) -> ASGIApp:
    """The endpoint that reads a call, checks who asks, and answers with what `answer` makes of its parameters."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        service: Service = request.app.state.service
        try:
            given = await read_parameters(request)
            check_credentials(service.behaviour.api_users, given)
            _check_composition(service, given, required=composition_required)
            response = answer(service, given)
        except ClientDisconnect:
            return
        except Refused as error:
            response = errors_response(error)
        await response(scope, receive, send)

    return endpoint


def listing(name: str, items: Sequence[str]) -> Response:
    """The answer with these JSON objects under `name`, or 204 for none."""
    if not items:
        return Response(status_code=204)
    return Response(f'{{"{name}":[{",".join(items)}]}}', media_type="application/json")


def page_of(given: Parameters) -> tuple[int, int]:
    """How many rows are asked for, and which page of them, counted from 0."""
    return min(number(given, "r", ROWS), MOST_ROWS), number(given, "p", 0)


def number(given: Parameters, name: str, default: int, *, most: int = 999_999) -> int:
    """A whole number.

    Raises Refused: if it is none, or greater than `most`.
    """
    text = given.text(name)
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > most:
        raise bad(name, f"A number from 0 to {most} is expected.")
    return int(text)


def flag(given: Parameters, name: str) -> bool:
    """A BOOLEAN, False when it is absent.

    Raises Refused: if it is none.
    """
    text = given.text(name).lower()
    if text not in {"", "true", "false", "1", "0"}:
        raise bad(name, "true or false is expected.")
    return text in {"true", "1"}


def day(given: Parameters, name: str) -> str:
    """A date as it is written; "" when it is absent.

    Raises Refused: if it is none.
    """
    text = given.text(name)
    if not text:
        return ""
    try:
        parsed = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        parsed = date.min
    if parsed.isoformat() != text:
        raise bad(name, "A date like 2031-05-06 is expected.")
    return text


def days(given: Parameters) -> tuple[str, str]:
    """`start_date` and `end_date`, "" for one that is absent.

    Raises Refused: if they are none, or in the wrong order.
    """
    start, end = day(given, "start_date"), day(given, "end_date")
    if start and end and start > end:
        raise bad("end_date", "end_date is before start_date.")
    return start, end


def bad(name: str, message: str) -> Refused:
    """A parameter that cannot be."""
    return Refused(ErrorEntry(BAD_PARAMETER, name, message))


def _check_composition(service: Service, given: Parameters, *, required: bool) -> None:
    stated = given.text("server_composition")
    if stated == service.behaviour.server_composition or (not stated and not required):
        return
    raise bad("server_composition", "There is no such server composition.")
